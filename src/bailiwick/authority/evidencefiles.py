"""Where the files for an exchange's support lie, and how often one is written.

Of an incident there is one file a key, written anew in its place. Whoever holds a token may ask for it in a loop: so it
is left as it is for a minute, unless more is disputed by then, and what one actor has written in a day is bounded. A
refusal costs nothing but the file: the key was stopped before, and the journal has it all.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import final

from bailiwick.authority.show import moment
from bailiwick.files import sync_directory
from bailiwick.words import counted

PAUSE_MS = 60_000
DAY_MS = 86_400_000
MOST_A_DAY = 100  # by one actor, so that who floods takes them from nobody else


@final
class EvidenceFiles:
    """The files of all incidents. Who asks whether one may be written, and writes it, holds ``turn`` meanwhile."""

    def __init__(self, directory: Path, clock: Callable[[], int]) -> None:
        self._directory = directory
        self._clock = clock
        self._written: dict[str, int] = {}  # ms, by incident
        self._asked: dict[str, list[int]] = {}  # ms, by actor
        self.turn = asyncio.Lock()

    def refusal(self, incident: str, actor: str, *, grown: bool) -> str:
        """Why no file is written now, and when one is; "" where one may be, which counts as the actor's.

        Args:
            incident: which one.
            actor: who asks.
            grown: whether more is disputed than the file has, so that it need not wait.
        """
        now = self._clock()
        self._forget(now)
        if not grown and incident in self._written and self._latest(incident):
            again = moment(self._written[incident] + PAUSE_MS)
            return f"incident {incident}: its file was written less than a minute ago; ask again after {again}"
        asked = self._asked.setdefault(actor, [])
        if len(asked) >= MOST_A_DAY:
            again = moment(asked[0] + DAY_MS)
            return f"you had {counted(MOST_A_DAY, 'file')} written within a day; ask again after {again}"
        asked.append(now)
        return ""

    def write(self, incident: str, key: str, written: Callable[[Path], int]) -> Path:
        """Write the file of an incident and a key in the place of the old one, which stays until the new one is whole.

        Args:
            incident: which one.
            key: the key's id, or the native key's.
            written: writes a file that does not exist yet; raises what this does.

        Raises:
            OSError: if it cannot be written.
            LookupError: if a record is not under a checkpoint yet.
            JournalDamaged: if the journal is not what was signed.
        """
        directory = self._directory / incident
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = directory / f"evidence-{key}.zip"
        draft = path.with_name(path.name + ".new")
        draft.unlink(missing_ok=True)
        written(draft)
        draft.replace(path)
        sync_directory(directory)
        return path

    def wrote(self, incident: str) -> None:
        """Its files are as new as can be."""
        self._written[incident] = self._clock()

    def latest(self, incident: str, key: str = "") -> str:
        """The path of the file that was written last, about this key where one is named; "" where there is none."""
        found = [path for path in self._latest(incident) if not key or path.name == f"evidence-{key}.zip"]
        return str(found[-1]) if found else ""

    def _latest(self, incident: str) -> list[Path]:
        found = (self._directory / incident).glob("evidence-*.zip")
        return sorted(found, key=lambda path: path.stat().st_mtime_ns)

    def _forget(self, now: int) -> None:
        """What lies too far back to count; and what lies ahead, of a clock that was set back."""
        self._written = {which: at for which, at in self._written.items() if 0 <= now - at < PAUSE_MS}
        recent = {who: [at for at in asked if 0 <= now - at < DAY_MS] for who, asked in self._asked.items()}
        self._asked = {who: asked for who, asked in recent.items() if asked}
