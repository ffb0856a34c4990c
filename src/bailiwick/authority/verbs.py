"""What the control process is asked: the closed list of verbs of its socket, for the command line.

In an edit, what is left out stays as it is. An edit and a move may say what they expect to find (``seen``, of a show or
a preview), and are refused if it has changed in between; a preview does nothing but tell the difference.
"""

from enum import StrEnum
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from bailiwick.authority.approval_verbs import APPROVAL_VERBS
from bailiwick.authority.audit_verbs import AUDIT_VERBS
from bailiwick.authority.canary_verbs import CANARY_VERBS
from bailiwick.authority.draft_verbs import DRAFT_VERBS
from bailiwick.authority.finding_verbs import FINDING_VERBS
from bailiwick.authority.incident_verbs import INCIDENT_VERBS
from bailiwick.authority.looking_verbs import LOOKING_VERBS
from bailiwick.authority.native_verbs import NATIVE_VERBS
from bailiwick.authority.notice_verbs import NOTICE_VERBS
from bailiwick.authority.people_verbs import PEOPLE_VERBS
from bailiwick.authority.record_verbs import RECORD_VERBS
from bailiwick.authority.reference_verbs import REFERENCE_VERBS
from bailiwick.authority.rehearsal_verbs import REHEARSAL_VERBS
from bailiwick.authority.service_verbs import SERVICE_VERBS, WorstLoss
from bailiwick.authority.sweep_verbs import SWEEP_ACTS
from bailiwick.authority.token_verbs import TOKEN_VERBS
from bailiwick.authority.watch_verbs import WATCH_VERBS
from bailiwick.link.questions import (
    DoctorAnswer,
    ExplainAnswer,
    HealthAnswer,
    RotateVaultAnswer,
    UsageAnswer,
)
from bailiwick.link.wire import Answer, Question, Verbs
from bailiwick.model.life import Response
from bailiwick.model.secret import Secret

Values = dict[str, Any]  # names to text, numbers, booleans, lists and None: what --json prints
MOST_ROWS = 1000


class Kind(StrEnum):
    """Which sort of party."""

    VENUE = "venue"
    ACCOUNT = "account"
    SERVICE = "service"
    KEY = "key"


class Move(StrEnum):
    """What is done to what a party may do at all."""

    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    WIND_DOWN = "wind-down"
    REVOKE = "revoke"


class Difference(msgspec.Struct, frozen=True):
    """One field before and after, as it is shown."""

    field: str
    before: str
    after: str


class ActAnswer(Answer, frozen=True, kw_only=True):
    """What an act did.

    ``position`` is the act's in the journal (-1 in a preview, and where there was ``nothing`` to be done), ``change``
    its number in the store;
    ``in_force`` whether the gateway has said that it acts on it. ``keys`` are the keys whose state it changed.
    ``secret`` is an issued HMAC secret: it is told this once. ``worst`` is what an issued key can lose in a day by
    trading, reckoned as for a service; None for one that does not trade.
    """

    kind: Kind
    id: str
    values: Values
    difference: tuple[Difference, ...] = ()
    keys: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    seen: str = ""
    nothing: bool = False
    position: int = -1
    change: int = 0
    in_force: bool = False
    secret: Secret | None = None
    worst: WorstLoss | None = None


class ShowAnswer(Answer, frozen=True, kw_only=True):
    """A party as it is; of a key also its grant in ``sentences``, and what it may really do, bounds taken together."""

    kind: Kind
    values: Values
    sentences: tuple[str, ...] = ()
    effective: Values = msgspec.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    seen: str = ""


class ListAnswer(Answer, frozen=True, kw_only=True):
    """Parties by id. ``more`` says that there are others after the last."""

    kind: Kind
    rows: tuple[Values, ...]
    more: bool = False


class _Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    reason: str = ""
    seen: str = ""
    preview: bool = False


