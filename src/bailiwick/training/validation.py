"""Trying a model on events that it was not trained on, with the threshold chosen without them too."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from bailiwick.training.boosting import Booster, TrainingError
from bailiwick.training.labels import COOLDOWN_S, SECOND_US, Onset
from bailiwick.training.samples import Samples
from bailiwick.training.scoring import Figures, f1_interval, figures

INNER: Final = 4  # parts that the threshold is chosen with
STEPS: Final = 60
LOWEST, HIGHEST = -1.0, 5.0
AROUND: Final = 3  # thresholds to either side that the chosen one must do well beside
EARLIER: Final = 0.7  # of the events, for a split by time

Scores = Mapping[int, tuple[Sequence[int], Sequence[float]]]


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a protocol: as scored, with labels without a rise scored too, and the thresholds of its parts."""

    figures: Figures
    f1_interval: tuple[float, float]  # of 95 %, by drawing streams again
    every_label: Figures
    thresholds: tuple[float, ...]
    trained_on: tuple[int, ...]  # streams, for each part
    alarms: dict[str, list[int]]


class Bench:
    """Samples with their labels, ready for trials."""

    def __init__(self, samples: Samples, onsets: dict[str, Onset], booster: Booster) -> None:
        self._samples = samples
        self._onsets = onsets
        self._booster = booster
        self._all = list(range(len(samples.events)))

    def by_event(self, parts: int) -> Trial:
        """Cross-validation: no event, and no symbol, is trained on and tried."""
        alarms: dict[str, list[int]] = {}
        thresholds, sizes = [], []
        for tried in self._parts(self._all, parts):
            taught = [each for each in self._all if each not in set(tried)]
            model, threshold = self.train(taught)
            alarms |= self._alarms(self._booster.scores(model, tried), threshold)
            thresholds.append(round(threshold, 3))
            sizes.append(len(taught))
        return self._trial(alarms, self._all, thresholds, sizes)

    def by_time(self) -> Trial:
        """Train on the earlier events and try on the later.

        A stream of a symbol that is tried is not trained on where the two overlap.
        """
        order = sorted(self._all, key=lambda each: self._onset(each).at_us)
        cut = round(len(order) * EARLIER)
        tried = sorted(order[cut:])
        taught = sorted(each for each in order[:cut] if not any(self._overlap(each, other) for other in tried))
        model, threshold = self.train(taught)
        alarms = self._alarms(self._booster.scores(model, tried), threshold)
        return self._trial(alarms, tried, [round(threshold, 3)], [len(taught)])

    def train(self, taught: list[int]) -> tuple[Any, float]:
        """A model of these streams, and the threshold that does best on parts of them that it was not fitted to."""
        scores: dict[int, tuple[Sequence[int], Sequence[float]]] = {}
        for tried in self._parts(taught, INNER):
            fitted = self._booster.fit([each for each in taught if each not in set(tried)])
            scores |= self._booster.scores(fitted, tried)
        return self._booster.fit(taught), self._best(scores, taught)

    def _best(self, scores: Scores, streams: list[int]) -> float:
        """The threshold with the best F1, a mean over its neighbours, since a single one is chance."""
        steps = [LOWEST + (HIGHEST - LOWEST) * step / STEPS for step in range(STEPS + 1)]
        spans = self._spans(streams)
        reached = [figures(self._alarms(scores, each), self._onsets, spans).f1 for each in steps]
        smooth = [
            sum(near) / len(near)
            for near in (reached[max(i - AROUND, 0) : i + AROUND + 1] for i in range(len(steps)))
        ]  # fmt: skip
        return steps[smooth.index(max(smooth))]

    def _alarms(self, scores: Scores, threshold: float) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for stream, (times, said) in scores.items():
            kept = found[self._samples.events[stream]] = []
            quiet_until = 0
            for time, score in zip(times, said, strict=True):
                if score >= threshold and time >= quiet_until:
                    kept.append(time)
                    quiet_until = time + COOLDOWN_S * SECOND_US
        return found

    def _parts(self, streams: list[int], parts: int) -> list[list[int]]:
        """Streams in parts of like size; those of a symbol stay together."""
        by_symbol: dict[str, list[int]] = {}
        for each in streams:
            by_symbol.setdefault(self._onset(each).symbol, []).append(each)
        if len(by_symbol) < parts:
            raise TrainingError(f"{len(by_symbol)} symbols do not make {parts} parts; bring more, or ask for fewer")
        made: list[list[int]] = [[] for _ in range(parts)]
        for symbol in sorted(by_symbol, key=lambda name: (-len(by_symbol[name]), self._shuffled(name))):
            min(made, key=len).extend(by_symbol[symbol])
        return [sorted(part) for part in made]

    def _shuffled(self, name: str) -> int:
        """A place in an order that depends on the seed alone."""
        place = self._booster.seed
        for letter in name.encode():
            place = (place * 1_000_003 + letter) % 2_147_483_647
        return place

    def _onset(self, stream: int) -> Onset:
        return self._onsets[self._samples.events[stream]]

    def _overlap(self, one: int, other: int) -> bool:
        if self._onset(one).symbol != self._onset(other).symbol:
            return False
        spans = self._samples.spans
        (_, end), (start, _) = sorted((spans[self._samples.events[one]], spans[self._samples.events[other]]))
        return start <= end

    def _spans(self, streams: list[int]) -> dict[str, tuple[int, int]]:
        return {self._samples.events[each]: self._samples.spans[self._samples.events[each]] for each in streams}

    def _trial(
        self, alarms: dict[str, list[int]], streams: list[int], thresholds: list[float], sizes: list[int]
    ) -> Trial:
        spans = self._spans(streams)
        return Trial(
            figures=figures(alarms, self._onsets, spans),
            f1_interval=f1_interval(alarms, self._onsets, spans, self._booster.seed),
            every_label=figures(alarms, self._onsets, spans, every=True),
            thresholds=tuple(thresholds),
            trained_on=tuple(sizes),
            alarms=alarms,
        )
