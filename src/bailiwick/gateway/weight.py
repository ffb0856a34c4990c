"""Request weight: how much a venue still lets one local address ask, and who may ask it.

Binance counts weight per address and order counts per account, and says in its answers where both stand. A part is
kept back for cancels and reducing orders; each key has a share, so that one bot cannot starve the others; a key whose
requests keep failing at the venue pays more for each, because failures weigh full and bring the ban nearer.
"""

from bailiwick.model.reason import Reason
from bailiwick.model.usage import Usage

PAUSE_S = 60  # where the venue asks for rest and does not say for how long
LONGEST_PAUSE_S = 3 * 24 * 3600

DAY_US = 24 * 3600 * 1_000_000
MINUTE_US = 60_000_000
TEN_SECONDS_US = 10_000_000
FAILURE_COST = 5
HALF = 0.5  # of a reserve: what one key has of it


class KeyWeight:
    """What one key used of the weight in the minute that runs, and of what is kept back for exits; and its orders."""

    __slots__ = ("day", "exits", "exits_10s", "exits_day", "minute", "orders_10s", "orders_day", "span_10s", "used")

    def __init__(self) -> None:
        self.minute = 0
        self.used = 0
        self.exits = 0  # weight of exits for which there was no room but in the reserve
        self.span_10s = 0
        self.exits_10s = 0  # orders, in the same way
        self.orders_10s = 0
        self.day = 0
        self.orders_day = 0
        self.exits_day = 0

    def turn(self, now_us: int) -> None:
        """Begin to count orders anew where ten seconds, or a day of UTC, are over."""
        span = now_us // TEN_SECONDS_US
        if span != self.span_10s:
            self.span_10s = span
            self.exits_10s = self.orders_10s = 0
        day = now_us // DAY_US
        if day != self.day:
            self.day = day
            self.orders_day = self.exits_day = 0


class OrderLimits:
    """How many orders a venue takes of one account; Binance's usual numbers until it has told its own."""

    __slots__ = ("day", "ten_seconds")

    def __init__(self, ten_seconds: int = 100, day: int = 200_000) -> None:
        self.ten_seconds = ten_seconds
        self.day = day


class OrderCount:
    """An account's order counts as the venue last told them; each counts until the span is over that it was told of."""

    __slots__ = ("day", "limits", "seen_10s_us", "used_10s", "used_day")

    def __init__(self, limits: OrderLimits) -> None:
        self.limits = limits
        self.used_10s = 0
        self.used_day = 0
        self.seen_10s_us = 0
        self.day = 0

    def heed(self, usage: Usage, now_us: int) -> None:
        """Take in the venue's counts of ten seconds and of the day, which is one of UTC."""
        if usage.orders_10s >= 0:
            self.used_10s = usage.orders_10s
            self.seen_10s_us = now_us
        if usage.orders_day >= 0:
            self.used_day = usage.orders_day
            self.day = now_us // DAY_US

    def admit(self, orders: int, key: KeyWeight, now_us: int, *, reserve: float, share: float, exit_: bool) -> bool:
        """Count orders that are about to leave, or say that they may not.

        A key that sent its ``share`` of the limit may send more only while the account stands below that share (what is
        filled at once does not count at Binance): it cannot use up what the other keys need. Exits have the reserve.
        """
        key.turn(now_us)
        if exit_:
            room = self.exit_room(key, now_us, reserve)
        else:
            room = self.room(now_us, reserve) and not self._beyond(key, now_us, share)
        if room:
            key.orders_10s += orders
            key.orders_day += orders
        return room

    def _beyond(self, key: KeyWeight, now_us: int, share: float) -> bool:
        recent, today = self._counts(now_us)
        short, long = self.limits.ten_seconds * share, self.limits.day * share
        return (key.orders_10s >= short and recent >= short) or (key.orders_day >= long and today >= long)

    def _counts(self, now_us: int) -> tuple[int, int]:
        """What the venue counts of these ten seconds and of this day."""
        recent = self.used_10s if now_us - self.seen_10s_us < TEN_SECONDS_US else 0
        return recent, self.used_day if now_us // DAY_US == self.day else 0

    def room(self, now_us: int, reserve: float) -> bool:
        """Whether the account's counts have room outside of the reserve."""
        recent, today = self._counts(now_us)
        keep = 1.0 - reserve
        return recent < self.limits.ten_seconds * keep and today < self.limits.day * keep

    def exit_room(self, key: KeyWeight, now_us: int, reserve: float) -> bool:
        """Whether a reducing order may be sent: where only the reserve has room, one key has half of it."""
        if self.room(now_us, reserve):
            return True
        key.turn(now_us)
        key.exits_10s += 1
        limits, half = self.limits, reserve * HALF
        if self._counts(now_us)[1] >= limits.day * (1.0 - reserve):
            key.exits_day += 1
        within = key.exits_10s <= max(1.0, limits.ten_seconds * half) and key.exits_day <= max(1.0, limits.day * half)
        return within and self.room(now_us, 0.0)