class NewCredential(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An account's own key at its venue. ``secret`` is the text of an HMAC secret, or a private key in PEM."""

    api_key: str
    secret: Secret
    password: Secret | None = None  # of an encrypted PEM


class AddVenue(Question[ActAnswer], _Act, frozen=True, kw_only=True, tag="add_venue"):
    """Add an exchange."""

    id: str
    name: str
    base_url: str
    dialect: str = "binance"
    mode: str = "resign"


class EditVenue(Question[ActAnswer], _Act, frozen=True, kw_only=True, tag="edit_venue"):
    """Change how an exchange is reached."""

    id: str
    name: str | UnsetType = UNSET
    base_url: str | UnsetType = UNSET
    mode: str | UnsetType = UNSET


class AddAccount(Question[ActAnswer], _Act, frozen=True, kw_only=True, tag="add_account"):
    """Add an account at a venue, and seal its credential."""

    id: str
    venue: str
    name: str
    owner: str
    credential: NewCredential | None = None
    limits: str = ""
    local_address: str = ""
    home_assets: tuple[str, ...] = ()


class EditAccount(Question[ActAnswer], _Act, frozen=True, kw_only=True, tag="edit_account"):
    """Change what is said of an account. Its venue is its own for life."""

    id: str
    name: str | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    limits: str | UnsetType = UNSET
    local_address: str | UnsetType = UNSET
    home_assets: tuple[str, ...] | UnsetType = UNSET


class RotateAccount(Question[ActAnswer], _Act, frozen=True, kw_only=True, tag="rotate_account"):
    """Put another credential in the place of an account's own."""

    id: str
    credential: NewCredential


class AddService(Question[ActAnswer], _Act, frozen=True, kw_only=True, tag="add_service"):
    """Add a third party that keys are handed to."""

    id: str
    name: str
    contact: str = ""
    networks: tuple[str, ...] = ()
    networks_from: str = ""
    limits: str = ""
    fingerprints: tuple[str, ...] = ()
    net_buying_bps: int | None = None


class EditService(Question[ActAnswer], _Act, frozen=True, kw_only=True, tag="edit_service"):
    """Change what is said of a service."""

    id: str
    name: str | UnsetType = UNSET
    contact: str | UnsetType = UNSET
    networks: tuple[str, ...] | UnsetType = UNSET
    networks_from: str | UnsetType = UNSET  # empty: they are published nowhere
    limits: str | UnsetType = UNSET
    fingerprints: tuple[str, ...] | UnsetType = UNSET
    net_buying_bps: int | UnsetType | None = UNSET


class IssueKey(Question[ActAnswer], _Act, frozen=True, kw_only=True, tag="issue_key"):
    """Issue a key. ``public_key`` in PEM makes it an Ed25519 or RSA key; without one it is an HMAC key."""

    account: str
    service: str
    grant: str
    name: str = ""
    public_key: bytes = b""


class EditKey(Question[ActAnswer], _Act, frozen=True, kw_only=True, tag="edit_key"):
    """Change a key's grant or name, or hand it to another service. Account and kind are its own for life."""

    id: str
    grant: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    service: str | UnsetType = UNSET
    on_expiry: Response | UnsetType = UNSET
    on_idle: Response | UnsetType = UNSET
    on_alert: Response | UnsetType = UNSET
    on_compromise: Response | UnsetType = UNSET


class RotateKey(Question[ActAnswer], _Act, frozen=True, kw_only=True, tag="rotate_key"):
    """Give a key another secret or public key under the same id: budgets, holdings and history stay with it.

    For ``overlap_s`` seconds the old one is believed as well, though never past the key's own expiry, and not at all
    where it was ``leaked``.
    """

    id: str
    public_key: bytes = b""
    overlap_s: int = 0
    leaked: bool = False


class MoveParty(Question[ActAnswer], _Act, frozen=True, kw_only=True, tag="move"):
    """Freeze, unfreeze, wind down or revoke. ``account`` names whose key it must be, where that is known."""

    kind: Kind
    id: str
    to: Move
    account: str = ""


class SuspectKey(Question[ActAnswer], _Act, frozen=True, kw_only=True, tag="suspect_key"):
    """Suspect a key of abuse, for a reason: it winds down slowly, and does nothing in the symbols that are named."""

    id: str
    symbols: tuple[str, ...] = ()


class ListParties(Question[ListAnswer], frozen=True, kw_only=True, tag="list"):
    """List parties, of one account or service where one is named, after an id."""

    kind: Kind
    account: str = ""
    service: str = ""
    state: str = ""
    after: str = ""
    limit: int = 200


class ShowParty(Question[ShowAnswer], frozen=True, kw_only=True, tag="show"):
    """Show one."""

    kind: Kind
    id: str


class CheckGrant(Question[ShowAnswer], frozen=True, kw_only=True, tag="check_grant"):
    """What a grant would allow, within the bounds of an account and a service where they are named."""

    grant: str
    account: str = ""
    service: str = ""


class ExplainKey(Question[ExplainAnswer], frozen=True, kw_only=True, tag="explain_key"):
    """Would this request be allowed now? See ``link.questions.Explain``."""

    key: str
    method: str
    target: str
    body: bytes = b""
    source: str = "127.0.0.1"


class UseOfKey(Question[UsageAnswer], frozen=True, kw_only=True, tag="use_of_key"):
    """What has this key used? See ``link.questions.Usage``."""

    key: str


class Status(Question[HealthAnswer], frozen=True, kw_only=True, tag="status"):
    """Is everything serving? Answered with the gateway's health."""


class Examine(Question[DoctorAnswer], frozen=True, kw_only=True, tag="examine"):
    """Look at everything, from within both processes."""


class BackupAnswer(Answer, frozen=True, kw_only=True):
    """Where the backup is, and which records of the journal it is consistent with."""

    path: str
    id: str
    bytes: int
    position: int
    change: int
    note: str  # the checkpoint that covers them


class MakeBackup(Question[BackupAnswer], frozen=True, kw_only=True, tag="make_backup"):
    """Write a sealed copy of the store to a file that does not exist yet, by a passphrase or by the vault."""

    path: str
    passphrase: Secret | None = None


class RotateVaultKey(Question[RotateVaultAnswer], frozen=True, kw_only=True, tag="rotate_vault_key"):
    """Put a new vault key in use and re-wrap everything."""

    reason: str = ""


ACTS: Verbs = (
    AddVenue, EditVenue, AddAccount, EditAccount, RotateAccount, AddService, EditService, IssueKey, EditKey, RotateKey,
    MoveParty, SuspectKey, RotateVaultKey, MakeBackup,
)  # fmt: skip
"""Whatever changes something, or takes something out of the house: each is journalled."""

CONTROL_VERBS: Verbs = (
    *ACTS, ListParties, ShowParty, CheckGrant, ExplainKey, UseOfKey, Status, Examine,
    *LOOKING_VERBS,
    *SWEEP_ACTS, *APPROVAL_VERBS, *TOKEN_VERBS, *SERVICE_VERBS, *AUDIT_VERBS, *NATIVE_VERBS, *NOTICE_VERBS,
    *CANARY_VERBS, *RECORD_VERBS, *REFERENCE_VERBS, *REHEARSAL_VERBS, *PEOPLE_VERBS, *FINDING_VERBS,
    *DRAFT_VERBS, *WATCH_VERBS, *INCIDENT_VERBS,
)  # fmt: skip
"""Everything that the control socket answers."""
