"""How long the body of a record is kept; its digest is kept for ever."""

from collections.abc import Mapping
from datetime import timedelta
from enum import IntEnum


class Retention(IntEnum):
    """The retention class of a record; it is part of what the tree covers."""

    KEEP = 0  # administrative acts, cuts, notes: what explains the rest
    TRADE = 1  # whatever changes state at the venue, and its outcome
    READ = 2  # requests that change nothing
    FAILURE = 3  # counts and samples of failed authentications


Periods = Mapping[Retention, timedelta | None]

DEFAULT_PERIODS: Periods = {
    Retention.KEEP: None,
    Retention.TRADE: None,
    Retention.READ: timedelta(days=7),
    Retention.FAILURE: timedelta(days=30),
}
"""None means for ever."""
