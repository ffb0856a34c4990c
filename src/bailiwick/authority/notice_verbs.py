"""What the control process is asked about owners, notices, incidents and leaks."""

import msgspec
from msgspec import UNSET, UnsetType

from bailiwick.link.wire import Answer, Question, Verbs
from bailiwick.model.secret import Secret

MOST_ROWS = 1000


class OwnerAnswer(Answer, frozen=True, kw_only=True):
    """An owner's choices. ``secret`` is that of a webhook that was just added, told this once."""

    name: str
    channels: tuple[tuple[str, str], ...] = ()  # way, to
    quiet: str = ""
    digest: str = ""
    zone: str = "UTC"
    amounts: bool = False
    bare_id_acts: bool = False
    accounts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    position: int = -1
    code: str = ""
    secret: Secret | None = None


class OwnersAnswer(Answer, frozen=True, kw_only=True):
    """Owners by name."""

    rows: tuple[OwnerAnswer, ...]


class ListOwners(Question[OwnersAnswer], frozen=True, kw_only=True, tag="list_owners"):
    """List owners: everybody who owns an account, or chose how to be told."""


class ShowOwner(Question[OwnerAnswer], frozen=True, kw_only=True, tag="show_owner"):
    """Show how an owner wants to be told."""

    name: str


class EditOwner(Question[OwnerAnswer], frozen=True, kw_only=True, tag="edit_owner"):
    """Change how an owner wants to be told. What is left out stays as it is."""

    name: str
    quiet: str | UnsetType = UNSET
    digest: str | UnsetType = UNSET
    zone: str | UnsetType = UNSET
    amounts: bool | UnsetType = UNSET
    bare_id_acts: bool | UnsetType = UNSET
    reason: str = ""


class AddChannel(Question[OwnerAnswer], frozen=True, kw_only=True, tag="add_channel"):
    """Tell an owner over one more channel: email, webhook or apprise."""

    name: str
    way: str
    to: str
    reason: str = ""


class RemoveChannel(Question[OwnerAnswer], frozen=True, kw_only=True, tag="remove_channel"):
    """Tell an owner no more over a channel."""

    name: str
    way: str
    to: str
    reason: str = ""


class TelegramCode(Question[OwnerAnswer], frozen=True, kw_only=True, tag="telegram_code"):
    """A code that an owner sends to the bot within 15 minutes, so that the bot knows his chat and him."""

    name: str
    reason: str = ""


class TryNotice(Question[OwnerAnswer], frozen=True, kw_only=True, tag="try_notice"):
    """Send an owner a notice that says nothing, to see that it arrives."""

    name: str


class NoticeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A notice and what became of it."""

    id: int
    owner: str
    kind: str
    urgency: str
    title: str
    text: str
    key: str = ""
    account: str = ""
    incident: str = ""
    count: int = 1
    made: str = ""
    last: str = ""
    deliveries: tuple[str, ...] = ()
    not_me: str = ""  # the command that says so


class NoticesAnswer(Answer, frozen=True, kw_only=True):
    """Notices, newest first; ``waiting`` deliveries are still to be made."""

    rows: tuple[NoticeRow, ...]
    waiting: int = 0


class ListNotices(Question[NoticesAnswer], frozen=True, kw_only=True, tag="list_notices"):
    """List what owners were told, newest first."""

    owner: str = ""
    key: str = ""
    limit: int = 100


class IncidentAnswer(Answer, frozen=True, kw_only=True):
    """An incident. ``evidence`` is the file for the exchange's support, where one was written.

    ``state`` is open, working (since ``taken``) or closed; ``verdict`` what it was found to be.
    """

    id: str
    kind: str
    state: str
    title: str
    owner: str
    opened: str
    keys: tuple[str, ...] = ()
    disputed: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    notes: tuple[tuple[str, str, str], ...] = ()  # when, by whom, what
    closed: str | None = None
    closing: str = ""
    assignee: str = ""
    taken: str | None = None
    verdict: str = ""
    evidence: str = ""
    said: tuple[str, ...] = ()
    position: int = -1


class EvidenceAnswer(Answer, frozen=True, kw_only=True):
    """Where the file for the exchange's support is, on the machine that the control process runs on."""

    path: str


