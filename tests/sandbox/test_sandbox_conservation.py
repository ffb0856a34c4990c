"""Money is conserved, whatever is done in whatever order."""

from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rehearsal import NOW

from bailiwick.sandbox.amount import read, show
from bailiwick.sandbox.exchange import Sandbox
from bailiwick.sandbox.ledger import WALLETS
from bailiwick.sandbox.orders import BUY, PREVENTIONS, SELL, STOPS, OrderRequest
from bailiwick.sandbox.refusal import Refusal
from bailiwick.sandbox.symbols import LISTED

NAMES = ("anna", "bert", "carl")
SYMBOLS = tuple(symbol for symbol in LISTED if symbol.name in ("BTCUSDT", "DMGUSDT"))
TICKS = {"BTCUSDT": (read("65000"), read("25"), read("0.01")), "DMGUSDT": (read("0.02"), read("0.0001"), read("1500"))}

symbols = st.sampled_from([symbol.name for symbol in SYMBOLS])
names = st.sampled_from(NAMES)
sides = st.sampled_from([BUY, SELL])
steps = st.integers(-8, 8)
sizes = st.integers(1, 5)
picks = st.integers(0, 50)

orders = st.tuples(
    st.just("order"),
    names,
    symbols,
    sides,
    st.sampled_from(["LIMIT", "LIMIT", "LIMIT_MAKER", "MARKET", *sorted(STOPS)]),
    steps,
    steps,
    sizes,
    st.sampled_from(["GTC", "IOC", "FOK"]),
    st.sampled_from(PREVENTIONS),
    st.booleans(),
    st.integers(0, 2),
)
lists = st.tuples(st.sampled_from(["oco", "oto", "otoco"]), names, symbols, sides, steps, sizes)
others = st.one_of(
    st.tuples(st.just("cancel"), names, picks),
    st.tuples(st.just("amend"), names, picks, sizes),
    st.tuples(st.just("withdraw"), names, st.integers(1, 2000), st.booleans()),
    st.tuples(st.just("transfer"), names, names, st.sampled_from(WALLETS), st.sampled_from(WALLETS), sizes),
    st.tuples(st.just("price"), symbols, steps),
)
acts = st.lists(st.one_of(orders, orders, lists, others), min_size=1, max_size=40)


class World:
    """A sandbox with three traders and the acts that can happen to it."""

    def __init__(self) -> None:
        self.sandbox = Sandbox(3, NOW, symbols=SYMBOLS, amplitude=0)
        self.now = NOW
        for name in NAMES:
            funds = {"BTC": "1", "USDT": "50000", "DMG": "100000"}
            self.sandbox.open_account(name, NOW, funds, trade_group=-1 if name == "carl" else 1)

    def do(self, act: tuple[Any, ...]) -> None:
        self.now += 500
        with suppress(Refusal):
            getattr(self, act[0])(*act[1:])

    def price_at(self, symbol: str, step: int) -> int:
        middle, tick, _ = TICKS[symbol]
        return middle + step * tick

    def wish(
        self, symbol: str, side: str, kind: str, size: int, price: int = 0, stop: int = 0, **more: Any
    ) -> OrderRequest:
        return OrderRequest(symbol, side, kind, size * TICKS[symbol][2], price, stop_price=stop, **more)

    def order(self, name: str, symbol: str, side: str, kind: str, step: int, stop: int, size: int, force: str,
              prevention: str, by_quote: bool, iceberg: int) -> None:  # fmt: skip
        priced = kind in ("LIMIT", "LIMIT_MAKER") or kind.endswith("_LIMIT")
        request = self.wish(
            symbol, side, kind, size,
            self.price_at(symbol, step) if priced else 0,
            self.price_at(symbol, stop) if kind in STOPS else 0,
            time_in_force=force if kind == "LIMIT" else "GTC",
            prevention=prevention,
            iceberg=min(iceberg, size) * TICKS[symbol][2] if kind == "LIMIT" and force == "GTC" else 0,
        )  # fmt: skip
        if kind == "MARKET" and by_quote:
            request = OrderRequest(symbol, side, kind, quote_quantity=size * read("777.77"), prevention=prevention)
        self.sandbox.engine.place(self.sandbox.account(name), request, self.now)

    def pair(self, symbol: str, side: str, step: int, size: int) -> list[OrderRequest]:
        gap = abs(step) + 1
        away, stop = (gap, -gap) if side == SELL else (-gap, gap)
        trigger, limit = self.price_at(symbol, stop), self.price_at(symbol, 2 * stop)
        return [
            self.wish(symbol, side, "LIMIT_MAKER", size, self.price_at(symbol, away)),
            self.wish(symbol, side, "STOP_LOSS_LIMIT", size, limit, trigger),
        ]

    def oco(self, name: str, symbol: str, side: str, step: int, size: int) -> None:
        legs = self.pair(symbol, side, step, size)
        self.sandbox.engine.lists.place_oco(self.sandbox.account(name), legs, "", self.now)

    def oto(self, name: str, symbol: str, side: str, step: int, size: int) -> None:
        first = self.wish(symbol, side, "LIMIT", size, self.price_at(symbol, step))
        after = self.wish(symbol, SELL if side == BUY else BUY, "LIMIT", size, self.price_at(symbol, -step))
        self.sandbox.engine.lists.place_oto(self.sandbox.account(name), first, [after], "", self.now)

    def otoco(self, name: str, symbol: str, side: str, step: int, size: int) -> None:
        first = self.wish(symbol, side, "LIMIT", size, self.price_at(symbol, step))
        after = self.pair(symbol, SELL if side == BUY else BUY, step, size)
        self.sandbox.engine.lists.place_oto(self.sandbox.account(name), first, after, "", self.now)

    def cancel(self, name: str, pick: int) -> None:
        opened = self.sandbox.engine.records.all_open(self.sandbox.account(name))
        if opened:
            self.sandbox.engine.cancel(opened[pick % len(opened)], self.now)

    def amend(self, name: str, pick: int, size: int) -> None:
        opened = self.sandbox.engine.records.all_open(self.sandbox.account(name))
        if opened:
            order = opened[pick % len(opened)]
            self.sandbox.engine.amend(order, size * TICKS[order.symbol][2], f"a{self.now}", self.now)

    def withdraw(self, name: str, amount: int, inside: bool) -> None:
        wallet, account = self.sandbox.wallet, self.sandbox.account(name)
        network = wallet.network("USDT", "BSC")
        home, _ = wallet.deposit_address(self.sandbox.account("carl"), "USDT", network)
        address = home if inside else "0x" + "12" * 20
        wallet.withdraw(account, "USDT", amount * read("1"), self.now, network="BSC", address=address)

    def transfer(self, name: str, other: str, source: str, target: str, size: int) -> None:
        parties = self.sandbox.account(name), self.sandbox.account(other)
        pair = (parties[0], source), (parties[1], target)
        self.sandbox.wallet.transfer("SUB", *pair, "USDT", size * read("1000"), self.now)

    def price(self, symbol: str, step: int) -> None:
        self.sandbox.set_price(symbol, show(self.price_at(symbol, step)), self.now)

    def check(self) -> None:
        """Nothing is negative, what is locked is what open orders hold, and books hold what is open."""
        ledger, records = self.sandbox.ledger, self.sandbox.engine.records
        for account in ledger.accounts.values():
            opened = records.all_open(account)
            holds = {id(order.hold): order.hold for order in opened if order.hold is not None}
            for asset in ("BTC", "USDT", "DMG"):
                held = sum(hold.amount for hold in holds.values() if hold.asset == asset)
                assert account.spot[asset].locked == held, (account.name, asset)
            for wallet in account.wallets.values():
                assert all(balance.free >= 0 and balance.locked >= 0 for balance in wallet.values())
        for market in self.sandbox.engine.markets.values():
            bid, ask = market.book.best(BUY), market.book.best(SELL)
            assert bid is None or ask is None or bid.price < ask.price
            for side in (BUY, SELL):
                for level in market.book.levels(side):
                    assert level.quantity == sum(order.remaining for order in level.orders.values()) > 0
                    assert all(order.open and order.working for order in level.orders.values())
                    assert 0 < level.shown <= level.quantity


