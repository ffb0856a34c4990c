"""What a sender may make the gateway remember, in memory and on the disk, is bounded."""

import pytest
from ground import SYMBOLS, Ground

from bailiwick.gateway import chronicle, feed, unkeyed
from bailiwick.gateway.parties import Way
from bailiwick.gateway.weight import AddressWeight, KeyWeight, blame
from bailiwick.journal import record
from bailiwick.journal.reader import read
from bailiwick.journal.retention import Retention
from bailiwick.model.reason import Reason
from bailiwick.model.usage import Usage

NOW = 1_790_000_040_000_000  # at the beginning of a minute


def odd_headers(number: int, length: int) -> str:
    """Headers that nobody sent before."""
    return "".join(f"x{number}-{each}-{'h' * length}: 1\r\n" for each in range(40))


async def test_a_client_that_changes_its_manner_fills_no_memory(ground: Ground) -> None:
    """Manners of thousands of bytes are not kept in memory, and are recorded once all the same."""
    bot = ground.bot()
    assert bot.key is not None
    for number in (1, 2, 3, 1, 2, 3):
        ground.pass_time(1)
        signed = bot.key.sign(bot.payload(symbol="XRPUSDT"))
        bot.raw("GET", f"/api/v3/order?{signed}", key=bot.key.id, headers=odd_headers(number, 100))
    await ground.durable()
    assert len(ground.house.gateway.chronicle._known) == 0
    assert len(ground.records(record.Fingerprint)) == 3


async def test_a_client_that_changes_its_manner_keeps_no_disk_for_ever(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many manners the next are recorded no longer than reads are."""
    monkeypatch.setattr(chronicle, "FINGERPRINTS_KEPT", 2)
    bot = ground.bot()
    assert bot.key is not None
    for number in range(4):
        ground.pass_time(1)
        signed = bot.key.sign(bot.payload(symbol="XRPUSDT"))
        bot.raw("GET", f"/api/v3/order?{signed}", key=bot.key.id, headers=odd_headers(number, 1))
    await ground.durable()
    found = [
        each.retention
        for each in read(ground.config.journal_directory)
        if each.record is not None and each.record.startswith(b'["fingerprint"')
    ]
    assert found == [Retention.KEEP, Retention.KEEP, Retention.READ, Retention.READ]


async def test_refusals_of_one_key_cannot_fill_the_disk(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a key that is refused again and again so many refusals are recorded one by one; the rest is counted."""
    monkeypatch.setattr(chronicle, "DENIALS_APIECE", 5)
    bot, other = ground.bot(), ground.bot()
    for _ in range(12):
        ground.pass_time(0.1)
        bot.buy(symbol="XRPUSDT")
    other.buy(symbol="XRPUSDT")
    ground.house.gateway.chronicle.flush_failures()
    ground.pass_time(0.1)
    bot.buy(symbol="XRPUSDT")
    await ground.durable()
    assert [each.key for each in ground.records(record.Intent)] == [*[bot.key.id] * 5, other.key.id, bot.key.id]
    assert [(each.count, each.key) for each in ground.records(record.Failures)] == [(7, bot.key.id)]
    assert set(bot.reasons) == {"SYMBOL_NOT_GRANTED"}


def test_exits_without_end_leave_the_others_theirs() -> None:
    """A key that does nothing but cancel brings no ban on the address, and half of the reserve stays for the others."""
    address, thief, owner = AddressWeight(1000, reserve=0.1, share=0.5), KeyWeight(), KeyWeight()
    sent = sum(address.admit(1, thief, NOW, exit_=True) is None for _ in range(10_000))
    assert sent == 500 + 50
    address.told(900, NOW)
    assert sum(address.admit(1, owner, NOW, exit_=True) is None for _ in range(50)) == 50
    assert address.used(NOW) <= 1000


def test_a_key_that_fails_still_exits() -> None:
    """Whatever a key has wasted by failing, a part of the reserve is its own to leave with."""
    address, key = AddressWeight(1000, reserve=0.1, share=0.5), KeyWeight()
    assert address.admit(1, key, NOW, exit_=False) is None
    blame(key, 1_000)
    assert address.admit(1, key, NOW, exit_=False) is Reason.WEIGHT_SHARE
    assert sum(address.admit(1, key, NOW, exit_=True) is None for _ in range(100)) == 50


async def test_reducing_orders_without_end_leave_the_others_theirs(ground: Ground) -> None:
    """Whoever holds a little and sells it again and again cannot use up the orders that the account may place."""
    thief, owner = ground.bot(), ground.bot()
    for bot in (thief, owner):
        bot.buy("1")
        (await ground.sent()).accept("1")
    orders = ground.live(thief).account.orders
    orders.heed(Usage(orders_10s=90), ground.clock.at)
    for _ in range(20):
        ground.clock.at += 2000
        ground.client(thief.key).place("SELL", "0.001", "101")
    await ground.durable()
    assert len(ground.upstream.open) == 5
    owner.place("SELL", "1")
    await ground.durable()
    assert len(ground.upstream.open) == 6


async def test_a_key_for_all_symbols_cannot_have_all_followed(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sender who asks for one symbol after the other has so many prices kept and no more, and doctor says so."""
    monkeypatch.setattr(feed, "MOST_FOLLOWED", 2)
    prices = feed.Feed(ground.venue, [("BTCUSDT", "USDT")])
    for _ in range(2):
        for symbol in SYMBOLS:
            ground.venue.prices.miss(symbol, "USDT")
        prices.follow_missed()
    assert (len(prices._asked), list(prices.failed)) == (3, ["more symbols"])


async def test_an_exit_takes_the_second_address_where_others_used_up_the_first(ground: Ground) -> None:
    """Where others have used all of the first address's weight, exits leave from the second, and nothing else does."""
    bot = ground.bot()
    bot.buy("1", newClientOrderId="mine")
    number = (await ground.sent()).accept()
    account = ground.live(bot).account
    account.exits = Way(ground.upstream, AddressWeight())  # type: ignore[arg-type]  # stands in for a pool
    account.way.weight.told(account.way.weight.limit, ground.clock.at)
    ground.clock.at += 2000
    bot.buy("1")
    assert bot.reason == "WEIGHT_SHARE"
    ground.clock.at += 2000
    bot.send("DELETE", "/api/v3/order", symbol="BTCUSDT", orderId=number)
    assert (await ground.sent()).method == "DELETE"
    assert account.exits.weight.used(ground.clock.at) == 1


async def test_heavy_answers_are_held_up_to_a_size(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same large answer, asked for in ever other words, does not pile up in memory."""
    monkeypatch.setattr(unkeyed, "MOST_HELD_BYTES", 2_500)
    stranger = ground.client()
    for symbol in SYMBOLS:
        stranger.raw("GET", f"/api/v3/exchangeInfo?symbol={symbol}")
        ground.upstream.take().answer(200, {"symbols": "s" * 1_000})
    public = ground.house.unkeyed._public[ground.venue.id]
    assert 0 < sum(len(body) for _, body in public._held.values()) <= 2_500
