"""Request weight per address and order counts per account, in the windows that the exchange's headers name."""

from dataclasses import dataclass
from typing import Final

from bailiwick.sandbox.refusal import Refusal

MINUTE_MS: Final = 60_000
TEN_SECONDS_MS: Final = 10_000
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Limits:
    """What the exchange lets through: weight a minute, orders in ten seconds and a day, and how it bans.

    ``sapi_1m`` is the weight a minute of the ``/sapi`` family, which is counted for itself.
    ``patience`` is how many requests after the first 429 of a minute are answered 429 before the address is banned.
    """

    weight_1m: int = 6_000
    orders_10s: int = 100
    orders_1d: int = 200_000
    sapi_1m: int = 12_000
    patience: int = 20
    ban_ms: int = 120_000


@dataclass(slots=True)
class _Window:
    start: int = -1
    used: int = 0
    refused: int = 0

    def at(self, now: int, span: int) -> "_Window":
        start = now // span
        if start != self.start:
            self.start, self.used, self.refused = start, 0, 0
        return self


class Meter:
    """Counts. Windows are the clock's own minutes, ten seconds and days, as the exchange's are."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._weight: dict[tuple[str, bool], _Window] = {}
        self._banned: dict[str, int] = {}
        self._orders: dict[str, tuple[_Window, _Window]] = {}

    def charge(self, address: str, weight: int, now: int, *, sapi: bool = False) -> int:
        """Count a request's weight; what the address has used this minute in the request's family.

        Raises:
            Refusal: 429 when it is too much, 418 when the address goes on or is banned; both with Retry-After.
        """
        until = self._banned.get(address, 0)
        if now < until:
            raise self._ban(until, now)
        limit = self.limits.sapi_1m if sapi else self.limits.weight_1m
        window = self._window(address, now, sapi=sapi)
        if window.used + weight > limit:
            window.refused += 1
            if window.refused > self.limits.patience:
                self._banned[address] = now + self.limits.ban_ms
                raise self._ban(now + self.limits.ban_ms, now)
            seconds = (MINUTE_MS - now % MINUTE_MS) // 1000 + 1
            raise Refusal(
                -1003,
                f"Too much request weight used; current limit is {limit} request weight per 1 MINUTE. "
                "Please use WebSocket Streams for live updates to avoid polling the API.",
                status=429,
                retry_after=seconds,
            )
        window.used += weight
        return window.used

    def refund(self, address: str, weight: int, now: int) -> int:
        """Take a weight back; what the address has used this minute."""
        window = self._window(address, now, sapi=False)
        window.used = max(window.used - weight, 0)
        return window.used

    def _window(self, address: str, now: int, *, sapi: bool) -> _Window:
        return self._weight.setdefault((address, sapi), _Window()).at(now, MINUTE_MS)

    def check_orders(self, account: str, count: int, now: int) -> None:
        """Whether an account may place more orders.

        Raises:
            Refusal: 429 with Retry-After.
        """
        short, long = self._windows(account, now)
        for window, limit, span, words in (
            (short, self.limits.orders_10s, TEN_SECONDS_MS, "10 SECONDS"),
            (long, self.limits.orders_1d, DAY_MS, "1 DAY"),
        ):
            if window.used + count > limit:
                raise Refusal(
                    -1015,
                    f"Too many new orders; current limit is {limit} orders per {words}.",
                    status=429,
                    retry_after=(span - now % span) // 1000 + 1,
                )

    def count_orders(self, account: str, count: int, now: int) -> None:
        """Count new orders, or with a negative number take some back; a count is never below zero."""
        for window in self._windows(account, now):
            window.used = max(window.used + count, 0)

    def first_fill(self, account: str, maker: bool, now: int) -> None:
        """An order was filled for the first time: it no longer counts, and a maker's takes four more along."""
        self.count_orders(account, -5 if maker else -1, now)

    def orders(self, account: str, now: int) -> tuple[int, int]:
        """An account's orders of these ten seconds and of this day."""
        short, long = self._windows(account, now)
        return short.used, long.used

    def clear(self) -> None:
        """Forget all counts and bans."""
        self._weight.clear()
        self._banned.clear()
        self._orders.clear()

    def _windows(self, account: str, now: int) -> tuple[_Window, _Window]:
        short, long = self._orders.setdefault(account, (_Window(), _Window()))
        return short.at(now, TEN_SECONDS_MS), long.at(now, DAY_MS)

    @staticmethod
    def _ban(until: int, now: int) -> Refusal:
        return Refusal(
            -1003,
            f"Way too much request weight used; IP banned until {until}. "
            "Please use WebSocket Streams for live updates to avoid bans.",
            status=418,
            retry_after=(until - now) // 1000 + 1,
        )
