"""Replay marks: which signed payloads were seen, for as long as they could be accepted again.

A Binance signature covers neither method nor path, and one signature can be spelled in many ways. So the mark is
made of the key and the signed payload and of nothing else: a look-up leaves the mark that stops the cancel with
the same bytes.
"""

from hashlib import sha256

SECOND_US = 1_000_000


def mark(key: bytes, payload: bytes) -> bytes:
    """The mark of a payload signed with a key: SHA-256 over the key id, a zero byte (no id has one) and the payload."""
    return sha256(key + b"\0" + payload).digest()


class ReplayMarks:
    """The marks that are still alive, in one small set per second of expiry.

    A payload names its own timestamp and window, so the same payload always falls into the same second. A second
    that has passed is dropped whole: no set grows large enough for its next resize to stall the loop.
    """

    __slots__ = ("_dropped", "_seconds")

    def __init__(self) -> None:
        self._seconds: dict[int, set[bytes]] = {}
        self._dropped = 0

    def seen(self, item: bytes, expires_us: int) -> bool:
        """Leave the mark; tell whether it was there before.

        ``expires_us`` is the moment from which the venue's rule of time refuses the payload by itself. A payload
        whose second has been dropped counts as seen: it is too old to tell.
        """
        second = expires_us // SECOND_US
        if second < self._dropped:
            return True
        marks = self._seconds.get(second)
        if marks is None:
            self._seconds[second] = {item}
            return False
        if item in marks:
            return True
        marks.add(item)
        return False

    def drop(self, now_us: int) -> None:
        """Forget the seconds that ended before ``now_us``, which must come from a clock that never goes back."""
        second = now_us // SECOND_US
        if second <= self._dropped:
            return
        for old in [s for s in self._seconds if s < second]:
            del self._seconds[old]
        self._dropped = second

    def alive(self) -> dict[int, list[bytes]]:
        """The marks by their second of expiry, as a snapshot keeps them."""
        return {second: list(marks) for second, marks in self._seconds.items()}

    def restore(self, marks: dict[int, list[bytes]]) -> None:
        """Add the marks that ``alive`` gave."""
        for second, items in marks.items():
            self._seconds.setdefault(second, set()).update(items)

    def __len__(self) -> int:
        return sum(map(len, self._seconds.values()))
