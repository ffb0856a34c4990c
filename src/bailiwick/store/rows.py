"""The rows of the store as values: what a process that only reads them needs, without the library that writes them.

SQLAlchemy takes longer to load than a start of the gateway may last (ADR 12).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol, TypeVar

import msgspec

from bailiwick.model.credential import Purpose, Sealed
from bailiwick.model.life import Cause, KeyState, Life, Response, Standstill
from bailiwick.model.party import Account, Credential, KeyKind, Service, Venue, key_record
from bailiwick.store.errors import StoreError

LOAD_ROWS = 2_000
STATEMENT_KEYS = 500  # what one statement may name: SQLite takes a limited number of values
LISTS = frozenset({"home_assets", "networks", "fingerprints"})  # kept as JSON: the same text on every database
_OF_SERVICE = f" WHERE service = ? AND id > ? ORDER BY id LIMIT {LOAD_ROWS}"
EVERYTHING = "*"


class ChangeKind(StrEnum):
    """Which sort of row changed."""

    VENUE = "venue"
    ACCOUNT = "account"
    CREDENTIAL = "credential"
    SERVICE = "service"
    KEY = "key"
    HELD = "held"  # of a service, named by its id: any of its keys
    TOKEN = "token"  # noqa: S105  (the name of a sort of row)
    HOLD = "hold"
    OWNER = "owner"
    INCIDENT = "incident"
    NATIVE = "native"
    ALERT = "alert"  # of the watch, named by its position in the journal
    VOUCH = "vouch"
    PERSON = "person"


PARTIES = frozenset({ChangeKind.VENUE, ChangeKind.ACCOUNT, ChangeKind.CREDENTIAL, ChangeKind.SERVICE})
"""The sorts of row that stand behind keys: a change of one concerns every key of it."""


class Change(msgspec.Struct, frozen=True):
    """One change. A subject of ``*`` means: any row of this kind, read them all again."""

    number: int
    kind: ChangeKind
    subject: str
    at: int  # ms


class Beside(msgspec.Struct, frozen=True, array_like=True):
    """What few keys have: why and until when they are in their state, a wish for their expiry, an older secret."""

    cause: Cause | None
    suspected: tuple[str, ...]
    since: int | None
    until: int | None
    on_expiry: Response
    previous: str  # in hexadecimal
    previous_until: int | None


class KeyRow(msgspec.Struct, frozen=True, gc=False):
    """A key as a registry of a million takes it: names shared between rows, the grant by its digest."""

    id: str
    account: str
    service: str
    kind: KeyKind
    material: bytes  # the sealed secret of an HMAC key, the public key of the others
    grant: bytes  # SHA-256 of its text, as ``grants`` has it
    state: KeyState
    expires: int | None
    last_used: int | None
    created: int
    beside: Beside | None = None

    @property
    def life(self) -> Life:
        """The state with what is known of it."""
        more = self.beside
        if more is None:
            return Life(self.state)
        return Life(self.state, Standstill(more.cause, more.suspected, more.since, more.until))

    @property
    def on_expiry(self) -> Response:
        """What its owner wants when its time runs out."""
        return Response.WIND_DOWN if self.beside is None else self.beside.on_expiry

    def previous(self) -> tuple[bytes, int] | None:
        """The envelope or public key that is believed beside the other, and until when, during a rotation."""
        more = self.beside
        if more is None or more.previous_until is None:
            return None
        return bytes.fromhex(more.previous), more.previous_until

    def sealed(self) -> Sealed:
        """What the vault opens; only of an HMAC key.

        Raises:
            ValueError: if the key has no secret.
        """
        if self.kind is not KeyKind.HMAC:
            raise ValueError(f"key {self.id}: of kind {self.kind}, it has no secret")
        return Sealed(key_record(self.id, self.account), Purpose.ISSUED_HMAC, self.material)


class Use(msgspec.Struct, frozen=True):
    """When a key last did anything that was allowed, and anything but read; in ms, 0 for never."""

    at: int
    traded: int = 0


# Most keys have nothing of it, so that a million rows are read with one empty column more rather than seven.
_BESIDE = """CASE WHEN cause IS NULL AND previous IS NULL AND on_expiry = 'wind-down' THEN NULL ELSE
json_array(cause, json(suspected), since, until, on_expiry, hex(coalesce(previous, x'')), previous_until) END"""
_besides = msgspec.json.Decoder(Beside)

Party = TypeVar("Party", bound=Venue | Account | Credential | Service)


def read_party(kind: str, values: Mapping[str, Any], party: type[Party]) -> Party:
    """A row of the table of this kind, by its columns' names, as its value.

    Raises:
        StoreError: if it makes no sense.
    """
    listed = {name: msgspec.json.decode(str(value)) if name in LISTS else value for name, value in values.items()}
    try:
        return msgspec.convert(listed, party)
    except msgspec.ValidationError as error:
        raise StoreError(f"{kind} {values['id']}: the stored row makes no sense: {error}") from None


class Cursor(Protocol):
    """The driver's own cursor."""

    def execute(self, statement: str, values: Sequence[str], /) -> object:
        """Run a statement."""
        ...

    def fetchmany(self, size: int = ..., /) -> Sequence[Any]:
        """The next rows; none at the end."""
        ...


def key_rows(
    driver: Cursor, key_ids: Sequence[str] | None = None, *, service: tuple[str, str] | None = None
) -> Iterator[KeyRow]:
    """All keys in no order, or those named, by the driver's own cursor: per row, SQLAlchemy's would be the larger part.

    ``service`` asks for some of the keys of this service in the order of their ids, behind an id.

    Raises:
        StoreError: if a row makes no sense: a key in no known state is not passed over in silence.
    """
    share: Callable[[str, str], str] = dict[str, str]().setdefault
    share_digest: Callable[[bytes, bytes], bytes] = dict[bytes, bytes]().setdefault
    kinds = {kind.value: kind for kind in KeyKind}
    states = {state.value: state for state in KeyState}
    chosen = _selections(key_ids) if service is None else [(_OF_SERVICE, service)]
    for name, account, holder, kind, material, digest, state, expires, used, created, more in _rows(driver, chosen):
        if kind not in kinds or state not in states:
            raise StoreError(
                f"key {name}: {kind!r}, {state!r}: no kind or state of a key; the stored row makes no sense"
            )
        yield KeyRow(
            name,
            share(account, account),
            share(holder, holder),
            kinds[kind],
            material,
            share_digest(digest, digest),
            states[state],
            expires,
            used,
            created,
            None if more is None else _beside(name, more),
        )


def _beside(name: str, text: str) -> Beside:
    try:
        return _besides.decode(text)
    except msgspec.MsgspecError as error:
        raise StoreError(f"key {name}: the stored row makes no sense: {error}") from None


def _rows(driver: Cursor, selections: Iterable[tuple[str, Sequence[str]]]) -> Iterator[tuple[Any, ...]]:
    columns = 'id, account, service, kind, coalesce(secret, public_key), "grant", state, expires, last_used, created, '
    columns += _BESIDE
    for condition, values in selections:
        driver.execute(f"SELECT {columns} FROM key{condition}", values)  # noqa: S608  (no value in it)
        while rows := driver.fetchmany(LOAD_ROWS):
            yield from rows


def _selections(key_ids: Sequence[str] | None) -> Iterator[tuple[str, Sequence[str]]]:
    if key_ids is None:
        yield "", ()
        return
    for at in range(0, len(key_ids), STATEMENT_KEYS):
        some = key_ids[at : at + STATEMENT_KEYS]
        yield f" WHERE id IN ({', '.join('?' * len(some))})", some
