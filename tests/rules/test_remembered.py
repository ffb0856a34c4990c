"""Names of orders in a snapshot: packed in columns, and the same again when unpacked."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.rules.remembered import Remembered, pack, unpack

NAMES = st.text("abcXYZ019-_.", min_size=1, max_size=8)
TIMES = st.integers(1, 2**50)


@given(
    st.dictionaries(NAMES, st.tuples(st.sampled_from(["BTCUSDT", "ETHUSDT", "A"]), st.integers(-1, 2**60))),
    st.dictionaries(NAMES, TIMES),
)
def test_what_is_packed_comes_out_again(owned: dict[str, tuple[str, int]], used: dict[str, int]) -> None:
    """Every name with its symbol, its number and the time of its use, through the bytes of a snapshot."""
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(pack(owned, used)), type=Remembered)
    assert unpack(kept) == (owned, used)


@given(st.dictionaries(NAMES, TIMES, min_size=1))
def test_uses_come_out_oldest_first(used: dict[str, int]) -> None:
    """A ledger forgets from the front, so the oldest use stands there, also where some are owned no longer."""
    oldest_first = dict(sorted(used.items(), key=lambda each: each[1]))
    owned = {name: ("BTCUSDT", at) for name, at in list(oldest_first.items())[::2]}
    assert list(unpack(pack(owned, oldest_first))[1].values()) == list(oldest_first.values())
