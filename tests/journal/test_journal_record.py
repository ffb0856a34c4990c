"""The kinds of records, and their form on disk."""

import msgspec
import pytest

from bailiwick.journal import record
from bailiwick.journal.record import decode, encode, fingerprint, named

RECORDS: list[record.Record] = [
    record.Intent(
        1, 2, "bwk_1", "bot", "main", "::1", "ab", "POST", "/api/v3/order", "symbol=BTCUSDT", "", "allow", "ok", "trade"
    ),
    record.Outcome(1, 7, "bwk_1", True, 200, 1500),
    record.Outcome(1, 7, "bwk_1", None, 0, 1500, code=-1006, detail="reset"),
    record.Resolved(1, "bwk_1", 7, "reconciler"),
    record.Read(1, 2, "k", "s", "a", "1.2.3.4", "f", "GET", "/api/v3/account", "", "allow", "ok", 200, 900),
    record.Act(1, "ana", "freeze", "key bwk_1", "active", "frozen", "stolen"),
    record.Failures(1, 2, "signature", "1.2.3.4", 40, "bwk_1", "POST /api/v3/order", "ab"),
    fingerprint("ccxt/4", ("host", "x-mbx-apikey"), ("symbol", "side")),
    record.Cut(1, 2, 3, "00"),
    record.Condensed(1, 0, 100, (2,), 40),
    record.Erased(1, 2, "ana", "asked for"),
    record.SnapshotNote(1, 2, 3, "00"),
    record.SetBack(1, 2, "note"),
    record.Event(1, "removed_key_used", "bwk_1", "main", (("source", "1.2.3.4"),)),
    record.Seen(1, 2, (("AXSUSDT", 6.92),), (("AXSUSDT", 2, 900, "rises"),)),
]  # fmt: skip
ACT = next(said for said in RECORDS if isinstance(said, record.Act))
ERASED = next(said for said in RECORDS if isinstance(said, record.Erased))


@pytest.mark.parametrize("said", RECORDS, ids=lambda said: type(said).__name__)
def test_a_record_is_read_back_as_it_was_written(said: record.Record) -> None:
    """Each kind survives the way to the disk and back."""
    assert decode(encode(said)) == said
    assert named(said)["kind"] == msgspec.json.decode(encode(said))[0]


def test_a_record_is_plain_text_with_its_kind_first() -> None:
    """A record can be read with no software of ours: a JSON array that begins with its kind."""
    assert encode(ACT) == b'["act",1,"ana","freeze","key bwk_1","active","frozen","stolen"]'


def test_a_record_with_fields_of_a_later_version_is_still_read() -> None:
    """Fields added at the end do not keep an older reader from the others."""
    assert decode(b'["erased",1,2,"ana","asked for","something new"]') == ERASED


@pytest.mark.parametrize("data", [b"", b"[]", b'["nonsense",1]', b'["erased",1]', b'["erased","1",2,"a","b"]', b"\xff"])
def test_what_is_no_record_is_refused(data: bytes) -> None:
    """Unknown kinds, missing fields and wrong types are errors."""
    with pytest.raises(ValueError):
        decode(data)


def test_every_kind_is_tested_here() -> None:
    """A new kind of record needs its example above."""
    assert {type(said) for said in RECORDS} == set(record.Record.__args__)


def test_a_fingerprint_is_named_by_what_it_holds() -> None:
    """The same way of speaking has the same digest, another order of headers another one."""
    one = fingerprint("ccxt/4", ("a", "b"), ("x",))
    assert one.digest == fingerprint("ccxt/4", ("a", "b"), ("x",)).digest
    assert one.digest != fingerprint("ccxt/4", ("b", "a"), ("x",)).digest
    assert len(one.digest) == 16
