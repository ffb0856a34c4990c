"""What the watch is told of an intent is what the rules saw of it."""

from decimal import Decimal
from typing import Any
from zlib import crc32

import msgspec
import pytest
from msgspec.structs import replace
from watch_ground import HOME, SECOND, START, holder

from bailiwick.model.decision import Allow, Deny
from bailiwick.model.grant import grant_from_toml
from bailiwick.model.harm import BIT, Harm
from bailiwick.model.intent import Act, Endpoint, Intent, OrderDraft, OrderType, Side, TimeInForce
from bailiwick.model.life import KeyState
from bailiwick.model.market import Quote, SymbolInfo
from bailiwick.model.reason import Reason
from bailiwick.rules.authority import Authority, authority
from bailiwick.rules.decide import decide
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.market import Market
from bailiwick.watch.event import Asked
from bailiwick.watch.reading import _market, asked

GRANT = """
purpose = "reading"
[what]
may = ["public", "read", "cancel", "trade"]
symbols = "all"
sides = ["BUY", "SELL"]
order_types = ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT"]
"""
BANDLESS = '[how_far]\nnear_bps = "none"\nanchor_bps = "none"\n'
WIDE = GRANT + 'market_orders = "deny"\n' + BANDLESS


def market() -> Market:
    """A coin at 10 USDT whose anchor is 9, and one of BTC."""
    found = Market(
        {
            name: SymbolInfo(
                symbol=name, base=base, quote=quote, trading=True, tick=Decimal("0.00000001"), step=Decimal("0.001"),
                least_quantity=Decimal("0.001"), least_notional=Decimal(0),
            )
            for name, base, quote in [("SYSUSDT", "SYS", "USDT"), ("BTCUSDT", "BTC", "USDT"), ("NXTBTC", "NXT", "BTC")]
        }
    )  # fmt: skip
    for name, near, anchor, volume in [
        ("SYSUSDT", "10", "9", "300000"), ("BTCUSDT", "50000", "50000", "1000000000"),
        ("NXTBTC", "0.001", "0.001", "2"),
    ]:  # fmt: skip
        found.set_quote(
            name,
            Quote(
                near=Decimal(near), anchor=Decimal(anchor), near_us=START, anchor_us=START, daily_volume=Decimal(volume)
            ),
        )
    return found


def intent(*orders: OrderDraft, harm: Harm = Harm.TRADE, act: Act = Act.PLACE) -> Intent:
    """A request that places these."""
    endpoint = Endpoint(
        method="POST", path="/order", harm=harm, act=act, served=True, signed=True, weight=1, parameters={},
        bit=BIT[harm], changes=True,
    )  # fmt: skip
    symbol = orders[0].symbol if orders else "SYSUSDT"
    return Intent(
        endpoint=endpoint, params=(), timestamp_us=START - 250_000, window_us=5 * SECOND, symbol=symbol, orders=orders
    )


def draft(symbol: str = "SYSUSDT", side: Side = Side.BUY, price: str | None = "10.5", **more: Any) -> OrderDraft:
    """An order of five coins."""
    given: dict[str, Any] = {
        "symbol": symbol, "side": side, "type": OrderType.LIMIT if price else OrderType.MARKET, "quantity": Decimal(5),
        "price": None if price is None else Decimal(price), "client_id": "web_123",
        "time_in_force": TimeInForce.GTC if price else None,
    }  # fmt: skip
    return OrderDraft(**(given | more))


def read(wanted: Intent, grant: str = WIDE, ledger: Ledger | None = None, on: Market | None = None) -> Asked:
    """What the watch is told of it."""
    seen = on or market()
    permitted: Authority = authority(grant_from_toml(grant))
    decision = decide(wanted, permitted, ledger or Ledger(), seen, START, state=KeyState.ACTIVE, source_allowed=True)
    assert not isinstance(decision, Deny), decision
    return asked(wanted, decision, permitted, seen, START, holder(), HOME)


def test_a_limit_order() -> None:
    """Worth, prices, volume and manner of a limit order are those of the order and its market."""
    found = read(intent(draft()))
    assert (found.worth, found.day_worth, found.worth_in) == (52.5, 300_000.0, "USDT")
    assert found.near_bps == pytest.approx(500.0)
    assert found.anchor_bps == pytest.approx(1_666.67, abs=0.01)
    assert found.moved_bps == pytest.approx(1_111.11, abs=0.01)
    assert (found.window_ms, found.offset_ms, found.prefix) == (5_000, 250, crc32(b"web_12"))
    assert (found.symbol, found.base, found.quote, found.side, found.unbounded) == (
        "SYSUSDT",
        "SYS",
        "USDT",
        Side.BUY,
        False,
    )


@pytest.mark.parametrize(("side", "top"), [(Side.BUY, 40.0), (Side.SELL, 30.0)])
def test_the_top_that_an_order_meets(side: Side, top: float) -> None:
    """A purchase meets what is offered and a sale what is bid, in the grant's currency while the price is fresh."""
    found = market()
    for symbol in ("SYSUSDT", "NXTBTC"):
        factor = 1 if symbol == "SYSUSDT" else 50_000
        resting = (Decimal(30) / factor, Decimal(40) / factor)
        found.set_quote(symbol, found.quotes[symbol], resting)
        price = "10" if symbol == "SYSUSDT" else "0.001"
        assert read(intent(draft(symbol, side, price)), on=found).top_worth == pytest.approx(top)
        old = replace(found.quotes[symbol], near_us=START - 16 * SECOND)
        found.set_quote(symbol, old, resting)
        assert _market(symbol, side, "USDT", found, START)[4] is None


