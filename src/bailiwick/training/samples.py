"""The orders of streams that the detector would judge, with what it sees of them."""

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import final

from bailiwick.training.labels import Onset, example
from bailiwick.training.tradefile import Stream, TradeFileError, read_streams
from bailiwick.watch.pump.features import NAMES
from bailiwick.watch.pump.model import Model, ModelFile, digest_of
from bailiwick.watch.pump.order import Gathering, Order
from bailiwick.watch.pump.pump import SymbolPump


def _silent() -> Model:
    """A model that says nothing: only what it would see is wanted."""
    return Model(ModelFile(about={}, features=NAMES, threshold=1.0, digest=digest_of(NAMES, 1.0, ()), trees=()))


@final
class Samples:
    """Rows of figures, one after the other; ``stream``, ``time`` and ``kind`` of each.

    ``kind``: 1 an order in a pump, 0 one in none, -1 neither.
    """

    def __init__(self) -> None:
        self.rows: array[float] = array("d")
        self.stream: array[int] = array("i")
        self.time: array[int] = array("q")
        self.kind: array[int] = array("b")
        self.events: list[str] = []
        self.spans: dict[str, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self.time)

    def take(self, stream: Stream, onsets: list[Onset]) -> None:
        """Add the orders of a stream.

        Args:
            onsets: of its symbol.
        """
        number = len(self.events)
        self.events.append(stream.name)
        pump = SymbolPump(_silent())
        first = last = -1
        for order in _orders(stream):
            first, last = (order.time_us if first < 0 else first), order.time_us
            row = pump.look(order)
            if row is not None:
                self.rows.extend(row)
                self.stream.append(number)
                self.time.append(order.time_us)
                said = example(order.time_us, onsets)
                self.kind.append(-1 if said is None else int(said))
        self.spans[stream.name] = first, last


def _orders(stream: Stream) -> Iterator[Order]:
    gathering = Gathering()
    for trade in stream.trades:
        order = gathering.put(trade)
        if order is not None:
            yield order
    order = gathering.close()
    if order is not None:
        yield order


def gather(trades: Path, by: str, onsets: dict[str, Onset]) -> Samples:
    """What the detector sees of a file of trades. A stream without a label is left out.

    Raises:
        TradeFileError: if the file cannot be read, or has no stream that is labelled.
    """
    samples = Samples()
    for stream in read_streams(trades, by):
        if stream.name in onsets:
            samples.take(stream, [each for each in onsets.values() if each.symbol == stream.symbol])
    if not samples.events:
        raise TradeFileError(f"{trades} has no stream that is labelled; --by names the column of the labels' events")
    return samples
