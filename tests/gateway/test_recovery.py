"""Starts after any history, cut anywhere: the ledgers that are read again are those that were, or more careful."""

import random
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ground import BOT, Client, Failure, Ground, Sent, open_ground, report, trade
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bailiwick.gateway.chronicle import wall_us
from bailiwick.gateway.recovery import doubts, recover
from bailiwick.journal.log import Journal
from bailiwick.model.grant import HowMuch, WithdrawalGrant
from bailiwick.model.harm import Harm
from bailiwick.model.intent import Destination
from bailiwick.opening import journal_key
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.tracked import OrderState
from bailiwick.venues.binance.dialect import BINANCE

HOME = WithdrawalGrant(coin="USDT", network="TRX", address="home", per_act=Decimal(100), per_day=Decimal(10_000))
WIDE = msgspec.structs.replace(
    BOT,
    what=msgspec.structs.replace(BOT.what, may=BOT.what.may | {Harm.WITHDRAW}),
    how_much=HowMuch(order_notional=Decimal(10_000), day_notional=Decimal(1_000_000)),
    withdrawals=(HOME,),
)
PLACE = Destination("USDT", "TRX", "home")
WITHDRAW = "/sapi/v1/capital/withdraw/apply"


class Exchange:
    """A venue that takes, fills, loses and refuses as the dice say, and always knows what is true."""

    def __init__(self, dice: random.Random) -> None:
        self.dice = dice
        self.orders: dict[str, dict[str, Any]] = {}
        self.trades: list[dict[str, Any]] = []

    def fill(self, order: dict[str, Any]) -> None:
        """Execute some of an order, or all of it."""
        left = Decimal(order["origQty"]) - Decimal(order["executedQty"])
        if order["status"] not in ("NEW", "PARTIALLY_FILLED") or not left:
            return
        part = left if self.dice.random() < 0.5 else left / 2
        executed = Decimal(order["executedQty"]) + part
        done = executed == Decimal(order["origQty"])
        order |= {
            "executedQty": str(executed), "status": "FILLED" if done else "PARTIALLY_FILLED",
            "cummulativeQuoteQty": str(executed * Decimal(order["price"])),
        }  # fmt: skip
        number = len(self.trades) + 1
        self.trades.append(trade(order["orderId"], number, str(part), isBuyer=order["side"] == "BUY"))

    def take(self, sent: Sent) -> None:
        """Do what a request asks, and answer it or not."""
        luck = self.dice.random()
        if luck < 0.1:
            sent.fail(Failure.NOT_SENT)
            return
        if luck < 0.2:
            sent.refuse()
            return
        body = self.carry_out(sent)
        if luck < 0.35:
            sent.fail()
        else:
            sent.answer(400 if isinstance(body, dict) and body.get("code") else 200, body)

    def carry_out(self, sent: Sent) -> Any:
        """The venue's answer."""
        params = sent.params
        if sent.path == "/api/v3/openOrders":
            return [order for order in self.orders.values() if order["status"] in ("NEW", "PARTIALLY_FILLED")]
        if sent.path == "/api/v3/myTrades":
            return self.trades
        if sent.path == WITHDRAW:
            return {"id": "w"}
        if sent.path == "/api/v3/order" and sent.method == "POST":
            order = report(params["newClientOrderId"], params["quantity"], side=params["side"], symbol=params["symbol"])
            self.orders[params["newClientOrderId"]] = order
            if self.dice.random() < 0.5:
                self.fill(order)
            return order
        order = self.orders.get(params.get("origClientOrderId", ""), {})
        if not order:
            return {"code": -2013}
        if sent.method == "DELETE" and order["status"] in ("NEW", "PARTIALLY_FILLED"):
            order["status"] = "CANCELED"
        return order


