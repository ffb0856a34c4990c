"""Files of public trades: Parquet, or CSV with the same columns."""

import csv
import importlib
from collections.abc import Iterator
from itertools import chain, groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import msgspec

from bailiwick.watch.pump.order import Trade

COLUMNS: Final = ("symbol", "time_us", "price", "quantity", "taker_buy")
_BATCH: Final = 50_000
_TRUE: Final = {"true": True, "1": True, "false": False, "0": False}


class TradeFileError(Exception):
    """A file that cannot be read as trades."""


class Stream(msgspec.Struct, frozen=True):
    """Trades of one symbol, oldest first. They can be read once, and before those of the next stream."""

    name: str
    symbol: str
    trades: Iterator[Trade]


def read_streams(path: Path, by: str = "symbol") -> Iterator[Stream]:
    """The streams of a file, told apart by one of its columns; each must stand in one piece.

    Raises:
        TradeFileError: if the file is not there or of another form, also while it is read.
    """
    if not path.is_file():
        raise TradeFileError(f"{path} is not there; name a Parquet or CSV file of trades")
    names = tuple(dict.fromkeys((by, *COLUMNS)))
    rows = _csv(path, names) if path.suffix.lower() == ".csv" else _parquet(path, names)
    seen: set[str] = set()
    for name, group in groupby(rows, key=itemgetter(0)):
        if name in seen:
            raise TradeFileError(f"{path}: {by} {name} stands in two places; sort the file by {by} and time_us")
        seen.add(name)
        rest = iter(group)
        first = next(rest)
        yield Stream(name, first[1], _trades(path, name, chain((first,), rest)))


def _trades(path: Path, name: str, rows: Iterator[tuple[Any, ...]]) -> Iterator[Trade]:
    before = 0
    symbol = ""
    for _, its_symbol, time, price, quantity, buy in rows:
        if time < before:
            raise TradeFileError(f"{path}: {name} goes back in time at {time}; sort it by time_us")
        if its_symbol != symbol:
            if symbol:
                raise TradeFileError(
                    f"{path}: {name} has trades of {symbol} and of {its_symbol}; a stream has one symbol"
                )
            symbol = its_symbol
        if not (0 < price < float("inf") and 0 <= quantity < float("inf")):
            raise TradeFileError(f"{path}: {name} has a price of {price} for {quantity} at {time}; drop that row")
        before = time
        yield Trade(time, price, quantity, buy)


def _parquet(path: Path, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    try:
        parquet = importlib.import_module("pyarrow.parquet")
        arrow = importlib.import_module("pyarrow")
    except ImportError:
        raise TradeFileError(
            "reading Parquet needs pyarrow; pip install 'bailiwick[files]', or bring the trades as CSV"
        ) from None
    try:
        with parquet.ParquetFile(path) as file:
            present = set(file.schema_arrow.names)
            _check(path, names, present)
            for batch in file.iter_batches(_BATCH, columns=list(names)):
                columns = [batch.column(batch.schema.get_field_index(each)).to_pylist() for each in names]
                by = columns[0]
                yield from zip(by, *_ordered(names, columns), strict=True)
    except arrow.ArrowException as error:
        raise TradeFileError(f"{path} cannot be read as Parquet: {error}") from None


def _ordered(names: tuple[str, ...], columns: list[list[Any]]) -> list[list[Any]]:
    return [columns[names.index(each)] for each in COLUMNS]


def _csv(path: Path, names: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.DictReader(file)
        _check(path, names, set(rows.fieldnames or ()))
        for row in rows:
            try:
                yield (
                    row[names[0]], row["symbol"], int(row["time_us"]), float(row["price"]), float(row["quantity"]),
                    _TRUE[row["taker_buy"].lower()],
                )  # fmt: skip
            except (ValueError, KeyError, AttributeError) as error:
                raise TradeFileError(
                    f"{path}, line {rows.line_num}: {error}; time_us is a whole number, taker_buy true or false"
                ) from None


def _check(path: Path, names: tuple[str, ...], present: set[str]) -> None:
    absent = [each for each in names if each not in present]
    if absent:
        raise TradeFileError(f"{path} has no column {', '.join(absent)}; it needs {', '.join(names)}")
