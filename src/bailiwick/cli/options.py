"""Options that many commands share, and the parts that read them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from cyclopts import App, Parameter

from bailiwick.cli.exits import Exit, Stop
from bailiwick.config import Config, find, load
from bailiwick.link.client import Client
from bailiwick.link.wire import Question

A = TypeVar("A")

LONG_S = 600.0

InputFile = Annotated[Path | None, Parameter(allow_leading_hyphen=True)]
"""A file that is read; ``-`` is standard input."""


def group(name: str, text: str) -> App:
    """A group of commands."""
    return App(
        name=name,
        help=text,
        help_epilogue="",
        help_format="plaintext",
        default_parameter=Parameter(negative=(), show_default=False),
    )


@Parameter(name="*")
@dataclass(frozen=True)
class Common:
    """What every command takes.

    Attributes
    ----------
    config: Path
        The configuration; else $BAILIWICK_CONFIG, else bailiwick.toml here.
    json: bool
        Print JSON for a program.
    """

    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None
    json: Annotated[bool, Parameter(negative="")] = False

    def load(self) -> Config:
        """The configuration."""
        return load(find(self.config))

    def ask(self, question: Question[A], *, timeout_s: float | None = None) -> A:
        """The control process's answer."""
        return Client(self.load().control_socket).ask(question, timeout_s=timeout_s)


@Parameter(name="*")
@dataclass(frozen=True)
class Acting:
    """What every act takes.

    Attributes
    ----------
    reason: str
        Why; it is written in the journal.
    yes: bool
        Do it without asking.
    """

    reason: str = ""
    yes: Annotated[bool, Parameter(name=["--yes", "-y"], negative="")] = False


COMMON = Common()
ACTING = Acting()


_SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])")


def span_s(option: str, text: str) -> int:
    """A span such as 90s, 30m, 1h or 2d, in seconds.

    Raises:
        Stop: if it is none.
    """
    found = _SPAN.fullmatch(text)
    if found is None:
        raise Stop(f"--{option}: write a number and a unit, such as 30m, 1h or 2d", Exit.USAGE)
    return int(found[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[found[2]]
