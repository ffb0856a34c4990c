"""Venues and accounts: added, edited, and their credentials sealed."""

import secrets
import socket
from collections.abc import Callable
from typing import Any, TypeVar, final
from urllib.parse import urlsplit

import msgspec
from msgspec import UNSET

from bailiwick.authority.acts import Act, Acts, Asks, Done
from bailiwick.authority.show import (
    REVOKED_API_KEY,
    account_values,
    differences,
    digest,
    venue_values,
)
from bailiwick.authority.verbs import (
    ActAnswer,
    AddAccount,
    AddVenue,
    EditAccount,
    EditVenue,
    Kind,
    NewCredential,
    RotateAccount,
    Values,
)
from bailiwick.link.questions import Seal
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.credential import Purpose
from bailiwick.model.grant import bound_from_toml, bound_to_toml
from bailiwick.model.party import Account, Credential, KeyState, Service, Venue, credential_record
from bailiwick.model.secret import Secret
from bailiwick.store.errors import NotFoundError
from bailiwick.store.store import Store
from bailiwick.vault.privatekey import normalise_private_key
from bailiwick.venues import dialects

Party = TypeVar("Party", Venue, Account, Service)

HELD = (KeyState.ACTIVE, KeyState.WINDING_DOWN, KeyState.PENDING, KeyState.FROZEN)
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def is_local(address: str) -> bool:
    """Whether requests can leave this machine from this address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


@final
class Parties:
    """The authority over venues and accounts."""

    def __init__(self, store: Store, acts: Acts, gateway: Asks) -> None:
        self._store = store
        self._acts = acts
        self._gateway = gateway

    # Venues

    async def add_venue(self, question: AddVenue, actor: str) -> ActAnswer:
        """Add an exchange."""
        venue = Venue(question.id, question.name, question.dialect, question.base_url, question.mode)  # type: ignore[arg-type]  # checked when made
        _check_dialect(venue.dialect)
        _check_url(venue)
        async with self._acts.turn():
            absent(self._store.venues.get, Kind.VENUE, venue.id)
            values = venue_values(venue)
            act = Act(actor=actor, act="venue.add", subject=venue.id, after=values, reason=question.reason)
            if question.preview:
                return preview(Kind.VENUE, venue.id, {}, values)
            _, done = await self._acts.perform(act, lambda: self._store.venues.add(venue))
        return answer(Kind.VENUE, venue.id, {}, values, done)

    async def edit_venue(self, question: EditVenue, actor: str) -> ActAnswer:
        """Change how an exchange is reached."""
        async with self._acts.turn():
            before = self._store.venues.get(question.id)
            after = replaced(before, name=question.name, base_url=question.base_url, mode=question.mode)
            _check_url(after)
            old, new = venue_values(before), venue_values(after)
            return await self.edit(
                question, actor, Kind.VENUE, old, new, lambda: self._store.venues.update(after, was=before)
            )  # fmt: skip

    # Accounts

    async def add_account(self, question: AddAccount, actor: str) -> ActAnswer:
        """Add an account at a venue, and seal its credential."""
        account = Account(
            question.id,
            question.venue,
            question.name,
            question.owner,
            limits=limits_of(question.limits),
            local_address=question.local_address or None,
            home_assets=question.home_assets,
        )
        async with self._acts.turn():
            absent(self._store.accounts.get, Kind.ACCOUNT, account.id)
            self._store.venues.get(account.venue)
            if question.preview:
                return preview(Kind.ACCOUNT, account.id, {}, account_values(account, None))
            credential = None
            if question.credential is not None:
                credential = await self._sealed(account.id, None, question.credential)
            shown = msgspec.structs.replace(account, credential=credential and credential.id)
            values = account_values(shown, credential)
            act = Act(actor=actor, act="account.add", subject=account.id, after=values, reason=question.reason)
            _, done = await self._acts.perform(act, lambda: self._add_account(account, credential))
        notes: tuple[str, ...] = ()
        if credential is None:
            notes += ("it has no credential yet: `bailiwick account rotate` takes one",)
        if account.local_address is not None and not is_local(account.local_address):
            notes += (f"{account.local_address} is no address of this machine: nothing can leave from it until it is",)
        return answer(Kind.ACCOUNT, account.id, {}, values, done, notes=notes)

    def _add_account(self, account: Account, credential: Credential | None) -> None:
        with self._store.writing() as connection:
            self._store.accounts.add_in(connection, account)
            if credential is not None:
                self._store.credentials.add_in(connection, credential)
                used = msgspec.structs.replace(account, credential=credential.id)
                self._store.accounts.update_in(connection, used)

    async def edit_account(self, question: EditAccount, actor: str) -> ActAnswer:
        """Change what is said of an account."""
        async with self._acts.turn():
            before = self._store.accounts.get(question.id)
            credential = self.credential_of(before)
            after = replaced(
                before,
                name=question.name,
                owner=question.owner,
                limits=question.limits if question.limits is UNSET else limits_of(question.limits),
                local_address=question.local_address
                if question.local_address is UNSET
                else question.local_address or None,
                home_assets=question.home_assets,
            )
            narrowed = self._keys_if(before.limits != after.limits, account=before.id)
            return await self.edit(
                question,
                actor,
                Kind.ACCOUNT,
                account_values(before, credential),
                account_values(after, credential),
                lambda: self._store.accounts.update(after, was=before),
                keys=narrowed,
            )

    async def rotate_account(self, question: RotateAccount, actor: str) -> ActAnswer:
        """Put another credential in the place of an account's own. A frozen account stays frozen."""
        async with self._acts.turn():
            account = self._store.accounts.get(question.id)
            old = self.credential_of(account)
            check_seen(question.seen, account_values(account, old))
            if question.preview:
                values = account_values(account, old)
                return preview(Kind.ACCOUNT, account.id, values, {**values, "api_key": question.credential.api_key})
            new = await self._sealed(account.id, old, question.credential)
            after = msgspec.structs.replace(account, credential=new.id)
            values = account_values(after, new)
            act = Act(
                actor=actor,
                act="account.rotate",
                subject=account.id,
                before={"api_key": old and old.api_key},
                after={"api_key": new.api_key, "credential": new.purpose.value},
                reason=question.reason,
                touches=(account.id, new.id),
            )
            _, done = await self._acts.perform(act, lambda: self._store.attach_credential(new))
        return answer(Kind.ACCOUNT, account.id, account_values(account, old), values, done)

    def credential_of(self, account: Account) -> Credential | None:
        """The credential of an account, in use or not."""
        if account.credential is not None:
            return self._store.credentials.get(account.credential)
        return next((each for each in self._store.credentials.list() if each.account == account.id), None)

    async def _sealed(self, account: str, old: Credential | None, new: NewCredential) -> Credential:
        if new.api_key == REVOKED_API_KEY:
            raise LinkError(Code.REFUSED, "api_key: this word marks a destroyed credential; give the venue's key")
        purpose, plaintext = _normalised(new)
        # The same id for life: the old envelope is overwritten, and no copy of it stays in the database.
        credential_id = old.id if old is not None else f"c-{secrets.token_hex(12)}"
        record = credential_record(credential_id, account)
        sealed = await self._gateway.ask(Seal(record=record, purpose=purpose.value, plaintext=plaintext))
        return Credential(credential_id, account, purpose, new.api_key, sealed.envelope)

    async def destroyed(self, credential: Credential) -> Credential:
        """A credential in the place of one that is to be destroyed: random bytes under the same id."""
        record = credential_record(credential.id, credential.account)
        noise = Secret(secrets.token_hex(32).encode())
        sealed = await self._gateway.ask(Seal(record=record, purpose=Purpose.UPSTREAM_HMAC.value, plaintext=noise))
        return Credential(credential.id, credential.account, Purpose.UPSTREAM_HMAC, REVOKED_API_KEY, sealed.envelope)

    # What edits have in common

    async def edit(
        self,
        question: Any,
        actor: str,
        kind: Kind,
        old: Values,
        new: Values,
        change: Callable[[], object],
        *,
        keys: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
    ) -> ActAnswer:
        """Do an edit within a turn: tell the difference, and if it is not a preview and there is one, act on it.

        ``keys`` come back frozen where a backup from before the edit is restored: what they may do was narrowed or
        widened since, and nobody there knows how.
        """
        check_seen(question.seen, old)
        if question.preview or old == new:
            return preview(kind, question.id, old, new, notes=notes, nothing=old == new)
        changed = [each.field for each in differences(old, new)]
        act = Act(
            actor=actor,
            act=f"{kind.value}.edit",
            subject=question.id,
            before={name: old[name] for name in changed},
            after={name: new[name] for name in changed},
            reason=question.reason,
            keys=keys,
            restored=KeyState.FROZEN if keys else None,
        )
        _, done = await self._acts.perform(act, change)
        return answer(kind, question.id, old, new, done, notes=notes)

    def _keys_if(self, narrowed: bool, *, account: str | None = None, service: str | None = None) -> tuple[str, ...]:
        return self._store.keys.ids(HELD, account=account, service=service) if narrowed else ()


