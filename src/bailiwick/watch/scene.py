"""What happens in one symbol, whoever trades it."""

from typing import Final, final

MOST_BEGINNERS: Final = 128


@final
class Executed:
    """A fill that is to be compared with the price shortly after."""

    __slots__ = ("at_us", "buys", "key", "near_bps", "price", "worth")

    def __init__(self, at_us: int, key: str, price: float, worth: float, near_bps: float, *, buys: bool) -> None:
        self.at_us = at_us
        self.key = key
        self.price = price
        self.worth = worth
        self.near_bps = near_bps
        self.buys = buys


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
        known = self.beginners.pop(account, None)
        if known is not None:
            fair = fair and known[2]
        remember(self.beginners, account, (service, now_s, fair), MOST_BEGINNERS)


def remember(kept: "dict[str, tuple[str, int, bool]]", key: str, value: tuple[str, int, bool], most: int) -> None:
    """Put it at the end, and drop the oldest beyond the most."""
    if len(kept) >= most:
        del kept[next(iter(kept))]
    kept[key] = value
