"""``bailiwick watch counterparties``: for an exchange, which accounts lose to which, and who gains from many."""

import csv
import sys
from collections.abc import Iterator
from math import isfinite
from pathlib import Path

import msgspec

from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.output import say
from bailiwick.watch.detect.counterparty import Matched, VenueState, step_venue
from bailiwick.watch.sentence import sentence
from bailiwick.watch.signal import Signal

COLUMNS = ("time_us", "symbol", "buyer_account", "seller_account", "price", "fair", "worth")


def counterparties(matches: Path, /, *, currency: str = "USDT", json: bool = False) -> None:
    """Name the accounts that trade against each other away from the market, and those that gain from many.

    Only an exchange knows both sides of a trade. The file is CSV, oldest first, with the columns time_us, symbol,
    buyer_account, seller_account, price, fair (the market's price at the time, both in the quote asset) and worth
    (price times quantity, in one currency for all symbols). Each pair and each beneficiary is told once, as it stood
    at its last trade.

    Parameters
    ----------
    matches: Path
        The file.
    currency: str
        What worth is counted in.
    json: bool
        One JSON object a line: detector, time_us, score (thousandths of nats), values and why.
    """
    state = VenueState()
    found: dict[tuple[str, ...], tuple[int, Signal]] = {}
    for match in _read(matches, currency):
        for signal in step_venue(state, match, match.at_us)[1]:
            of = dict(signal.values)
            found[signal.detector, of.get("symbol", ""), of.get("loses", ""), of["gains"]] = (match.at_us, signal)
    for at_us, signal in sorted(found.values(), key=lambda each: -each[1].score):
        if json:
            row = {
                "detector": signal.detector, "time_us": at_us, "score": signal.score, "values": dict(signal.values),
                "why": sentence(signal),
            }  # fmt: skip
            sys.stdout.write(msgspec.json.encode(row).decode() + "\n")
        else:
            say(f"{signal.detector}  {signal.score / 1000:.1f} nats: {sentence(signal)}")
    if not found and not json:
        say("Nobody trades against another away from the market, and nobody gains from many.")


def _read(path: Path, currency: str) -> Iterator[Matched]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise Stop(f"{path}: it has no column {', '.join(missing)}", Exit.REFUSED)
            last = 0
            for row in rows:
                match = _match(row, currency, f"{path}: line {rows.line_num}")
                if match.at_us < last:
                    raise Stop(f"{path}: line {rows.line_num}: time_us goes back; sort it, oldest first", Exit.REFUSED)
                last = match.at_us
                yield match
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Stop(f"{path}: {error}", Exit.REFUSED) from None


def _match(row: dict[str, str], currency: str, where: str) -> Matched:
    try:
        price, fair, worth = float(row["price"]), float(row["fair"]), float(row["worth"])
        at_us = int(row["time_us"])
    except (TypeError, ValueError):
        raise Stop(f"{where}: time_us, price, fair and worth are numbers", Exit.REFUSED) from None
    if not all(isfinite(each) and each > 0.0 for each in (price, fair, worth)):
        raise Stop(f"{where}: price, fair and worth are above 0", Exit.REFUSED)
    return Matched(
        at_us=at_us, symbol=row["symbol"], buyer_account=row["buyer_account"], seller_account=row["seller_account"],
        price=price, fair=fair, worth=worth, worth_in=currency,
    )  # fmt: skip