class FindEvidence(Question[EvidenceAnswer], frozen=True, kw_only=True, tag="find_evidence"):
    """The file for the exchange's support that was written last about an incident, or about one of its keys."""

    id: str
    key: str = ""


class IncidentsAnswer(Answer, frozen=True, kw_only=True):
    """Incidents, newest first."""

    rows: tuple[IncidentAnswer, ...]


class ListIncidents(Question[IncidentsAnswer], frozen=True, kw_only=True, tag="list_incidents"):
    """List incidents; ``state`` is open, working, closed, or current (not closed).

    ``assignee`` is a person's name, or - for nobody; ``sort`` is opened, state, kind, owner, assignee or title.
    """

    state: str = ""
    key: str = ""
    owner: str = ""
    assignee: str = ""
    sort: str = "opened"
    down: bool = True
    limit: int = 100


class ShowIncident(Question[IncidentAnswer], frozen=True, kw_only=True, tag="show_incident"):
    """Show an incident."""

    id: str


class NoteIncident(Question[IncidentAnswer], frozen=True, kw_only=True, tag="note_incident"):
    """Write something down about an incident."""

    id: str
    text: str


class CloseIncident(Question[IncidentAnswer], frozen=True, kw_only=True, tag="close_incident"):
    """Close an incident: what it was (theft, false-alarm, test or other), and why. Its keys stay as they are."""

    id: str
    verdict: str
    reason: str = ""


class WriteEvidence(Question[IncidentAnswer], frozen=True, kw_only=True, tag="write_evidence"):
    """Write an incident's file for the exchange's support anew, with all that is known by now."""

    id: str


class NotMe(Question[IncidentAnswer], frozen=True, kw_only=True, tag="not_me"):
    """This was not me: wind the key down, open an incident, dispute the trades, write the file for the exchange.

    ``order`` is the position of a record of an order, or a client order id; without it every order of the key in the
    last ``hours`` is disputed.
    """

    key: str
    order: str = ""
    hours: int = 24
    reason: str = ""


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order that a key placed, with the command that says that it was not its owner."""

    position: int
    at: str
    order: str
    client_order_id: str
    outcome: str
    disputed: str = ""  # the incident
    not_me: str = ""


class OrdersAnswer(Answer, frozen=True, kw_only=True):
    """Orders, newest first."""

    rows: tuple[OrderRow, ...]


class OrdersOfKey(Question[OrdersAnswer], frozen=True, kw_only=True, tag="orders_of_key"):
    """The latest orders of a key, out of the journal, newest first."""

    key: str
    hours: int = 24
    limit: int = 20


class LeakRow(msgspec.Struct, frozen=True, kw_only=True):
    """A report of a leak."""

    at: str
    key: str
    proof: str
    source: str
    place: str = ""
    incident: str = ""


class LeaksAnswer(Answer, frozen=True, kw_only=True):
    """What came of a report, or the reports about a key."""

    rows: tuple[LeakRow, ...] = ()
    said: tuple[str, ...] = ()


class ReportLeak(Question[LeaksAnswer], frozen=True, kw_only=True, tag="report_leak"):
    """Report that a secret was found somewhere: it winds its key down at once."""

    found: Secret
    place: str = ""
    reason: str = ""


class ListLeaks(Question[LeaksAnswer], frozen=True, kw_only=True, tag="list_leaks"):
    """The reports of leaks about a key."""

    key: str


NOTICE_VERBS: Verbs = (
    ListOwners, ShowOwner, EditOwner, AddChannel, RemoveChannel, TelegramCode, TryNotice, ListNotices, ListIncidents,
    ShowIncident, NoteIncident, CloseIncident, WriteEvidence, FindEvidence, NotMe, OrdersOfKey, ReportLeak, ListLeaks,
)  # fmt: skip
