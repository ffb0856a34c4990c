"""Keys: issued, edited and rotated. A key keeps its id, account, service and kind for life."""

import asyncio
import secrets
from collections.abc import Callable, Collection
from typing import final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from msgspec import UNSET

from bailiwick.authority import bounds
from bailiwick.authority.acts import Act, Acts, Asks
from bailiwick.authority.parties import Parties, answer, check_seen, preview
from bailiwick.authority.reach import worst_of
from bailiwick.authority.show import effective_values, key_values, moment
from bailiwick.authority.verbs import ActAnswer, CheckGrant, EditKey, IssueKey, Kind, RotateKey, ShowAnswer, Values
from bailiwick.link.questions import Seal, Symbols
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.credential import (
    KEY_ID_RANDOM_BYTES,
    SECRET_RANDOM_BYTES,
    Purpose,
    make_key_id,
    make_secret,
)
from bailiwick.model.grant import grant_from_toml, grant_to_toml
from bailiwick.model.harm import Harm
from bailiwick.model.leaked import public_print, secret_print
from bailiwick.model.life import Cause, Mover, mover_of
from bailiwick.model.party import Key, KeyKind, KeyState, Standing, key_record
from bailiwick.model.secret import Secret
from bailiwick.rules.authority import Authority
from bailiwick.rules.describe import describe
from bailiwick.store.store import Store

BY_PROGRAM = frozenset({Harm.PUBLIC, Harm.READ, Harm.CANCEL, Harm.TRADE})
"""What a key may do that a program issues, as a platform's does for its customers."""

LEAST_RSA_BITS = 2048
MOST_RSA_BITS = 8192
MOST_NAME_CHARS = 200
MOST_OVERLAP_S = 30 * 86_400
EVENTS = ("on_expiry", "on_idle", "on_alert", "on_compromise")


