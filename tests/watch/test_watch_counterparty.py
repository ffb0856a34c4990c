"""What only an exchange sees: who trades with whom and who gains by it; and that the two sets cannot be mixed."""

import json
import random
from pathlib import Path

import pytest
from mypy import api
from watch_ground import MINUTE, SECOND, START

from bailiwick.cli.exits import Stop
from bailiwick.cli.watch_counterparties import counterparties
from bailiwick.watch.detect import counterparty
from bailiwick.watch.detect.counterparty import BENEFICIARY, CONTRA, Matched, VenueState, step_venue
from bailiwick.watch.sentence import sentence
from bailiwick.watch.signal import Signal


def match(at_us: int, buyer: str, seller: str, price: float, fair: float = 100.0, worth: float = 100.0) -> Matched:
    """A trade in a thin coin."""
    return Matched(
        at_us=at_us, symbol="DMGUSD", buyer_account=buyer, seller_account=seller, price=price, fair=fair, worth=worth,
        worth_in="USD",
    )  # fmt: skip


def played(state: VenueState, trades: list[Matched]) -> dict[str, Signal]:
    """The last signal of each detector."""
    found = {}
    for trade in trades:
        for signal in step_venue(state, trade, trade.at_us)[1]:
            found[signal.detector] = signal
    return found


def test_round_trips_between_two_accounts_are_contra_trading() -> None:
    """An account that buys dear from another and sells cheap to it is named with who gains, and what was moved."""
    trades = []
    for place in range(10):
        at = START + place * 20 * SECOND
        trades.append(match(at, "victim", "thief", 103.0))
        trades.append(match(at + 5 * SECOND, "thief", "victim", 97.0))
    found = played(VenueState(), trades)
    values = dict(found[CONTRA].values)
    assert (values["loses"], values["gains"], values["matches"]) == ("victim", "thief", "20")
    assert sentence(found[CONTRA]).startswith("victim has lost 60.1 USD to thief in 20 trades of DMGUSD")


def test_who_gains_from_many_is_a_beneficiary() -> None:
    """An account that gains from a dozen others within minutes, a trade each, is named."""
    trades = [match(START + place * MINUTE, f"victim {place}", "thief", 104.0) for place in range(12)]
    found = played(VenueState(), trades)
    assert dict(found[BENEFICIARY].values)["from accounts"] == "12"
    assert CONTRA not in found
    assert "from 12 accounts" in sentence(found[BENEFICIARY])


def test_a_maker_who_earns_the_spread_is_nobody() -> None:
    """A maker who meets everybody all day, half a spread away from fair, is not named."""
    chance = random.Random(4)
    trades = []
    for place in range(3_000):
        client, away = f"client {place % 40}", chance.uniform(5, 55) / 10_000
        buyer, seller, price = (client, "maker", 1 + away) if chance.random() < 0.5 else ("maker", client, 1 - away)
        trades.append(match(START + place * 10 * SECOND, buyer, seller, 100.0 * price))
    assert played(VenueState(), trades) == {}


def test_what_makes_no_sense_is_let_go() -> None:
    """A trade with oneself, or without a fair price, says nothing and breaks nothing."""
    trades = [match(START, "a", "a", 200.0), match(START, "a", "b", 200.0, fair=0.0), match(START, "a", "b", 0.0)]
    state = VenueState()
    assert (played(state, trades), len(state.pairs)) == ({}, 0)


def test_its_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many accounts trade, pairs and beneficiaries are kept up to a number, and those at work are kept."""
    monkeypatch.setattr(counterparty, "MOST_PAIRS", 64)
    monkeypatch.setattr(counterparty, "MOST_GAINERS", 64)
    state = VenueState()
    trades = []
    for place in range(2_000):
        at = START + place * SECOND
        trades.append(match(at, f"a {place}", f"b {place}", 103.0))
        trades.append(match(at, "victim", "thief", 103.0))
    found = played(state, trades)
    assert len(state.pairs) <= 64
    assert len(state.gainers) <= 64
    assert dict(found[CONTRA].values)["matches"] == "2000"


MIXED = """
from bailiwick.watch.detect.counterparty import Matched, VenueState, step_venue
from bailiwick.watch.event import Looked
from bailiwick.watch.state import State
from bailiwick.watch.step import step

matched = Matched(at_us=0, symbol="S", buyer_account="a", seller_account="b", price=1.0, fair=1.0, worth=1.0)
looked = Looked(at_us=0, symbol="S", near=1.0)
step(State(), looked, 0)
step_venue(VenueState(), matched, 0)
step(State(), matched, 0)
step(VenueState(), looked, 0)
step_venue(VenueState(), looked, 0)
step_venue(State(), matched, 0)
"""


def test_the_two_sets_do_not_mix(tmp_path: Path) -> None:
    """Whoever puts what only an exchange sees to the gateway's watch, or the reverse, is stopped by mypy."""
    source = tmp_path / "mixed.py"
    source.write_text(MIXED.lstrip("\n"))
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nstrict = True\nfollow_imports = silent\n")
    out, _, _ = api.run(["--config-file", str(config), "--cache-dir", str(tmp_path / "cache"), str(source)])
    lines = sorted({int(line.split(":")[1]) for line in out.splitlines() if ": error:" in line})
    assert lines == [10, 11, 12, 13], out


def written(path: Path, rows: list[str]) -> Path:
    """A file of trades."""
    path.write_text("\n".join(["time_us,symbol,buyer_account,seller_account,price,fair,worth", *rows]) + "\n")
    return path


def test_an_exchange_reads_them_from_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each pair that trades away from the market is named once, as it stood at its last trade; fair ones are not."""
    rows = [f"{START + place * SECOND},DMGUSD,victim,thief,103,100,100" for place in range(20)]
    rows += [f"{START + MINUTE},BTCUSD,one,another,100,100,100"]
    counterparties(written(tmp_path / "matches.csv", rows), currency="USD", json=True)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    pairs = [each["values"] for each in said if each["detector"] == CONTRA]
    assert [(each["loses"], each["gains"], each["matches"]) for each in pairs] == [("victim", "thief", "20")]
    assert {each["values"]["gains"] for each in said} == {"thief"}


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("x,DMGUSD,a,b,1,1,1", "are numbers"),
        (f"{START},DMGUSD,a,b,nan,1,1", "above 0"),
        (f"{START},DMGUSD,a,b,1,0,1", "above 0"),
        ("1,DMGUSD,a,b,1,1,1", "time_us goes back"),
    ],
)
def test_a_file_that_is_wrong_is_refused_by_line(tmp_path: Path, row: str, words: str) -> None:
    """A value that is none, or a trade out of order, is named with its line, and nothing is guessed."""
    path = written(tmp_path / "matches.csv", [f"{START},DMGUSD,a,b,1,1,1", row])
    with pytest.raises(Stop, match=f"line 3.*{words}"):
        counterparties(path)
