"""The mistakes of neighbouring systems that concern a gateway, each by its name."""

import time
from decimal import Decimal

import msgspec
import pytest
from ground import ACCOUNT, BOT, Ground, trade

from bailiwick.gateway.clock import VenueClock
from bailiwick.model.grant import HowMuch
from bailiwick.model.party import KeyState
from bailiwick.store.store import Store

ACCOUNT_PATH, ORDER = "/api/v3/account", "/api/v3/order"


async def test_the_signer_does_not_choose_what_is_signed(ground: Ground) -> None:
    """The signature covers all that is read: a parameter outside of it, before or behind, refuses the request."""
    bot = ground.bot()
    assert bot.key is not None
    order = bot.payload(symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="1", price="100")
    signed = bot.key.sign(order)
    bot.raw("POST", f"{ORDER}?symbol=ETHUSDT", body=signed, key=bot.key.id)
    bot.raw("POST", f"{ORDER}", body=f"{signed}&icebergQty=1", key=bot.key.id)
    bot.raw("POST", f"{ORDER}", body=f"icebergQty=1&{signed}", key=bot.key.id)
    bot.raw("POST", f"{ORDER}?{order}", body=signed.removeprefix(f"{order}&"), key=bot.key.id)
    assert bot.reasons[:3] == ["PLACEMENT_MIXED", "SIGNATURE_WRONG", "SIGNATURE_WRONG"]
    sent = await ground.sent()  # the venue's own form: everything in the query, the signature alone in the body
    assert (sent.params["symbol"], sent.params["quantity"]) == ("BTCUSDT", "1")


async def test_a_mark_does_not_die_before_window_and_skew_end(ground: Ground) -> None:
    """At every moment at which a payload is fresh its mark is alive, also while a fast clock drops old ones."""
    bot = ground.bot()
    assert bot.key is not None
    gateway = ground.house.gateway
    payload = bot.buy("9")
    signed = ground.clock.at // 1000 * 1000
    for step in range(0, 6_100_000, 100_000):
        ground.clock.at = signed + step
        gateway.marks.drop(ground.clock.at)
        bot.send_signed("POST", ORDER, bot.key.sign(payload))
        assert bot.reason in ("REPLAYED", "TIMESTAMP_STALE")
        assert (bot.reason == "REPLAYED") == (step <= 5_000_000)


async def test_the_replay_check_is_atomic(ground: Ground) -> None:
    """The same bytes on two connections, before either is durable, leave once."""
    bot = ground.bot()
    assert bot.key is not None
    other = ground.client(bot.key)
    ground.disk.hold()
    payload = bot.buy()
    other.send_signed("POST", ORDER, bot.key.sign(payload))
    ground.disk.let_go()
    await ground.durable()
    assert other.reasons == ["REPLAYED"]
    assert len(ground.upstream.sent) == 1


async def test_a_window_is_not_admitted_twice(ground: Ground) -> None:
    """A timestamp in the future is not as good as one in the past: only less than a second ahead passes."""
    bot = ground.bot()
    assert bot.key is not None
    signed = bot.key.sign(bot.payload(60_000))
    ground.clock.at -= 30_000_000
    bot.send_signed("GET", ACCOUNT_PATH, signed)
    assert bot.reasons == ["TIMESTAMP_AHEAD"]