@final
class Keys:
    """The authority over keys."""

    def __init__(self, store: Store, acts: Acts, gateway: Asks, parties: Parties, clock: Callable[[], int]) -> None:
        self._store = store
        self._acts = acts
        self._gateway = gateway
        self._parties = parties
        self._clock = clock

    async def issue(
        self, question: IssueKey, actor: str, first: Callable[[str], object] = lambda key_id: None
    ) -> ActAnswer:
        """Issue a key. ``first`` is called with its id before the key is in force: what must be known of it by then."""
        kind, public_key = _kind(question.public_key)
        async with self._acts.turn():
            text, found = self._judged(question.grant, question.account, question.service)
            _check_issuer(found, actor)
            notes = self._notes(text, found, question.account) + await self._symbols(text, question.account)
            now = self._clock()
            key_id = make_key_id(question.account, secrets.token_bytes(KEY_ID_RANDOM_BYTES))
            draft = Key(
                key_id,
                question.account,
                question.service,
                KeyKind.ED25519,
                text,
                KeyState.ACTIVE,
                now,
                public_key=b"-",
                expires=_expires(found, now),
                name=_name(question.name),
            )
            if question.preview:
                values = {**key_values(draft), "id": "", "kind": kind.value, "public_key": None}
                shown = preview(Kind.KEY, "", {}, values, notes=notes)
                return msgspec.structs.replace(shown, worst=worst_of(found))
            secret, envelope = await self._secret(public_key, key_id, question.account)
            key = msgspec.structs.replace(draft, kind=kind, secret=envelope, public_key=public_key)
            values = key_values(key)
            act = Act(actor=actor, act="key.issue", subject=key_id, after=values, reason=question.reason)

            def add() -> None:
                first(key_id)
                self._store.keys.add(key)

            _, done = await self._acts.perform(act, add)
            self._store.leaks.keep_print(key_id)
        issued = answer(Kind.KEY, key_id, {}, values, done, notes=notes, secret=secret)
        return msgspec.structs.replace(issued, worst=worst_of(found))

    async def _symbols(self, grant: str, account: str) -> tuple[str, ...]:
        """Hold the grant's symbols to those that the venue has: one spelt otherwise would never match an order."""
        named = grant_from_toml(grant).what.symbols
        return await check_symbols(self._gateway, self._store, () if named == "all" else named, account)

    async def edit(self, question: EditKey, actor: str) -> ActAnswer:
        """Change a key's grant, name, or what happens to it by itself.

        Raises:
            LinkError: if it was not done; no rule edits a key.
        """
        if mover_of(actor) is not Mover.PERSON:
            raise LinkError(Code.REFUSED, f"edit: only a signed-in person may, and {actor} is none")
        async with self._acts.turn():
            before = self._store.keys.get(question.id)
            after, notes = before, tuple[str, ...]()
            if question.name is not UNSET:
                after = msgspec.structs.replace(after, name=_name(question.name))
            if question.grant is not UNSET:
                text, found = self._judged(question.grant, before.account, before.service)
                notes = self._notes(text, found, before.account) + await self._symbols(text, before.account)
                after = msgspec.structs.replace(after, grant=text, expires=_expires(found, before.created))
                if after.expires is not None and after.previous_until is not None:
                    after = msgspec.structs.replace(after, previous_until=min(after.previous_until, after.expires))
            chosen = {event: getattr(question, event) for event in EVENTS}
            wishes = {event: wish for event, wish in chosen.items() if wish is not UNSET}
            after = msgspec.structs.replace(after, **wishes)
            old, new = key_values(before), key_values(after)
            return await self._parties.edit(
                question,
                actor,
                Kind.KEY,
                old,
                new,
                lambda: self._store.keys.update(after, was=before),
                keys=(before.id,) if before.grant != after.grant else (),
                notes=notes,
            )

    async def rotate(self, question: RotateKey, actor: str) -> ActAnswer:
        """Another secret or public key under the same id; the old one stops at once, or after an overlap."""
        kind, public_key = _kind(question.public_key)
        if not 0 <= question.overlap_s <= MOST_OVERLAP_S:
            raise LinkError(Code.REFUSED, f"overlap: from none to {MOST_OVERLAP_S // 86_400} days")
        if question.leaked and question.overlap_s:
            raise LinkError(Code.REFUSED, "overlap: none for a secret that leaked; leave out one of the two")
        async with self._acts.turn():
            before = self._store.keys.get(question.id)
            values = key_values(before)
            check_seen(question.seen, values)
            if kind is not before.kind:
                raise LinkError(
                    Code.REFUSED,
                    f"key {before.id}: it is of kind {before.kind} for life; "
                    + ("give its new public key" if before.kind is not KeyKind.HMAC else "give no public key"),
                )
            if before.state in {KeyState.REVOKED, KeyState.EXPIRED}:
                raise LinkError(Code.CONFLICT, f"key {before.id}: it is {before.state}; issue another key")
            if before.cause is Cause.LEAK and question.overlap_s:
                raise LinkError(
                    Code.REFUSED, f"overlap: the secret of key {before.id} leaked, and is not believed for longer"
                )
            overlap = self._overlap(before, question)
            if question.preview:
                return preview(Kind.KEY, before.id, values, {**values, "overlap_until": moment(overlap)})
            secret, envelope = await self._secret(public_key, before.id, before.account)
            given_up = None if overlap is None else before.secret or before.public_key
            after = msgspec.structs.replace(
                before, secret=envelope, public_key=public_key, previous=given_up, previous_until=overlap
            )
            new = key_values(after)
            act = Act(
                actor=actor,
                act="key.rotate",
                subject=before.id,
                before={"public_key": values["public_key"]},
                after={
                    "public_key": new["public_key"],
                    "overlap_until": new["overlap_until"],
                    "leaked": question.leaked,
                },
                reason=question.reason,
                keys=(before.id,),
                restored=KeyState.FROZEN,  # a backup from before holds the secret that was given up
            )
            _, done = await self._acts.perform(act, lambda: self._store.keys.update(after, was=before))
            self._store.leaks.keep_print(before.id)
        return answer(Kind.KEY, before.id, values, new, done, secret=secret)

    def _overlap(self, key: Key, question: RotateKey) -> int | None:
        """Until when the old secret is believed: never past the key's own expiry."""
        if not question.overlap_s:
            return None
        until = self._clock() + question.overlap_s * 1000
        return until if key.expires is None else min(until, key.expires)

    async def end_overlaps(self) -> int:
        """Forget the secrets of which the overlap is over; how many."""
        async with self._acts.turn():
            return await asyncio.to_thread(self._store.keys.end_overlaps, self._clock())

    def check(self, question: CheckGrant) -> ShowAnswer:
        """What a grant would come to, without issuing anything."""
        text, found = self._judged(question.grant, question.account, question.service, standing=False)
        values: Values = {"account": question.account, "service": question.service, "grant": text}
        return ShowAnswer(
            kind=Kind.KEY,
            values=values,
            sentences=tuple(describe(grant_from_toml(text))),
            effective=effective_values(found),
            notes=self._notes(text, found, question.account),
        )

    def _judged(self, grant: str, account_id: str, service_id: str, *, standing: bool = True) -> tuple[str, Authority]:
        """The grant in its one form, and what it comes to within the bounds of this account and service."""
        parsed = grant_from_toml(grant)
        account = self._store.accounts.get(account_id) if account_id else None
        service = self._store.services.get(service_id) if service_id else None
        if standing and service is not None and service.standing is not Standing.TRUSTED:
            raise LinkError(
                Code.CONFLICT, f"service {service.id}: it is {service.standing}; it gets no wider authority"
            )
        found = bounds.effective(parsed, account, service)
        if found.expires_us is not None and found.expires_us <= self._clock() * 1000:
            raise LinkError(Code.REFUSED, "when.expires: it has passed already; write a later moment")
        return grant_to_toml(parsed), found

    def _notes(self, text: str, found: Authority, account_id: str) -> tuple[str, ...]:
        grant = grant_from_toml(text)
        notes = [*bounds.narrowed(grant, found), *bounds.unwise(grant, found)]
        if account_id and self._store.accounts.get(account_id).credential is None:
            notes.append("the account has no credential in use, so nothing of it leaves; see `bailiwick account show`")
        return tuple(notes)

    async def _secret(self, public_key: bytes | None, key_id: str, account: str) -> tuple[Secret | None, bytes | None]:
        if public_key is not None:
            self._store.leaks.add_print(public_print(public_key), key_id)
            return None, None
        secret = make_secret(secrets.token_bytes(SECRET_RANDOM_BYTES))
        question = Seal(record=key_record(key_id, account), purpose=Purpose.ISSUED_HMAC.value, plaintext=secret)
        envelope = (await self._gateway.ask(question)).envelope
        self._store.leaks.add_print(secret_print(secret), key_id)  # so that one that leaks names its key
        return secret, envelope


