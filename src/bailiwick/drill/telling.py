"""A drill as it is told: one object for programs, and a page for people with the four arms side by side."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bailiwick.drill.arm import Arm
from bailiwick.drill.chart import chart
from bailiwick.drill.interval import quantile
from bailiwick.drill.play import Outcome, Suffered, Wronged
from bailiwick.model.money import ZERO
from bailiwick.sandbox.market.scenario import Scenario

MINUTE_S = 60
TITLES = {
    Arm.NOTHING: "nothing",
    Arm.GRANT: "grant (preset)",
    Arm.WATCH: "watch (any grant)",
    Arm.BOTH: "both",
}
SHOWN_WRONGED = 20
SIGNAL, HELD = "▲", "■"


def as_object(scenario: Scenario, seed: int, outcomes: Mapping[Arm, Outcome]) -> dict[str, Any]:
    """The drill for a program. Amounts are USDT, times are UTC."""
    watch = outcomes.get(Arm.WATCH)
    found: dict[str, Any] = {
        "seed": seed,
        "scenario": scenario.name,
        "title": scenario.title,
        "orders_before_hold": [] if watch is None else [each.forwarded for each in watch.victims],
    }
    for arm, outcome in outcomes.items():
        found[arm.value] = _arm(outcome, outcomes.get(Arm.NOTHING))
    return found


def _arm(outcome: Outcome, base: Outcome | None) -> dict[str, Any]:
    return {
        "loss": float(outcome.loss),
        "prevented_share": prevented(outcome, base),
        "wrong_stops": len(outcome.wound_down),
        "wrong_holds": outcome.holds,
        "key_days": outcome.key_days,
        "active_key_days": outcome.active_key_days,
        "alerted": outcome.alerted,
        "orders_before_hold": [each.forwarded for each in outcome.victims],
        "victims": [_victim(each) for each in outcome.victims],
        "wrongly_stopped": [_wronged(each) for each in outcome.wound_down],
        "wrongly_held": [_wronged(each) for each in outcome.held],
        "honest_acts_denied": outcome.denied,
        "faults": outcome.faults,
    }


def prevented(outcome: Outcome, base: Outcome | None) -> float | None:
    """Which share of what was lost with nothing in the way was not lost; nothing where nothing was lost at all.

    It is 1 at most, though a victim's few orders may have been executed a little better than was fair.
    """
    if base is None or base.loss <= 0:
        return None
    return min(1.0, round(float(1 - outcome.loss / base.loss), 6))


def _victim(each: Suffered) -> dict[str, Any]:
    return {
        "key": each.key,
        "theft": each.theft,
        "loss": float(each.loss),
        "loss_in_the_hour_after": float(each.after),
        "orders_asked": each.orders,
        "orders_before_hold": each.forwarded,
        "of_them_funding_sales": each.sales,
        "first_act": moment(each.first_us),
        "first_signal": None if each.signal_us is None else moment(each.signal_us),
        "stopped": None if each.stopped_us is None else moment(each.stopped_us),
        "why": list(each.why),
    }


def _wronged(each: Wronged) -> dict[str, Any]:
    return {
        "key": each.key, "kind": each.kind, "service": each.service, "symbol": each.symbol, "at": moment(each.at_us),
        "why": list(each.why),
    }  # fmt: skip


def moment(at_us: int) -> str:
    """A time as people write it, in UTC."""
    return datetime.fromtimestamp(at_us / 1e6, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def show(console: Console, scenario: Scenario, seed: int, outcomes: Mapping[Arm, Outcome]) -> None:
    """Print the drill for people."""
    console.print(Text(f"{scenario.title}, seed {seed}", "bold"))
    _chart(console, scenario, outcomes)
    console.print(_side_by_side(outcomes))
    watch = outcomes.get(Arm.WATCH)
    if watch is not None and watch.victims:
        _first_signal(console, watch)
    for arm, outcome in outcomes.items():
        _list_wronged(console, arm, outcome)


def _chart(console: Console, scenario: Scenario, outcomes: Mapping[Arm, Outcome]) -> None:
    """The minutes of the first attack's symbol, as they were with nothing in the way."""
    base = outcomes.get(Arm.NOTHING)
    if base is None or not base.minutes:
        return
    symbols = [each.symbol for each in scenario.attack] + [name for each in scenario.event for name in each.symbols]
    symbol = next((each for each in symbols if each in base.minutes), next(iter(base.minutes)))
    marks: dict[int, str] = {}
    watch = outcomes.get(Arm.WATCH)
    for victim in () if watch is None else watch.victims:
        if victim.signal_us is not None:
            marks.setdefault(_minute(victim.signal_us), SIGNAL)
        if victim.stopped_us is not None:
            marks[_minute(victim.stopped_us)] = HELD
    console.print(Text(f"{symbol} by the minute, UTC, with nothing in the way", "dim"))
    for line in chart(base.minutes[symbol], marks, width=console.width):
        console.print(line, no_wrap=True, overflow="crop")
    if marks:
        console.print(Text(f"  {SIGNAL} the watch's first signal   {HELD} held, on the same seed", "dim"))


