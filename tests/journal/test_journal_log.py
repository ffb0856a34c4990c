"""The journal as its writer sees it."""

from pathlib import Path

from journals import Begin

from bailiwick.journal.log import Journal
from bailiwick.journal.reader import read


def test_what_was_appended_is_read_back_in_order(begin: Begin, tmp_path: Path) -> None:
    """Records come back as they were, each at the position it was given."""
    with begin() as journal:
        positions = [journal.append(f"record {number}".encode(), retention=1) for number in range(600)]
    entries = list(read(tmp_path / "journal"))
    assert [entry.position for entry in entries] == positions
    assert [entry.record for entry in entries] == [f"record {number}".encode() for number in range(600)]
    assert isinstance(journal, Journal)
