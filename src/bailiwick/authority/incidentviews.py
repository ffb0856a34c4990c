"""An incident as it is told: lines of its timeline, and a symbol's picture, out of what the store and journal have."""

import json
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from bailiwick.authority.incident_verbs import (
    CourseView,
    HappeningView,
    LossView,
    MinuteView,
    OrderView,
    SumView,
)
from bailiwick.authority.incidentlosses import Loss, Trade, Would, reckon, results, since
from bailiwick.authority.incidentorders import Gathered, Ordered
from bailiwick.authority.show import moment
from bailiwick.journal.record import Act, Event
from bailiwick.model.course import Course
from bailiwick.model.money import plain
from bailiwick.model.reason import Reason
from bailiwick.store.alerts import Alert
from bailiwick.store.errors import NotFoundError
from bailiwick.store.incidents import Incident
from bailiwick.store.store import Store
from bailiwick.words import counted

MOST_ORDER_LINES = 200
HELD = frozenset({"HELD", "WATCHED"})
KINDS = {"alert": "signal", "hold": "held", "suspect": "signal"}
VERDICTS = {"theft": "theft", "false-alarm": "a false alarm, it was me", "test": "a test", "other": "something else"}
ACTS = {
    "watch": ("wind-down", "The watch takes the key for stolen"),
    "not-me": ("not-me", "“Not me”: the key winds down, its orders are disputed"),
    "wind-down": ("wind-down", "Wind-down: it cancels and reduces, and opens nothing"),
    "winding-down": ("wind-down", "Wind-down: it cancels and reduces, and opens nothing"),
    "suspect": ("wind-down", "Suspected by a person"),
    "leak": ("wind-down", "Its secret was reported as leaked"),
    "canary": ("wind-down", "A canary of it was used"),
    "compromise": ("freeze", "Its service is taken for compromised"),
    "freeze": ("freeze", "Freeze"),
    "frozen": ("freeze", "Freeze"),
    "revoke": ("freeze", "Revoked"),
    "unfreeze": ("given-back", "Given back"),
    "active": ("given-back", "Given back"),
    "restore": ("given-back", "Given back with its service"),
    "vouch": ("vouch", "“That was me”"),
    "unvouch": ("vouch", "“That was me” is taken back"),
}
"""Verbs of acts upon keys, accounts, services and venues, by what stands behind their dot."""
EVENTS = {
    "canary": "A canary was used",
    "bare_canary": "The id of a canary was used without its secret",
    "removed_key_used": "A removed key was used",
    "previous_secret_used": "The old secret of a rotated key was used",
    "unfamiliar_client": "A client that nobody named used the key",
}

Line = tuple[int, int, HappeningView]  # ms, position, and what is told


def timeline(store: Store, incident: Incident, alerts: Sequence[Alert], gathered: Gathered) -> list[HappeningView]:
    """What happened, oldest first."""
    told = {alert.key for alert in alerts}
    lines: list[Line] = [(incident.opened, 0, _line(incident.opened, "opened", f"Opened: {incident.title}"))]
    for alert in alerts:
        lines += _of_alert(store, alert)
    lines += (_of_act(at, act) for at, act in gathered.acts if act.verb.partition(".")[2] in ACTS)
    lines += (_of_event(at, event, told) for at, event in gathered.events)
    lines += _of_orders(gathered.orders.values())
    for note in incident.notes:
        if not note.by.startswith("rule:"):  # what a rule wrote down stands in its signal
            lines.append((note.at, 0, _line(note.at, "note", note.text, by=note.by)))
    for step in incident.steps:
        lines.append((step.at, 0, _line(step.at, *_of_step(step.what, step.text), by=step.by)))
    lines.sort(key=lambda each: each[:2])
    return [view for _, _, view in lines]


def _line(at_ms: int, kind: str, text: str, *, by: str = "", key: str = "", position: int = -1) -> HappeningView:
    return HappeningView(at=moment(at_ms) or "", kind=kind, text=text, by=by, key=key, position=position)


def _of_alert(store: Store, alert: Alert) -> Iterator[Line]:
    words = f"{alert.what or 'a request'}, {alert.worth} {alert.worth_in}" if alert.worth else alert.what or "a request"
    yield (
        alert.at,
        alert.position,
        HappeningView(
            at=moment(alert.at) or "", kind=KINDS[alert.kind], text=f"The watch, about {words}: {alert.done}",
            by="rule:watch", key=alert.key, alert=alert.id, vouch=alert.vouch, why=alert.why, position=alert.position,
        ),
    )  # fmt: skip
    if alert.hold:
        try:
            hold = store.holds.get(alert.hold)
        except NotFoundError:
            return
        if hold.answered is not None:
            text = f"Held request {hold.id}: {hold.state.value}"
            by = hold.answered_by or ""
            yield hold.answered, alert.position, _line(hold.answered, "answer", text, by=by, key=hold.key)


def _of_act(position: int, act: Act) -> Line:
    kind, text = ACTS[act.verb.partition(".")[2]]
    about = "" if act.subject.startswith(("bwk_", "v-", "keys")) else f" ({act.verb.partition('.')[0]} {act.subject})"
    why = f": {act.reason}" if act.reason else ""
    ms = act.at_us // 1000
    key = act.subject if act.subject.startswith("bwk_") else _key_in(act.after)
    return ms, position, _line(ms, kind, f"{text}{about}{why}", by=act.actor, key=key, position=position)


