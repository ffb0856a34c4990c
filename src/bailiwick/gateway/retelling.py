"""The events of the watch out of the journal's records: for a start, and for a backtest.

A record says what the watch was told word for word (``journal.record.Facts``), so that what is told again is the same.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from bailiwick.journal import record
from bailiwick.model.grant import Most
from bailiwick.model.harm import Harm
from bailiwick.model.intent import Act, Endpoint, OrderType, Side
from bailiwick.model.leaked import Sort
from bailiwick.model.reason import Reason
from bailiwick.watch.event import Asked, Event, Holder, Looked, MarketSign, Origin, Refused, Traded

EndpointOf = Callable[[str, str], Endpoint | None]

_HELD = frozenset({Reason.WATCHED.name, Reason.HELD.name})


LEAK_REPORT = "leak.report"
LEAKED_ID = 2_000
"""What a report of a key's bare id speaks against it, in thousandths of nats: an id proves nothing by itself."""


class _Report(msgspec.Struct, frozen=True):
    held: str = ""


def leaked_id(act: record.Act) -> str:
    """The key whose bare id an act reports as leaked; "" of any other act."""
    if act.verb != LEAK_REPORT:
        return ""
    try:
        held = msgspec.json.decode(act.after, type=_Report).held
    except msgspec.MsgspecError:
        return ""
    return act.subject if held == Sort.KEY_ID else ""


class Told(NamedTuple):
    """An event as the watch was told it: by whose request, and the most that it might do then."""

    event: Event
    now_us: int
    key: str
    most: Most
    passed: bool  # whether the request left


def retell(each: record.Record, endpoint_of: EndpointOf, holders: dict[str, Holder]) -> Iterator[Told]:
    """What the watch was told of, in its order. ``holders`` are those met before; it fills up."""
    match each:
        case record.Intent():
            yield from _request(each, endpoint_of, holders)
        case record.Read():
            if each.facts is not None and each.decision == "deny":
                yield _refused(each, each.facts, Harm.READ, holders)
        case record.Outcome() | record.Resolved():
            holder = holders.get(each.key)
            if holder is not None:
                yield from [_traded(filled, holder) for filled in each.filled]
        case record.Seen():
            for symbol, near in each.near:
                yield Told(Looked(at_us=each.venue_us, symbol=symbol, near=near), each.venue_us, "", Most.NOTE, False)
            for symbol, at_us, score, why in each.signs:
                sign = MarketSign(at_us=at_us, symbol=symbol, score=score, why=why)
                yield Told(sign, each.venue_us, "", Most.NOTE, False)
        case _:
            return


def _request(each: record.Intent, endpoint_of: EndpointOf, holders: dict[str, Holder]) -> Iterator[Told]:
    facts = each.facts
    if facts is None:
        return  # of a canary, or from before there was a watch
    endpoint = endpoint_of(each.method, each.path)
    denied = each.decision != "allow"
    if facts.asked and endpoint is not None:
        yield _asked(each, facts, endpoint.act, holders, passed=not denied)
    if denied:
        yield _refused(each, facts, Harm(each.harm), holders)


def _asked(each: record.Intent, facts: record.Facts, act: Act, holders: dict[str, Holder], *, passed: bool) -> Told:
    event = Asked(
        at_us=each.venue_us,
        holder=_holder(each, facts, holders),
        origin=_origin(each, facts),
        act=act,
        harm=Harm(each.harm),
        symbol=facts.symbol,
        base=facts.base,
        quote=facts.quote,
        side=Side(facts.side) if facts.side else None,
        type=OrderType(facts.type) if facts.type else None,
        worth=facts.worth,
        day_worth=facts.day_worth,
        top_worth=facts.top_worth,
        near_bps=facts.near_bps,
        anchor_bps=facts.anchor_bps,
        moved_bps=facts.moved_bps,
        unbounded=facts.unbounded,
        reducing=facts.reducing,
        prefix=facts.prefix,
        window_ms=facts.window_ms,
        offset_ms=facts.offset_ms,
        worth_in=facts.worth_in,
    )
    return Told(event, each.venue_us, each.key, Most(facts.most), passed)


def _refused(each: record.Intent | record.Read, facts: record.Facts, harm: Harm, holders: dict[str, Holder]) -> Told:
    reason = Reason.HELD if each.reason in _HELD else Reason[each.reason]
    event = Refused(
        at_us=each.venue_us,
        holder=_holder(each, facts, holders),
        origin=_origin(each, facts),
        reason=reason,
        harm=harm,
        symbol=facts.symbol,
    )
    return Told(event, each.venue_us, each.key, Most(facts.most), False)


def _traded(filled: record.Filled, holder: Holder) -> Told:
    event = Traded(
        at_us=filled.at_us,
        holder=holder,
        symbol=filled.symbol,
        side=Side(filled.side),
        worth=filled.worth,
        price=filled.price,
        near_bps=filled.near_bps,
    )
    return Told(event, filled.at_us, holder.key, Most.NOTE, False)


def _holder(each: record.Intent | record.Read, facts: record.Facts, holders: dict[str, Holder]) -> Holder:
    known = holders.get(each.key)
    if (
        known is not None
        and known.service == each.service
        and known.purpose == facts.purpose
        and known.created_us == facts.created_us
        and known.idle_since_us == facts.idle_since_us
    ):
        return known
    made = Holder(
        key=each.key,
        account=each.account,
        service=each.service,
        purpose=facts.purpose,
        created_us=facts.created_us,
        idle_since_us=facts.idle_since_us,
    )
    holders[each.key] = made
    return made


def _origin(each: record.Intent | record.Read, facts: record.Facts) -> Origin:
    fingerprint = int(each.fingerprint[:8] or "0", 16)
    return Origin(network=facts.network, fingerprint=fingerprint, of_service=facts.of_service)