async def check_symbols(gateway: Asks, store: Store, symbols: Collection[str], account: str) -> tuple[str, ...]:
    """Look symbols up at an account's venue; a note, where nobody can tell.

    Raises:
        LinkError: naming the first that it does not have, and the nearest that it has.
    """
    if not symbols:
        return ()
    venue = store.accounts.get(account).venue
    found = await gateway.ask(Symbols(venue=venue, names=tuple(sorted(symbols))))
    for symbol, near in found.absent.items():
        meant = f"did you mean {near}?" if near else f"`bailiwick doctor` says whether {venue} is reached"
        raise LinkError(Code.REFUSED, f"symbols: {venue} has no {symbol}; {meant}")
    if not found.loaded:
        return (
            f"{venue}'s table of symbols is not loaded yet: whether it has {', '.join(sorted(symbols))} is not known",
        )
    return ()


def _check_issuer(found: Authority, actor: str) -> None:
    """Whoever holds a program's token must not come by a key that takes money away."""
    beyond = sorted(found.harms - BY_PROGRAM)
    if beyond and mover_of(actor) is not Mover.PERSON:
        raise LinkError(
            Code.REFUSED,
            f"may: a program issues keys for {', '.join(sorted(BY_PROGRAM))} alone, and this grant has "
            f"{', '.join(beyond)}; a signed-in person can issue it",
        )


def _kind(pem: bytes) -> tuple[KeyKind, bytes | None]:
    """The kind of key that this public key makes, and its one form."""
    if not pem:
        return KeyKind.HMAC, None
    if b"PRIVATE KEY" in pem:
        raise LinkError(
            Code.REFUSED, "public_key: that is a private key, and nobody else should have it; give the public half"
        )
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise LinkError(
            Code.REFUSED, "public_key: not a public key in PEM; `openssl pkey -pubout` writes one"
        ) from None
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    match key:
        case Ed25519PublicKey():
            return KeyKind.ED25519, der
        case RSAPublicKey() if LEAST_RSA_BITS <= key.key_size <= MOST_RSA_BITS:
            return KeyKind.RSA, der
        case RSAPublicKey():
            raise LinkError(
                Code.REFUSED, f"public_key: RSA of {key.key_size} bits; make one of 2048 to 8192, or Ed25519"
            )
        case _:
            raise LinkError(Code.REFUSED, "public_key: neither Ed25519 nor RSA; make one of these")


def _expires(found: Authority, created: int) -> int | None:
    return None if found.expires_us is None else max(found.expires_us // 1000, created)


def _name(text: str) -> str:
    if len(text) > MOST_NAME_CHARS or not text.isprintable():
        raise LinkError(Code.REFUSED, f"name: at most {MOST_NAME_CHARS} printable characters")
    return text
