"""Fitting trees with LightGBM, and writing them down as plain data. Needs the extra ``train``."""

import importlib
from typing import Any, Final

from bailiwick.training.samples import Samples
from bailiwick.watch.pump.features import NAMES
from bailiwick.watch.pump.model import Level, Tree

ROUNDS: Final = 250
SETTINGS: Final[dict[str, Any]] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 4,
    "min_child_samples": 40,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "max_bin": 127,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbose": -1,
}
EPISODE_US: Final = 1_800_000_000
OF_EPISODE: Final = 20  # orders of an episode that teach


class TrainingError(Exception):
    """Training cannot be done."""


class Booster:
    """Fits models to parts of the samples, by their streams; the same seed gives the same model.

    Raises:
        TrainingError: if LightGBM is not there, or there is no example of a pump.
    """

    def __init__(self, samples: Samples, seed: int) -> None:
        try:
            self._lightgbm: Any = importlib.import_module("lightgbm")
            self._numpy: Any = importlib.import_module("numpy")
        except ImportError:
            raise TrainingError("training needs LightGBM; pip install 'bailiwick[train]'") from None
        numpy = self._numpy
        self.seed = seed
        self.rows = numpy.frombuffer(samples.rows, dtype=numpy.float64).reshape(-1, len(NAMES))
        self.stream = numpy.frombuffer(samples.stream, dtype=numpy.int32)
        self.time = numpy.frombuffer(samples.time, dtype=numpy.int64)
        kind = numpy.frombuffer(samples.kind, dtype=numpy.int8)
        if not (kind == 1).any() or not (kind == 0).any():
            raise TrainingError("there is no example of a pump, or none of its absence; do labels and trades fit?")
        self._is_pump = kind == 1
        self._weight = self._weighed(kind)

    def _weighed(self, kind: Any) -> Any:
        """An episode in which the gate stood open counts little more for being long; 0 for what does not teach."""
        numpy = self._numpy
        episode = numpy.zeros(len(kind), dtype=numpy.int64)
        number, began, stream = -1, 0, -1
        for i, (time, its_stream) in enumerate(zip(self.time.tolist(), self.stream.tolist(), strict=True)):
            if its_stream != stream or time - began > EPISODE_US:
                number, began, stream = number + 1, time, its_stream
            episode[i] = number
        weight = numpy.zeros(len(kind))
        chance = numpy.random.default_rng(self.seed).random(len(kind))
        for said, power in ((1, 1.0), (0, 0.5)):
            chosen = kind == said
            size = numpy.maximum(numpy.bincount(episode[chosen], minlength=number + 1), 1)[episode]
            taught = chosen & ((chance < OF_EPISODE / size) | (said == 1))
            left = size if said else numpy.minimum(size, OF_EPISODE)
            weight[taught] = (size / left / size**power)[taught]
        return weight

    def fit(self, streams: list[int]) -> Any:
        """A model of these streams. Its scores are log-likelihood ratios: both kinds weigh the same in all."""
        numpy, lightgbm = self._numpy, self._lightgbm
        chosen = numpy.isin(self.stream, streams) & (self._weight > 0)
        answer, weight = self._is_pump[chosen], self._weight[chosen].copy()
        if not answer.any() or answer.all():
            raise TrainingError(
                "a part of the streams has no example of a pump, or nothing else; use more or fewer parts"
            )
        weight[answer] *= weight[~answer].sum() / weight[answer].sum()
        weight *= len(weight) / weight.sum()
        settings = {**SETTINGS, "seed": self.seed}
        data = lightgbm.Dataset(self.rows[chosen], answer.astype(float), weight=weight, params=settings)
        return lightgbm.train(settings, data, ROUNDS)

    def scores(self, model: Any, streams: list[int]) -> dict[int, tuple[list[int], list[float]]]:
        """Times and scores of the orders of streams."""
        found = {}
        for stream in streams:
            chosen = self.stream == stream
            rows = self.rows[chosen]
            scores = model.predict(rows, raw_score=True).tolist() if len(rows) else []
            times, level = self.time[chosen].tolist(), Level()
            found[stream] = times, [level.after(time, score) for time, score in zip(times, scores, strict=True)]
        return found


def trees_of(model: Any) -> tuple[Tree, ...]:
    """A fitted model as plain data."""
    return tuple(_tree(each["tree_structure"]) for each in model.dump_model()["tree_info"])


def _tree(root: dict[str, Any]) -> Tree:
    feature: list[int] = []
    bound: list[float] = []
    ways: list[list[int]] = [[], []]
    leaf: list[float] = []

    def place(node: dict[str, Any]) -> int:
        if "leaf_value" in node:
            leaf.append(node["leaf_value"])
            return -len(leaf)
        own = len(feature)
        feature.append(node["split_feature"])
        bound.append(node["threshold"])
        for way in ways:
            way.append(0)
        ways[0][own] = place(node["left_child"])
        ways[1][own] = place(node["right_child"])
        return own

    if place(root) < 0:  # a tree of one leaf alone, as a node that leads to it either way
        return Tree((0,), (0.0,), (-1,), (-1,), tuple(leaf))
    return Tree(tuple(feature), tuple(bound), tuple(ways[0]), tuple(ways[1]), tuple(leaf))
