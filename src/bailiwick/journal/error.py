"""What can go wrong with a journal, each with the remedy in its message."""


class JournalError(Exception):
    """Base of everything the journal raises on purpose."""


class JournalLocked(JournalError):
    """Another process writes to this directory."""


class JournalDamaged(JournalError):
    """What is on disk is not what was written and signed; nothing is appended to it."""


class JournalBehind(JournalDamaged):
    """A checkpoint kept elsewhere covers records that are not here: the journal was cut or restored."""


class JournalStopped(JournalError):
    """A write or a flush failed, or the journal is closed: nothing is accepted until ``recover`` has succeeded."""


class JournalFull(JournalError):
    """The disk is full: only essential records are accepted, and none once the reserve is used up."""
