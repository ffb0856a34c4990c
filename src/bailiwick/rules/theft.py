"""What a thief could do with each choice of a grant, in one sentence with money, for whoever makes the choice."""

from decimal import Decimal

from bailiwick.model.harm import Harm
from bailiwick.model.money import ZERO, of_asset, plain, plus, round_up, times
from bailiwick.rules.authority import Authority, Band
from bailiwick.rules.exposure import LEAVING, USUAL_FEE, share_at_risk, worst_loss
from bailiwick.rules.pricing import STOPS
from bailiwick.rules.windows import DAY_US
from bailiwick.words import counted

_CENT = Decimal("0.01")
_ONE = Decimal(1)
_SHOWN_SYMBOLS = 4
_BEYOND = {
    Harm.WITHDRAW: "withdraw to the destinations named",
    Harm.BEARER: "make gift codes",
    Harm.MOVE: "move assets to the owner's other accounts",
    Harm.BORROW: "borrow",
    Harm.ADMINISTER: "change keys and settings",
}


def stolen(authority: Authority, now_us: int) -> dict[str, str]:
    """A sentence for each choice, by the choice's name; ``now_us`` is from when on the thief has the key."""
    common = {
        "may": _may(authority),
        "requests_per_minute": _requests(authority),
        "networks": _networks(authority),
        "expires": _expires(authority, now_us),
    }
    if Harm.TRADE not in authority.harms:
        return common
    return common | {
        "symbols": _symbols(authority),
        "order_types": _order_types(authority),
        "order_notional": _order(authority),
        "day_notional": _day(authority),
        "loss_per_day": _loss(authority),
        "open_orders": _open(authority),
        "near": _band(authority, authority.near, "the market of the last seconds, which a few dollars can move"),
        "anchor": _band(authority, authority.anchor, "the market of the last hour"),
        "stop": _stop(authority),
    }


def _money(amount: Decimal, authority: Authority) -> str:
    return of_asset(round_up(amount, _CENT), authority.currency)


def _nothing(authority: Authority) -> str:
    return of_asset(ZERO, authority.currency)


def _worst(authority: Authority) -> str:
    most = worst_loss(authority).most
    return "without a bound" if most is None else f"at most {_money(most, authority)}"


def _budget(authority: Authority) -> Decimal | None:
    known = (authority.day_notional, authority.rolling_notional)
    return min((each for each in known if each is not None), default=None)


def _may(authority: Authority) -> str:
    beyond = [words for harm, words in _BEYOND.items() if harm in authority.harms]
    also = f", and {', '.join(beyond)}, which no figure here counts" if beyond else ""
    never = "" if authority.harms & LEAVING else "; he could not withdraw, borrow or move anything"
    if Harm.TRADE in authority.harms:
        return f"A thief could make you lose money by trading, {_worst(authority)} a day{also}{never}."
    if Harm.READ in authority.harms:
        return f"A thief could see what the account holds and did{also}{never}: {_nothing(authority)} a day by trading."
    return f"A thief could see nothing of yours{also}{never}: {_nothing(authority)} a day by trading."


def _symbols(authority: Authority) -> str:
    if authority.symbols is None:
        return f"A thief could choose the thinnest market there is to sell to himself: {_worst(authority)} a day."
    if not authority.symbols:
        return f"A thief could trade nothing: {_nothing(authority)}."
    names = sorted(authority.symbols)
    shown = ", ".join(names[:_SHOWN_SYMBOLS])
    more = f" and {len(names) - _SHOWN_SYMBOLS} more" if len(names) > _SHOWN_SYMBOLS else ""
    where = "that market" if len(names) == 1 else "one of these markets"
    return f"A thief could trade {shown}{more} and no other: in {where} he takes {_worst(authority)} a day."


def _order_types(authority: Authority) -> str:
    if not authority.order_types:
        return f"A thief could place no order: {_nothing(authority)}."
    if authority.order_types & STOPS:
        return f"A thief could place stops too, which reach further than other orders: {_worst(authority)} a day."
    return f"A thief could place no stops, which reach furthest from the market: {_worst(authority)} a day."


