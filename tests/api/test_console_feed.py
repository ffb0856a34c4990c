"""The feed where more is decided than can be read: it keeps up, says what it left out, and loses no count."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from console_house import ConsoleHouse
from test_console_sessions import journal_at, read

from bailiwick.console import feed as feeding
from bailiwick.console.feed import Batch, Feed
from bailiwick.journal.log import Journal
from bailiwick.journal.record import Act, encode
from bailiwick.journal.retention import Retention

RATE = 2_000
SECONDS = 20
TICKS = 4  # of a second: what a page is told at once


class Heard:
    """What a page was told: how many of what, what it was shown of them, and where it is."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.counts: Counter[str] = Counter()
        self.shown = self.left_out = self.skipped = self.most = 0

    async def until(self, stream: AsyncIterator[bytes], position: int) -> None:
        """Listen until it is told up to a position, as a browser does: what has no data says nothing."""
        async with asyncio.timeout(120):
            while self.position < position:
                _, found, data = (await anext(stream)).partition(b"data: ")
                if found:
                    self.take(msgspec.json.decode(data, type=Batch))

    def take(self, batch: Batch) -> None:
        """One message."""
        assert batch.position > self.position
        self.position = batch.position
        self.counts.update(batch.counts)
        self.shown += len(batch.rows)
        self.left_out += batch.left_out
        self.skipped += batch.skipped
        self.most = max(self.most, len(batch.rows))


def write(journal: Journal, count: int) -> int:
    """So many reads and an act, durable; the position of the last."""
    for number in range(count - 1):
        journal.append(read(number), retention=Retention.TRADE, prompt=False)
    return journal.append_now(encode(Act(9, "person:eve", "key.freeze", "k")))


async def test_the_feed_keeps_up_with_two_thousand_a_second(
    consoled: ConsoleHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 20 seconds of 2,000 decisions each is counted, shown or left out, and memory is bounded."""
    monkeypatch.setattr(feeding, "TICK_S", 0.001)
    with journal_at(tmp_path / "j") as journal:
        first = write(journal, 2)
        feed = Feed(tmp_path / "j", consoled.store)
        heard, stream = Heard(first), feed.told(first, "", lambda: True)
        for _ in range(SECONDS * TICKS):
            await heard.until(stream, write(journal, RATE // TICKS))
            assert len(feed._latest) <= feeding.BEHIND
        await stream.aclose()
        assert (heard.counts.total(), heard.skipped) == (RATE * SECONDS, 0)
        assert heard.counts["act"] == SECONDS * TICKS
        assert heard.shown + heard.left_out == RATE * SECONDS
        assert heard.most == feeding.ROWS
        assert (len(feed._latest), feed._reading) == (0, None)


async def test_a_page_that_was_away_is_told_how_much_it_missed(
    consoled: ConsoleHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its last position a page that was cut off under load goes on: what is not read any more is counted too."""
    monkeypatch.setattr(feeding, "TICK_S", 0.001)
    with journal_at(tmp_path / "j") as journal:
        first = write(journal, 2)
        feed = Feed(tmp_path / "j", consoled.store)
        heard = Heard(first)
        last = write(journal, 300)
        stream = feed.told(heard.position, "", lambda: True)
        await heard.until(stream, last)
        await stream.aclose()
        last = write(journal, feeding.BEHIND + 700)
        stream = feed.told(heard.position, "", lambda: True)
        await heard.until(stream, last)
        await stream.aclose()
        assert heard.skipped == 700
        assert heard.counts.total() + heard.skipped == last - first
        assert heard.shown + heard.left_out == heard.counts.total()
