"""What the journal's tests share: a fixed key, small limits, a clock that stands still."""

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.journal.log import Journal
from bailiwick.journal.note import verifier_of
from bailiwick.journal.writer import Limits

ORIGIN = "example.com/journal"
KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
SMALL = Limits(reserve_bytes=1 << 16, low_water_bytes=0, index_every=8)
VERIFIER = verifier_of(ORIGIN, KEY)
START_US = 1_790_000_000_000_000

Begin = Callable[..., Journal]


def fixed_clock() -> int:
    """A clock that stands still."""
    return START_US
