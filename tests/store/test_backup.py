"""Backup and restore: sealed, whole, and never a way for a revoked key to return."""

import io
import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bailiwick.model.credential import make_key_id
from bailiwick.model.party import TRANSITIONS, Account, Key, KeyKind, KeyState, Service, Venue
from bailiwick.model.person import Entry, Passkey, Person, Session
from bailiwick.model.secret import Secret
from bailiwick.model.token import Role, Token
from bailiwick.store import backup as backups
from bailiwick.store.backup import BackupHead, backup, read_head, restore, state_after
from bailiwick.store.changes import EVERYTHING
from bailiwick.store.errors import RestoreError, StoreError
from bailiwick.store.seal import PIECE_BYTES, open_stream, seal_stream
from bailiwick.store.store import Store
from bailiwick.vault.vault import Vault
from bailiwick.vault.vaultkey import Keyring, VaultKey

VAULT = Vault(Keyring(VaultKey.generate()))
PASSPHRASE = Secret(b"correct horse battery staple")
POSITION = 100


def key(number: int, state: KeyState = KeyState.ACTIVE) -> Key:
    key_id = make_key_id("main", number.to_bytes(16))
    return Key(key_id, "main", "bot", KeyKind.HMAC, "g", state, 1, b"sealed secret %d" % number)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "bailiwick.db") as store:
        store.venues.add(Venue("v", "V", "binance", "https://v.example"))
        store.accounts.add(Account("main", "v", "Main", "alice"))
        store.services.add(Service("bot", "Bot"))
        store.keys.add_many([key(number) for number in range(3)])
        yield store


@pytest.fixture(autouse=True)
def cheap_passphrases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "new_phc", lambda: "$argon2id$v=19$m=64,t=1,p=1$AAECAwQFBgcICQoLDA0ODw")


@pytest.mark.parametrize(
    ("sealed_by", "opened_by"),
    [(PASSPHRASE, PASSPHRASE), (VAULT, VAULT), (VAULT.sealer(), VAULT)],
    ids=["passphrase", "vault", "sealer"],  # the same in every process that collects the tests
)
def test_a_backup_is_restored(store: Store, tmp_path: Path, sealed_by: Secret, opened_by: Secret) -> None:
    """By passphrase, vault or sealer: every row comes back, under numbers that go on, and everybody re-reads."""
    head = backup(store, tmp_path / "b", POSITION, sealed_by)
    assert read_head(tmp_path / "b") == head
    assert (head.journal_position, head.change) == (POSITION, store.last_change())
    done = restore(tmp_path / "b", tmp_path / "new.db", opened_by, journal_position=POSITION, revoked_after=[])
    assert (done.head, done.moved) == (head, 0)
    with Store.open(tmp_path / "new.db") as restored:
        assert restored.keys.list() == store.keys.list()
        assert restored.accounts.list() == store.accounts.list()
        changes = restored.changes_since(head.change)
        assert {change.subject for change in changes} == {EVERYTHING}
        assert changes[0].number == head.change + 1
    assert {path.name for path in tmp_path.glob("*")} == {
        "b",
        "bailiwick.db",
        "new.db",
        "bailiwick.db-wal",
        "bailiwick.db-shm",
    } - ({"bailiwick.db-wal", "bailiwick.db-shm"} - {path.name for path in tmp_path.glob("bailiwick.db-*")})


def test_no_revoked_key_returns(store: Store, tmp_path: Path) -> None:
    """A key revoked after the backup is revoked in the restored database, and other moves since hold too."""
    backup(store, tmp_path / "b", POSITION, VAULT)
    store.keys.move(key(0).id, KeyState.REVOKED, account="main")
    tail = [
        (key(0).id, KeyState.FROZEN),
        (key(0).id, KeyState.REVOKED),
        (key(0).id, KeyState.ACTIVE),
        (key(1).id, KeyState.FROZEN),
        (make_key_id("main", b"issued afterward"), KeyState.ACTIVE),
    ]
    done = restore(tmp_path / "b", tmp_path / "new.db", VAULT, journal_position=POSITION + 5, revoked_after=tail)
    assert done.moved == 2
    with Store.open(tmp_path / "new.db") as restored:
        states = {row.id: row.state for row in restored.keys.load()}
    assert states == {key(0).id: KeyState.REVOKED, key(1).id: KeyState.FROZEN, key(2).id: KeyState.ACTIVE}


@given(st.sampled_from(KeyState), st.lists(st.sampled_from(KeyState), max_size=8), st.integers(0, 8))
def test_no_tail_revives_a_revoked_key(start: KeyState, tail: list[KeyState], place: int) -> None:
    """Whatever else stands in the journal, before and after, one revocation is the end of the key."""
    state = start
    for to in [*tail[:place], KeyState.REVOKED, *tail[place:]]:
        state = state_after(state, to)
    assert state is KeyState.REVOKED


