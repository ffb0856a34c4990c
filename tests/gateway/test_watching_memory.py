"""What the watch at the gateway remembers over restarts, and what it hears of the market and of leaks."""

import json
from decimal import Decimal

import pytest
from ground import Ground
from msgspec.structs import replace
from test_watching import ALL, THIN, bought, habit, left, says, thin_market

from bailiwick.gateway import watching
from bailiwick.gateway.recovery import State as Snapshot
from bailiwick.gateway.retelling import retell
from bailiwick.journal import record
from bailiwick.model.grant import Most, Watched
from bailiwick.model.life import KeyState
from bailiwick.model.market import BookTop, Candle
from bailiwick.venues.binance.dialect import BINANCE
from bailiwick.watch.event import SIGN_FRESH_US, Asked, Event, Holder, Looked, MarketSign, Refused, Traded
from bailiwick.watch.packing import MOST_BYTES
from bailiwick.watch.respond import DEFAULT, Policy
from bailiwick.watch.signal import Measure, Verdict
from bailiwick.watch.state import State
from bailiwick.watch.step import step

# What is remembered


@pytest.mark.parametrize("crash", [False, True])
async def test_a_profile_survives_a_restart(crash: bool, ground: Ground) -> None:
    """After a kill a profile is what it was: the snapshot and the records behind it teach the same, bit for bit."""
    bot = ground.bot(ALL)
    await habit(ground, bot, days=3)
    await ground.house.snapshots.take()
    for place in range(5):
        ground.pass_time(7200)
        bot.buy("2" if place == 3 else "1", newClientOrderId=f"later-{place}")
        (await left(ground)).accept("1")
    bot.buy("1", "500")  # refused by the band
    await ground.durable()
    key = ground.live(bot).id
    before = ground.house.watching.state.encode_key(key, ground.clock.at)
    await ground.restart(crash=crash)
    after = ground.house.watching.state.encode_key(key, ground.clock.at)
    assert (after, len(after) <= MOST_BYTES, MOST_BYTES <= 1024) == (before, True, True)


@pytest.mark.parametrize("crash", [False, True])
async def test_sums_across_keys_survive_a_restart(crash: bool, ground: Ground) -> None:
    """Who began with a symbol, what was held and what fills wait for their price is after a kill what it was."""
    bots = [ground.bot(ALL) for _ in range(4)]
    thin_market(ground)
    for place, bot in enumerate(bots):
        if place == 2:
            await ground.house.snapshots.take()
        ground.pass_time(1)
        thin_market(ground)
        bot.place("BUY", "5", "101", symbol=THIN)
        if not bot.answers:
            (await left(ground)).accept("5")
    await ground.durable()
    state, now = ground.house.watching.state, ground.clock.at
    before = state.encode_common()
    keys = {ground.live(bot).id: state.encode_key(ground.live(bot).id, now) for bot in bots}
    assert len(state.scenes[state.digest(THIN)].fills) > 2
    await ground.restart(crash=crash)
    again = ground.house.watching.state
    assert again.encode_common() == before
    assert {key: again.encode_key(key, now) for key in keys} == keys
    assert again.pool(ground.live(bots[0]).service).keys == len(bots)


async def test_keys_that_lie_still_are_packed(ground: Ground) -> None:
    """After an hour without an order what is known of a key is packed, and a snapshot holds the same bytes."""
    bot = ground.bot(ALL)
    await habit(ground, bot, days=2)
    watching, key = ground.house.watching, ground.live(bot).id
    watching.rest(ground.clock.at)
    assert list(watching.state.keys) == [key]
    ground.pass_time(3600)
    watching.rest(ground.clock.at)
    assert (list(watching.state.keys), list(watching.state.still)) == ([], [key])
    await ground.house.snapshots.take()
    assert ground.house.snapshots._profiles[key].data is watching.state.still[key][2]
    await bought(ground, bot)
    assert (list(watching.state.keys), list(watching.state.still)) == ([key], [])


