"""What becomes of orders: who sees them, how fills are counted, how doubts end, and cancel-all."""

from collections.abc import Callable
from decimal import Decimal
from itertools import permutations
from typing import Any

import msgspec
import pytest
from ground import VENUE, Client, Failure, Ground, Sent, Upstream, report, trade

from bailiwick.gateway import links
from bailiwick.journal import record
from bailiwick.store.store import Store

ORDER, OPEN, ALL, TRADES = "/api/v3/order", "/api/v3/openOrders", "/api/v3/allOrders", "/api/v3/myTrades"


async def resting(ground: Ground, bot: Client, name: str, quantity: str = "1") -> int:
    """An order of the bot's in the book; gives its number."""
    bot.buy(quantity, newClientOrderId=name)
    return (await ground.sent()).accept()


def ask(ground: Ground, bot: Client, path: str, body: object, **params: object) -> Any:
    """What the bot reads when the venue answers a read with this body."""
    bot.send("GET", path, symbol="BTCUSDT", **params)
    ground.upstream.take().answer(200, body)
    return bot.answers[-1][1]


def always(body: object, status: int = 200) -> Callable[[Sent], bool]:
    """A venue that answers everything so."""

    def answer(sent: Sent) -> bool:
        sent.answer(status, body)
        return True

    return answer


MISSING = {"code": -2013, "msg": "Order does not exist."}


# Who sees what


async def test_listings_show_a_key_its_own_orders_alone(ground: Ground) -> None:
    """Open orders, all orders and trades of others, and the owner's own, are cut out of what the key reads."""
    bot, other = ground.bot(), ground.bot()
    mine = await resting(ground, bot, "mine")
    theirs = await resting(ground, other, "theirs")
    orders = [report("mine", order_id=mine), report("theirs", order_id=theirs), report("owners", order_id=1)]
    for path in (OPEN, ALL):
        assert [order["orderId"] for order in ask(ground, bot, path, orders)] == [mine]
    trades = [trade(mine, 1, "0.1"), trade(theirs, 2, "0.1"), trade(1, 3, "0.1")]
    assert [each["orderId"] for each in ask(ground, bot, TRADES, trades)] == [mine]


async def test_what_became_of_others_orders_is_not_shown(ground: Ground) -> None:
    """Amendments, allocations and prevented matches are cut to a key's own orders, like every other listing."""
    bot, other = ground.bot(), ground.bot()
    mine = await resting(ground, bot, "mine")
    theirs = await resting(ground, other, "theirs")
    rows = [{"symbol": "BTCUSDT", "orderId": each} for each in (mine, theirs, 1)]
    assert ask(ground, bot, "/api/v3/myAllocations", rows) == rows[:1]
    assert ask(ground, bot, "/api/v3/order/amendments", rows, orderId=mine) == rows[:1]
    matches = [
        {"symbol": "BTCUSDT", "takerOrderId": mine, "makerSymbol": "BTCUSDT", "makerOrderId": maker}
        for maker in (mine, theirs)
    ]
    assert ask(ground, bot, "/api/v3/myPreventedMatches", matches, orderId=mine) == matches[:1]


async def test_a_number_is_no_claim_to_an_order(ground: Ground) -> None:
    """An order of another key under this key's client order id is not shown: number and name must both be its own."""
    bot = ground.bot()
    mine = await resting(ground, bot, "mine")
    impostors = [report("mine", order_id=mine + 50_000), report("else", order_id=mine)]
    assert ask(ground, bot, OPEN, impostors) == []


async def test_a_listing_that_cannot_be_read_shows_nothing(ground: Ground) -> None:
    """What cannot be attributed is not shown."""
    bot = ground.bot()
    assert ask(ground, bot, OPEN, {"orders": []}) == []


async def test_a_key_looks_up_no_order_of_another(ground: Ground) -> None:
    """An order of another key is not even asked for, by number or by name."""
    bot, other = ground.bot(), ground.bot()
    number = await resting(ground, other, "theirs")
    bot.send("GET", ORDER, symbol="BTCUSDT", orderId=number)
    bot.send("GET", ORDER, symbol="BTCUSDT", origClientOrderId="theirs")
    bot.send("DELETE", ORDER, symbol="BTCUSDT", orderId=number)
    assert bot.reasons == ["ORDER_NOT_OWN", "ORDER_NOT_OWN", "CANCEL_NOT_OWN"]


# Fills are counted once, whatever path they come by

