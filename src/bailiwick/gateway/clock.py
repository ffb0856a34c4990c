"""The venue's time, as the gateway knows it."""

import time

SLOW_US = 1_000_000  # how long an exchange of time may take until its middle is no longer taken for the moment


class VenueClock:
    """Microseconds since 1970 by the venue's clock; it never goes back.

    It runs on the monotonic clock from an offset that is set from the venue's own time. A step of the machine's wall
    clock does not touch it, and when the venue turns out to be earlier than thought it stands still instead of
    going back: a clock that went back would make dropped replay marks acceptable again.
    """

    __slots__ = ("_last", "_offset", "synced_at_us")

    def __init__(self) -> None:
        self._offset = time.time_ns() // 1000 - time.monotonic_ns() // 1000
        self._last = 0
        self.synced_at_us = 0

    def now_us(self) -> int:
        """The venue's time now."""
        now = time.monotonic_ns() // 1000 + self._offset
        if now < self._last:
            return self._last
        self._last = now
        return now

    def learn(self, venue_us: int, sent_mono_us: int, received_mono_us: int) -> int:
        """Set the offset from one exchange of time, assuming both ways took equally long.

        A slow one says only that the venue read its clock somewhere between, and its middle may be seconds off, by
        which every client's timestamp would be refused: then the offset moves only as far as it must.

        Returns the correction in microseconds, for a log line or a warning.
        """
        if received_mono_us - sent_mono_us > SLOW_US:
            offset = min(max(self._offset, venue_us - received_mono_us), venue_us - sent_mono_us)
        else:
            offset = venue_us - (sent_mono_us + received_mono_us) // 2
        correction = offset - self._offset
        self._offset = offset
        self.synced_at_us = venue_us
        return correction