async def test_a_profile_is_not_taught_twice_by_a_snapshot_taken_meanwhile(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came while a snapshot was being taken stands in it and in the records behind it, and counts once."""
    bot = ground.bot(ALL)
    await habit(ground, bot, days=2)
    pack = ground.house.snapshots._pack

    async def late(until: float) -> None:
        bot.buy(newClientOrderId="meanwhile")
        (await left(ground)).accept("1")
        await pack(until)

    monkeypatch.setattr(ground.house.snapshots, "_pack", late)
    await ground.house.snapshots.take()
    key = ground.live(bot).id
    before = ground.house.watching.state.encode_key(key, ground.clock.at)
    await ground.restart(crash=True)
    assert ground.house.watching.state.encode_key(key, ground.clock.at) == before


async def test_a_damaged_profile_costs_its_history_alone(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile that cannot be read does not keep the gateway from starting."""
    bot = ground.bot(ALL)
    await habit(ground, bot, days=2)
    monkeypatch.setattr(State, "encode_key", lambda *_: b"nonsense")
    await ground.restart()
    assert (ground.live(bot).state, ground.house.watching.state.known) == (KeyState.ACTIVE, 0)


async def test_the_journal_tells_what_the_watch_was_told(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every event is in the journal word for word, in its order: so a backtest sees what the gateway saw."""
    told: list[Event] = []

    def noted(state: State, event: Event, now_us: int, policy: Policy = DEFAULT) -> tuple[State, Verdict]:
        told.append(event)
        return step(state, event, now_us, policy)

    monkeypatch.setattr(watching, "step", noted)
    bot = ground.bot(replace(ALL, watch=Watched(most=Most.HOLD)))
    await habit(ground, bot, days=4)
    bot.send("GET", "/sapi/v1/nonsense")
    bot.send("POST", "/sapi/v1/capital/withdraw/apply", coin="USDT", address="x", amount="1")
    thin_market(ground)
    bot.place("BUY", "50", "105", symbol=THIN)
    ground.pass_time(20)
    ground.house.watching.look(ground.venue)
    ground.house.watching.hear(
        [MarketSign(at_us=ground.clock.at, symbol=THIN, score=900, why="it jumps")], ground.clock.at
    )
    await ground.durable()
    holders: dict[str, Holder] = {}
    again = [each.event for found in ground.records() for each in retell(found, BINANCE.endpoint, holders)]
    assert again == told
    assert {type(each) for each in told} == {Asked, Refused, Traded, Looked, MarketSign}


async def test_snapshots_of_before_are_read(ground: Ground) -> None:
    """A snapshot that an earlier program took has no profiles in it, and is read."""
    import msgspec

    old = msgspec.msgpack.encode({"ledgers": {}, "marks": {}})
    assert msgspec.msgpack.decode(old, type=Snapshot).profiles == {}


# The market


async def test_an_old_sign_of_the_market_does_not_count(ground: Ground) -> None:
    """What the pump detector said more than five seconds ago is not taken."""
    now = ground.clock.at
    signs = [MarketSign(at_us=now - age, symbol=f"S{age}", score=1000) for age in (0, SIGN_FRESH_US)]
    assert (ground.house.watching.hear(signs, now), list(ground.house.watching.signs)) == (1, ["S0"])


async def test_prices_after_fills_are_looked_at(ground: Ground) -> None:
    """What a fill was worth shortly after is told once the price is fresh, and no more when nothing was traded."""
    bot = ground.bot()
    await bought(ground, bot)
    for _ in range(12):
        ground.pass_time(11)
        ground.house.watching.look(ground.venue)
    await ground.durable()
    seen = ground.records(record.Seen)
    assert (len(seen), seen[0].near) == (5, (("BTCUSDT", 100.0),))


# Reports of leaks


async def test_a_reported_id_speaks_against_its_key_a_little(ground: Ground) -> None:
    """A bare id proves nothing: it leans the watch, however often it is reported, by less than any measure needs."""
    bot = ground.bot(ALL)
    await habit(ground, bot, days=2)
    key = ground.live(bot).id
    told = ground.house.watching
    course = told.state.keys[key].course
    second = 1_000_000
    for held in ("secret", "key id", "key id"):
        act = record.Act(ground.clock.at, "rule:leak", "leak.report", key, "", json.dumps({"held": held}))
        told.recorded(act)
    assert (course.sum_now(ground.clock.at // second), DEFAULT.note > 2000) == (2000, True)


async def test_the_watch_sees_the_top_of_the_book(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """What rests at the best price that an order would meet comes with the prices, and grows stale with them."""
    bot = ground.bot(ALL)
    told = says(monkeypatch, Measure.NOTE)
    top = BookTop("BTCUSDT", Decimal("99.5"), Decimal("100.5"), Decimal("0.4"), Decimal(2))
    prices = ground.venue.prices
    minutes = [Candle(ground.clock.at // 1000 - each * 60_000, Decimal(100), Decimal(1)) for each in range(90, 0, -1)]
    prices.seed("BTCUSDT", minutes, ground.clock.at)
    assert list(prices.followed) == ["BTCUSDT"]
    prices.observe([top], ground.clock.at)
    for side in ("BUY", "SELL"):
        bot.place(side, "0.1")
        (await left(ground)).accept()
    ground.venue.market.set_quote("BTCUSDT", ground.venue.market.quotes["BTCUSDT"])
    bot.buy("0.1")
    (await left(ground)).accept()
    assert [each.top_worth for each in told if isinstance(each, Asked)] == [201.0, 39.8, None]


async def test_the_watch_sees_the_price_of_now(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it reckons of a price is reckoned anew with the next: an order is never compared with an old one."""
    bot = ground.bot(ALL)
    told = says(monkeypatch, Measure.PASS)
    for price in ("100", "102"):
        ground.fresh_prices(price)
        bot.buy("1", "102")
        (await left(ground)).accept()
    assert [round(event.near_bps or 0.0) for event in told if isinstance(event, Asked)] == [200, 0]
