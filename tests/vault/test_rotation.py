"""Rotation of the vault key: nothing is ever unreadable, wherever it is interrupted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bailiwick.model.credential import Purpose, Sealed
from bailiwick.model.secret import Secret
from bailiwick.vault import envelope, rotation
from bailiwick.vault.custody import Root
from bailiwick.vault.errors import UnsealError
from bailiwick.vault.keyringfile import make_keyring, open_keyring
from bailiwick.vault.rotation import begin, retire, rewrap_rows, rotate
from bailiwick.vault.vault import Vault

ROOT = Root(Secret(bytes(32)))
COUNT = 7


class Interrupted(Exception):
    """The power went."""


class Rows:
    """Sealed records in memory, with a place to be interrupted at."""

    def __init__(self, records: list[Sealed], pause: Callable[[str], None] = lambda step: None) -> None:
        self.records = {sealed.record: sealed for sealed in records}
        self.pause = pause

    def sealed_elsewhere(self, key_id: bytes, limit: int, after: Sealed | None = None) -> list[Sealed]:
        self.pause("read")
        return [
            sealed
            for record, sealed in sorted(self.records.items())
            if envelope.read(sealed.envelope).key_id != key_id and (after is None or record > after.record)
        ][:limit]

    def replace_sealed(self, changes: list[tuple[Sealed, Sealed]]) -> int:
        self.pause("before write")
        count = 0
        for old, new in changes:
            if self.records[old.record] == old:
                self.records[old.record] = new
                count += 1
        self.pause("after write")
        return count


def lay(path: Path) -> tuple[Vault, list[Sealed]]:
    vault = Vault(make_keyring(path, ROOT, source="key-file"))
    sealer = vault.sealer()
    half = [vault.seal(f"key-{number}", Purpose.ISSUED_HMAC, Secret(b"%d" % number)) for number in range(COUNT - 3)]
    rest = [sealer.seal(f"key-{n}", Purpose.ISSUED_HMAC, Secret(b"%d" % n)) for n in range(COUNT - 3, COUNT)]
    return vault, half + rest


def assert_all_readable(vault: Vault, rows: Rows) -> None:
    for number in range(COUNT):
        assert vault.unseal(rows.records[f"key-{number}"]) == Secret(b"%d" % number)


def test_a_rotation_leaves_only_the_new_key(tmp_path: Path) -> None:
    """Afterwards every record opens under the new key alone, and what was copied of the old key opens none."""
    path = tmp_path / "vault.ring"
    vault, records = lay(path)
    old, rows = vault.keyring, Rows(records)
    assert rotate(path, ROOT, vault, rows, batch_rows=2) == COUNT
    assert retire(path, ROOT, rows) == 1
    assert retire(path, ROOT, rows) == 0
    ring = open_keyring(path, ROOT)
    assert ring.older == ()
    assert ring.current.id != old.current.id
    assert_all_readable(Vault(ring), rows)
    for sealed in rows.records.values():
        with pytest.raises(UnsealError):
            Vault(old).unseal(sealed)


def test_payloads_are_not_opened(tmp_path: Path) -> None:
    """Re-wrapping leaves the sealed payload as it is: plaintext is not touched by a rotation."""
    vault, records = lay(tmp_path / "vault.ring")
    for sealed in records:
        before, after = envelope.read(sealed.envelope), envelope.read(vault.rewrap(sealed).envelope)
        assert (before.nonce, before.payload) == (after.nonce, after.payload)


def test_the_vault_stays_in_use(tmp_path: Path) -> None:
    """At every step of a rotation the running vault reads every record, also copies it took before."""
    path = tmp_path / "vault.ring"
    vault, records = lay(path)
    rows = Rows(records)
    rows.pause = lambda step: assert_all_readable(vault, rows)
    rotate(path, ROOT, vault, rows, batch_rows=3)
    assert_all_readable(vault, Rows(records))


@pytest.mark.parametrize("batch_rows", [1, 3, 100])
def test_an_interruption_anywhere_loses_nothing(
    tmp_path: Path, batch_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped at any step, a new start reads everything, and running the rotation again completes it."""
    for stop in range(1, 200):
        path = tmp_path / f"vault-{stop}.ring"
        vault, records = lay(path)
        steps = 0

        def pause(step: str, stop: int = stop) -> None:
            nonlocal steps
            steps += 1
            if steps == stop:
                raise Interrupted(step)

        rows = Rows(records, pause)
        save = rotation.save_keyring

        def interruptible(
            *args: object, save: Callable[..., None] = save, pause: Callable[[str], None] = pause
        ) -> None:
            pause("before the keyring is written")
            save(*args)
            pause("after the keyring is written")

        with monkeypatch.context() as patch:
            patch.setattr(rotation, "save_keyring", interruptible)
            try:
                rotate(path, ROOT, vault, rows, batch_rows=batch_rows)
                retire(path, ROOT, rows)
            except Interrupted:
                finished = False
            else:
                finished = True
        rows.pause = lambda step: None
        restarted = Vault(open_keyring(path, ROOT))
        assert_all_readable(restarted, rows)
        if finished:
            assert stop > 6
            return
        assert len(restarted.keyring.older) <= 1
        rotate(path, ROOT, restarted, rows, batch_rows=batch_rows)
        assert retire(path, ROOT, rows) == 1
        ring = open_keyring(path, ROOT)
        assert ring.older == ()
        assert_all_readable(Vault(ring), rows)
    pytest.fail("the rotation has more steps than were tried")


