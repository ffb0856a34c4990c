"""Policies of what happens to keys that lie idle: written in words, shown in the same words.

``remove keys idle 30 days unless bound to networks`` is what Binance did in December 2022. A key that was never used
counts from its creation. Presets are named after the venues whose published rules they follow.
"""

import re
from typing import Literal

import msgspec

MOST_DAYS = 3650
WARN_BEFORE_DAYS = (7, 1)  # before a removal

PRESETS = {
    "binance-30d": "remove keys idle 30 days unless bound to networks",  # December 2022
    "okx-14d": "remove keys idle 14 days unless bound to networks",  # OKX's API documentation
    "kucoin-30d": "stop trading of keys idle 30 days unless bound to networks",  # the permission goes, the key stays
    "bybit-90d": "remove keys idle 90 days unless bound to networks",
    "tax-tool": "warn at 30 days, remove keys idle 400 days",  # a tool that comes once a year must find its key
    "none": "none",
}

_WORDS = re.compile(
    r"(?:warn at (?P<warn>[0-9]{1,4}) days?, )?(?P<what>remove keys|stop trading of keys) "
    r"idle (?P<days>[0-9]{1,4}) days?(?P<bound> unless bound to networks)?"
)


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to keys that lie idle.

    Attributes:
        days: after how many; None: never.
        ends: ``remove`` (through a wind-down and a freeze), or ``stop``: the key stays and reads.
        spares_bound: whether keys that work from named networks only are left alone.
        warn_at: after how many idle days an early warning goes out, beside those shortly before.
    """

    days: int | None
    ends: Literal["remove", "stop"] = "remove"
    spares_bound: bool = False
    warn_at: int | None = None

    def __str__(self) -> str:
        if self.days is None:
            return "none"
        what = "remove keys" if self.ends == "remove" else "stop trading of keys"
        early = "" if self.warn_at is None else f"warn at {_days(self.warn_at)}, "
        return f"{early}{what} idle {_days(self.days)}" + (" unless bound to networks" if self.spares_bound else "")

    @property
    def warnings(self) -> tuple[int, ...]:
        """How many days before the end a warning goes out, the earliest first."""
        if self.days is None:
            return ()
        early = () if self.warn_at is None else (self.days - self.warn_at,)
        return tuple(sorted({*early, *(each for each in WARN_BEFORE_DAYS if each < self.days)}, reverse=True))


def policy(text: str) -> Policy:
    """Read a policy: words, or the name of a preset.

    Raises:
        ValueError: if it is neither; the message shows how one is written.
    """
    words = PRESETS.get(text, text)
    if words == "none":
        return Policy(days=None)
    found = _WORDS.fullmatch(words)
    if found is None:
        presets = ", ".join(PRESETS)
        raise ValueError(f'{text[:80]!r} is no policy; write "{PRESETS["binance-30d"]}", or one of {presets}')
    days = int(found["days"])
    warn = None if found["warn"] is None else int(found["warn"])
    if not 1 <= days <= MOST_DAYS:
        raise ValueError(f"idle {days} days: from 1 to {MOST_DAYS}")
    if warn is not None and not 1 <= warn < days:
        raise ValueError(f"warn at {warn} days: at least 1, and before the {days} days at which keys are removed")
    return Policy(
        days=days,
        ends="remove" if found["what"] == "remove keys" else "stop",
        spares_bound=found["bound"] is not None,
        warn_at=warn,
    )


def _days(count: int) -> str:
    return f"{count} day" if count == 1 else f"{count} days"