def answer(
    kind: Kind, id_: str, old: Values, new: Values, done: Done, *, notes: tuple[str, ...] = (), **more: Any
) -> ActAnswer:
    """What an act did."""
    if not done.in_force:
        notes = (*notes, "the gateway has not confirmed it yet; it reads changes by itself within a second")
    return ActAnswer(
        kind=kind,
        id=id_,
        values=new,
        difference=differences(old, new),
        notes=notes,
        seen=digest(new),
        position=done.position,
        change=done.change,
        in_force=done.in_force,
        **more,
    )


def preview(
    kind: Kind, id_: str, old: Values, new: Values, *, notes: tuple[str, ...] = (), nothing: bool = False
) -> ActAnswer:
    """What an act would do, and a mark of what it was shown for."""
    return ActAnswer(
        kind=kind,
        id=id_,
        values=new,
        difference=differences(old, new),
        notes=notes,
        seen=digest(old) if old else "",
        nothing=nothing,
    )


def check_seen(seen: str, values: Values) -> None:
    """Refuse an act that was meant for another state of its subject.

    Raises:
        LinkError: if it has changed.
    """
    if seen and seen != digest(values):
        raise LinkError(Code.CONFLICT, "it was changed in the meantime; look at it again")


def absent(get: Callable[[str], object], kind: Kind, id_: str) -> None:
    """Refuse an id that is taken.

    Raises:
        LinkError: if there is such a party.
    """
    try:
        get(id_)
    except NotFoundError:
        return
    raise LinkError(Code.CONFLICT, f"{kind.value} {id_}: there is one already; choose another id, or edit it")


