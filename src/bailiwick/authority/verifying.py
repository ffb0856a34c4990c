"""Verifies the whole journal beside everything else: in a process of its own, whose progress anybody may look at."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, final

import msgspec

from bailiwick.authority.looking_verbs import ShowVerification, Verification, VerifyJournal
from bailiwick.authority.show import moment
from bailiwick.journal import reader
from bailiwick.journal.error import JournalError
from bailiwick.link.wire import Code, LinkError

NEVER = Verification(state="never")


@final
class Verifications:
    """One verification at a time, and what the last one said."""

    def __init__(self, directory: Path, second: Path | None, clock: Callable[[], int]) -> None:
        self._directory = directory
        self._second = second
        self._clock = clock
        self._last = NEVER
        self._task: asyncio.Task[None] | None = None

    async def begin(self, question: VerifyJournal, actor: str) -> Verification:
        """Begin, unless one is under way: then that one is told of."""
        if self._last.state == "running":
            return self._last
        try:
            key = (self._directory / "verifier").read_text(encoding="utf-8").strip()
            size = await asyncio.to_thread(self._size)
        except FileNotFoundError:
            raise LinkError(Code.NOT_FOUND, "journal: there is none yet; the gateway begins it") from None
        except OSError as error:
            raise LinkError(Code.UNAVAILABLE, f"journal: {error.strerror}") from None
        self._last = Verification(state="running", began=moment(self._clock()), size=size)
        self._task = asyncio.create_task(self._run(key), name="verification of the journal")
        return self._last

    def _size(self) -> int:
        try:
            return reader.size(self._directory)
        except JournalError:
            return 0  # what is wrong is what the verification is for

    async def show(self, question: ShowVerification, actor: str) -> Verification:
        """How far it is."""
        return self._last

    async def _run(self, key: str) -> None:
        second = [str(self._second)] if self._second is not None and self._second.exists() else []
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bailiwick.journal.verifying", str(self._directory), key, *second,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        said: dict[str, Any] = {}
        try:
            while process.stdout is not None and (line := await process.stdout.readline()):
                said = msgspec.json.decode(line)
                self._last = msgspec.structs.replace(self._last, read=said["read"])
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            self._end(said)

    def _end(self, said: dict[str, Any]) -> None:
        fine = said.get("ok")
        lines = tuple(said.get("lines", ("it ended before it was done; the log of this machine says why",)))
        if fine and self._second is None:
            lines += ("nobody can tell whether newer records were cut off: checkpoints are kept in no second place",)
        state = "fine" if fine else "faulty" if "ok" in said and not said.get("failed") else "failed"
        self._last = msgspec.structs.replace(self._last, state=state, ended=moment(self._clock()), lines=lines)
