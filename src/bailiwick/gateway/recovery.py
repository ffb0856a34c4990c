"""The state at a start: ledgers and replay marks, out of the newest snapshot and the journal behind it.

A snapshot is taken while requests go on, ledger after ledger. That is sound because everything that is told to a ledger
twice changes nothing: the records are read again from the position at which the snapshot was begun.
"""

from collections.abc import Iterator, Mapping

import msgspec

from bailiwick.gateway.retelling import LEAKED_ID, leaked_id, retell
from bailiwick.gateway.watching import SUSPECT, Doubt
from bailiwick.journal import reader, record
from bailiwick.journal.log import Journal
from bailiwick.logs import log
from bailiwick.model.decision import Allow
from bailiwick.model.intent import Intent
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.replay import ReplayMarks, mark
from bailiwick.rules.tracked import LedgerState, OrderState
from bailiwick.store.rows import Use
from bailiwick.venues.dialect import Dialect
from bailiwick.watch.event import Holder
from bailiwick.watch.respond import policy_of
from bailiwick.watch.state import State as WatchState
from bailiwick.watch.step import step

STOPPED = "gateway stopped"
"""The act recorded last by a gateway that ended in order."""


class Profile(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the watch knows of a key, as of a position: what stands behind it is told to the watch again."""

    position: int
    account: str
    service: str
    data: bytes


class Common(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What the watch knows of accounts, services and symbols, as of a position; ``data`` is empty where nothing is.

    It is packed in the same run as the last of the profiles, so that none of them lacks a record before its position.
    """

    position: int
    data: bytes


NOTHING = Common(0, b"")


class State(msgspec.Struct):
    """What a snapshot holds.

    ``marks`` are the replay marks alive at its position, by their second of expiry; ``profiles`` what the watch knows
    of keys, and ``doubts`` the keys that it took for stolen and of which the authority had not decided. ``watched_us``
    is since when the watch looks on, ``common`` what it knows across keys.
    """

    ledgers: dict[str, LedgerState]
    marks: dict[int, list[bytes]] = {}
    profiles: dict[str, Profile] = {}
    doubts: dict[str, Doubt] = {}
    watched_us: int = 0
    common: Common = NOTHING


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(State)


class Recovered:
    """What was found at a start."""

    def __init__(self) -> None:
        self.ledgers: dict[str, Ledger] = {}
        self.marks = ReplayMarks()
        self.ahead_us = 0  # how far the venue's clock was ahead of this machine's when a request last came
        self.in_order = False  # whether the gateway before this one ended in order
        self.records = 0
        self.used_us: dict[str, int] = {}  # when keys last did what was allowed, by the records
        self.traded_us: dict[str, int] = {}  # when anything but a read
        self.watch = WatchState()
        self.profiles: dict[str, Profile] = {}
        self.watched_from = 0  # what stands before it the watch knows already
        self.touched: set[str] = set()  # keys whose profile is no longer the snapshot's
        self.doubts: dict[str, Doubt] = {}

    def ledger(self, key_id: str) -> Ledger:
        """A key's ledger, a new one if the key has never traded."""
        ledger = self.ledgers.get(key_id)
        if ledger is None:
            ledger = self.ledgers[key_id] = Ledger()
        return ledger

    def uses(self) -> dict[str, Use]:
        """When keys were last used: what the gateway before this one had no time to write down is among it."""
        return {key: Use(at // 1000, self.traded_us.get(key, 0) // 1000) for key, at in self.used_us.items()}

    def resting(self) -> list[str]:
        """The keys that have orders in the book, or may have."""
        return [key_id for key_id, ledger in self.ledgers.items() if ledger.resting]


def encode_ledger(ledger: Ledger) -> msgspec.Raw:
    """A ledger as a snapshot holds it."""
    return msgspec.Raw(_ENCODER.encode(ledger.to_state()))


def encode_state(
    ledgers: dict[str, msgspec.Raw],
    marks: dict[int, list[bytes]],
    profiles: Mapping[str, Profile] | None = None,
    doubts: Mapping[str, Doubt] | None = None,
    watched_us: int = 0,
    common: Common = NOTHING,
) -> bytes:
    """The state as a snapshot holds it."""
    watch = {"profiles": profiles or {}, "doubts": doubts or {}, "watched_us": watched_us, "common": common}
    return _ENCODER.encode({"ledgers": ledgers, "marks": marks} | watch)


def recover(
    journal: Journal,
    dialect: Dialect,
    now_us: int,
    slow: frozenset[str] = frozenset(),
) -> Recovered:
    """Read the newest snapshot, and the records behind it.

    ``slow`` are the keys that may sell only slowly: of these, what was sold is counted by time.
    """
    found = Recovered()
    if journal.snapshot is not None:
        state = _DECODER.decode(journal.snapshot.state)
        found.ledgers = {key_id: Ledger.from_state(each) for key_id, each in state.ledgers.items()}
        found.marks.restore(state.marks)
        found.doubts = state.doubts
        found.watch.began_us = state.watched_us
        found.profiles = restore(found.watch, state.profiles, state.common)
        found.watched_from = state.common.position
    for key_id in slow:
        found.ledger(key_id).slow = True
    found.marks.drop(now_us)
    intents: dict[int, record.Intent] = {}
    for key_id in found.doubts:
        found.ledger(key_id).slow = True
    holders = {
        key_id: Holder(key=key_id, account=each.account, service=each.service)
        for key_id, each in found.profiles.items()
    }
    for position, each in _records(journal):
        found.records += 1
        match each:
            case record.Intent():
                found.ahead_us = each.venue_us - each.at_us
                _take_mark(found, each.key, each.sent, each.mark_until_us, now_us)
                if each.decision == "allow":
                    intents[position] = each
                    found.used_us[each.key] = found.traded_us[each.key] = each.venue_us
                    _reserve(found, dialect, each)
            case record.Read():
                found.ahead_us = each.venue_us - each.at_us + each.latency_us
                if each.decision == "allow":
                    found.used_us[each.key] = max(each.venue_us, found.used_us.get(each.key, 0))
                _take_mark(found, each.key, each.sent, each.mark_until_us, now_us)
            case record.Outcome():
                intent = intents.pop(each.intent, None)
                _settle(found, each, intent)
                if intent is None and each.executed is not True:
                    _settle_older(found, each, journal)
            case record.Resolved():
                _resolve(found, each)
            case record.Act():
                _lean(found, position, each)
            case record.Event():
                if each.what == SUSPECT:
                    found.doubts[each.key] = doubt_of(position, each)
                    found.ledger(each.key).slow = True
            case _:
                pass
        _tell_again(found, position, each, dialect, holders)
        found.in_order = isinstance(each, record.Act) and each.verb == STOPPED
    for position, intent in intents.items():
        _doubt(found, position, intent)
    return found


def restore(watch: WatchState, profiles: Mapping[str, Profile], common: Common = NOTHING) -> dict[str, Profile]:
    """Give the watch what a snapshot holds; the profiles that it could read.

    They stay packed until their keys move, unless what keys have in common must be gathered from them.
    """
    known = False
    if common.data:
        try:
            watch.decode_common(common.data)
            known = True
        except ValueError as error:
            log.warning("what the watch knew across keys cannot be read", why=str(error))
    take = watch.keep_key if known else watch.decode_key
    kept = {}
    for key_id, each in profiles.items():
        try:
            take(Holder(key=key_id, account=each.account, service=each.service), each.data)
        except ValueError as error:
            log.warning("a profile of the watch cannot be read", key=key_id, why=str(error))
        else:
            kept[key_id] = each
    return kept


def doubt_of(position: int, each: record.Event) -> Doubt:
    """What an event says of a key that the watch took for stolen."""
    symbol = dict(each.detail).get("suspected", "")
    return Doubt(position, each.at_us // 1000, (symbol,) if symbol else ())


def _lean(found: Recovered, position: int, each: record.Act) -> None:
    key_id = leaked_id(each)
    kept = found.profiles.get(key_id)
    if key_id and position >= found.watched_from and (kept is None or position >= kept.position):
        found.watch.lean(key_id, LEAKED_ID, each.at_us // 1_000_000)
        found.touched.add(key_id)


def _tell_again(
    found: Recovered, position: int, each: record.Record, dialect: Dialect, holders: dict[str, Holder]
) -> None:
    """Tell the watch what its profile of the key does not hold yet."""
    for told in retell(each, dialect.endpoint, holders):
        kept = found.profiles.get(told.key)
        if position >= found.watched_from and (kept is None or position >= kept.position):
            step(found.watch, told.event, told.now_us, policy_of(told.most))
            if told.key:
                found.touched.add(told.key)


def _records(journal: Journal) -> Iterator[tuple[int, record.Record]]:
    for entry in journal.replay():
        if entry.record is not None:
            yield entry.position, record.decode(entry.record)


def _take_mark(found: Recovered, key: str, sent: str, until_us: int, now_us: int) -> None:
    if until_us >= now_us:
        found.marks.seen(mark(key.encode("latin-1"), sent.encode("latin-1")), until_us)


def _reserve(found: Recovered, dialect: Dialect, each: record.Intent) -> None:
    """Reserve again what the intent reserved; one that the ledger knows already is left as it is."""
    endpoint = dialect.endpoint(each.method, each.path)
    if endpoint is None or (not each.orders and each.withdrawal is None):
        return
    ledger = found.ledger(each.key)
    if any(order.client_id and ledger.id_used(order.client_id, each.venue_us) for order in each.orders):
        return
    intent = Intent(
        endpoint=endpoint,
        params=(),
        target=each.target,
        keep_on_failure=each.keep_on_failure,
        withdrawal=each.withdrawal,
    )
    ledger.reserve(Allow(each.orders, each.charges, None, each.reducing), intent, each.venue_us)


def _settle(found: Recovered, each: record.Outcome, intent: record.Intent | None) -> None:
    ledger = found.ledger(each.key)
    for report in each.orders:
        ledger.report(report, each.at_us + found.ahead_us)
    if intent is None:
        return
    if each.executed is False and intent.withdrawal is not None:
        ledger.return_withdrawal(intent.withdrawal, intent.venue_us)
    _settle_orders(ledger, each, intent)


def _settle_orders(ledger: Ledger, each: record.Outcome, intent: record.Intent) -> None:
    for order in intent.orders:
        if order.client_id is None or not intent.charges:
            continue  # a trial order has reserved nothing, and its id may be another's by now
        if each.executed is False:
            ledger.reject(order.client_id)
        elif each.executed is None:
            ledger.unknown(order.client_id)


def _settle_older(found: Recovered, each: record.Outcome, journal: Journal) -> None:
    """Settle an intent that was on its way when the snapshot was taken: its record stands before it.

    A withdrawal of such an intent is left as it is: the snapshot may have been taken before or after it was given back.
    """
    try:
        _, framed = reader.frame_at(journal.directory, each.intent)
    except LookupError:
        return  # it stays reserved, and is looked up
    intent = None if framed.record is None else record.decode(framed.record)
    if isinstance(intent, record.Intent) and intent.key == each.key:
        _settle_orders(found.ledger(each.key), each, intent)


def _resolve(found: Recovered, each: record.Resolved) -> None:
    ledger = found.ledger(each.key)
    now_us = each.at_us + found.ahead_us
    for report in each.orders:
        ledger.report(report, now_us)
    for trade in each.trades:
        ledger.trade(trade, now_us)
    if each.absent:
        ledger.reject(each.absent)
        ledger.end(each.absent, now_us)


def _doubt(found: Recovered, position: int, intent: record.Intent) -> None:
    """An intent without an outcome: it may have reached the venue just before the end."""
    ledger = found.ledger(intent.key)
    for order in intent.orders:
        if order.client_id is not None:
            ledger.unknown(order.client_id)


def doubts(found: Recovered) -> Iterator[tuple[str, str, str]]:
    """Key, symbol and client order id of every order whose outcome is not known."""
    for key_id, ledger in found.ledgers.items():
        for order in ledger.orders.values():
            if order.state in (OrderState.UNKNOWN, OrderState.RESERVED):
                yield key_id, order.symbol, order.client_id
