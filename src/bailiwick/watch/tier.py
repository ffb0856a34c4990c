"""How thin a market is: five tiers by what is traded in it on a usual day, in dollars or what stands for them."""

from typing import Final

TIERS: Final = 5
UNKNOWN: Final = 3  # a market of which nobody knows the volume is taken for a thin one: a new listing, or worse

FLOORS: Final = (100_000_000.0, 10_000_000.0, 1_000_000.0, 100_000.0)
NAMES: Final = ("a major market", "a liquid market", "a middling market", "a thin market", "a very thin market")

# Where thieves go: a market that a victim's money can move. Of the known cases none was in a market above 100 m a day
# (AXS was in tens of millions, DMG, SYS and NXT far below one).
THIEF: Final = (12, 130, 260, 320, 278)  # thousandths


def tier_of(day_worth: float | None) -> int:
    """The tier of a market that trades so much a day, from 0 (major) to 4 (very thin)."""
    if day_worth is None:
        return UNKNOWN
    tier = 0
    for floor in FLOORS:
        if day_worth >= floor:
            return tier
        tier += 1
    return tier