def test_a_step_that_the_table_lacks_freezes() -> None:
    """Where the backup lacks what came between, a key is frozen rather than believed, and none is brought back."""
    for state in KeyState:
        for to in KeyState:
            after = state_after(state, to)
            if to is state or to in TRANSITIONS[state]:
                assert after is to
            else:
                assert after in {state, KeyState.FROZEN}
                assert after is not KeyState.ACTIVE


@pytest.mark.parametrize(("position", "checkpoint"), [(POSITION - 1, None), (POSITION, POSITION + 1), (0, 0)])
def test_a_shorter_journal_needs_a_persons_word(
    store: Store, tmp_path: Path, position: int, checkpoint: int | None
) -> None:
    """A journal behind the backup, or behind the checkpoint kept elsewhere, is refused unless somebody says so."""
    backup(store, tmp_path / "b", POSITION, VAULT)

    def attempt(*, accept: bool) -> None:
        restore(
            tmp_path / "b",
            tmp_path / "new.db",
            VAULT,
            journal_position=position,
            revoked_after=[],
            checkpoint_position=checkpoint,
            accept_shorter_journal=accept,
        )

    with pytest.raises(RestoreError, match="accept_shorter_journal"):
        attempt(accept=False)
    assert not (tmp_path / "new.db").exists()
    assert not list(tmp_path.glob("new.db.*"))
    attempt(accept=True)
    assert (tmp_path / "new.db").exists()


def test_the_wrong_key_does_not_open(store: Store, tmp_path: Path) -> None:
    """Another passphrase, another vault, or the wrong one of the two opens nothing and leaves no file."""
    backup(store, tmp_path / "by-passphrase", POSITION, PASSPHRASE)
    backup(store, tmp_path / "by-vault", POSITION, VAULT)
    stranger = Vault(Keyring(VaultKey.generate()))
    for name, by in (
        ("by-passphrase", Secret(b"guess")),
        ("by-passphrase", VAULT),
        ("by-vault", stranger),
        ("by-vault", PASSPHRASE),
    ):
        with pytest.raises(RestoreError):
            restore(tmp_path / name, tmp_path / "new.db", by, journal_position=POSITION, revoked_after=[])
        assert not list(tmp_path.glob("new.db*"))