def test_an_interrupted_rotation_is_taken_up(tmp_path: Path) -> None:
    """Beginning again does not make a third key while a row needs the first: the one that was begun is completed."""
    path = tmp_path / "vault.ring"
    vault, records = lay(path)
    rows = Rows(records)
    begin(path, ROOT, vault, rows)
    begun = vault.keyring.current.id
    begin(path, ROOT, vault, rows)
    assert vault.keyring.current.id == begun
    assert len(vault.keyring.older) == 1


def test_a_second_rotation_retires_the_first_key(tmp_path: Path) -> None:
    """One rotation after another leaves two keys in the file, never a growing list."""
    path = tmp_path / "vault.ring"
    vault, records = lay(path)
    rows = Rows(records)
    seen = {vault.keyring.current.id}
    for _ in range(3):
        assert rotate(path, ROOT, vault, rows) == COUNT
        assert len(open_keyring(path, ROOT).older) == 1
        seen.add(vault.keyring.current.id)
        assert_all_readable(vault, rows)
    assert len(seen) == 4


def test_a_row_written_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    """A secret that is replaced between reading and writing keeps its new value."""
    path = tmp_path / "vault.ring"
    vault, records = lay(path)
    rows = Rows(records)

    def pause(step: str) -> None:
        if step == "before write":
            rows.records["key-0"] = vault.seal("key-0", Purpose.ISSUED_HMAC, Secret(b"newer"))

    rows.pause = pause
    begin(path, ROOT, vault, rows)
    assert rewrap_rows(vault, rows) == COUNT - 1
    assert vault.unseal(rows.records["key-0"]) == Secret(b"newer")


@pytest.mark.parametrize("by_sealer", [True, False])
def test_a_secret_on_its_way_is_not_lost(tmp_path: Path, by_sealer: bool) -> None:
    """A secret sealed before the rotation and stored after it opens, also after a restart, and is re-wrapped next."""
    path = tmp_path / "vault.ring"
    vault, records = lay(path)
    rows = Rows(records)
    late = (vault.sealer() if by_sealer else vault).seal("late", Purpose.ISSUED_HMAC, Secret(b"late"))
    rotate(path, ROOT, vault, rows)
    rows.records["late"] = late
    assert retire(path, ROOT, rows) == 0
    restarted = Vault(open_keyring(path, ROOT))
    assert restarted.unseal(rows.records["late"]) == Secret(b"late")
    assert rotate(path, ROOT, restarted, rows) == 1
    assert retire(path, ROOT, rows) == 1
    assert Vault(open_keyring(path, ROOT)).unseal(rows.records["late"]) == Secret(b"late")


def test_a_row_of_an_unknown_key_stops_the_rotation(tmp_path: Path) -> None:
    """A record that opens under no key of the ring is reported, and no key is dropped."""
    path = tmp_path / "vault.ring"
    vault, records = lay(path)
    stranger, _ = lay(tmp_path / "other.ring")
    rows = Rows([*records, stranger.seal("strange", Purpose.ISSUED_HMAC, Secret(b"?"))])
    with pytest.raises(UnsealError, match="not in the keyring"):
        rotate(path, ROOT, vault, rows)
    assert retire(path, ROOT, rows) == 0
    assert len(open_keyring(path, ROOT).older) == 1
    del rows.records["strange"]
    rotate(path, ROOT, vault, rows)
    assert_all_readable(Vault(open_keyring(path, ROOT)), rows)


def test_the_control_process_gets_a_new_sealer(tmp_path: Path) -> None:
    """The hand-over happens when the new key is in use and before the old one is dropped."""
    path = tmp_path / "vault.ring"
    vault, records = lay(path)
    seen: list[tuple[bytes, int]] = []
    rotate(
        path,
        ROOT,
        vault,
        Rows(records),
        handed_over=lambda: seen.append((vault.sealer().key_id, len(open_keyring(path, ROOT).older))),
    )
    assert seen == [(open_keyring(path, ROOT).current.id, 1)]
