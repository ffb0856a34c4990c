"""The header by which an exchange's own engine believes the gateway, made so that no two are alike.

An engine takes each header once. Two equal reads of one millisecond would bear the same, so the second is dated a
millisecond later: the engine allows two seconds either way.
"""

from bailiwick.model.request import Outgoing
from bailiwick.model.secret import Secret
from bailiwick.venues import trusted

REMEMBERED_MS = 2_000  # beyond this the engine refuses a header for its age


class Voucher:
    """Vouches for requests, and remembers what it has said for as long as an engine would believe it."""

    __slots__ = ("_before", "_now", "_turned_ms")

    def __init__(self) -> None:
        self._now: set[str] = set()
        self._before: set[str] = set()
        self._turned_ms = 0

    def vouch(self, secret: Secret, outgoing: Outgoing, account: str, key: str, position: int, now_us: int) -> Outgoing:
        """The request with the header that states for whom it is, and where the journal has it."""
        time_ms = now_us // 1000
        if time_ms - self._turned_ms > REMEMBERED_MS:
            self._before, self._now, self._turned_ms = self._now, set(), time_ms
        mac = self._mac(secret, outgoing, account, key, position, time_ms)
        while mac in self._now or mac in self._before:
            time_ms += 1
            mac = self._mac(secret, outgoing, account, key, position, time_ms)
        self._now.add(mac)
        lines = (
            f"{trusted.ACCOUNT}: {account}\r\n{trusted.KEY}: {key}\r\n{trusted.POSITION}: {position}\r\n"
            f"{trusted.TIME}: {time_ms}\r\n{trusted.DECISION}: allow\r\n{trusted.MAC}: {mac}\r\n"
        )
        return Outgoing(outgoing.method, outgoing.target, outgoing.headers + lines.encode("ascii"), outgoing.body)

    @staticmethod
    def _mac(secret: Secret, outgoing: Outgoing, account: str, key: str, position: int, time_ms: int) -> str:
        return trusted.mac(
            secret.reveal(), outgoing.method, outgoing.target, outgoing.body, account, key, position, time_ms, "allow"
        )
