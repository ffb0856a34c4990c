"""A grant in sentences, for the person who answers for it. What is not limited is said, not left out."""

from decimal import Decimal
from enum import Enum

from bailiwick.model.grant import HELD, Bps, Grant, MarketOrders, Most, Orders, WithdrawalGrant
from bailiwick.model.harm import Harm
from bailiwick.model.money import plain

_HARMS = {
    Harm.PUBLIC: "fetch public data",
    Harm.READ: "read balances and orders",
    Harm.CANCEL: "cancel orders",
    Harm.TRADE: "trade",
    Harm.BORROW: "borrow and repay",
    Harm.MOVE: "move assets between accounts of the same owner",
    Harm.WITHDRAW: "withdraw",
    Harm.BEARER: "make gift codes and the like",
    Harm.ADMINISTER: "change keys and settings",
}
_MARKET_ORDERS = {
    MarketOrders.BOUND: "Orders without a limit price leave as limit orders at the edge of the band.",
    MarketOrders.DENY: "Orders without a limit price are refused.",
    MarketOrders.PASS: "Orders without a limit price leave as they are where the market is above the volume below.",
}
_WATCHED = {
    Most.NOTE: "Where it behaves as a thief would, that is noted in the journal and nothing else is done.",
    Most.ALERT: "Where it behaves as a thief would, its owner is told, and nothing is stopped.",
    Most.HOLD: "Where it behaves as a thief would, its owner is told and what is suspect waits for a person.",
    Most.WIND_DOWN: "Where it behaves as a thief would, its owner is told, what is suspect waits for a person, and "
    "with little doubt left the key winds down.",
}


def describe(grant: Grant) -> list[str]:
    """The grant in sentences: what it permits, and every limit, present or absent."""
    trading = [*_how_far(grant), *_liquidity(grant)] if Harm.TRADE in grant.what.may else []
    watched = [_WATCHED[grant.watch.most]] if grant.what.may & HELD else []
    return [*_what(grant), *_how_much(grant), *trading, *_leaving(grant), *_held(grant), *watched, *_where(grant)]


def _what(grant: Grant) -> list[str]:
    what = grant.what
    lines = [f"It may {', '.join(words for harm, words in _HARMS.items() if harm in what.may) or 'do nothing'}."]
    if Harm.TRADE in what.may:
        symbols = "every symbol" if what.symbols == "all" else ", ".join(sorted(what.symbols)) or "no symbol"
        lines.append(f"It trades {symbols}, sides: {_list(what.sides)}, order types: {_list(what.order_types)}.")
        lines.append(_MARKET_ORDERS[what.market_orders])
    own = what.orders is Orders.OWN
    lines.append("Of orders it knows those that it placed." if own else "Of orders it knows all of the account.")
    return lines


def _how_much(grant: Grant) -> list[str]:
    much, currency = grant.how_much, grant.currency
    rate = _count("Requests in a minute", much.requests_per_minute)
    if Harm.TRADE not in grant.what.may:
        return [rate]
    return [
        _limit("One order", much.order_notional, currency),
        _limit(f"A calendar day in {much.zone}", much.day_notional, currency),
        _limit("24 hours", much.rolling_notional, currency),
        _limit("The loss of a day", much.loss_per_day, currency),
        _count("Open orders", much.open_orders),
        rate,
    ]


def _how_far(grant: Grant) -> list[str]:
    far = grant.how_far
    return [
        _band("the market of the last seconds", far.near_bps),
        _band("the market of the last hour", far.anchor_bps),
        _band("the market of the last hour, once a stop or take-profit is triggered", far.stop_bps),
    ]


def _liquidity(grant: Grant) -> list[str]:
    thin = grant.liquidity
    floor = thin.least_daily_volume
    least = "of any volume" if floor is None else f"that trade {plain(floor)} {grant.currency} or more a day"
    return [
        f"It trades in markets {least}.",
        _share("An order", thin.order_share_bps),
        _share("A day's trading", thin.day_share_bps),
    ]


def _leaving(grant: Grant) -> list[str]:
    if Harm.WITHDRAW not in grant.what.may:
        return []
    if not grant.withdrawals:
        return ["It withdraws nowhere: no destination is named."]
    return [_destination(each) for each in grant.withdrawals]


def _held(grant: Grant) -> list[str]:
    holds = grant.holds
    lines = []
    if holds.may:
        words = ", ".join(words for harm, words in _HARMS.items() if harm in holds.may)
        lines.append(f"A person must approve each time before it may {words}.")
    if holds.notional_above is not None:
        lines.append(f"A person must approve each order above {plain(holds.notional_above)} {grant.currency}.")
    return lines


def _where(grant: Grant) -> list[str]:
    when, networks = grant.when, grant.where.networks
    lines = [f"It is used from {' or '.join(networks)} alone." if networks else "It is used from any address."]
    if when.not_before is not None:
        lines.append(f"It begins {when.not_before.isoformat(' ')}.")
    ends = "never expires" if when.expires is None else f"expires {when.expires.isoformat(' ')}"
    lines.append(f"It {ends}.")
    if when.days or when.hours:
        days, hours = _list(when.days) or "every day", ", ".join(when.hours) or "all day"
        lines.append(f"It opens orders {days}, {hours}, in {when.zone}; reading, cancelling and reducing at any time.")
    return lines


def _list(members: frozenset[Enum]) -> str:
    known = list(type(next(iter(members)))) if members else []
    return ", ".join(str(member.value) for member in known if member in members) or "none"


def _limit(what: str, limit: Decimal | None, currency: str) -> str:
    return f"{what}: no limit." if limit is None else f"{what}: at most {plain(limit)} {currency}."


def _count(what: str, limit: int | None) -> str:
    return f"{what}: no limit." if limit is None else f"{what}: at most {limit}."


def _share(what: str, bps: int | None) -> str:
    return (
        f"{what}: no limit by volume." if bps is None else f"{what}: at most {_percent(bps)} of a usual day's volume."
    )


def _band(reference: str, bps: Bps) -> str:
    if isinstance(bps, str):
        return f"No limit on how far an order stands from {reference}."
    return f"It buys at most {_percent(bps)} above, and sells at most {_percent(bps)} below, {reference}."


def _destination(each: WithdrawalGrant) -> str:
    tag = f" tag {each.tag}" if each.tag else ""
    act = "no limit" if each.per_act is None else f"at most {plain(each.per_act)}"
    day = "no limit" if each.per_day is None else f"at most {plain(each.per_day)}"
    return f"It withdraws {each.coin} over {each.network} to {each.address}{tag}: {act} at once, {day} in a day."


def _percent(bps: int) -> str:
    return f"{plain(Decimal(bps).scaleb(-2))} %"