def test_a_sale_below_the_market_is_adverse_too() -> None:
    """What is adverse has the same sign on both sides."""
    found = read(intent(draft(side=Side.SELL, price="9.5")))
    assert found.near_bps == pytest.approx(500.0)


def test_a_market_order_is_unbounded_though_the_band_binds_it() -> None:
    """An order without a limit stays one for the watch: the band's edge is not a price that the client chose."""
    found = read(intent(draft(price=None)), GRANT + '[how_far]\nanchor_bps = "none"\n')
    assert (found.unbounded, found.type, found.near_bps) == (True, OrderType.MARKET, 0.0)


def test_a_pair_in_bitcoin_is_as_thin_as_one_in_dollars() -> None:
    """Volume and worth of a pair in another asset are converted to the grant's currency, and to dollars."""
    found = read(intent(draft("NXTBTC", price="0.001")))
    assert (found.day_worth, found.worth) == (100_000.0, 250.0)
    found = read(
        intent(draft("NXTBTC", price="0.001")), WIDE.replace('purpose = "reading"', 'purpose = "r"\ncurrency = "BTC"')
    )
    assert (found.day_worth, found.worth, found.worth_in) == (100_000.0, 250.0, "USDT")


@pytest.mark.parametrize(("rare", "day"), [("5000", 5_000.0), ("0", 1.0)])
def test_what_is_seldom_traded_is_no_market_without_a_size(rare: str, day: float) -> None:
    """Of a coin without trades on a usual day, an order is held against those of a day that has some."""
    found = market()
    quote = found.quotes["SYSUSDT"]
    found.set_quote("SYSUSDT", replace(quote, daily_volume=Decimal(0), rare_volume=Decimal(rare)))
    assert read(intent(draft()), on=found).day_worth == day


def test_a_read_has_no_worth() -> None:
    """What places nothing is told with its act and its manner alone."""
    found = read(intent(harm=Harm.READ, act=Act.LIST_OPEN))
    assert (found.harm, found.worth, found.side, found.window_ms) == (Harm.READ, 0.0, None, 5_000)


def test_a_stop_is_judged_by_its_distance_from_its_trigger() -> None:
    """A stop far below the market is not an order far below the market: it waits."""
    stop = draft(
        side=Side.SELL,
        price="7.92",
        type=OrderType.STOP_LOSS_LIMIT,
        stop_price=Decimal(8),
        time_in_force=TimeInForce.GTC,
    )
    assert read(intent(stop)).near_bps == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("side", "trigger", "limit", "worse"),
    [
        (Side.BUY, "20", "20", 8_181.8),
        (Side.BUY, "11", "11", 0.0),
        (Side.SELL, "3.5", "3.5", 5_000.0),
        (Side.SELL, "7", "6.93", 100.0),
    ],
)
def test_a_trigger_out_of_reason_is_no_excuse_for_its_limit(side: Side, trigger: str, limit: str, worse: float) -> None:
    """A thief moves a thin market to a far trigger himself: beyond reason, its limit is held to the market."""
    stop = draft(side=side, price=limit, type=OrderType.STOP_LOSS_LIMIT, stop_price=Decimal(trigger))
    assert read(intent(stop), WIDE + 'stop_bps = "none"\n').near_bps == pytest.approx(worse, abs=0.1)


@pytest.mark.parametrize(("most", "refused"), [("wind-down", True), ("alert", False)])
def test_what_has_no_worth_cannot_be_judged(most: str, refused: bool) -> None:
    """Of a pair in an asset without a price an order's size is not known: what the watch may stop is refused."""
    found = market()
    found.set_symbols({name: each for name, each in found.symbols.items() if name != "BTCUSDT"})
    permitted = authority(grant_from_toml(WIDE + f'[watch]\nmost = "{most}"\n'))
    wanted = intent(draft("NXTBTC", price="0.001"))
    decision = decide(wanted, permitted, Ledger(), found, START, state=KeyState.ACTIVE, source_allowed=True)
    assert (decision.reason if isinstance(decision, Deny) else None) == (Reason.UNPRICEABLE if refused else None)


def test_what_reduces_at_any_price_is_no_exit_where_no_band_holds_it() -> None:
    """Without a band, selling one's own fills ten per cent below the market is not taken for an exit; at it, it is."""
    ledger = Ledger()
    bought = draft(price="10", client_id="first")
    permitted = authority(grant_from_toml(WIDE))
    decision = decide(intent(bought), permitted, ledger, market(), START, state=KeyState.ACTIVE, source_allowed=True)
    assert isinstance(decision, Allow)
    sale, gift = draft(side=Side.SELL, price="9.9"), draft(side=Side.SELL, price="8")
    for each, expected in [(sale, True), (gift, False)]:
        wanted = intent(each)
        judged = decide(wanted, permitted, ledger, market(), START, state=KeyState.ACTIVE, source_allowed=True)
        assert isinstance(judged, Allow)
        reducing = msgspec.structs.replace(judged, reducing=True)
        assert asked(wanted, reducing, permitted, market(), START, holder(), HOME).reducing is expected


def test_old_prices_say_nothing() -> None:
    """A near price that is too old is none: a watch that may only alert is told that there is no price."""
    permitted = authority(grant_from_toml(WIDE + '[watch]\nmost = "alert"\n'))
    wanted = intent(draft())
    later = START + 120 * SECOND
    decision = decide(wanted, permitted, Ledger(), market(), later, state=KeyState.ACTIVE, source_allowed=True)
    assert isinstance(decision, Allow)
    found = asked(wanted, decision, permitted, market(), later, holder(), HOME)
    assert (found.near_bps, found.anchor_bps is None) == (None, False)
