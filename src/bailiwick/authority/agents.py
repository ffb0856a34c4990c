"""Which programs stand behind fingerprints: the journal names each in full where it was first met after a start."""

from collections.abc import Collection
from pathlib import Path
from typing import final

from bailiwick.journal.backwards import stretches
from bailiwick.journal.record import Fingerprint, decode

PASSED_AT_ONCE = 1_000_000  # records that one look goes past
MOST = 10_000
_WORD = b'["fingerprint"'


@final
class Agents:
    """The programs that were met, read from the end of the journal as far as somebody asked for one."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._names: dict[str, str] = {}
        self._low = self._high = -1

    def of(self, size: int, wanted: Collection[str]) -> dict[str, str]:
        """What is known of these, in a journal of this size.

        Raises:
            JournalDamaged: if a record is not right.
        """
        if self._high < 0 or size < self._high:
            self._low = self._high = size
        if size > self._high:
            self._look(size, self._high, ())
            self._high = size
        if self._low > 0 and any(each not in self._names for each in wanted):
            self._low = self._look(self._low, 0, wanted)
        return {each: self._names[each] for each in wanted if each in self._names}

    def _look(self, before: int, floor: int, wanted: Collection[str]) -> int:
        """Read back until all that are wanted were met; down to which position."""
        at = before
        for stretch in stretches(self._directory, before, floor, (_WORD,)):
            for entry in stretch.entries:
                self._name(entry.record)
            at = stretch.first
            if before - at >= PASSED_AT_ONCE or (wanted and all(each in self._names for each in wanted)):
                break
        return at

    def _name(self, raw: bytes | None) -> None:
        if raw is None or not raw.startswith(_WORD) or len(self._names) >= MOST:
            return
        try:
            record = decode(raw)
        except ValueError:
            return  # of a newer program
        if isinstance(record, Fingerprint):
            self._names.setdefault(record.digest, record.user_agent)
