"""``bailiwick watch backtest``: what the watch would have said of what the journal holds, with other thresholds."""

import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from bailiwick.cli.exits import Stop
from bailiwick.cli.options import COMMON, Common, span_s
from bailiwick.cli.output import print_json, print_table, say
from bailiwick.gateway.backtest import Alarm, Difference, backtest
from bailiwick.journal import record
from bailiwick.journal.reader import read
from bailiwick.model.intent import Endpoint
from bailiwick.venues.dialects import DIALECTS
from bailiwick.watch.respond import DEFAULT, Policy
from bailiwick.watch.signal import Measure

Least = Literal["note", "alert", "hold", "wind-down"]


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of thresholds: nats from which each measure is taken. What it leaves out is as usual."""

    note: float | None = None
    alert: float | None = None
    hold: float | None = None
    wind_down: float | None = None

    def policy(self) -> Policy:
        """As the watch takes them.

        Raises:
            ValueError: if a stronger measure would be taken sooner than a milder one.
        """
        given = {name: round(value * 1000) for name, value in msgspec.structs.asdict(self).items() if value is not None}
        policy = msgspec.structs.replace(DEFAULT, **given)
        ladder = [policy.note, policy.alert, policy.hold, policy.wind_down]
        if ladder != sorted(ladder) or ladder[0] < 0:
            raise ValueError("note, alert, hold, wind_down: each is as high as the one before, or higher")
        return policy


def compare(
    *,
    thresholds: Path | None = None,
    since: str = "",
    least: Least = "alert",
    journal: Path | None = None,
    common: Common = COMMON,
) -> None:
    """Ask the watch again about what the journal holds, and show which alerts come and go with other thresholds.

    Nothing is written and nobody need run. The same journal and the same thresholds give the same answer.

    Parameters
    ----------
    thresholds: Path
        A file in TOML with note, alert, hold and wind_down, in nats: hold = 9.5. Without it the usual are shown.
    since: str
        Show only what is younger than this, such as 24h or 30d. What is older still teaches.
    least: str
        Show nothing milder than this.
    journal: Path
        A copy of a journal's directory, instead of the one that is configured.
    """
    tried = _read(thresholds)
    directory = journal if journal is not None else common.load().journal_directory
    if not directory.is_dir():
        raise Stop(f"journal {directory}: there is none")
    from_us = (time.time_ns() // 1000) - span_s("since", since) * 1_000_000 if since else 0
    floor = Measure[least.upper().replace("-", "_")]
    found = [each for each in backtest(_records(directory), _endpoint, tried, least=floor) if _at(each) >= from_us]
    if common.json:
        print_json([{"changed": each.changed, "before": each.before, "after": each.after} for each in found])
        return
    print_table(
        ("", "at", "record", "key", "symbol", "usual", "tried"),
        [
            (
                each.changed,
                datetime.fromtimestamp(_at(each) // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                str(_one(each).position),
                _one(each).key,
                _one(each).symbol,
                _said(each.before),
                _said(each.after),
            )
            for each in found
        ],
    )
    counts = Counter(each.changed for each in found)
    say(", ".join(f"{counts[name]} {word}" for name, word in _WORDS.items()))


_WORDS = {"comes": "come", "goes": "go", "changes": "change", "stays": "stay"}


def _read(path: Path | None) -> Policy:
    if path is None:
        return DEFAULT
    try:
        return msgspec.convert(tomllib.loads(path.read_text()), Thresholds, strict=False).policy()
    except (OSError, ValueError) as error:
        raise Stop(f"thresholds {path}: {error}") from None


def _records(directory: Path) -> Iterator[tuple[int, record.Record]]:
    for entry in read(directory):
        if entry.record is not None:
            yield entry.position, record.decode(entry.record)


def _endpoint(method: str, path: str) -> Endpoint | None:
    for dialect in DIALECTS.values():
        found = dialect.endpoint(method, path)
        if found is not None:
            return found
    return None


def _one(found: Difference) -> Alarm:
    alarm = found.after or found.before
    assert alarm is not None
    return alarm


def _at(found: Difference) -> int:
    return _one(found).at_us


def _said(alarm: Alarm | None) -> str:
    return "" if alarm is None else f"{alarm.measure} ({alarm.score / 1000:.1f})"