async def act(ground: Ground, bot: Client, exchange: Exchange) -> None:
    """One thing that a bot, or its owner at the exchange, does."""
    dice = exchange.dice
    client = ground.client(bot.key)
    names = [order["clientOrderId"] for order in exchange.orders.values()]
    what = dice.choice(["buy", "buy", "sell", "look", "open", "trades", "cancel", "withdraw", "owner", "try", "doubts"])
    if what in ("buy", "sell"):
        client.place(what.upper(), str(dice.randint(1, 4)), newClientOrderId=f"n{dice.randrange(10**9)}")
    elif what == "try":
        name = dice.choice(names) if names and dice.random() < 0.5 else "trial"
        client.send(
            "POST", "/api/v3/order/test", symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC",
            quantity="1", price="100", newClientOrderId=name,
        )  # fmt: skip
    elif what == "withdraw":
        client.send("POST", WITHDRAW, coin="USDT", network="TRX", address="home", amount=dice.randint(1, 90))
    elif what == "open":
        client.send("GET", "/api/v3/openOrders", symbol="BTCUSDT")
    elif what == "trades":
        client.send("GET", "/api/v3/myTrades", symbol="BTCUSDT")
    elif what == "owner":
        for order in exchange.orders.values():
            if dice.random() < 0.3:
                exchange.fill(order)
        return
    elif what == "doubts":
        ground.pass_time(dice.choice([1, 8]))

        def answer(sent: Sent) -> bool:
            body = exchange.carry_out(sent)
            sent.answer(400 if isinstance(body, dict) and body.get("code") else 200, body)
            return True

        await ground.poll(answer)
        await ground.reconcile(answer)
        ground.upstream.by_itself = lambda sent: False
        return
    elif names:
        client.send(
            "GET" if what == "look" else "DELETE", "/api/v3/order", symbol="BTCUSDT",
            origClientOrderId=dice.choice(names),
        )  # fmt: skip
    await ground.durable()
    while ground.upstream.open and dice.random() < 0.9:  # some are still on their way when the next thing happens
        exchange.take(ground.upstream.open.pop(dice.randrange(len(ground.upstream.open))))


def sums(ledger: Ledger, now_us: int) -> dict[str, Any]:
    """What the ledger decides by."""
    return {
        "orders": {
            name: (order.order_id, order.executed, order.state is OrderState.ENDED)
            for name, order in ledger.orders.items()
        },
        "reserved": ledger.reserved,
        "resting": ledger.resting,
        "spent": ledger.spent.rolling(now_us),
        "loss": ledger.losses.rolling(now_us),
        "holding": ledger.holding("BTCUSDT"),
        "free": ledger.free("BTCUSDT"),
        "withdrawn": ledger.withdrawn_since(PLACE, now_us - 86_400_000_000),
    }


def check(found: dict[str, Any], live: dict[str, Any]) -> None:
    """All as it was; of a withdrawal that was on its way at the snapshot and then refused, perhaps more counted."""
    assert found.pop("withdrawn") >= live.pop("withdrawn")
    assert found == live


def read_again(ground: Ground, directory: Path) -> Ledger:
    """The ledger of the one key that traded, out of a copy of the journal as a crash would leave it."""
    shutil.copytree(ground.config.journal_directory, directory)
    with Journal.open(
        directory, origin=ground.config.journal.origin, signer=journal_key(ground.config.journal_key), clock=wall_us
    ) as journal:
        found = recover(journal, BINANCE, wall_us())
    assert len(found.ledgers) <= 1
    return next(iter(found.ledgers.values()), Ledger())


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9), length=st.integers(5, 40), data=st.data())
async def test_any_history_is_read_again_as_it_was(
    template: Path, tmp_path_factory: pytest.TempPathFactory, seed: int, length: int, data: st.DataObject
) -> None:
    """Whatever happened, and wherever the snapshot fell, a start after a crash knows what the gateway knew."""
    snapshot_at, cut_at = data.draw(st.integers(0, length)), data.draw(st.integers(0, length))
    directory = tmp_path_factory.mktemp("history")
    with pytest.MonkeyPatch.context() as patch:
        ground = open_ground(template, directory / "house", patch)
        try:
            bot = ground.bot(WIDE)
            exchange = Exchange(random.Random(seed))
            for step in range(length + 1):
                if step == snapshot_at:
                    await ground.house.snapshots.take()
                if step == cut_at:
                    await ground.durable()
                    found = read_again(ground, directory / "cut")
                    check(sums(found, ground.clock.at), sums(ground.live(bot).ledger, ground.clock.at))
                await act(ground, bot, exchange)
            before = sums(ground.live(bot).ledger, ground.clock.at)
            await ground.restart(crash=True)
            check(sums(ground.live(bot).ledger, ground.clock.at), before)
        finally:
            await ground.stop(crash=True)