def imbalances(done: list[tuple[Any, ...]]) -> list[dict[str, int]]:
    """By what each asset does not add up, before the first act and after each; accounts and books are checked too."""
    world = World()
    world.check()
    found = [world.sandbox.ledger.imbalance()]
    for act in done:
        world.do(act)
        world.check()
        found.append(world.sandbox.ledger.imbalance())
    return found


@settings(max_examples=150, deadline=None)
@given(acts)
def test_no_sequence_of_acts_makes_or_loses_money(done: list[tuple[Any, ...]]) -> None:
    """After each random order, list, cancel, amendment, transfer, withdrawal or move, every asset still adds up."""
    assert imbalances(done) == [{}] * (1 + len(done))


@pytest.mark.slow
@settings(max_examples=2_000, deadline=None)
@given(acts)
def test_no_sequence_of_acts_makes_or_loses_money_at_length(done: list[tuple[Any, ...]]) -> None:
    """The same for thousands of sequences."""
    assert imbalances(done) == [{}] * (1 + len(done))


def test_commission_goes_to_the_fee_account() -> None:
    """What a taker pays in commission is what the fee account receives, to the last unit."""
    world = World()
    request = world.wish("BTCUSDT", BUY, "MARKET", 5)
    fill = world.sandbox.engine.place(world.sandbox.account("anna"), request, NOW).fills[0]
    assert fill.commission_asset == "BTC"
    assert world.sandbox.ledger.fees.spot["BTC"].free == fill.commission == read("0.05") // 1000


def test_the_sum_counts_what_left() -> None:
    """A withdrawal lowers the sum of all balances by what left, and its fee stays with the exchange."""
    world = World()
    before = world.sandbox.ledger.totals()["USDT"]
    world.withdraw("anna", 100, inside=False)
    assert Decimal(before - world.sandbox.ledger.totals()["USDT"]) / 10**8 == Decimal("99.8")
    assert world.sandbox.ledger.fees.spot["USDT"].free == read("0.2")


def test_an_account_pays_its_own_rates() -> None:
    """Commissions are those of the account: a maker may pay nothing and a taker much."""
    world = World()
    taker = world.sandbox.open_account("dora", NOW, {"USDT": "50000"}, maker_bps=0, taker_bps=100)
    fill = world.sandbox.engine.place(taker, world.wish("BTCUSDT", BUY, "MARKET", 5), NOW).fills[0]
    assert fill.commission == read("0.05") // 100
