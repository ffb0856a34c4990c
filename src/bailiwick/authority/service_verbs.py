"""What the control process is asked about services: their networks, their reach, and the act against one."""

import msgspec

from bailiwick.link.service_questions import NetBuying
from bailiwick.link.wire import Answer, Question, Verbs

MOST_HELD = 5_000  # keys in one answer


class _Act(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    reason: str = ""
    seen: str = ""
    preview: bool = False


class Sum(msgspec.Struct, frozen=True, kw_only=True):
    """So many keys, named by SHA-256 over their ids, sorted, each with a line feed: who has the ids makes it again."""

    keys: int
    sha256: str


class NativeStop(msgspec.Struct, frozen=True, kw_only=True):
    """What an act against a service comes to for a key that calls the exchange itself.

    ``confirmed`` says that the exchange was read back since, and says that it is so; else it is asked, not confirmed.
    ``at_exchange`` is its last word, ``read`` the age of that.
    """

    id: str
    account: str
    state: str
    confirmed: bool
    at_exchange: str
    read: str


class CompromiseAnswer(Answer, frozen=True, kw_only=True):
    """The act against a compromised service, as a proof that it is complete.

    ``ever`` are all keys that ever belonged to the service, and ``states`` the same keys by the state that the act left
    them in. ``left`` are those that another service holds by now, ``spared`` those of them whose secret was changed
    after they left. ``position`` is the act's in the journal (-1 in a preview); ``in_force`` the position from which
    none of these keys opened a position (-1 where the gateway has not confirmed it yet). ``natives`` are the keys that
    it holds directly: in none of the figures, since nothing of them passes the gateway.
    """

    service: str
    to: str
    act: str = ""
    position: int = -1
    in_force: int = -1
    change: int = 0
    ever: Sum
    states: dict[str, Sum]
    left: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()
    accounts: int = 0
    owners: int = 0
    seen: str = ""
    natives: tuple[NativeStop, ...] = ()
    notes: tuple[str, ...] = ()


class CompromiseService(Question[CompromiseAnswer], _Act, frozen=True, kw_only=True, tag="compromise_service"):
    """Put all keys of a service into wind-down or freeze in one act, stop issuing to it, and tell every owner."""

    id: str
    to: str = "wind-down"


class RestoreAnswer(Answer, frozen=True, kw_only=True):
    """The keys that are in force again, and those that were to be and are not, each with its reason.

    ``natives`` are those that the service holds directly; ``notes`` say what their exchange has not done yet.
    """

    service: str
    standing: str
    keys: tuple[str, ...]
    count: int
    passed_over: dict[str, str] = msgspec.field(default_factory=dict)
    natives: tuple[str, ...] = ()
    position: int = -1
    change: int = 0
    in_force: bool = False
    seen: str = ""
    notes: tuple[str, ...] = ()


class RestoreService(Question[RestoreAnswer], _Act, frozen=True, kw_only=True, tag="restore_service"):
    """Give keys of a compromised service back, each by its id or all of them; a person's act, with a reason."""

    id: str
    keys: tuple[str, ...] = ()
    everything: bool = False


class HeldKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that is or was a service's."""

    key: str
    account: str
    service: str  # whose it is now
    state: str
    spared: bool = False  # it left, and its secret was changed since


class HeldAnswer(Answer, frozen=True, kw_only=True):
    """Keys by id. ``more`` says that there are others after the last."""

    rows: tuple[HeldKey, ...]
    more: bool = False


class ListHeld(Question[HeldAnswer], frozen=True, kw_only=True, tag="list_held"):
    """List every key that ever belonged to a service, those that were handed to another too, after an id."""

    id: str
    after: str = ""
    limit: int = 1_000


class WorstLoss(msgspec.Struct, frozen=True, kw_only=True):
    """What the keys of a service can lose in a day by trading, in one currency; ``most`` is an amount or unbounded."""

    currency: str
    most: str
    unbounded_keys: int = 0


class ReachAnswer(Answer, frozen=True, kw_only=True):
    """What a service could do with all its keys at once.

    ``keys`` are counted by state. What is worst counts those that trade or would, if they were let: active and pending.
    """

    service: str
    keys: dict[str, int]
    accounts: tuple[str, ...]
    owners: int
    open_orders: int | None  # None where the gateway does not answer
    last_used: str | None
    worst: tuple[WorstLoss, ...]
    beyond: tuple[str, ...] = ()
    net_buying: tuple[NetBuying, ...] = ()
    notes: tuple[str, ...] = ()


class ServiceReach(Question[ReachAnswer], frozen=True, kw_only=True, tag="service_reach"):
    """What could this service do at worst: its keys, accounts, open orders, last use, and the loss of a day."""

    id: str


class NetworksAnswer(Answer, frozen=True, kw_only=True):
    """From where a service's keys may be used, where it publishes that, how old it is, and what waits for a person."""

    service: str
    networks: tuple[str, ...]
    source: str = ""
    read_at: str | None = None
    age_s: int | None = None
    offered: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()  # by this act
    failure: str = ""
    position: int = -1
    notes: tuple[str, ...] = ()


class ServiceNetworks(Question[NetworksAnswer], _Act, frozen=True, kw_only=True, tag="service_networks"):
    """Look at a service's networks, read them again, or accept what it has added, which is a person's act."""

    id: str
    refresh: bool = False
    accept: bool = False


SERVICE_ACTS: Verbs = (CompromiseService, RestoreService, ServiceNetworks)
SERVICE_VERBS: Verbs = (*SERVICE_ACTS, ListHeld, ServiceReach)
