"""The backtest: what other thresholds would have said of what the journal holds, the same each time."""

import json
from pathlib import Path

import msgspec
import pytest
from ground import Ground
from test_watching import ALL, THIN, habit, thin_market

from bailiwick.cli.commands import run
from bailiwick.gateway.backtest import Difference, backtest
from bailiwick.journal import record
from bailiwick.venues.binance.dialect import BINANCE
from bailiwick.watch.respond import DEFAULT, Policy
from bailiwick.watch.signal import Measure

STRICT = msgspec.structs.replace(DEFAULT, note=100, alert=200, hold=300, wind_down=50_000)
BLIND = msgspec.structs.replace(DEFAULT, note=90_000, alert=90_000, hold=90_000, wind_down=90_000)


async def lived(ground: Ground) -> None:
    """A key with a habit that buys a thin coin, and goes on a little."""
    bot = ground.bot(ALL)
    await habit(ground, bot)
    ground.pass_time(3600)
    thin_market(ground)
    bot.place("BUY", "50", "105", symbol=THIN)
    await ground.durable()


def compared(ground: Ground, tried: Policy) -> list[Difference]:
    return list(backtest(enumerate(ground.records()), BINANCE.endpoint, tried, least=Measure.ALERT))


async def test_the_usual_thresholds_say_what_was_said(ground: Ground) -> None:
    """With nothing changed the backtest finds the alert that was raised, with the same sum, and nothing else."""
    await lived(ground)
    found = compared(ground, DEFAULT)
    (raised,) = [
        dict(each.detail) for each in ground.records(record.Event) if each.what in {"watch_hold", "watch_suspect"}
    ]
    assert [(each.changed, str(each.before.score), each.before.symbol) for each in found if each.before] == [
        ("stays", raised["score"], THIN)
    ]


async def test_alerts_come_and_go_with_thresholds(ground: Ground) -> None:
    """Lower ones add alerts, higher ones take them away."""
    await lived(ground)
    stricter = {each.changed for each in compared(ground, STRICT)}
    blinder = {each.changed for each in compared(ground, BLIND)}
    assert ("goes" in stricter, blinder) == (False, {"goes"})


async def test_the_same_journal_gives_the_same_answer(ground: Ground) -> None:
    """Bit for bit, however often it is asked."""
    await lived(ground)
    assert len({msgspec.json.encode(compared(ground, STRICT)) for _ in range(3)}) == 1


async def test_a_word_of_the_owner_counts_from_where_it_was_given(ground: Ground) -> None:
    """What was vouched for in the journal is not alerted behind it, here as at the gateway."""
    bot = ground.bot(ALL)
    await habit(ground, bot)
    word = {"key": ground.live(bot).id, "symbol": THIN, "worth": "6000", "until": ground.clock.at // 1000 + 86_400_000}
    act = record.Act(1, "ada (uid 1)", "watch.vouch", "v-1", "", json.dumps(word))
    thin_market(ground)
    bot.place("BUY", "50", "105", symbol=THIN)
    await ground.durable()
    records = ground.records()
    place = next(at for at, each in enumerate(records) if isinstance(each, record.Intent))
    with_word = [*records[: place + 1], act, *records[place + 1 :]]
    found = list(backtest(enumerate(with_word), BINANCE.endpoint, DEFAULT, least=Measure.HOLD))
    assert (len(compared(ground, DEFAULT)) > 0, found) == (True, [])


async def test_the_command_shows_what_changes(
    ground: Ground, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`watch backtest` reads a journal and a file of thresholds, in nats, and prints what comes and goes."""
    await lived(ground)
    (tmp_path / "tried.toml").write_text("note = 90\nalert = 90\nhold = 90\nwind_down = 90\n")
    arguments = ["watch", "backtest", "--journal", str(ground.config.journal_directory)]
    assert run([*arguments, "--thresholds", str(tmp_path / "tried.toml"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(each["changed"], each["after"], each["before"]["symbol"]) for each in told] == [("goes", None, THIN)]
    assert run(arguments) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "0 come, 0 go, 0 change, 1 stay"


@pytest.mark.parametrize("text", ["hold = 1\n", "holds = 9\n", "note = -1\n", "hold = [\n"])
def test_wrong_thresholds_are_refused(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A hold that would come before an alert, an unknown name and what is no TOML are refused, naming the file."""
    path = tmp_path / "tried.toml"
    path.write_text(text)
    assert run(["watch", "backtest", "--thresholds", str(path), "--journal", str(tmp_path)]) != 0
    assert "tried.toml" in capsys.readouterr().err
