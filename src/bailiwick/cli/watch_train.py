"""``bailiwick watch train``: train the pump detector, or try its training, on labelled trades."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.output import print_json, remark, say
from bailiwick.files import new_file
from bailiwick.training.boosting import ROUNDS, SETTINGS, Booster, TrainingError, trees_of
from bailiwick.training.labels import LabelFileError, Onset, read_onsets
from bailiwick.training.samples import Samples, gather
from bailiwick.training.scoring import Figures
from bailiwick.training.tradefile import TradeFileError
from bailiwick.training.validation import Bench, Trial
from bailiwick.watch.pump.features import NAMES
from bailiwick.watch.pump.model import ModelFile, digest_of


def train(
    trades: Path,
    events: Path,
    /,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    cross_validate: int | None = None,
    by_time: bool = False,
    by: str = "event",
    seed: int = 1,
    alarms: Path | None = None,
    json: bool = False,
) -> None:
    """Train the pump detector on public trades with labelled pumps, or try out how well that goes.

    It needs pip install 'bailiwick[train,files]', and takes minutes. The same files and seed give the same figures.
    A threshold is chosen with the streams trained on alone, never with those that are tried.

    Parameters
    ----------
    trades: Path
        Trades as for `bailiwick watch replay`: some days before each pump and after it.
    events: Path
        CSV with the columns event, symbol, onset_us and rise.
    output: Path
        Train on everything, and write the model here.
    cross_validate: int
        Try it in so many parts: each is tried with a model of the others. No symbol is in two of them.
    by_time: bool
        Try it with a model of the earlier events on the later.
    by: str
        The column of the trades that names the event.
    seed: int
        Which trial; another gives another choice of parts and of examples.
    alarms: Path
        A directory for the alarms of the trials, as JSON lines.
    json: bool
        The figures as JSON.
    """
    if output is None and cross_validate is None and not by_time:
        raise Stop("nothing to do; give --output, --cross-validate or --by-time", Exit.USAGE)
    try:
        onsets = read_onsets(events)
        samples = gather(trades, by, onsets)
        bench = Bench(samples, onsets, Booster(samples, seed))
        trials: dict[str, Trial] = {}
        if cross_validate is not None:
            trials["pump_cv"] = bench.by_event(cross_validate)
        if by_time:
            trials["pump_time"] = bench.by_time()
        _tell(trials, seed, json=json)
        if alarms is not None:
            _write_alarms(alarms, trials, onsets)
        if output is not None:
            written = _write_model(output, bench, samples, onsets, seed)
            remark(f"wrote {output}: {len(written.trees)} trees, an alarm from {written.threshold:.2f} nats")
    except (TradeFileError, LabelFileError, TrainingError) as error:
        raise Stop(str(error)) from None


def _tell(trials: dict[str, Trial], seed: int, *, json: bool) -> None:
    if json:
        print_json(
            {
                name: {
                    **msgspec.to_builtins(trial.figures),
                    "f1_interval": trial.f1_interval,
                    "every_label": trial.every_label,
                    "thresholds": trial.thresholds,
                    "trained_on": trial.trained_on,
                    "seed": seed,
                }
                for name, trial in trials.items()
            }
        )
        return
    for name, trial in trials.items():
        say(f"{'cross-validation' if name == 'pump_cv' else 'later events'}: {_words(trial.figures)}")
        say("  95 of 100 draws of the streams: F1 {:.3f} to {:.3f}".format(*trial.f1_interval))
        say(f"  with labels that show no rise: {_words(trial.every_label)}")


def _words(told: Figures) -> str:
    return (
        f"F1 {told.f1:.3f} (precision {told.precision:.3f}, recall {told.recall:.3f}); {told.found} of {told.events} "
        f"found, {told.set_aside} set aside, {told.late} late, {told.false} false ({told.false_at_labels} of them at "
        f"another label of the symbol: without these F1 {told.f1_labels_aside:.3f}), {told.false_per_coin_day:.4f} "
        f"false a coin-day; delay {told.delay_median_s} s, nine in ten within {told.delay_p90_s} s"
    )


def _write_alarms(directory: Path, trials: dict[str, Trial], onsets: dict[str, Onset]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, trial in trials.items():
        rows = [
            msgspec.json.encode({"stream": event, "symbol": onsets[event].symbol, "time_us": time})
            for event, times in trial.alarms.items()
            for time in times
        ]
        (directory / f"{name}.jsonl").write_bytes(b"".join(row + b"\n" for row in rows))


def _write_model(path: Path, bench: Bench, samples: Samples, onsets: dict[str, Onset], seed: int) -> ModelFile:
    fitted, threshold = bench.train(list(range(len(samples.events))))
    trees = trees_of(fitted)
    threshold = round(threshold, 3)
    moments = [onsets[each].at_us for each in samples.events]
    file = ModelFile(
        about={
            "what": "boosted trees that tell purchases in a pump from others that lift the price",
            "streams": len(samples.events),
            "symbols": len({onsets[each].symbol for each in samples.events}),
            "orders_seen": len(samples),
            "orders_in_pumps": sum(kind == 1 for kind in samples.kind),
            "first_pump": _date(min(moments)),
            "last_pump": _date(max(moments)),
            "trees": ROUNDS,
            "leaves": SETTINGS["num_leaves"],
            "seed": seed,
        },
        features=NAMES,
        threshold=threshold,
        digest=digest_of(NAMES, threshold, trees),
        trees=trees,
    )
    path.unlink(missing_ok=True)
    with new_file(path) as out:
        out.write(msgspec.json.encode(file) + b"\n")
    return file


def _date(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).date().isoformat()
