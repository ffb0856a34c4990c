"""Replaying files of public trades, and judging how well a detector does on labelled ones."""

import csv
import json
import sys
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from pump_ground import DAY_US, START_US, pump, quiet

from bailiwick.cli.commands import run
from bailiwick.training.boosting import TrainingError, trees_of
from bailiwick.training.labels import Onset, example
from bailiwick.training.samples import gather
from bailiwick.training.scoring import f1_interval, figures
from bailiwick.training.tradefile import TradeFileError, read_streams
from bailiwick.training.validation import Bench
from bailiwick.watch.pump.features import NAMES
from bailiwick.watch.pump.model import Level, Model, ModelFile, shipped
from bailiwick.watch.pump.order import Trade
from bailiwick.watch.pump.pump import SymbolPump

SHARED = Path(__file__).parents[3] / "shared" / "data"
HEAD = ("event", "symbol", "time_us", "price", "quantity", "taker_buy")
MINUTE_US = 60_000_000
DAY_OVER_US = START_US + 30 * 3_600_000_000


def trades_of(seed: int = 1) -> list[Trade]:
    """A quiet day and a pump."""
    before = quiet(seed)
    return before + pump(before[-1])


def write_csv(path: Path, streams: dict[str, Sequence[Trade]], symbol: str = "XYZBTC") -> Path:
    """A file of trades."""
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEAD)
        for name, trades in streams.items():
            rows.writerows((name, symbol, t.time_us, t.price, t.quantity, str(t.taker_buy).lower()) for t in trades)
    return path


def write_parquet(path: Path, streams: dict[str, Sequence[Trade]], symbol: str = "XYZBTC") -> Path:
    """The same as Parquet."""
    arrow: Any = pytest.importorskip("pyarrow", reason="the extra `files` is not installed")
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    rows = [(name, symbol, t.time_us, t.price, t.quantity, t.taker_buy) for name, all_ in streams.items() for t in all_]
    parquet.write_table(arrow.table(dict(zip(HEAD, map(list, zip(*rows, strict=True)), strict=True))), path)
    return path


def replayed(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, list[dict[str, Any]], str]:
    """The exit code of a replay, its lines, and what it says on standard error."""
    code = run(["watch", "replay", *arguments, "--json"])
    told = capsys.readouterr()
    return code, [json.loads(line) for line in told.out.splitlines()], told.err