def _key_in(after: str) -> str:
    try:
        said = json.loads(after or "{}")
    except ValueError:
        return ""
    return str(said.get("key", "")) if isinstance(said, dict) else ""


def _of_event(position: int, event: Event, told: set[str]) -> Line:
    ms = event.at_us // 1000
    kind = "other" if event.key in told else "signal"
    return ms, position, _line(ms, kind, EVENTS[event.what], key=event.key, position=position)


def _of_step(what: str, text: str) -> tuple[str, str]:
    match what:
        case "assigned":
            return "assigned", f"Assigned to {text}" if text else "Assigned to nobody"
        case "closed":
            return "state", f"Closed: {VERDICTS.get(text, text)}"
        case "working":
            return "state", "Being worked on" + (f": {text}" if text else "")
        case _:
            return "state", "Open again, nobody works on it" + (f": {text}" if text else "")


def _of_orders(orders: Iterable[Ordered]) -> list[Line]:
    """Orders, those that only repeat in one line."""
    lines: list[Line] = []
    last: Ordered | None = None
    times = 0
    for order in orders:
        same = last is not None and (last.same, last.reason) == (order.same, order.reason)
        times = times + 1 if same else 1
        if same:
            lines.pop()
        elif len(lines) >= MOST_ORDER_LINES:
            break
        again = f" ({counted(times, 'time')}, this the last)" if same else ""
        kind = _fate(order)
        became = _became(order) if order.forwarded else _why(order.reason)
        view = _line(
            order.at_ms, {"forwarded": "order"}.get(kind, kind), f"{_described(order)}: {became}{again}",
            by=order.source, key=order.key, position=order.position,
        )  # fmt: skip
        lines.append((order.at_ms, order.position, view))
        if not same:
            last = order
    return lines


def _described(order: Ordered) -> str:
    draft = order.draft
    amount = plain(draft.quantity) if draft.quantity is not None else ""
    if draft.quote_quantity is not None:
        amount = f"for {plain(draft.quote_quantity)} of the quote asset"
    at = f" at {plain(draft.price)}" if draft.price is not None else ""
    return f"{draft.side.value} {amount} {draft.symbol} {draft.type.value}{at}"


def _became(order: Ordered) -> str:
    return "outcome not known" if order.executed is None else f"{plain(order.executed)} executed"


def _why(reason: str) -> str:
    found = Reason.__members__.get(reason)
    return found.value.sentence if found is not None else reason


def _fate(order: Ordered) -> str:
    if order.forwarded:
        return "forwarded"
    return "held" if order.reason in HELD else "refused"


def course_view(course: Course, orders: Sequence[Ordered], first_ms: int) -> CourseView:
    """The picture of a symbol, with its money."""
    found = reckon(orders, course, first_ms)
    would = {each.order.position: each for each in found.would}
    lines = results(course, found.traded, found.would)
    return CourseView(
        symbol=course.symbol,
        venue=course.venue,
        base=course.base,
        quote=course.quote,
        minutes=tuple(
            MinuteView(
                at_ms=each.open_ms, open=plain(each.open), high=plain(each.high), low=plain(each.low),
                close=plain(each.close), real=_money(real), otherwise=_money(otherwise),
            )
            for each, (real, otherwise) in zip(course.minutes, lines, strict=True)
        ),
        orders=tuple(_order_view(each, would.get(each.position), first_ms) for each in orders),
        losses=tuple(_loss_view(each) for each in found.losses),
        counted=len(found.traded),
        prevented=sum(1 for each in found.would if each.least is not None),
        unknown=found.unknown,
        before=None if found.before is None else plain(found.before),
        latest=None if course.latest is None else plain(course.latest),
        latest_at=moment(course.latest_at) if course.latest is not None else None,
    )  # fmt: skip


def _money(amount: Decimal) -> str:
    """As precise as a quote asset is shown: eight digits, and none that say nothing."""
    return plain(round(amount, 8)) if amount else "0"


def _sum_view(amount: Decimal | None) -> SumView:
    if amount is None:
        return SumView(amount=None)
    return SumView(amount=_money(abs(amount)), gain=amount < 0)


def _loss_view(loss: Loss) -> LossView:
    return LossView(
        against=loss.against, lost=_sum_view(loss.lost), least=_sum_view(loss.least), most=_sum_view(loss.most)
    )


def _order_view(order: Ordered, would: Would | None, first_ms: int) -> OrderView:
    draft = order.draft
    return OrderView(
        position=order.position,
        at=moment(order.at_ms) or "",
        key=order.key,
        symbol=draft.symbol,
        side=draft.side.value,
        type=draft.type.value,
        fate=_fate(order),
        reason=order.reason,
        quantity=_or_none(draft.quantity),
        quote_quantity=_or_none(draft.quote_quantity),
        price=_or_none(draft.price),
        executed=_or_none(order.executed),
        paid=_or_none(order.paid),
        would_from=None if would is None else _price(would.least),
        would_to=None if would is None else _price(would.most),
        why_not=_why_not(order, would, first_ms),
    )


def _price(trade: Trade | None) -> str | None:
    return None if trade is None or not trade.base else plain(round(trade.quote / trade.base, 12))


def _or_none(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount)


def _why_not(order: Ordered, would: Would | None, first_ms: int) -> str:
    if would is not None:
        return would.why_not
    if order.forwarded:
        return ""
    return "before the first signal" if not since(order, first_ms) else "sent before, or let through later"
