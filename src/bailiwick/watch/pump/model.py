"""Boosted trees as plain data: a sum of small trees, evaluated by comparisons alone."""

from collections.abc import Sequence
from hashlib import sha256
from importlib.resources import files
from math import exp
from typing import Final, final

import msgspec

from bailiwick.watch.pump.features import NAMES

_LOW: Final = -6.0  # nats, where nothing has been judged lately
_FADES_US: Final = 60_000_000.0
_SHARE: Final = 0.3


class Tree(msgspec.Struct, frozen=True, gc=False):
    """A tree. Each node asks whether a feature is at most a bound, and leads to a node, or as ``-1 - i`` to a leaf."""

    feature: tuple[int, ...]
    bound: tuple[float, ...]
    yes: tuple[int, ...]
    no: tuple[int, ...]
    leaf: tuple[float, ...]


class ModelFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model as it is kept: its trees, the figures they ask for, and how it came about.

    ``threshold`` is the score from which it raises an alarm; ``digest`` the SHA-256 of names, threshold and trees.
    """

    about: dict[str, str | int | float]
    features: tuple[str, ...]
    threshold: float
    digest: str
    trees: tuple[Tree, ...]


@final
class Level:
    """Where the scores of a symbol's orders stand: one order alone is chance, and several that agree are not.

    Each order moves it by a share of the way to its own score; without orders it falls back within a minute.
    """

    __slots__ = ("_at_us", "_value")

    def __init__(self) -> None:
        self._value = _LOW
        self._at_us = 0

    def after(self, at_us: int, score: float) -> float:
        """Take the next order's score; where they stand now, in nats."""
        rest = _LOW + (self._value - _LOW) * exp((self._at_us - at_us) / _FADES_US)
        self._at_us = at_us
        self._value = rest + (score - rest) * _SHARE
        return self._value


class ModelError(ValueError):
    """A model that cannot be used."""


@final
class Model:
    """A model that can be asked.

    Attributes:
        threshold: the score from which on it is an alarm, in nats.
        about: its training, for people.
    """

    __slots__ = ("_trees", "about", "digest", "threshold")

    def __init__(self, file: ModelFile) -> None:
        self.threshold = file.threshold
        self.about = file.about
        self.digest = file.digest
        self._trees = [
            (tuple(zip(tree.feature, tree.bound, tree.yes, tree.no, strict=True)), tree.leaf) for tree in file.trees
        ]

    def score(self, row: Sequence[float]) -> float:
        """How much more likely the figures are in a pump than elsewhere: a logarithm, in nats."""
        total = 0.0
        for nodes, leaves in self._trees:
            place = 0
            while place >= 0:
                feature, bound, yes, no = nodes[place]
                place = yes if row[feature] <= bound else no
            total += leaves[-1 - place]
        return total


def digest_of(features: tuple[str, ...], threshold: float, trees: tuple[Tree, ...]) -> str:
    """By which a model is known, and a changed one found out."""
    return sha256(msgspec.json.encode((features, threshold, trees))).hexdigest()


def read_model(data: bytes) -> Model:
    """Read a model.

    Raises:
        ModelError: if it is none, was changed by hand, or asks for other figures than this version computes.
    """
    try:
        file = msgspec.json.decode(data, type=ModelFile)
    except msgspec.DecodeError as error:
        raise ModelError(f"model: {error}") from None
    if file.digest != digest_of(file.features, file.threshold, file.trees):
        raise ModelError("model: its digest does not fit its contents; train it anew or take the original")
    if file.features != NAMES:
        raise ModelError("model: it was trained on other figures than this version computes; train it anew")
    if not all(_sound(tree) for tree in file.trees):
        raise ModelError("model: a tree leads back or nowhere; train it anew")
    return Model(file)


def _sound(tree: Tree) -> bool:
    """Whether each way through a tree ends at a leaf."""
    size = len(tree.feature)
    if not size or not size == len(tree.bound) == len(tree.yes) == len(tree.no):
        return False
    return all(
        0 <= tree.feature[node] < len(NAMES)
        and all(node < way < size if way >= 0 else -way <= len(tree.leaf) for way in (tree.yes[node], tree.no[node]))
        for node in range(size)
    )


def shipped() -> Model:
    """The model that comes with this version."""
    return read_model(files(__package__).joinpath("model.json").read_bytes())