def test_a_file_is_replayed_stream_by_stream(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each stream has a memory of its own; an alarm is one line with stream, symbol, time, detector, score and why."""
    path = write_csv(tmp_path / "t.csv", {"first": trades_of(1), "second": quiet(2), "third": trades_of(3)})
    code, lines, _ = replayed(capsys, str(path), "--by", "event")
    assert (code, [line["stream"] for line in lines]) == (0, ["first", "third"])
    assert [list(line) for line in lines] == [["stream", "symbol", "time_us", "detector", "score", "why"]] * 2
    assert {(line["symbol"], line["detector"]) for line in lines} == {("XYZBTC", "pump")}
    assert all(abs(line["time_us"] - DAY_OVER_US) < 2 * MINUTE_US for line in lines)


def test_parquet_and_csv_say_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same trades give the same lines from either kind of file."""
    streams = {"one": trades_of(1)}
    first = replayed(capsys, str(write_csv(tmp_path / "t.csv", streams)), "--by", "event")
    second = replayed(capsys, str(write_parquet(tmp_path / "t.parquet", streams)), "--by", "event")
    assert (first, len(first[1])) == (second, 1)


def test_parquet_without_its_library_names_the_extra(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where pyarrow is not installed, the error says what to install and what else can be read."""
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    path = tmp_path / "t.parquet"
    path.write_bytes(b"PAR1")
    code, _, error = replayed(capsys, str(path))
    assert (code, json.loads(error)["remedy"]) == (1, "pip install 'bailiwick[files]', or bring the trades as CSV")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("symbol,price\n", "has no column time_us, quantity, taker_buy; it needs symbol, time_us, price, quantity"),
        ("symbol,time_us,price,quantity,taker_buy\nA,1,x,1,true\n", "line 2: could not convert string to float: 'x'"),
        ("symbol,time_us,price,quantity,taker_buy\nA,1,1,1,maybe\n", "line 2: 'maybe'; time_us is a whole number"),
        ("symbol,time_us,price,quantity,taker_buy\nA,1,0,1,true\n", "A has a price of 0.0 for 1.0 at 1; drop that row"),
        ("symbol,time_us,price,quantity,taker_buy\nA,1,nan,1,true\n", "has a price of nan"),
        ("symbol,time_us,price,quantity,taker_buy\nA,2,1,1,true\nA,1,1,1,true\n", "A goes back in time at 1; sort it"),
        ("symbol,time_us,price,quantity,taker_buy\nA,1,1,1,1\nB,1,1,1,1\nA,2,1,1,0\n", "A stands in two places; sort"),
    ],
)
def test_a_file_of_another_form_is_refused(
    content: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong with a file is said with its place and what to do, and no alarm is made up from it."""
    path = tmp_path / "t.csv"
    path.write_text(content)
    code, lines, error = replayed(capsys, str(path))
    told = json.loads(error)
    assert (code, lines, sentence in f"{told['message']}; {told['remedy']}") == (1, [], True)


def test_a_stream_has_one_symbol(tmp_path: Path) -> None:
    """Trades of two symbols in one stream are refused rather than mixed."""
    path = tmp_path / "t.csv"
    path.write_text("event,symbol,time_us,price,quantity,taker_buy\ne,A,1,1,1,true\ne,B,2,1,1,true\n")
    with pytest.raises(TradeFileError, match="e has trades of A and of B"):
        [list(stream.trades) for stream in read_streams(path, "event")]


def onset(event: str, symbol: str = "A", after_days: float = 2, rise: float = 0.2) -> Onset:
    """A label."""
    return Onset(event, symbol, START_US + int(after_days * DAY_US), rise)


def test_alarms_are_scored_by_the_protocol() -> None:
    """Found from two minutes before to one after; late until half an hour; else false; the first day does not count."""
    labels = {each: onset(each, symbol=each) for each in ("found", "late", "missed", "flat")}
    labels["flat"] = onset("flat", symbol="flat", rise=0.01)
    start = onset("x").at_us
    alarms = {
        "found": [START_US + 5, start - 119_000_000, start + 20_000_000, start + 2 * DAY_US],
        "late": [start + 61_000_000],
        "flat": [start + 5_000_000, start + 3 * DAY_US],
    }
    spans = dict.fromkeys(labels, (START_US, START_US + 11 * DAY_US))
    scored = figures(alarms, labels, spans)
    assert (scored.events, scored.set_aside, scored.found, scored.late, scored.false) == (3, 1, 1, 1, 2)
    assert (scored.precision, scored.recall, scored.f1, scored.delay_median_s) == (0.3333, 0.3333, 0.3333, -119.0)
    assert (scored.false_per_coin_day, scored.false_at_labels) == (0.05, 0)
    assert figures(alarms, labels, spans, every=True).found == 2


def test_an_alarm_at_another_label_of_the_symbol_is_counted_apart() -> None:
    """Streams of a symbol overlap: what finds the other's pump is false by the protocol, and is said to be that."""
    labels = {"one": onset("one"), "two": onset("two", after_days=4)}
    spans = {"one": (START_US, START_US + 9 * DAY_US), "two": (START_US + 3 * DAY_US // 2, START_US + 9 * DAY_US)}
    alarms = {each: [labels["one"].at_us, labels["two"].at_us] for each in labels}
    scored = figures(alarms, labels, spans)
    assert (scored.found, scored.false, scored.false_at_labels, scored.f1_labels_aside) == (2, 1, 1, 1.0)


def test_how_uncertain_a_figure_is_comes_of_drawing_streams_again() -> None:
    """The interval holds F1, is the same from the same seed, and is a point where every stream has gone alike."""
    labels = {each: onset(each, symbol=each) for each in map(str, range(20))}
    spans = dict.fromkeys(labels, (START_US, START_US + 11 * DAY_US))
    at = onset("x").at_us
    half = {each: [at] for each in labels if int(each) % 2}
    low, high = f1_interval(half, labels, spans, 1)
    middle = figures(half, labels, spans).f1
    assert (low < middle < high, high - low > 0.2, f1_interval(half, labels, spans, 1)) == (True, True, (low, high))
    assert f1_interval({each: [at] for each in labels}, labels, spans, 1) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("after_s", "said"), [(-6, None), (-5, True), (20, True), (21, None), (1800, None), (1801, False), (-121, False)]
)
def test_only_the_beginning_of_a_pump_teaches(after_s: int, said: bool | None) -> None:
    """Orders from five seconds before to twenty after an onset are examples; around them nothing is taught."""
    assert example(onset("x").at_us + after_s * 1_000_000, [onset("x")]) is said


class Seen:
    """A booster that fits nothing: it notes who is trained on, and scores every order alike."""

    seed = 1

    def __init__(self, times: dict[int, list[int]]) -> None:
        self.times = times
        self.fitted: list[set[int]] = []
        self.tried: list[tuple[int, set[int]]] = []

    def fit(self, streams: list[int]) -> int:
        self.fitted.append(set(streams))
        return len(self.fitted) - 1

    def scores(self, model: int, streams: list[int]) -> dict[int, tuple[list[int], list[float]]]:
        self.tried.append((model, set(streams)))
        return {each: (self.times[each], [3.0] * len(self.times[each])) for each in streams}


def bench(tmp_path: Path, count: int = 12) -> tuple[Bench, Seen, dict[str, Onset]]:
    """Streams of which every two share a symbol, each with a pump, a month apart from the next."""
    labels: dict[str, Onset] = {}
    lines = [",".join(HEAD)]
    for i in range(count):
        name, symbol = f"e{i}", f"S{i // 2}"
        start = START_US + i * 10 * DAY_US
        labels[name] = Onset(name, symbol, start + 2 * DAY_US, 0.2)
        lines += [f"{name},{symbol},{start + k * DAY_US},1,1,true" for k in range(5)]
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines))
    samples = gather(path, "event", labels)
    seen = Seen({i: [labels[f"e{i}"].at_us + 1_000_000] for i in range(count)})
    return Bench(samples, labels, seen), seen, labels  # type: ignore[arg-type]


def test_no_symbol_is_on_both_sides_of_a_split(tmp_path: Path) -> None:
    """In cross-validation, and where a threshold is chosen, neither an event nor its symbol is trained on and tried."""
    trial, seen, _ = bench(tmp_path)
    assert trial.by_event(3).figures.found == 12
    for model, tried in seen.tried:
        assert {each // 2 for each in seen.fitted[model]} & {each // 2 for each in tried} == set()


def test_a_split_by_time_trains_on_the_earlier_alone(tmp_path: Path) -> None:
    """Everything that is trained on came before everything that is tried."""
    trial, seen, labels = bench(tmp_path)
    done = trial.by_time()
    assert (done.figures.events, done.figures.found) == (4, 4)
    last = seen.fitted[-1]
    assert max(labels[f"e{each}"].at_us for each in last) < min(labels[f"e{each}"].at_us for each in seen.tried[-1][1])


def test_too_few_symbols_make_no_parts(tmp_path: Path) -> None:
    """Cross-validation in more parts than symbols is refused, with what to do."""
    with pytest.raises(TrainingError, match="6 symbols do not make 7 parts; bring more, or ask for fewer"):
        bench(tmp_path)[0].by_event(7)


def test_training_sees_what_the_detector_sees(tmp_path: Path) -> None:
    """The figures that a model is trained on are those that the running detector computes, order by order."""
    trades = trades_of(1)
    path = write_csv(tmp_path / "t.csv", {"e": trades})
    samples = gather(path, "event", {"e": onset("e", "XYZBTC")})
    model = shipped()
    detector = SymbolPump(model)
    signs = [*(detector.step(trade) for trade in trades), detector.close()]
    size = len(NAMES)
    rows = [samples.rows[i * size : (i + 1) * size] for i in range(len(samples))]
    level = Level()
    scores = [level.after(time, model.score(row)) for time, row in zip(samples.time, rows, strict=True)]
    assert [sign.score for sign in signs if sign] == [round(score * 1000) for score in scores]
    assert list(samples.time) == [sign.at_us for sign in signs if sign]


def test_training_names_what_it_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without anything to do, or without labels for the trades, the command says what is missing."""
    trades = str(write_csv(tmp_path / "t.csv", {"e": trades_of(1)}))
    labels = tmp_path / "l.csv"
    labels.write_text("event,symbol,onset_us,rise\nother,A,1,0.2\n")
    said = []
    for more in ([], ["--by-time"]):
        code = run(["watch", "train", trades, str(labels), *more])
        said.append((code, capsys.readouterr().err.strip().partition(";")[0]))
    assert said == [(2, "bailiwick: nothing to do"), (1, f"bailiwick: {trades} has no stream that is labelled")]


def test_training_without_its_library_names_the_extra(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where LightGBM is not installed, the error says what to install; everything else works without it."""
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    trades = str(write_csv(tmp_path / "t.csv", {"e": trades_of(1)}))
    labels = tmp_path / "l.csv"
    labels.write_text(f"event,symbol,onset_us,rise\ne,XYZBTC,{DAY_OVER_US},0.2\n")
    assert run(["watch", "train", trades, str(labels), "--by-time"]) == 1
    assert capsys.readouterr().err == "bailiwick: training needs LightGBM; pip install 'bailiwick[train]'\n"


class Fitted:
    """What LightGBM tells of three fitted trees, one of them a leaf alone."""

    def dump_model(self) -> dict[str, Any]:
        """Trees as nested nodes."""
        inner = {
            "split_feature": 1, "threshold": 5.0, "left_child": {"leaf_value": 1.0}, "right_child": {"leaf_value": 2.0},
        }  # fmt: skip
        root = {"split_feature": 0, "threshold": 0.5, "left_child": inner, "right_child": {"leaf_value": 4.0}}
        return {"tree_info": [{"tree_structure": each} for each in (root, inner, {"leaf_value": 0.25})]}


def test_a_fitted_model_is_written_down_as_it_answers() -> None:
    """Nested trees become plain rows that lead to the same leaves."""
    trees = trees_of(Fitted())
    model = Model(ModelFile(about={}, features=NAMES, threshold=1.0, digest="", trees=trees))
    rows = ((0.5, 5.0), (0.5, 5.1), (0.6, 5.0))
    assert [model.score([*row, *[0.0] * (len(NAMES) - 2)]) for row in rows] == [2.25, 4.25, 5.25]


def test_the_first_real_pumps_are_found() -> None:
    """Of the first pumps of the shared data, at least four in five are found, and streams have few other alarms."""
    path, labels = SHARED / "pump_trades.parquet", SHARED / "pump_events.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not there: the trades may not be passed on")
    pytest.importorskip("pyarrow", reason="the extra `files` is not installed")
    with labels.open() as file:
        onsets = {
            row["event"]: Onset(row["event"], row["symbol"], int(row["onset_us"]), float(row["rise"]))
            for row in csv.DictReader(file)
        }
    alarms: dict[str, list[int]] = {}
    spans = {}
    for stream in islice(read_streams(path, "event"), 6):
        detector = SymbolPump(shipped())
        said = alarms[stream.name] = []
        first = last = 0
        for trade in stream.trades:
            first, last = first or trade.time_us, trade.time_us
            sign = detector.step(trade)
            if sign is not None and sign.alarm:
                said.append(sign.at_us)
        spans[stream.name] = first, last
    scored = figures(alarms, onsets, spans)
    assert (scored.found >= 0.8 * scored.events, scored.false_per_coin_day < 0.06) == (True, True), scored
