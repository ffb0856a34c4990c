"""What the control process is asked about a theft that can be rehearsed beside it."""

import msgspec

from bailiwick.link.wire import Answer, Question, Verbs


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened in the rehearsal.

    Attributes:
        at: when, in milliseconds since the epoch.
        text: what was tried, or came about.
        outcome: ``allowed``, ``denied`` with the reason after a colon, or empty where nothing was asked.
    """

    at: int
    text: str
    outcome: str = ""


class RehearsalAnswer(Answer, frozen=True, kw_only=True):
    """What can be rehearsed here, and how it goes.

    Attributes:
        here: whether this is a rehearsal at all; false wherever there is real money.
        playing: whether a theft is being played now.
        key: the stolen key of the play that is on, or was last; empty before the first.
        said: what happened in it, oldest first.
    """

    here: bool
    playing: bool = False
    key: str = ""
    said: tuple[Said, ...] = ()


class ShowRehearsal(Question[RehearsalAnswer], frozen=True, kw_only=True, tag="show_rehearsal"):
    """Show whether a theft can be rehearsed here, and how the one goes that is being played."""


class PlayRehearsal(Question[RehearsalAnswer], frozen=True, kw_only=True, tag="play_rehearsal"):
    """Play a theft with a stolen key, where the demonstration is kept running; nowhere else is there one to play."""


REHEARSAL_VERBS: Verbs = (ShowRehearsal, PlayRehearsal)
"""Everything about rehearsals; whoever can play one serves the same verbs on a socket of its own."""