def _minute(at_us: int) -> int:
    return at_us // 1_000_000 // MINUTE_S * MINUTE_S


def _side_by_side(outcomes: Mapping[Arm, Outcome]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    for arm in outcomes:
        table.add_column(TITLES[arm], justify="right")
    base = outcomes.get(Arm.NOTHING)
    rows: dict[str, list[str]] = {
        "lost, USDT": [f"{each.loss:,.0f}" for each in outcomes.values()],
        "prevented, USDT": [_saved(each, base) for each in outcomes.values()],
        "prevented, of it": [_percent(prevented(each, base)) for each in outcomes.values()],
        "orders forwarded before the hold, median": [_forwarded(each, 0.5) for each in outcomes.values()],
        "the same, 95 in 100 at most": [_forwarded(each, 0.95) for each in outcomes.values()],
        "of them sales for money, median": [_sales(each) for each in outcomes.values()],
        "lost in the hour after it, USDT": [_after(each) for each in outcomes.values()],
        "victims whose key was held": [_stopped(each) for each in outcomes.values()],
        "honest keys wound down": [str(len(each.wound_down)) for each in outcomes.values()],
        "honest keys with an order held": [str(len(each.held)) for each in outcomes.values()],
        "honest acts refused by the grant": [f"{sum(each.denied.values()):,}" for each in outcomes.values()],
    }
    for name, cells in rows.items():
        table.add_row(name, *cells)
    return table


def _saved(outcome: Outcome, base: Outcome | None) -> str:
    return "–" if base is None else f"{base.loss - outcome.loss:,.0f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.2%}"


def _forwarded(outcome: Outcome, share: float) -> str:
    found = quantile([each.forwarded for each in outcome.victims], share)
    return "–" if found is None else f"{found:.0f}"


def _sales(outcome: Outcome) -> str:
    found = quantile([each.sales for each in outcome.victims], 0.5)
    return "–" if found is None else f"{found:.0f}"


def _after(outcome: Outcome) -> str:
    if all(each.stopped_us is None for each in outcome.victims):
        return "–"
    return f"{sum((each.after for each in outcome.victims), ZERO):,.0f}"


def _stopped(outcome: Outcome) -> str:
    if not outcome.victims:
        return "–"
    return f"{sum(each.stopped_us is not None for each in outcome.victims)} of {len(outcome.victims)}"


def _first_signal(console: Console, outcome: Outcome) -> None:
    told = [each for each in outcome.victims if each.signal_us is not None]
    if not told:
        console.print("The watch said nothing of any victim.")
        return
    first = min(told, key=lambda each: each.signal_us or 0)
    assert first.signal_us is not None
    late = Decimal(first.signal_us - min(each.first_us for each in outcome.victims)) / 1_000_000
    console.print(f"First signal {moment(first.signal_us)}, {late:.1f} s after the thief's first act, key {first.key}:")
    for sentence in first.why:
        console.print(Text(f"  {sentence}"))


def _list_wronged(console: Console, arm: Arm, outcome: Outcome) -> None:
    wronged = [("wound down", each) for each in outcome.wound_down] + [("held", each) for each in outcome.held]
    if not wronged:
        return
    console.print(Text(f"Wrongly stopped, {TITLES[arm]}:", "bold"))
    for what, each in wronged[:SHOWN_WRONGED]:
        why = each.why[0] if each.why else ""
        console.print(Text(f"  {what}  {moment(each.at_us)}  {each.key} ({each.kind}) {each.symbol}: {why}"))
    if len(wronged) > SHOWN_WRONGED:
        console.print(f"  and {len(wronged) - SHOWN_WRONGED} more; --json names all")


def show_suite(console: Console, found: Mapping[str, Any]) -> None:
    """The table of a suite."""
    table = Table(box=None, pad_edge=False)
    for column in ("incident", "variant", "lost, USDT", "grant", "watch", "watch, alerts", "both", "orders"):
        table.add_column(column, justify="left" if column in {"incident", "variant"} else "right")
    for row in found["incidents"]:
        orders = row["orders_before_hold"]
        shares = [_share(row[name]) for name in ("grant", "watch_hold", "watch_alert", "both")]
        said = "–" if orders["median"] is None else f"{orders['median']} / {orders['p95']}"
        table.add_row(row["scenario"], row["variant"], f"{row['lost_with_nothing']:,.0f}", *shares, said)
    console.print(table)
    console.print(
        Text("Shares are of the loss that was prevented; orders are forwarded before the hold: median / 95 %", "dim")
    )
    prevented_ = found["prevented"]
    lines = {
        "watch, with hold": prevented_["watch_hold"],
        "  from the service's address with mimicry": prevented_["watch_hold_mimicry"],
        "watch, when only alerting, the owner acting after ten minutes": prevented_["watch_alert"],
        "preset grant only": prevented_["grant"],
        "both": prevented_["both"],
        **{f"baseline: {name}": share for name, share in prevented_["baselines"].items()},
    }
    for name, share in lines.items():
        console.print(f"{name}: {_share(share)}{_between(share)}")
    for kind, orders in found["orders_before_hold"].items():
        console.print(
            f"orders before the hold, {kind}: median {orders['median']}, 95 % at most {orders['p95']}, "
            f"most {orders['most']}, {orders['victims']} victims; without the sales that raise money "
            f"{orders['theft_median']}, {orders['theft_p95']} and {orders['theft_most']}"
        )
    show_rates(console, found["crowd"])


def show_rates(console: Console, found: Mapping[str, Any]) -> None:
    """What was stopped wrongly in honest crowds."""
    console.print(f"Honest crowd: {found['key_days']:,} key-days, {found['acts']:,} acts")
    for name in ("wrong_wind_downs", "wrong_holds", "keys_wrongly_held", "keys_wrongly_alerted"):
        console.print(f"  {name.replace('_', ' ')}: {_rate(found[name])}")
    if found["learnt_key_days"]:
        console.print(f"Behind the first days, when keys have habits: {found['learnt_key_days']:,} key-days")
        for name in ("learnt_wrong_wind_downs", "learnt_keys_wrongly_held"):
            console.print(f"  {name.replace('_', ' ').removeprefix('learnt ')}: {_rate(found[name])}")
    for name, each in found["baselines"].items():
        console.print(f"  keys of which {name} would have refused something: {_rate(each)}")


def show_adversary(console: Console, found: Mapping[str, Any]) -> None:
    """What the search found."""
    mean, worst = found["mean"], found["worst"]
    console.print(f"{found['tries']} attacks tried on {found['scenario']}, seed {found['seed']}, arm {found['arm']}")
    console.print(f"  on the mean lost {mean['loss']:,.0f} USDT, prevented {_percent(mean['prevented_share'])}")
    console.print(
        f"  the worst lost {worst['loss']:,.0f} of {worst['unhindered']:,.0f} USDT, "
        f"prevented {_percent(worst['prevented_share'])}:"
    )
    for name, value in worst["changes"].items():
        console.print(Text(f"    {name} = {value}"))


def _share(share: Mapping[str, float] | None) -> str:
    return "–" if share is None else f"{share['value']:.2%}"


def _between(share: Mapping[str, float] | None) -> str:
    return "" if share is None else f"  ({share['low']:.2%} to {share['high']:.2%}, {share['victims']} victims)"


def _rate(rate: Mapping[str, Any]) -> str:
    return f"{rate['count']}, {rate['per_million_key_days']} a million key-days ({rate['low']} to {rate['high']})"