PATHS = ("answer", "look-up", "open", "all", "trades", "poll")


@pytest.mark.parametrize("order", list(permutations(PATHS, 3))[::7])
async def test_a_fill_is_counted_once_by_whatever_paths_it_is_told(ground: Ground, order: tuple[str, ...]) -> None:
    """The same fill told by answer, look-up, listings, trades and reconciler is counted one time, and held one time."""
    bot = ground.bot()
    bot.buy("2", newClientOrderId="mine")
    sent = await ground.sent()
    told = order if "answer" in order else ("answer", *order)
    fill = {"price": "100", "qty": "0.5", "commission": "0", "commissionAsset": "USDT", "tradeId": 77}
    number = 9_000_001
    now = report("mine", "2", "0.5", "PARTIALLY_FILLED", order_id=number)
    for path in told:
        if path == "answer":
            sent.answer(200, now | {"fills": [fill]})
        elif path == "look-up":
            bot2 = ground.client(bot.key)
            bot2.send("GET", ORDER, symbol="BTCUSDT", origClientOrderId="mine")
            ground.upstream.take().answer(200, now)
        elif path == "poll":
            await ground.poll(lambda sent: _poll(sent, now, number))
            ground.upstream.by_itself = lambda sent: False
        else:
            bot2 = ground.client(bot.key)
            bot2.send("GET", {"open": OPEN, "all": ALL, "trades": TRADES}[path], symbol="BTCUSDT")
            ground.upstream.take().answer(200, [trade(number, 77, "0.5")] if path == "trades" else [now])
    assert (ground.spent(bot), ground.reserved(bot)) == (50, 150)
    assert ground.live(bot).ledger.holding("BTCUSDT") == Decimal("0.5")


def _poll(sent: Sent, now: dict[str, Any], number: int) -> bool:
    sent.answer(200, [trade(number, 77, "0.5")] if sent.path == TRADES else [now])
    return True


async def test_an_older_answer_takes_nothing_back(ground: Ground) -> None:
    """An answer that was under way while a later one came does not undo the fill or revive the order."""
    bot = ground.bot()
    number = await resting(ground, bot, "mine")
    ask(ground, bot, ALL, [report("mine", "1", "1", "FILLED", order_id=number)])
    ask(ground, bot, ALL, [report("mine", "1", "0.2", "NEW", order_id=number)])
    assert (ground.spent(bot), ground.reserved(bot)) == (100, 0)
    assert ground.live(bot).ledger.live("BTCUSDT") == []


async def test_what_passes_by_is_recorded_once(ground: Ground) -> None:
    """News that a listing brings is in the journal; the same listing again is none."""
    bot = ground.bot()
    number = await resting(ground, bot, "mine")
    for _ in range(3):
        ask(ground, bot, OPEN, [report("mine", "1", "0.5", "PARTIALLY_FILLED", order_id=number)])
    await ground.durable()
    assert [each.evidence for each in ground.records(record.Resolved)] == [f"GET {OPEN}"]


async def test_another_keys_fill_is_not_counted_here(ground: Ground) -> None:
    """A fill of an order that somebody else placed changes nothing of this key's."""
    bot = ground.bot()
    await resting(ground, bot, "mine")
    ask(ground, bot, TRADES, [trade(4, 1, "1")])
    assert (ground.spent(bot), ground.reserved(bot)) == (0, 100)


# Acts on the exchange's own pages


async def test_a_cancel_made_at_the_exchange_is_found(ground: Ground) -> None:
    """An order that its owner cancelled on the exchange's pages is found gone, looked up, and released."""
    bot = ground.bot()
    number = await resting(ground, bot, "mine")
    ground.pass_time(10)
    await ground.poll(always([]))
    assert ground.reserved(bot) == 100  # that it is not listed is no evidence yet
    await ground.reconcile(always(report("mine", status="CANCELED", order_id=number)))
    assert ground.reserved(bot) == 0


async def test_a_fill_that_nobody_asked_about_is_found(ground: Ground) -> None:
    """An order that was filled while its client slept is found by the reconciler, counted and held."""
    bot = ground.bot()
    number = await resting(ground, bot, "mine")
    ground.pass_time(10)
    await ground.poll(always([]))

    def venue(sent: Sent) -> bool:
        done = report("mine", executed="1", status="FILLED", order_id=number)
        sent.answer(200, [trade(number, 5, "1")] if sent.path == TRADES else done)
        return True

    await ground.reconcile(venue)
    assert (ground.spent(bot), ground.reserved(bot)) == (100, 0)
    assert ground.live(bot).ledger.holding("BTCUSDT") == 1


