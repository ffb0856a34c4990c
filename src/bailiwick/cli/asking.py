"""Asking the person: for secrets, which are never arguments, and for a yes."""

import getpass
import os
import sys
from pathlib import Path

from bailiwick.authority.verbs import ActAnswer
from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.output import print_differences, say
from bailiwick.model.secret import Secret

MOST_BYTES = 64 * 1024
STDIN = Path("-")


def read_secret(
    noun: str, *, variable: str = "", file: Path | None = None, confirm: bool = False, instead: str = ""
) -> Secret:
    """A secret from an environment variable, a file (``-``: standard input), or the terminal.

    ``instead`` is what to do where there is no terminal: the options or the variable that the command has for it.

    Raises:
        Stop: if there is none, or more than one place is named.
    """
    if variable and file is not None:
        raise Stop(f"{noun}: name a variable or a file, not both", Exit.USAGE)
    if variable:
        text = os.environ.get(variable, "")
        if not text:
            raise Stop(f"{noun}: the environment has no {variable}; set it, or name another")
        return Secret(text.encode())
    if file is not None:
        return _from_file(noun, file)
    if not sys.stdin.isatty():
        raise Stop(f"{noun}: no terminal to ask at; {instead or 'run it at a terminal'}")
    first = getpass.getpass(f"{noun}: ")
    if confirm and getpass.getpass(f"{noun} again: ") != first:
        raise Stop(f"{noun}: the two differ; try again")
    if not first:
        raise Stop(f"{noun}: it is empty")
    return Secret(first.encode())


def _from_file(noun: str, file: Path) -> Secret:
    raw = sys.stdin.buffer.read(MOST_BYTES + 1) if file == STDIN else _read(file)
    raw = raw.strip()
    if not raw or len(raw) > MOST_BYTES:
        raise Stop(f"{noun}: {file} holds none, or far too much")
    return Secret(raw)


def _read(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


def read_text(noun: str, file: Path | None) -> str:
    """What stands in a file (``-``: standard input); nothing where none is named.

    Raises:
        Stop: if it is not UTF-8 or far too long.
    """
    if file is None:
        return ""
    raw = sys.stdin.buffer.read(MOST_BYTES + 1) if file == STDIN else _read(file)
    if len(raw) > MOST_BYTES:
        raise Stop(f"{noun}: {file} has more than {MOST_BYTES} bytes")
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise Stop(f"{noun}: {file} is not UTF-8; save it as UTF-8") from None


def confirm(preview: ActAnswer, what: str, means: str = "") -> None:
    """Show what would change and what that means, and ask for a yes.

    Raises:
        Stop: if the person says no, or there is nobody to ask.
    """
    say(f"{what}:")
    print_differences(preview.difference)
    for note in preview.notes:
        say(f"  note: {note}")
    if means:
        say(means)
    if not sys.stdin.isatty():
        raise Stop("nobody to ask; say --yes to do it", Exit.USAGE)
    if input("Do it? [y/N] ").strip().lower() not in {"y", "yes"}:
        raise Stop("nothing was done")
