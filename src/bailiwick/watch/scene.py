"""What happens in one symbol, whoever trades it."""

from typing import Final, final

import msgspec

MOST_BEGINNERS: Final = 128


class Executed(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A fill that is to be compared with the price shortly after."""

    at_us: int
    key: str
    price: float
    worth: float
    near_bps: float
    buys: bool


@final
class Scene:
    """What happens in one symbol: who has begun with it, whose orders were held, what the pump detector says.

    Accounts are counted, and not keys: whoever has one account cannot be a crowd, however many keys he makes.
    """

    __slots__ = ("beginners", "fills", "held", "seen_s", "sign", "sign_us")

    def __init__(self) -> None:
        self.beginners: dict[str, tuple[str, int, bool]] = {}  # account to service, when (s), whether at a fair price
        self.held: dict[str, int] = {}
        self.sign = 0
        self.sign_us = 0
        self.fills: list[Executed] = []
        self.seen_s = 0

    def begin(self, account: str, service: str, now_s: int, *, fair: bool) -> None:
        """Note that a key of the account trades the symbol that did not before."""
        beginners = self.beginners
        known = beginners.pop(account, None)
        if known is not None:
            fair = fair and known[2]
        elif len(beginners) >= MOST_BEGINNERS:
            del beginners[next(iter(beginners))]
        beginners[account] = (service, now_s, fair)
