"""The version of the tables."""

from bailiwick.store import upgrading
from bailiwick.store.schema import CURRENT


def test_the_version_this_program_asks_for_is_the_newest_migration() -> None:
    """A new migration cannot be forgotten: the version asked for is the newest there is."""
    assert upgrading.known()[0] == CURRENT
