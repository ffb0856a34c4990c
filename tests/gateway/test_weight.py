"""Request weight: shares, the reserve for exits, blame, rests that the venue asks for, and order counts."""

import pytest
from ground import Ground

from bailiwick.gateway.weight import AddressWeight, KeyWeight, OrderCount, OrderLimits, blame
from bailiwick.model.reason import Reason
from bailiwick.model.usage import SILENT, Usage
from bailiwick.venues.binance.usage import read_usage

NOW = 1_790_000_040_000_000  # at the beginning of a minute
MINUTE = 60_000_000
SECOND = 1_000_000
DAY = 24 * 3600 * SECOND


def spend(address: AddressWeight, key: KeyWeight, now: int = NOW, *, exit_: bool = False) -> int:
    """How many requests of weight 1 pass, up to a thousand."""
    return sum(address.admit(1, key, now, exit_=exit_) is None for _ in range(1000))


def test_one_key_gets_its_share_and_no_more() -> None:
    """One bot cannot starve the others of an address."""
    address = AddressWeight(100, reserve=0.1, share=0.5)
    assert spend(address, KeyWeight()) == 50
    assert spend(address, KeyWeight()) == 40


def test_the_reserve_is_for_exits() -> None:
    """When everything else is refused, cancels and reducing orders still pass."""
    address, key = AddressWeight(100, reserve=0.1, share=1.0), KeyWeight()
    assert spend(address, key) == 90
    assert spend(address, key, exit_=True) == 5
    assert spend(address, KeyWeight(), exit_=True) == 5


def test_public_data_has_a_share_of_its_own() -> None:
    """Those without a key get their part of the weight together, however many they are."""
    address = AddressWeight(100, public_share=0.3)
    assert spend(address, address.public) == 30
    assert spend(address, KeyWeight()) == 50


def test_a_key_that_fails_is_slowed_first() -> None:
    """Requests that fail at the venue are paid for several times over, by the key that made them."""
    address, bad, good = AddressWeight(100, share=0.5), KeyWeight(), KeyWeight()
    for _ in range(5):
        assert address.admit(1, bad, NOW, exit_=False) is None
        blame(bad, 1)
    assert spend(address, bad) == 20
    assert spend(address, good) == 50


def test_a_minute_later_everything_is_fresh() -> None:
    """Weight, shares and blame are of one minute of the venue's clock."""
    address, key = AddressWeight(100, share=0.5), KeyWeight()
    spend(address, key)
    blame(key, 100)
    assert address.admit(1, key, NOW + MINUTE - 1, exit_=False) is Reason.WEIGHT_SHARE
    assert spend(address, key, NOW + MINUTE) == 50


def test_the_venues_own_count_holds_where_it_is_larger() -> None:
    """Others may ask from the same address: what the venue says it has counted is believed, and never lowers ours."""
    address = AddressWeight(100, share=1.0)
    address.told(85, NOW)
    assert spend(address, KeyWeight()) == 5
    address.told(3, NOW)
    assert address.used(NOW) == 90


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        (b"7", 7), (b"0", 60), (b"", 60), (b"soon", 60), (b"-5", 60), (b"Wed, 21 Oct 2026 07:28:00 GMT", 60),
        (b"99999999999999", 3 * 24 * 3600),
    ],
)  # fmt: skip
def test_a_rest_lasts_as_long_as_it_was_asked_for(retry_after: bytes, seconds: int) -> None:
    """After 429 or 418 nothing leaves until Retry-After, exits neither; one that cannot be read lasts a minute."""
    address, key = AddressWeight(), KeyWeight()
    assert address.heed(429, read_usage(b"HTTP/1.1 429 Slow\r\nRetry-After: " + retry_after), NOW)
    assert address.admit(1, key, NOW + seconds * SECOND - 1, exit_=True) is Reason.VENUE_PAUSED
    assert address.admit(1, key, NOW + seconds * SECOND, exit_=True) is None


def test_a_shorter_rest_does_not_end_a_longer_one() -> None:
    """Of two rests the later end holds."""
    address = AddressWeight()
    address.pause(100, NOW)
    address.pause(1, NOW)
    assert address.admit(1, KeyWeight(), NOW + 99 * SECOND, exit_=True) is Reason.VENUE_PAUSED


def test_order_counts_keep_a_part_back_and_end_with_their_span() -> None:
    """Near the venue's order limit only exits pass, until the ten seconds, or the day, are over."""
    orders = OrderCount(OrderLimits(ten_seconds=100, day=1000))
    orders.heed(Usage(orders_10s=90), NOW)
    assert not orders.room(NOW, 0.1)
    assert orders.room(NOW + 10 * SECOND, 0.1)
    orders.heed(Usage(orders_day=900), NOW)
    assert not orders.room(NOW + 10 * SECOND, 0.1)
    assert orders.room(NOW + DAY, 0.1)


def place(orders: OrderCount, key: KeyWeight, now: int = NOW, *, exit_: bool = False) -> bool:
    """Whether one order of a key may leave; if so, the venue counts it."""
    left = orders.admit(1, key, now, reserve=0.1, share=0.5, exit_=exit_)
    if left:
        orders.heed(Usage(orders_10s=orders.used_10s + 1, orders_day=orders.used_day + 1), now)
    return left