# Unknown outcomes


async def lost(ground: Ground, bot: Client) -> None:
    """An order that left, and of which nothing came back."""
    bot.buy(newClientOrderId="mine")
    (await ground.sent()).fail()


async def test_an_unknown_order_that_is_there_is_counted(ground: Ground) -> None:
    """An order whose answer was lost is found at the venue and counted as what it is."""
    bot = ground.bot()
    await lost(ground, bot)
    await ground.reconcile(always(report("mine", executed="1", status="FILLED")))
    assert (ground.spent(bot), ground.reserved(bot)) == (100, 0)
    assert len(ground.house.reconciler) == 0
    await ground.durable()
    assert [each.orders[0].executed for each in ground.records(record.Resolved)] == [1]


async def test_an_absent_order_that_could_still_arrive_stays_reserved(ground: Ground) -> None:
    """That the venue knows of no such order releases nothing while the request could still get there."""
    bot = ground.bot()
    await lost(ground, bot)
    ground.pass_time(4)
    await ground.reconcile(always(MISSING, 400))
    assert ground.reserved(bot) == 100
    assert len(ground.house.reconciler) == 1


async def test_an_absent_order_that_can_no_longer_arrive_is_released(ground: Ground) -> None:
    """After its window an order that the venue does not know is released, and the journal says why."""
    bot = ground.bot()
    await lost(ground, bot)
    ground.pass_time(8)
    await ground.reconcile(always(MISSING, 400))
    assert ground.reserved(bot) == 0
    await ground.durable()
    assert [each.absent for each in ground.records(record.Resolved)] == ["mine"]
    await ground.restart(crash=True)
    assert ground.reserved(bot) == 0


@pytest.mark.parametrize(("status", "body"), [(500, b""), (200, b"garbage"), (401, {"code": -2015}), (429, b"")])
async def test_no_other_answer_is_evidence(ground: Ground, status: int, body: object) -> None:
    """A look-up that fails, is refused or cannot be read settles nothing, however long after."""
    bot = ground.bot()
    await lost(ground, bot)
    ground.pass_time(600)
    await ground.reconcile(always(body, status))
    assert ground.reserved(bot) == 100
    assert len(ground.house.reconciler) == 1


async def test_the_id_of_an_unknown_order_is_not_used_again(ground: Ground) -> None:
    """A client that repeats an order of unknown outcome under the same id is refused."""
    bot = ground.bot()
    await lost(ground, bot)
    bot.buy(newClientOrderId="mine")
    assert bot.reasons == ["UPSTREAM_UNKNOWN", "CLIENT_ORDER_ID_USED"]


async def test_an_account_without_a_credential_does_not_stop_the_reconciler(ground: Ground) -> None:
    """Where one account's credential does not open, the doubts of the others are settled all the same."""
    bot = ground.bot()
    await lost(ground, bot)
    await ground.reconcile(always(MISSING, 400))
    ground.live(bot).account.signer = None
    await ground.reconcile()
    assert len(ground.house.reconciler) == 1


# Cancel-all


async def three(ground: Ground) -> tuple[Client, list[str]]:
    """A bot with three orders in the book."""
    bot = ground.bot()
    names = ["one", "two", "three"]
    for name in names:
        await resting(ground, bot, name)
    ground.upstream.sent.clear()
    bot.send("DELETE", OPEN, symbol="BTCUSDT")
    return bot, names


def cancelled(sent: Sent) -> dict[str, Any]:
    """The venue's answer to the cancel of one order."""
    return report(
        "any", status="CANCELED", order_id=int(sent.params["orderId"]),
        origClientOrderId=sent.params["origClientOrderId"],
    )  # fmt: skip


async def test_cancel_all_cancels_the_keys_own_orders_one_by_one(ground: Ground) -> None:
    """A cancel-all becomes a cancel of each of the key's own orders, and never one of everything in the account."""
    other = ground.bot()
    await resting(ground, other, "theirs")
    bot, names = await three(ground)
    await ground.durable()
    for _ in names:
        sent = ground.upstream.take()
        sent.answer(200, cancelled(sent))
    assert {sent.path for sent in ground.upstream.sent} == {ORDER}
    assert {sent.params["origClientOrderId"] for sent in ground.upstream.sent} == set(names)
    status, body = bot.answers[-1]
    assert (status, len(body)) == (200, 3)
    assert (ground.reserved(bot), ground.reserved(other)) == (0, 100)


