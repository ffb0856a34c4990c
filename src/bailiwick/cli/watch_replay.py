"""``bailiwick watch replay``: what the pump detector would have said of a file of public trades."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.output import say
from bailiwick.training.tradefile import Stream, TradeFileError, read_streams
from bailiwick.watch.pump.model import Model, ModelError, read_model, shipped
from bailiwick.watch.pump.pump import Sign, SymbolPump

DETECTOR = "pump"


def replay(trades: Path, /, *, by: str = "symbol", model: Path | None = None, json: bool = False) -> None:
    """Run the pump detector over a file of public trades, and write each alarm.

    The file is Parquet (pip install 'bailiwick[files]') or CSV, with the columns symbol, time_us, price, quantity and
    taker_buy, oldest first. An alarm's time is that of the order that raised it. The first day of a stream is what the
    detector learns from: there are no alarms in it.

    Parameters
    ----------
    trades: Path
        The file.
    by: str
        The column that tells streams apart; each stream has one symbol and a memory of its own.
    model: Path
        A model of `bailiwick watch train`, instead of the one that comes with this version.
    json: bool
        One JSON object a line: stream, symbol, time_us, detector, score (thousandths of nats) and why.
    """
    chosen = chosen_model(model)
    try:
        for stream in read_streams(trades, by):
            for sign in alarms(stream, chosen):
                _tell(stream, sign, json=json)
    except TradeFileError as error:
        raise Stop(str(error), Exit.REFUSED) from None


def chosen_model(path: Path | None) -> Model:
    """The model of a file, or the one that is shipped.

    Raises:
        Stop: if it cannot be read.
    """
    try:
        return shipped() if path is None else read_model(path.read_bytes())
    except (OSError, ModelError) as error:
        raise Stop(f"--model {path}: {error}") from None


def alarms(stream: Stream, model: Model) -> Iterator[Sign]:
    """The alarms of a stream."""
    pump = SymbolPump(model)
    for trade in stream.trades:
        sign = pump.step(trade)
        if sign is not None and sign.alarm:
            yield sign
    last = pump.close()
    if last is not None and last.alarm:
        yield last


def _tell(stream: Stream, sign: Sign, *, json: bool) -> None:
    if json:
        row = {
            "stream": stream.name, "symbol": stream.symbol, "time_us": sign.at_us, "detector": DETECTOR,
            "score": sign.score, "why": sign.why,
        }  # fmt: skip
        sys.stdout.write(msgspec.json.encode(row).decode() + "\n")
    else:
        when = datetime.fromtimestamp(sign.at_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")
        say(f"{when}  {stream.name}  {stream.symbol}  {sign.score / 1000:.1f} nats: {sign.why}")