def _order(authority: Authority) -> str:
    limit = authority.order_notional
    if limit is None:
        whole = _budget(authority)
        much = "all that the account holds" if whole is None else f"the whole day's {_money(whole, authority)}"
        return f"A thief could spend {much} in one order, before anybody looks."
    lost = times(limit, plus(share_at_risk(authority), USUAL_FEE))
    return f"One order of a thief's could cost {_money(lost, authority)} of its {_money(limit, authority)}."


def _day(authority: Authority) -> str:
    budget = _budget(authority)
    if budget is None:
        return "A thief could turn over everything the account holds, again and again: no amount bounds it."
    lost = times(budget, plus(share_at_risk(authority), USUAL_FEE))
    again = ", and sell as much again" if len(authority.sides) > 1 else ""
    return (
        f"A thief could buy for {_money(budget, authority)} in a day{again}: bought at the edge of the bands, with "
        f"fees, that costs {_money(lost, authority)} each way."
    )


def _loss(authority: Authority) -> str:
    limit = authority.loss_per_day
    if limit is None:
        return f"Nothing stops a thief who loses: it ends with the day's budget, {_worst(authority)}."
    rest = "" if len(authority.sides) < 2 else " He could still sell what the key bought before."
    return f"Once {_money(limit, authority)} of a day are lost a thief could open nothing more.{rest}"


def _open(authority: Authority) -> str:
    count, each, budget = authority.open_orders, authority.order_notional, _budget(authority)
    if count is None:
        return "A thief could let as many orders rest as the exchange takes."
    sums = [amount for amount in (budget, None if each is None else times(each, Decimal(count))) if amount is not None]
    worth = f", of {_money(min(sums), authority)} together" if sums else ""
    return f"A thief could let {counted(count, 'order')} rest at once{worth}."


def _requests(authority: Authority) -> str:
    count = authority.requests_per_minute
    if count is None:
        return "A thief could use up the account's requests at the exchange, so that your own are refused."
    return f"A thief could send {counted(count, 'request')} a minute; that alone costs no money."


def _band(authority: Authority, band: Band | None, reference: str) -> str:
    if band is None:
        return f"A thief could trade with himself at any distance from {reference}."
    return f"A thief could trade with himself {_percent(band)} off {reference}{_cost(authority, band)}."


def _stop(authority: Authority) -> str:
    if not authority.order_types & STOPS:
        return f"A thief could place no stops, so that through them he takes {_nothing(authority)}."
    if authority.stop is None:
        return "A thief who triggers a stop could sell to himself at any price."
    off = f"{_percent(authority.stop)} off the market{_cost(authority, authority.stop)}"
    return f"A thief who triggers a stop could trade with himself {off}."


def _cost(authority: Authority, band: Band) -> str:
    """What a day's budget loses at the band's edge, where there is a budget to lose."""
    budget = _budget(authority)
    return "" if budget is None else f": {_money(times(budget, band.buy - _ONE), authority)} of a day's budget"


def _networks(authority: Authority) -> str:
    if not authority.places:
        return f"A thief could use it from anywhere in the world, {_loss_each(authority)}."
    return f"A thief could use it only from {' and '.join(authority.places)}; elsewhere the secret is worth nothing."


def _loss_each(authority: Authority) -> str:
    return f"{_worst(authority)} a day" if Harm.TRADE in authority.harms else "and only look"


def _expires(authority: Authority, now_us: int) -> str:
    if authority.expires_us is None:
        return f"A thief who finds it in years could still use it, {_loss_each(authority)}, until somebody stops it."
    days = max(0, -(-authority.expires_us // DAY_US) - now_us // DAY_US)  # each has a budget of its own
    most = worst_loss(authority).most
    if Harm.TRADE not in authority.harms or most is None:
        return f"A thief could use it on {counted(days, 'day')} and no longer, {_loss_each(authority)}."
    whole = _money(times(most, Decimal(days)), authority)
    return f"A thief could use it on {counted(days, 'day')} and no longer: {whole} if nobody ever looked."


def _percent(band: Band) -> str:
    return f"{plain(Decimal(band.bps).scaleb(-2))} %"