def replaced(before: Party, **fields: Any) -> Party:
    """A party with what is named in the place of what was there."""
    return msgspec.structs.replace(before, **{name: value for name, value in fields.items() if value is not UNSET})


def limits_of(text: Any) -> str | None:
    """Limits in the one form that they are shown in; None where there are none."""
    return bound_to_toml(bound_from_toml(text)) if text.strip() else None


def _check_dialect(name: str) -> None:
    try:
        dialects.find(name)
    except KeyError as error:
        raise LinkError(Code.REFUSED, error.args[0]) from None


def _check_url(venue: Venue) -> None:
    parts = urlsplit(venue.base_url)
    if parts.scheme != "https" and venue.mode != "trusted" and parts.hostname not in LOOPBACK:
        raise LinkError(Code.REFUSED, "base_url: http would show every order to the network; write https://…")


def _normalised(new: NewCredential) -> tuple[Purpose, Secret]:
    raw = new.secret.reveal()
    if b"-----BEGIN" in raw:
        return normalise_private_key(new.secret, new.password)
    if not raw or not raw.isascii() or not raw.decode().isprintable() or b" " in raw:
        raise LinkError(Code.REFUSED, "secret: the venue's secret as it shows it, or a private key in PEM")
    return Purpose.UPSTREAM_HMAC, new.secret