class AddressWeight:
    """The weight of one local address at one venue.

    ``limit`` is what the venue allows a minute, ``reserve`` the part of it kept for exits, ``share`` the part that
    one key may use, ``public_share`` the part for public data.
    """

    __slots__ = ("_minute", "_used", "limit", "paused_until_us", "public", "public_share", "reserve", "share")

    def __init__(self, limit: int = 6000, reserve: float = 0.1, share: float = 0.5, public_share: float = 0.3) -> None:
        self.limit = limit
        self.reserve = reserve
        self.share = share
        self.public_share = public_share
        self.paused_until_us = 0
        self.public = KeyWeight()
        self._minute = 0
        self._used = 0

    def admit(self, weight: int, key: KeyWeight, now_us: int, *, exit_: bool) -> Reason | None:
        """Count a request that is about to leave, or say why it may not.

        An exit (a cancel or a reducing order) finds room in the reserve where there is no other, of which one key has
        half: a key that sent exits without end would bring a ban on the address, and on everybody's exits.
        """
        if now_us < self.paused_until_us:
            return Reason.VENUE_PAUSED
        minute = now_us // MINUTE_US
        if minute != self._minute:
            self._minute = minute
            self._used = 0
        if minute != key.minute:
            key.minute = minute
            key.used = key.exits = 0
        share = self.public_share if key is self.public else self.share
        if self._used + weight > self.limit * (1.0 - self.reserve) or key.used + weight > self.limit * share:
            key.exits += weight if exit_ else 0
            if not exit_ or self._used + weight > self.limit or key.exits > self.limit * self.reserve * HALF:
                return Reason.WEIGHT_SHARE
        self._used += weight
        key.used += weight
        return None

    def told(self, used: int, now_us: int) -> None:
        """The venue's own count. It knows of requests that others sent from this address, so the larger holds."""
        minute = now_us // MINUTE_US
        if minute != self._minute:
            self._minute = minute
            self._used = used
        elif used > self._used:
            self._used = used

    def heed(self, status: int, usage: Usage, now_us: int) -> bool:
        """Take in what an answer says of the weight used, and of a rest; tells whether it asks for one."""
        if usage.weight >= 0:
            self.told(usage.weight, now_us)
        if status not in {418, 429}:
            return False
        wait = min(usage.retry_after_s, LONGEST_PAUSE_S)
        self.pause(wait if wait > 0 else PAUSE_S, now_us)
        return True

    def pause(self, seconds: int, now_us: int) -> None:
        """Send nothing for so long: the venue answered 429 or 418."""
        self.paused_until_us = max(self.paused_until_us, now_us + seconds * 1_000_000)

    def used(self, now_us: int) -> int:
        """The weight used in this minute."""
        return self._used if now_us // MINUTE_US == self._minute else 0


def blame(key: KeyWeight, weight: int) -> None:
    """A request of this key failed at the venue: it pays more of its share, so that it is slowed first."""
    key.used += weight * FAILURE_COST