async def test_a_snapshot_taken_while_requests_go_on_loses_nothing(ground: Ground) -> None:
    """Orders and withdrawals between the position of a snapshot and the ledger's own moment count once, or twice."""
    bot = ground.bot(WIDE)
    bot.send("POST", WITHDRAW, coin="USDT", network="TRX", address="home", amount="50")
    first = await ground.sent()
    position = ground.house.journal.position - 1
    first.answer(200, {"id": "w"})
    other = ground.client(bot.key)
    other.buy(newClientOrderId="mine")
    (await ground.sent()).accept("1")
    live = sums(ground.live(bot).ledger, ground.clock.at)
    from bailiwick.gateway.recovery import encode_ledger, encode_state

    state = {bot.key.id: encode_ledger(ground.live(bot).ledger)}
    ground.house.journal.write_snapshot(encode_state(state, ground.house.gateway.marks.alive()), position)
    await ground.restart(crash=True)
    found = sums(ground.live(bot).ledger, ground.clock.at)
    assert found["withdrawn"] >= live["withdrawn"]
    assert {**found, "withdrawn": 0} == {**live, "withdrawn": 0}


async def test_an_order_in_flight_at_a_crash_is_taken_up(ground: Ground) -> None:
    """An order that had left when the gateway died stays reserved, is looked up, and is then counted."""
    bot = ground.bot()
    bot.buy(newClientOrderId="mine")
    await ground.sent()
    await ground.restart(crash=True)
    assert ground.reserved(bot) == 100
    assert [each[2] for each in doubts(ground.house.recovered)] == ["mine"]
    assert len(ground.house.reconciler) == 1

    def venue(sent: Sent) -> bool:
        sent.answer(200, report("mine", executed="1", status="FILLED"))
        return True

    await ground.reconcile(venue)
    assert (ground.spent(bot), ground.reserved(bot)) == (100, 0)


async def test_a_withdrawal_of_unknown_outcome_stays_counted_across_a_crash(ground: Ground) -> None:
    """A withdrawal that may have been carried out counts against its day until the day is over."""
    bot = ground.bot(WIDE)
    bot.send("POST", WITHDRAW, coin="USDT", network="TRX", address="home", amount="50")
    (await ground.sent()).fail()
    await ground.restart(crash=True)
    assert ground.live(bot).ledger.withdrawn_since(PLACE, 0) == 50


async def test_a_refused_withdrawal_is_given_back_once(ground: Ground) -> None:
    """A withdrawal that the venue refused counts no more, and its failure frees no other's amount."""
    bot = ground.bot(WIDE)
    for answer in ("take", "refuse"):
        bot.send("POST", WITHDRAW, coin="USDT", network="TRX", address="home", amount="50")
        sent = await ground.sent()
        if answer == "take":
            sent.answer(200, {"id": "w"})
        else:
            sent.refuse(-4019)
    assert ground.live(bot).ledger.withdrawn_since(PLACE, 0) == 50
    await ground.restart(crash=True)
    assert ground.live(bot).ledger.withdrawn_since(PLACE, 0) == 50


async def test_a_machine_that_is_late_counts_by_the_venues_day(ground: Ground) -> None:
    """Where this machine's clock is hours behind the venue's, what was spent is found on the venue's day again."""
    ground.pass_time(5 * 3600)
    bot = ground.bot()
    bot.buy()
    (await ground.sent()).accept("1")
    ledger = ground.live(bot).ledger
    start = ground.clock.at - 3600 * 1_000_000
    assert ledger.spent.since(start) == 100
    await ground.restart(crash=True)
    assert ground.live(bot).ledger.spent.since(start) == 100


async def test_a_second_gateway_on_the_same_data_does_not_start(ground: Ground) -> None:
    """One gateway for each data directory: the second is refused before it reads or writes anything."""
    from bailiwick.gateway.process import House
    from bailiwick.journal.error import JournalLocked

    with pytest.raises(JournalLocked):
        House(ground.config)


async def test_a_sale_refused_after_a_snapshot_hides_no_other_sale(ground: Ground) -> None:
    """A sale that was on its way at the snapshot and then refused does not let a key sell again what it sold later."""
    bot = ground.bot()
    bot.buy("1")
    (await ground.sent()).accept("1")
    bot.place("SELL", "1", newClientOrderId="refused")
    sent = await ground.sent()
    await ground.house.snapshots.take()
    sent.refuse()
    bot.place("SELL", "1", newClientOrderId="sold")
    (await ground.sent()).accept("1")
    assert ground.live(bot).ledger.holding("BTCUSDT") == 0
    await ground.restart(crash=True)
    assert ground.live(bot).ledger.holding("BTCUSDT") == 0
    assert ground.live(bot).ledger.live("BTCUSDT") == []
