"""What the demonstration runs on: the sandbox exchange, ``bailiwick up``, and the commands that a person would give."""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bailiwick.app import die_with_parent

START_S = 60.0
COMMAND_S = 60.0
STOP_S = 30.0

Echo = Callable[[str], None]


class StageError(Exception):
    """Something that the demonstration stands on did not work; the message says what, and shows its last words."""


class Running:
    """A process of the demonstration's own."""

    def __init__(self, name: str, words: Sequence[str], log: Path, directory: Path, given: str = "") -> None:
        self.name = name
        self._log = log
        with log.open("wb") as out, tempfile.TemporaryFile() as standard_input:
            standard_input.write(given.encode())
            standard_input.seek(0)
            # A session of its own: Ctrl-C reaches the demonstration alone, which then ends the others in order.
            self._process = subprocess.Popen(  # noqa: S603  (our own words)
                words,
                stdin=standard_input,
                stdout=subprocess.PIPE,
                stderr=out,
                cwd=directory,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509  (there are no threads)
            )

    def line(self) -> str:
        """The next line that it says on standard output.

        Raises:
            StageError: if it says none in time.
        """
        assert self._process.stdout is not None
        said, until = b"", time.monotonic() + START_S
        while not said.endswith(b"\n"):
            ready = select.select([self._process.stdout], [], [], max(0.0, until - time.monotonic()))[0]
            chunk = os.read(self._process.stdout.fileno(), 4096) if ready else b""
            if not chunk:
                raise StageError(f"{self.name} did not start; it said:\n{self.said()}")
            said += chunk
        return said.decode().strip()

    def await_log(self, begins: str) -> str:
        """The line of its log that begins so, once it is there.

        Raises:
            StageError: if it ends, or does not write it in time.
        """
        until = time.monotonic() + START_S
        while time.monotonic() < until and self._process.poll() is None:
            for line in self._log.read_text().splitlines():
                if line.startswith(begins):
                    return line
            time.sleep(0.05)
        raise StageError(f"{self.name} did not start; it said:\n{self.said()}")

    def said(self) -> str:
        """The end of its log."""
        return self._log.read_text(errors="replace")[-2000:]

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it in order; at once if it does not."""
        if self.alive:
            self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


class Stage:
    """Everything that runs; it ends with the block."""

    def __init__(self, directory: Path, echo: Echo) -> None:
        self.directory = directory
        self.config = directory / "bailiwick.toml"
        self._echo = echo
        self._running: list[Running] = []
        self.exchange: dict[str, str] = {}
        self.url = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for running in reversed(self._running):
            running.stop()

    @property
    def alive(self) -> bool:
        """Whether all that was started still runs."""
        return all(running.alive for running in self._running)

    def open_exchange(self, funds: dict[str, str], *, moving: bool = False) -> None:
        """Start the sandbox exchange, with an account that has funds; its prices stand, or wander."""
        words = ["sandbox", "--port", "0", *(["--moving"] if moving else [])]
        for asset, amount in funds.items():
            words += ["--fund", f"{asset}={amount}"]
        self._echo("bailiwick " + " ".join(words))
        self.exchange = json.loads(self.start("the sandbox exchange", self.module("bailiwick.cli", *words, "--json")))

    def up(self) -> None:
        """``bailiwick up``."""
        self._echo("bailiwick up")
        started = self._begin("bailiwick up", self.module("bailiwick.cli", "up", "--config", str(self.config)))
        self.url = started.await_log("serving ").removeprefix("serving ")

    def module(self, name: str, *arguments: str) -> list[str]:
        """The words that run a module of ours."""
        return [sys.executable, "-m", name, *arguments]

    def start(self, name: str, words: Sequence[str], *, given: str = "") -> str:
        """Start something that stays, and gets ``given`` on its standard input; the first line that it says.

        Raises:
            StageError: if it says none.
        """
        return self._begin(name, words, given).line()

    def _begin(self, name: str, words: Sequence[str], given: str = "") -> Running:
        log = self.directory / f"{name.replace(' ', '-')}.log"
        self._running.append(Running(name, words, log, self.directory, given))
        return self._running[-1]

    def command(self, *words: str, given: str = "", echo: bool = True, codes: Sequence[int] = (0,)) -> Any:
        """Give a command as a person would; its answer. ``given`` is what is typed, a secret or a grant.

        Raises:
            StageError: if it fails.
        """
        if echo:
            self._echo("bailiwick " + " ".join(_shown(word) for word in words))
        initial = words[0] == "init"
        more = ["--json"] if initial else ["--json", "--config", str(self.config)]
        done = subprocess.run(  # noqa: S603  (our own words)
            [sys.executable, "-m", "bailiwick.cli", *words, *more],
            input=given, capture_output=True, text=True, timeout=COMMAND_S, check=False, cwd=self.directory,
        )  # fmt: skip
        if done.returncode not in codes:
            raise StageError(f"`bailiwick {' '.join(words)}` failed: {done.stderr.strip() or done.stdout.strip()}")
        return json.loads(done.stdout)


def _shown(word: str) -> str:
    short = f"{word[:8]}…" if len(word) == 64 and word.isalnum() else word
    return f"'{short}'" if " " in short or not short else short
