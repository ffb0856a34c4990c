"""Replays: what was signed once changes something once, however it is spelled and whatever ends in between."""

import pytest
from ground import Ground, report


async def test_a_read_payload_cannot_become_a_cancel(ground: Ground) -> None:
    """A Binance signature covers no method: after a GET the same bytes are refused as DELETE."""
    bot = ground.bot()
    bot.buy(newClientOrderId="mine")
    (await ground.sent()).accept()
    payload = bot.send("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")
    ground.upstream.take().answer(200, report("mine"))
    bot.send_signed("DELETE", "/api/v3/order", bot.key.sign(payload))
    assert bot.reason == "REPLAYED"
    assert len(ground.upstream.sent) == 2


async def test_another_spelling_of_the_signature_is_the_same_request(ground: Ground) -> None:
    """The hex of a signature in other letters, or at another place, does not make a new request."""
    bot = ground.bot()
    payload = bot.buy()
    (await ground.sent()).accept()
    head, _, signature = bot.key.sign(payload).rpartition("=")
    for again in (f"{head}={signature}", f"{head}={signature.upper()}", f"signature={signature}&{payload}"):
        bot.send_signed("POST", "/api/v3/order", again)
    assert bot.reasons == [None, "REPLAYED", "REPLAYED", "REPLAYED"]
    assert len(ground.upstream.sent) == 1


async def test_a_refused_request_leaves_its_mark(ground: Ground) -> None:
    """What was refused once is not accepted later with the same bytes, when its limit has room again."""
    bot = ground.bot()
    payload = bot.buy(quantity="9")
    bot.send_signed("POST", "/api/v3/order", bot.key.sign(payload))
    assert bot.reasons == ["ORDER_NOTIONAL", "REPLAYED"]


@pytest.mark.parametrize(("after_ms", "reason"), [(0, "REPLAYED"), (4999, "REPLAYED"), (5000, "REPLAYED")])
async def test_a_mark_lives_as_long_as_its_payload_is_fresh(ground: Ground, after_ms: int, reason: str) -> None:
    """Up to the last moment at which a payload would be fresh its replay is known, though marks are being dropped."""
    bot = ground.bot()
    payload = bot.buy(quantity="9")
    ground.clock.at = ground.clock.at // 1000 * 1000 + after_ms * 1000
    ground.house.gateway.marks.drop(ground.clock.at)
    bot.send_signed("POST", "/api/v3/order", bot.key.sign(payload))
    assert bot.reason == reason


async def test_after_its_window_a_payload_is_stale(ground: Ground) -> None:
    """One millisecond after the window the timestamp refuses the payload by itself, with its mark dropped or not."""
    bot = ground.bot()
    payload = bot.buy(quantity="9")
    ground.clock.at = ground.clock.at // 1000 * 1000 + 5001 * 1000
    ground.house.gateway.marks.drop(ground.clock.at)
    bot.send_signed("POST", "/api/v3/order", bot.key.sign(payload))
    ground.clock.at += 60_000_000
    ground.house.gateway.marks.drop(ground.clock.at)
    bot.send_signed("POST", "/api/v3/order", bot.key.sign(payload))
    assert bot.reasons[1:] == ["TIMESTAMP_STALE", "TIMESTAMP_STALE"]
    assert len(ground.house.gateway.marks) == 0


@pytest.mark.parametrize("offset_us", [999_000, 1_000_000])
async def test_a_timestamp_lies_less_than_a_second_ahead(ground: Ground, offset_us: int) -> None:
    """A timestamp 999 ms ahead passes and one of a whole second does not: the window is not twice as long."""
    bot = ground.bot()
    ground.clock.at = ground.clock.at // 1000 * 1000 + offset_us
    signed = bot.key.sign(bot.payload(symbol="BTCUSDT"))
    ground.clock.at -= offset_us
    bot.send_signed("GET", "/api/v3/openOrders", signed)
    assert len(ground.upstream.sent) == (1 if offset_us < 1_000_000 else 0)


@pytest.mark.parametrize("timestamp", ["NaN", "-1", "1e15", "Infinity", "00", "9" * 20, ""])
async def test_a_timestamp_that_is_no_number_is_refused(ground: Ground, timestamp: str) -> None:
    """No comparison is switched off by a timestamp that compares with nothing."""
    bot = ground.bot()
    bot.send_signed("GET", "/api/v3/account", bot.key.sign(f"timestamp={timestamp}"))
    assert bot.reason == "PARAMETER_MALFORMED"


@pytest.mark.parametrize("crash", [False, True])
async def test_an_order_is_not_replayed_across_a_restart(ground: Ground, crash: bool) -> None:
    """The bytes of an order that was sent are refused after a restart, whether the end was orderly or a crash."""
    bot = ground.bot()
    payload = bot.buy()
    (await ground.sent()).accept()
    await ground.restart(crash=crash)
    again = ground.client(bot.key)
    again.send_signed("POST", "/api/v3/order", bot.key.sign(payload))
    assert again.reason == "REPLAYED"
    assert len(ground.upstream.sent) == 1


async def test_marks_of_reads_survive_an_orderly_restart(ground: Ground) -> None:
    """A look-up's bytes are refused as a cancel also by the gateway that follows in order."""
    bot = ground.bot()
    bot.buy(newClientOrderId="mine")
    (await ground.sent()).accept()
    payload = bot.send("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")
    ground.upstream.take().answer(200, report("mine"))
    await ground.restart()
    again = ground.client(bot.key)
    again.send_signed("DELETE", "/api/v3/order", bot.key.sign(payload))
    assert again.reason == "REPLAYED"


async def test_the_mark_of_a_read_on_its_way_survives_an_orderly_restart(ground: Ground) -> None:
    """A read that was never answered, and so has no record, left its mark all the same."""
    bot = ground.bot()
    bot.buy(newClientOrderId="mine")
    (await ground.sent()).accept()
    payload = bot.send("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")
    await ground.restart()
    again = ground.client(bot.key)
    again.send_signed("DELETE", "/api/v3/order", bot.key.sign(payload))
    assert again.reason == "REPLAYED"


async def test_after_a_crash_nothing_signed_before_changes_anything(ground: Ground) -> None:
    """Marks of the last moments may be lost in a crash: what was signed before the start opens and cancels nothing."""
    bot = ground.bot()
    bot.buy(newClientOrderId="mine")
    (await ground.sent()).accept()
    signed = bot.key.sign(bot.payload(60_000, symbol="BTCUSDT", origClientOrderId="mine"))
    await ground.restart(crash=True)
    ground.clock.at = ground.house.started_us + 1_000_000
    again = ground.client(bot.key)
    again.send_signed("DELETE", "/api/v3/order", signed)
    again.send("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")
    again.send("DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")
    await ground.durable()
    assert again.reasons == ["TIMESTAMP_STALE"]
    assert [sent.method for sent in ground.upstream.sent[1:]] == ["GET"]


async def test_marks_do_not_grow_without_bound(ground: Ground) -> None:
    """Marks whose time is over are gone."""
    bot = ground.bot()
    for _ in range(100):
        bot.buy(quantity="9")
        ground.pass_time(1)
        ground.house.gateway.marks.drop(ground.clock.at)
    assert len(ground.house.gateway.marks) <= 7