def test_an_altered_backup_is_refused(store: Store, tmp_path: Path) -> None:
    """A changed byte anywhere, a lost end, a foreign head and a file of another sort are refused."""
    path = tmp_path / "b"
    backup(store, path, POSITION, VAULT)
    good = path.read_bytes()
    places = [*range(0, 400, 7), 1000, len(good) // 2, len(good) - 1]
    damaged = [good[:place] + bytes((good[place] ^ 1,)) + good[place + 1 :] for place in places]
    head_end = 12 + int.from_bytes(good[8:12])
    lower = msgspec.json.encode(msgspec.structs.replace(read_head(path), journal_position=0))
    damaged += [good[:-1], good + b"\0", good[:head_end], good[:20], b"", b"SQLite format 3\0"]
    damaged.append(good[:8] + len(lower).to_bytes(4) + lower + good[head_end:])
    for data in damaged:
        path.write_bytes(data)
        with pytest.raises(RestoreError):
            restore(path, tmp_path / "new.db", VAULT, journal_position=POSITION, revoked_after=[])
        assert not list(tmp_path.glob("new.db*"))


def test_a_newer_backup_is_refused(tmp_path: Path) -> None:
    """A backup of a version that this program does not know is not tried."""
    head = msgspec.json.encode(BackupHead(2, "x", 0, 0, 0, b"", None))
    (tmp_path / "b").write_bytes(b"BWBACKUP" + len(head).to_bytes(4) + head)
    with pytest.raises(RestoreError, match="newer program"):
        read_head(tmp_path / "b")
    with pytest.raises(RestoreError, match="No such file"):
        read_head(tmp_path / "missing")


def test_nothing_is_overwritten(store: Store, tmp_path: Path) -> None:
    """Neither a backup nor a database that is there is written over."""
    backup(store, tmp_path / "b", POSITION, VAULT)
    before = (tmp_path / "b").read_bytes()
    with pytest.raises(StoreError, match="File exists"):
        backup(store, tmp_path / "b", POSITION, VAULT)
    assert (tmp_path / "b").read_bytes() == before
    with pytest.raises(RestoreError, match="move it away"):
        restore(tmp_path / "b", store.path, VAULT, journal_position=POSITION, revoked_after=[])


def test_a_backup_shows_nothing(store: Store, tmp_path: Path) -> None:
    """The file holds no row in the clear, is private, and leaves no unsealed copy behind."""
    backup(store, tmp_path / "b", POSITION, VAULT)
    data = (tmp_path / "b").read_bytes()
    for clear in (b"sealed secret", b"SQLite format", b"alice", key(0).id.encode()):
        assert clear not in data
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o600
    assert not list(tmp_path.glob(".backup-*"))


@settings(max_examples=20)
@given(st.sampled_from([0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES]))
def test_streams_of_every_length_open(length: int) -> None:
    """A stream at and around the size of a piece reads back, and without its last piece it does not."""
    plain, sealed, opened = io.BytesIO(os.urandom(length)), io.BytesIO(), io.BytesIO()
    seal_stream(plain, sealed, bytes(32), b"head")
    sealed.seek(0)
    open_stream(sealed, opened, bytes(32), b"head")
    assert opened.getvalue() == plain.getvalue()
    piece = PIECE_BYTES + 16
    pieces = [sealed.getvalue()[at : at + piece] for at in range(0, len(sealed.getvalue()), piece)]
    for wrong in (pieces[:-1], pieces[::-1] if len(pieces) > 1 else [], [*pieces, pieces[-1]]):
        with pytest.raises(ValueError, match="does not open"):
            open_stream(io.BytesIO(b"".join(wrong)), io.BytesIO(), bytes(32), b"head")


def test_no_session_returns(store: Store, tmp_path: Path) -> None:
    """After a restore nobody is signed in, and no link of then works: what was ended since must not come back."""
    person = Person(name="eve", role=Role.OPERATOR, created=1)
    store.people.invite(person, Entry(digest=b"link", person="eve", created=1, expires=2))
    begun = Session(
        id="s-1", digest=b"cookie", person="eve", begun=1, last_seen=1, by="passkey", source="127.0.0.1", agent=""
    )
    store.people.begin(begun)
    backup(store, tmp_path / "b", POSITION, PASSPHRASE)
    restore(tmp_path / "b", tmp_path / "new.db", PASSPHRASE, journal_position=POSITION, revoked_after=[])
    with Store.open(tmp_path / "new.db") as restored:
        sessions = [session.ended is None for session in restored.people.sessions()]
        assert (sessions, restored.people.entry(b"link"), restored.people.get("eve").ended) == ([False], None, None)


def test_who_signs_in_comes_back_but_for_what_was_ended(store: Store, tmp_path: Path) -> None:
    """People, passkeys, passwords and tokens work after a restore; what the journal says was ended since does not."""
    people = store.people
    for name in ("ada", "bo", "cy", "di"):
        link = Entry(digest=name.encode(), person=name, created=1, expires=2)
        people.invite(Person(name=name, role=Role.OPERATOR, created=1), link)
        made = Passkey(id=name.encode(), person=name, label="x", public_key=b"k", sign_count=7, site="s", created=1)
        people.enter(link, made, None, None, 0)
        again = Entry(digest=name.encode() * 2, person=name, created=1, expires=2)
        people.invite(people.get(name), again)
        people.enter(again, None, "phc", b"seed", 9)
        store.tokens.add(
            Token(id=f"t-{name}", name=name, digest=name.encode(), role=Role.OPERATOR, created=1, expires=2)
        )
    backup(store, tmp_path / "b", POSITION, VAULT)
    acts = [
        ("token.revoke", "t-bo", "{}"),
        ("token.revoke", "t-later", "{}"),
        ("person.end", "cy", "{}"),
        ("person.end", "later", "{}"),
        ("passkey.remove", "di", f'{{"label":"x","passkey":"{b"di".hex()}"}}'),
        ("passkey.remove", "di", '{"label":"x","passkey":"zz"}'),
        ("person.enter", "bo", '{"made":"password and codes"}'),
        ("person.enter", "ada", '{"made":"passkey phone"}'),
        ("session.begin", "ada", "no JSON"),
    ]
    done = restore(
        tmp_path / "b", tmp_path / "new.db", VAULT, journal_position=POSITION + 9, revoked_after=[], acts_after=acts
    )
    assert done.ended == 4
    with Store.open(tmp_path / "new.db") as restored:
        ways = {
            each.name: (each.ended is None, each.password, len(restored.people.passkeys(each.name)))
            for each in restored.people.list()
        }
        assert ways == {"ada": (True, "phc", 1), "bo": (True, None, 1), "cy": (False, None, 0), "di": (True, "phc", 0)}
        assert restored.people.passkeys("ada") == people.passkeys("ada")
        in_force = [each.name for each in restored.tokens.list() if each.revoked is None]
        assert in_force == ["ada", "cy", "di"]
