"""What the control process is asked by pages that people look at: the whole journal, a key's month, money at risk."""

from typing import Any

import msgspec

from bailiwick.authority.service_verbs import NativeStop, WorstLoss
from bailiwick.link.wire import Answer, Question, Verbs


class FoundRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record that was looked for: ``words`` is what matters of it, ``record`` all of it by the names of fields."""

    position: int
    at_ms: int
    kind: str
    decision: str
    key: str
    account: str
    words: str
    record: dict[str, Any]


class FoundRecords(Answer, frozen=True, kw_only=True):
    """What was found, newest first.

    One answer reads a bounded stretch of the journal, and may find nothing in it: ``read`` records, down to
    ``before``. While ``more`` is true there are older ones: ask again with ``before`` as it is here.
    """

    rows: tuple[FoundRecord, ...]
    before: int
    read: int
    size: int
    more: bool


class SearchRecords(
    Question[FoundRecords], frozen=True, forbid_unknown_fields=True, kw_only=True, tag="search_records"
):
    """Search the whole journal from its end, a stretch at a time.

    ``since`` and ``until`` are times in ISO 8601 or milliseconds since 1970. ``kind`` is of a record (intent, outcome,
    act, event, …), ``decision`` allow, deny or hold; ``text`` is any part of the record, whatever its case.
    """

    text: str = ""
    key: str = ""
    account: str = ""
    service: str = ""
    symbol: str = ""
    kind: str = ""
    decision: str = ""
    since: str = ""
    until: str = ""
    before: int = -1
    limit: int = 100


class Verification(Answer, frozen=True, kw_only=True):
    """How far a verification of the whole journal has come; ``state`` is never, running, fine, faulty or failed."""

    state: str
    began: str | None = None
    ended: str | None = None
    read: int = 0
    size: int = 0
    lines: tuple[str, ...] = ()


class VerifyJournal(Question[Verification], frozen=True, kw_only=True, tag="verify_journal"):
    """Begin to verify the whole journal, beside everything else; one at a time."""


class ShowVerification(Question[Verification], frozen=True, kw_only=True, tag="show_verification"):
    """How far has the verification of the journal come, or what did the last one say?"""


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """What a key did in an hour: requests that change something, by the decision on them, and reads that were allowed.

    ``refused`` were counted together: failed attempts in its name, and denials beyond those that are recorded apiece.
    """

    at_ms: int
    allowed: int = 0
    denied: int = 0
    held: int = 0
    reads: int = 0
    refused: int = 0


class SeenPlace(msgspec.Struct, frozen=True, kw_only=True):
    """An address that a key was used from.

    ``of_service`` says whether its service publishes that network (None: it publishes none), ``granted`` whether the
    key's grant admits it now, ``habitual`` whether the watch knows it as a habit (None where the gateway is silent).
    """

    source: str
    first_ms: int
    last_ms: int
    count: int
    denied: int
    of_service: bool | None = None
    granted: bool | None = None
    habitual: bool | None = None


class SeenClient(msgspec.Struct, frozen=True, kw_only=True):
    """A program that a key was used by, by its way of speaking; ``of_service`` where its service names its own."""

    fingerprint: str
    agent: str
    first_ms: int
    last_ms: int
    count: int
    denied: int
    of_service: bool | None = None
    habitual: bool | None = None


class PastOfKey(Answer, frozen=True, kw_only=True):
    """What a key did, as far as the journal was read back for it.

    ``since_ms`` is the moment from which on all is counted; while ``more`` is true that is not the beginning of the
    days that were asked for: ask again, and it is counted further back. ``unread`` records of that time have lost their
    bodies (condensed or erased), and may have been this key's.
    """

    hours: tuple[Hour, ...]
    places: tuple[SeenPlace, ...]
    clients: tuple[SeenClient, ...]
    since_ms: int
    until_ms: int
    more: bool
    unread: int = 0
    left_out: int = 0  # addresses and programs beyond those that are kept


class UseOverTime(Question[PastOfKey], frozen=True, forbid_unknown_fields=True, kw_only=True, tag="use_over_time"):
    """What a key did by the hour for so many days, from where, and by which programs, as the journal has it."""

    key: str
    days: int = 30


class MoneyAnswer(Answer, frozen=True, kw_only=True):
    """What keys could lose in a day by trading, by currency; of those that open anything now.

    ``keys`` counts all keys by the state that binds them, ``unbounded`` those that open and that nothing bounds;
    ``bounded`` is what the others come to. ``beyond`` are rights that no figure counts.
    """

    worst: tuple[WorstLoss, ...]
    bounded: tuple[WorstLoss, ...]
    keys: dict[str, int]
    accounts: int
    owners: int
    services: int
    unbounded: int
    beyond: tuple[str, ...] = ()


class MoneyAtRisk(Question[MoneyAnswer], frozen=True, forbid_unknown_fields=True, kw_only=True, tag="money_at_risk"):
    """What could be lost in a day at worst: by all keys, or by those of a venue, an account, a service, or one key."""

    venue: str = ""
    account: str = ""
    service: str = ""
    key: str = ""
    owner: str = ""


class CompromiseStanding(Answer, frozen=True, kw_only=True):
    """How far the act against a service has come.

    ``in_force`` is the position from which none of its keys opened a position (-1: not confirmed yet), ``states`` the
    keys that it holds by the state that binds them, ``followed`` whether their rows say so too; ``told`` of ``owners``
    owners have their notice. ``done`` says that nothing is left to do but what a person may.
    """

    service: str
    standing: str
    act: str
    at: str | None
    reason: str
    position: int
    in_force: int
    states: dict[str, int]
    opening: int
    followed: bool
    owners: int
    told: int
    natives: tuple[NativeStop, ...]
    done: bool


class ShowCompromise(Question[CompromiseStanding], frozen=True, kw_only=True, tag="show_compromise"):
    """How far has the act against this service come?"""

    id: str


LOOKING_VERBS: Verbs = (
    SearchRecords, VerifyJournal, ShowVerification, UseOverTime, MoneyAtRisk, ShowCompromise,
)  # fmt: skip
"""Everything that only looks, for people."""
