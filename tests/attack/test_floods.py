"""What a sender may make the gateway remember, in memory and on the disk, is bounded."""

import pytest
from ground import Ground

from bailiwick.gateway import chronicle
from bailiwick.journal import record
from bailiwick.journal.reader import read
from bailiwick.journal.retention import Retention


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
