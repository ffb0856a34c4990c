"""The ways in which an incident is played: with the grant or without, with the watch or without."""

from enum import StrEnum

import msgspec

from bailiwick.drill.baseline import Baseline
from bailiwick.model.grant import Most


class Arm(StrEnum):
    """What stands between the thief and the exchange."""

    NOTHING = "nothing"
    GRANT = "grant"  # the preset, the watch off
    WATCH = "watch"  # a grant that lets the attack through, the watch on
    BOTH = "both"

    @property
    def preset(self) -> bool:
        """Whether the preset's limits hold."""
        return self in {Arm.GRANT, Arm.BOTH}

    @property
    def watched(self) -> bool:
        """Whether the watch looks on."""
        return self in {Arm.WATCH, Arm.BOTH}


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """How the owners of a drill answer what they are told: truthfully, ``minutes`` after it, or never."""

    minutes: int | None = None

    @property
    def delay_us(self) -> int | None:
        """The same in microseconds."""
        return None if self.minutes is None else self.minutes * 60_000_000


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One playing of a scenario.

    Attributes:
        most: the most that the watch may do by itself.
        owner: how owners answer.
        pipeline: whether the keys that the scenario says so enter as signed bytes.
        baseline: what stands in the place of the watch, where anything does.
        beside: whether the baselines look on, so that it is known what they would have refused.
    """

    arm: Arm
    most: Most = Most.WIND_DOWN
    owner: Owner = Owner()
    pipeline: bool = True
    baseline: Baseline | None = None
    beside: bool = False