async def test_the_wall_clock_does_not_reach_the_venues(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step of this machine's clock back or forth does not move the venue's time."""
    clock = VenueClock()
    before = clock.now_us()
    wall = time.time_ns()
    monkeypatch.setattr("bailiwick.gateway.clock.time.time_ns", lambda: wall - 3600 * 10**9)
    assert 0 <= clock.now_us() - before < 10_000_000


async def test_the_venues_clock_never_goes_back() -> None:
    """Where the venue turns out to be earlier than thought its clock stands still until it has caught up."""
    clock = VenueClock()
    before = clock.now_us()
    mono = time.monotonic_ns() // 1000
    clock.learn(before - 5_000_000, mono, mono)
    assert clock.now_us() == before
    clock.learn(before + 5_000_000, mono, mono)
    ahead = clock.now_us()
    assert ahead >= before + 5_000_000
    clock.learn(before, mono, mono)
    assert clock.now_us() == ahead


async def test_a_slow_venue_does_not_mislead_its_clock() -> None:
    """An answer that took five seconds moves the clock no further than it proves; a quick one sets it."""
    clock = VenueClock()
    mono = time.monotonic_ns() // 1000
    clock.learn(mono + 10**15, mono, mono)
    assert clock.learn(mono + 10**15, mono, mono + 5_000_000) == 0
    assert clock.learn(mono + 10**15 + 3_000_000, mono, mono + 2_000_000) == 1_000_000
    assert clock.learn(mono + 10**15 + 3_000_000, mono, mono) == 2_000_000


async def test_an_address_is_checked_on_the_token_path_too(ground: Ground) -> None:
    """Everything that a key opens is bound to its addresses, start-up reads and trials included."""
    from bailiwick.model.grant import Where

    bot = ground.bot(msgspec.structs.replace(BOT, where=Where(networks=("203.0.113.0/24",))))
    for method, path in (
        ("GET", ACCOUNT_PATH), ("GET", "/sapi/v1/capital/config/getall"), ("POST", "/api/v3/order/test"),
        ("DELETE", "/api/v3/openOrders"), ("GET", "/api/v3/openOrders"),
    ):  # fmt: skip
        more = {} if path != "/api/v3/order/test" else {"side": "BUY", "type": "MARKET", "quantity": "1"}
        needs = {} if "account" in path or "getall" in path else {"symbol": "BTCUSDT"}
        bot.send(method, path, **needs, **more)
    assert bot.reasons == ["ADDRESS_FOREIGN"] * 5
    assert ground.upstream.sent == []


async def test_nothing_of_a_limiter_fails_open(ground: Ground) -> None:
    """A request rate that is spent refuses with 429 and Retry-After, and exits are the only ones to pass it."""
    rated = msgspec.structs.replace(
        BOT, how_much=HowMuch(order_notional=Decimal(500), day_notional=Decimal(2000), requests_per_minute=3)
    )
    bot = ground.bot(rated)
    bot.buy()
    (await ground.sent()).accept("1")
    for _ in range(2):
        bot.send("GET", ACCOUNT_PATH)
        ground.upstream.take().answer(200, {})
    bot.send("GET", ACCOUNT_PATH)
    assert bot.answers[-1][0] == 429
    assert b"\r\nRetry-After: " in bot.transport.written
    bot.place("SELL", "1")
    (await ground.sent()).accept("1")
    assert bot.answers[-1][0] == 200


async def test_an_order_that_cannot_be_priced_is_refused(ground: Ground) -> None:
    """A market order of a symbol without a price is not skipped by the check but refused by it."""
    ground.venue.market.quotes.clear()
    bot = ground.bot()
    bot.send("POST", ORDER, symbol="BTCUSDT", side="BUY", type="MARKET", quantity="1")
    bot.send("POST", ORDER, symbol="BTCUSDT", side="BUY", type="MARKET", quoteOrderQty="1")
    bot.buy()
    assert [status for status, _ in bot.answers] == [400] * 3
    assert ground.upstream.sent == []


async def test_the_gateway_signs_nothing_that_it_did_not_read(ground: Ground) -> None:
    """What leaves is written from what was understood: a client cannot have bytes of its own signed."""
    bot = ground.bot()
    bot.buy(newClientOrderId="a%26symbol%3DETHUSDT")
    bot.buy(newClientOrderId="a%0d%0aX-Evil:1")
    bot.buy(evil="1")
    assert [status for status, _ in bot.answers] == [400, 400, 400]
    assert ground.upstream.sent == []


async def test_a_revocation_reaches_a_connection_that_is_open(ground: Ground) -> None:
    """A key that is revoked while its client is connected is refused on that connection, at its next request."""
    bot = ground.bot()
    assert bot.key is not None
    bot.send("GET", ACCOUNT_PATH)
    ground.upstream.take().answer(200, {})
    with Store.open(ground.config.database) as store:
        store.keys.move(bot.key.id, KeyState.REVOKED, account=ACCOUNT)
    ground.house.registry.refresh()
    bot.send("GET", ACCOUNT_PATH)
    assert bot.reasons == [None, "KEY_REVOKED"]


async def test_the_key_is_looked_up_as_data(ground: Ground) -> None:
    """No key id, however it is written, is anything but an unknown key."""
    client = ground.client()
    for key in ("' OR '1'='1", "*", "bwk_%", "../keys", "\\x00", "k" * 4000):
        client.raw("GET", f"{ACCOUNT_PATH}?timestamp=1&signature=00", key=key)
    assert client.reasons == ["KEY_UNKNOWN"] * 6


async def test_a_commission_is_counted_once(ground: Ground) -> None:
    """A trade told again with its fee changes neither what is held nor what is lost."""
    bot = ground.bot()
    bot.buy(newClientOrderId="mine")
    number = (await ground.sent()).accept("1")
    row = trade(number, 7, "1", commission="0.001", commissionAsset="BTC")
    for _ in range(3):
        bot.send("GET", "/api/v3/myTrades", symbol="BTCUSDT")
        ground.upstream.take().answer(200, [row])
    ledger = ground.live(bot).ledger
    assert ledger.holding("BTCUSDT") == Decimal("0.999")
    assert ledger.losses.rolling(ground.clock.at) == Decimal("0.1")


async def test_an_ipv4_peer_in_ipv6_clothes_is_the_ipv4_peer(ground: Ground) -> None:
    """On a socket of both families a client is known by its IPv4 address: networks and proxies hold as written."""
    client = ground.client(None, "::ffff:127.0.0.1")
    assert client.connection.peer == "127.0.0.1"
    client.raw("GET", "/api/v3/depth?symbol=BTCUSDT")
    assert len(ground.upstream.sent) == 1