async def test_one_filled_meanwhile_does_not_stop_the_rest(ground: Ground) -> None:
    """An order that cannot be cancelled any more is left out; the others are cancelled."""
    bot, _ = await three(ground)
    await ground.durable()
    ground.upstream.take().answer(400, {"code": -2011, "msg": "Unknown order sent."})
    for _ in range(2):
        sent = ground.upstream.take()
        sent.answer(200, cancelled(sent))
    status, body = bot.answers[-1]
    assert (status, len(body)) == (200, 2)
    assert ground.reserved(bot) == 100


@pytest.mark.parametrize("failure", list(Failure))
async def test_a_failure_in_the_middle_is_told(ground: Ground, failure: Failure) -> None:
    """Where a cancel has no answer the client is told that the outcome is unknown, and what was cancelled counts."""
    bot, _ = await three(ground)
    await ground.durable()
    sent = ground.upstream.take()
    sent.answer(200, cancelled(sent))
    ground.upstream.take().fail(failure)
    assert bot.reasons[3:] == ["UPSTREAM_UNKNOWN"]
    assert ground.reserved(bot) == 200
    assert ground.house.gateway.in_hand == 0


async def test_a_rest_asked_for_in_the_middle_is_kept(ground: Ground) -> None:
    """After a 429 to one of the cancels nothing more leaves."""
    bot, _ = await three(ground)
    await ground.durable()
    ground.upstream.take().answer(429, {"code": -1003}, {"Retry-After": "10"})
    assert len(ground.upstream.sent) == 1
    assert len(bot.answers) == 4


async def test_each_of_the_cancels_weighs(ground: Ground) -> None:
    """The weight of a cancel-all is that of every cancel that it becomes."""
    before = ground.venue.way.weight.used(ground.clock.at)
    await three(ground)
    await ground.durable()
    for _ in range(3):
        sent = ground.upstream.take()
        sent.answer(200, cancelled(sent))
    assert ground.venue.way.weight.used(ground.clock.at) - before == 3 + 3


async def test_a_doubt_outlives_a_change_of_its_venue(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """An order of unknown outcome is looked up where its venue is reached now, not where it was."""
    bot = ground.bot()
    await lost(ground, bot)
    elsewhere = Upstream()
    monkeypatch.setattr(links, "Pool", lambda origin, clock: elsewhere)
    with Store.open(ground.config.database) as store:
        venue = store.venues.get(VENUE)
        store.venues.update(msgspec.structs.replace(venue, base_url="http://127.0.0.1:10"))
    ground.house.registry.refresh()
    elsewhere.by_itself = always(report("mine", executed="1", status="FILLED"))
    await ground.reconcile()
    assert ground.upstream.closed
    assert ground.spent(bot) == 100


# An id that was used before


@pytest.mark.parametrize("path", ["listing", "look-up", "restart"])
async def test_an_older_order_of_the_same_id_is_not_taken_for_this_one(ground: Ground, path: str) -> None:
    """A thief who gives an order the id of a large one filled long ago is not credited with what that one bought."""
    bot = ground.bot()
    bot.buy("1", newClientOrderId="mine")
    sent = await ground.sent()
    day_ago = ground.clock.at // 1000 - 86_400_000
    older = report("mine", "50", "50", "FILLED", order_id=5, updateTime=day_ago, time=day_ago)
    if path == "listing":
        ask(ground, ground.client(bot.key), ALL, [older])
    elif path == "look-up":
        sent.fail()
        await ground.reconcile(always(older))
    else:
        other = await resting(ground, ground.client(bot.key), "other")  # type: ignore[arg-type]
        news = report("other", executed="1", status="FILLED", order_id=other, updateTime=ground.clock.at // 1000)
        ask(ground, ground.client(bot.key), ALL, [older, news])
        await ground.restart(crash=True)
        assert ground.live(bot).ledger.holding("BTCUSDT") == 1
        return
    assert ground.live(bot).ledger.holding("BTCUSDT") == 0
    assert ground.reserved(bot) == 100
    if path == "look-up":
        ground.pass_time(8)
        await ground.reconcile()
        assert ground.reserved(bot) == 0  # it is not there, and can no longer get there
    if path == "listing":
        sent.accept("1", transactTime=ground.clock.at // 1000)
        assert (ground.spent(bot), ground.reserved(bot)) == (100, 0)