@pytest.mark.parametrize("limits", [OrderLimits(100, 10_000), OrderLimits(10_000, 100)], ids=["ten seconds", "day"])
def test_one_key_cannot_use_up_the_accounts_orders(limits: OrderLimits) -> None:
    """One key gets its share of the account's orders, another finds room beside it, and exits find the reserve."""
    orders, greedy, other = OrderCount(limits), KeyWeight(), KeyWeight()
    assert sum(place(orders, greedy) for _ in range(200)) == 50
    assert sum(place(orders, other) for _ in range(200)) == 40
    assert sum(place(orders, greedy, exit_=True) for _ in range(200)) == 5
    assert sum(place(orders, other, exit_=True) for _ in range(200)) == 5


def test_a_keys_share_of_orders_begins_anew() -> None:
    """After ten seconds, as the venue counts them, a key has its whole share again."""
    orders, key = OrderCount(OrderLimits(100, 10_000)), KeyWeight()
    start = NOW // (10 * SECOND) * 10 * SECOND
    assert sum(place(orders, key, start) for _ in range(200)) == 50
    orders.heed(Usage(orders_10s=0), start + 10 * SECOND)
    assert sum(place(orders, key, start + 10 * SECOND) for _ in range(200)) == 50


def test_orders_that_the_venue_does_not_count_cost_no_share() -> None:
    """Orders that are filled leave the venue's count, so a key that trades much is not held to its share for them."""
    orders, key = OrderCount(OrderLimits(100, 10_000)), KeyWeight()
    for _ in range(200):
        assert orders.admit(1, key, NOW, reserve=0.1, share=0.5, exit_=False)
        orders.heed(Usage(orders_10s=1), NOW)


@pytest.mark.parametrize("status", [429, 418])
async def test_after_a_429_nothing_leaves_by_any_way(ground: Ground, status: int) -> None:
    """What waits for its record while the venue asks for rest is not sent, and its reservation is released."""
    bot = ground.bot()
    reader = ground.client(bot.key)
    reader.send("GET", "/api/v3/account")
    ground.disk.hold()
    bot.buy()
    ground.upstream.take().answer(status, {"code": -1003}, {"Retry-After": "30"})
    ground.disk.let_go()
    await ground.durable()
    reader.send("GET", "/api/v3/account")
    assert bot.reasons == ["VENUE_PAUSED"]
    assert reader.reasons == [None, "VENUE_PAUSED"]
    assert ground.reserved(bot) == 0
    ground.pass_time(30)
    bot.buy()
    (await ground.sent()).accept()


async def test_a_lost_read_is_not_asked_again_into_a_rest(ground: Ground) -> None:
    """The one repetition of a read is not made while the venue has asked for rest."""
    bot = ground.bot()
    bot.send("GET", "/api/v3/account")
    ground.venue.way.weight.pause(30, ground.clock.at)
    ground.upstream.take().fail()
    assert bot.reasons == ["VENUE_PAUSED"]
    assert len(ground.upstream.sent) == 1


async def test_a_429_to_public_data_holds_orders_too(ground: Ground) -> None:
    """The weight is the address's: a 429 to anybody's question, the gateway's own included, is a rest for all."""
    bot = ground.bot()
    bot.raw("GET", "/api/v3/depth?symbol=BTCUSDT")
    ground.upstream.take().answer(429, {"code": -1003}, {"Retry-After": "30"})
    bot.buy()
    assert bot.reasons[1:] == ["VENUE_PAUSED"]


async def test_limits_in_answers_reach_the_client(ground: Ground) -> None:
    """The venue's own counts and Retry-After are passed on, and nothing else of its headers."""
    bot = ground.bot()
    bot.send("GET", "/api/v3/account")
    ground.upstream.take().answer(
        200, {}, {"X-Mbx-Used-Weight-1m": "17", "X-Mbx-Order-Count-10s": "3", "Set-Cookie": "a=b", "Server": "x"}
    )
    head = bot.transport.written.lower()
    assert b"x-mbx-used-weight-1m: 17\r\n" in head
    assert b"x-mbx-order-count-10s: 3\r\n" in head
    assert b"cookie" not in head
    assert b"server" not in head


@pytest.mark.parametrize(
    ("lines", "usage"),
    [
        (b"X-Mbx-Used-Weight-1m: 7 \r\nServer: x", Usage(weight=7, lines=b"x-mbx-used-weight-1m: 7\r\n")),
        (b"x-mbx-order-count-10s:3", Usage(orders_10s=3, lines=b"x-mbx-order-count-10s: 3\r\n")),
        (b"x-mbx-order-count-1d: 1234567890", Usage(orders_day=0, lines=b"x-mbx-order-count-1d: 1234567890\r\n")),
        (b"x-mbx-used-weight: 9\r\nNot-x-mbx-used-weight-1m: 8\r\nVia: retry-after: 4", SILENT),
    ],
)
def test_what_a_venue_says_of_its_limits_is_read_from_its_own_lines_alone(lines: bytes, usage: Usage) -> None:
    """Names are compared whole and in any case, a count that is none is 0, and other lines say nothing."""
    assert read_usage(b"HTTP/1.1 200 OK\r\n" + lines) == usage
