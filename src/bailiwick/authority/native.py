"""The authority over native keys: what each shall be is decided and recorded here; the exchange is then brought to it.

An act first records what a key shall be, as every act does, and then asks the exchange, outside of the acts' turn: one
that is slow holds up no other act. What the exchange says is read back. Where the two differ, ``settle`` tries again
until they agree, so that a key that could not be switched off at once is switched off when the exchange is back.
"""

import asyncio
import base64
from collections.abc import Callable
from typing import Any, final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from bailiwick.authority.acts import Act, Acts, Asks
from bailiwick.authority.answering import Answering
from bailiwick.authority.native_verbs import (
    IssueNative,
    ListNatives,
    MoveNative,
    NativeKeyAnswer,
    NativeKeysAnswer,
    ReadNative,
    RegisterNative,
    ShowNative,
)
from bailiwick.authority.nativeidle import Idleness, Step, swept
from bailiwick.authority.nativeshow import at_exchange, listed_values, native_values
from bailiwick.authority.nativewatch import NativeWatch
from bailiwick.authority.notices import Notices
from bailiwick.authority.rounds import Rounds
from bailiwick.authority.show import moment
from bailiwick.authority.sweep_verbs import Sweep, Swept
from bailiwick.authority.verbs import Move
from bailiwick.journal.verify_natives import CONFIRMED_VERB
from bailiwick.link.exchange_questions import Doing, NativeAnswer, NativeCall
from bailiwick.link.wire import Code, LinkError, Question
from bailiwick.model.leaked import public_print, secret_print
from bailiwick.model.life import Cause, KeyState, mover_of
from bailiwick.model.native import MEANINGS, Native, Origin, Said, addresses_of, printed_as
from bailiwick.model.notice import Notice, Urgency
from bailiwick.model.party import KeyKind, Service, Standing, moved
from bailiwick.store.store import Store

SETTLE_S = 1.0  # how soon a key follows its service's standing
POLL_S = 60.0
RETRY_MS = 60_000
READ_EVERY_MS = 600_000
PENDING_MS = 120_000  # what was not answered by then is looked for by its name, and deleted
STATES = {
    Move.WIND_DOWN: KeyState.WINDING_DOWN,
    Move.FREEZE: KeyState.FROZEN,
    Move.UNFREEZE: KeyState.ACTIVE,
    Move.REVOKE: KeyState.REVOKED,
}
STOPPED = frozenset({KeyState.WINDING_DOWN, KeyState.FROZEN, KeyState.REVOKED})


@final
class Natives:
    """Native keys. ``exchange`` is a connection to the gateway of its own, for questions that take their time."""

    def __init__(
        self, store: Store, acts: Acts, exchange: Asks, notices: Notices, idleness: Idleness, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._acts = acts
        self._exchange = exchange
        self._notices = notices
        self.idleness = idleness
        self._clock = clock
        self.watch = NativeWatch(store, acts, exchange, clock)
        self._settling = asyncio.Lock()
        self._tried: dict[str, int] = {}  # when the exchange was last asked in vain, by key

    def answering(self) -> dict[type[Question[Any]], Answering]:
        """One method for each verb."""
        return {
            IssueNative: self.issue,
            RegisterNative: self.register,
            MoveNative: self.move,
            ShowNative: self.show,
            ReadNative: self.read,
            ListNatives: self.list,
        }

    def add_rounds(self, rounds: Rounds) -> None:
        """Bring exchanges to what keys shall be, and read what they traded, for as long as control runs."""
        rounds.add("native keys", SETTLE_S, self.settle)
        rounds.add("native trades", POLL_S, self.watch.poll)

    # Making

    async def issue(self, question: IssueNative, actor: str) -> NativeKeyAnswer:
        """Have the exchange make a key, and a second one that only reads, by which its trades are watched."""
        public, kind = _public(question.public_key)
        async with self._acts.turn():
            service = self._store.services.get(question.service)
            if service.standing is not Standing.TRUSTED:
                raise LinkError(Code.REFUSED, f"service {service.id} is {service.standing}; it gets no key")
            addresses = question.addresses or addresses_of(service.networks)
            if not addresses and not question.unbound:
                raise LinkError(
                    Code.REFUSED,
                    f"addresses: service {service.id} has no networks; name them with `bailiwick service edit`, or the "
                    "addresses with --address. A key bound to none serves whoever copies it: --unbound says that",
                )
            native = self._new(question, KeyState.PENDING, Origin.ISSUED, kind=kind, addresses=addresses)
            await self._perform(actor, "native.issue", native, question.reason, self._store.native.add)
        if public:
            self._store.leaks.add_print(public_print(base64.b64decode(public)), printed_as(native.id))
        try:
            made = await self._ask(native, Doing.CREATE, public_key=public)
        except LinkError as error:
            if error.code is not Code.UNCERTAIN:
                await self._give_up(native, error.sentence)
            raise
        return await self._made(native, made, question.reason, actor)

    async def _made(self, native: Native, made: NativeAnswer, reason: str, actor: str) -> NativeKeyAnswer:
        notes: tuple[str, ...] = ()
        native = msgspec.structs.replace(native, api_key=made.api_key, state=KeyState.ACTIVE, since=self._clock())
        if made.secret is not None:  # its print alone stays: by it a leak of it is proven
            self._store.leaks.add_print(secret_print(made.secret), printed_as(native.id))
        async with self._acts.turn():
            position = await self._perform(actor, "native.issued", native, reason, self._store.native.update)
        try:
            native = await self._watched(native, actor, reason)
        except LinkError as error:
            notes = (f"it has no reading key beside it, so its trades are not watched: {error.sentence}",)
        native, told = await self._read_back(native)
        return self._answer(native, notes + told, position, made)

    async def _watched(self, native: Native, actor: str, reason: str) -> Native:
        beside = await self._ask(native, Doing.CREATE_WATCH)
        native = msgspec.structs.replace(native, watch_key=beside.api_key, watch=beside.envelope)
        async with self._acts.turn():
            await self._perform(actor, "native.watch", native, reason, self._store.native.update)
        return native

    async def register(self, question: RegisterNative, actor: str) -> NativeKeyAnswer:
        """Enter a key that is there already, if the exchange knows it."""
        async with self._acts.turn():
            self._store.services.get(question.service)
            native = self._new(question, KeyState.ACTIVE, Origin.REGISTERED, api_key=question.api_key)
            position = await self._perform(actor, "native.register", native, question.reason, self._store.native.add)
        found = await self._ask(native, Doing.READ)
        if found.said is None or found.said.gone:
            await self._give_up(native, "the exchange does not list it")
            raise LinkError(
                Code.NOT_FOUND, f"api_key: {question.email} has no such key; copy its public half from the exchange"
            )
        notes: tuple[str, ...] = ()
        try:
            native = await self._watched(native, actor, question.reason)
        except LinkError as error:
            notes = (f"it has no reading key beside it, so its trades are not watched: {error.sentence}",)
        native, told = await self._read_back(native)
        return self._answer(native, (*notes, *told), position)

    def _new(self, question: IssueNative | RegisterNative, state: KeyState, origin: Origin, **more: Any) -> Native:
        self._store.accounts.get(question.account)
        taken = [each.id for each in self._store.native.list() if each.id == question.id]
        if taken:
            raise LinkError(Code.CONFLICT, f"native key {question.id}: there is one already; choose another id")
        return Native(
            id=question.id,
            account=question.account,
            email=question.email,
            service=question.service,
            origin=origin,
            state=state,
            created=self._clock(),
            trades=question.trades,
            symbols=question.symbols,
            **more,
        )

    async def _give_up(self, native: Native, why: str) -> None:
        gone = msgspec.structs.replace(native, state=KeyState.REVOKED, said=Said(gone=True), since=self._clock())
        async with self._acts.turn():
            await self._perform("control", "native.not-made", gone, why[:500], self._store.native.update)

    # Moving

    async def move(self, question: MoveNative, actor: str) -> NativeKeyAnswer:
        """Wind down, freeze, unfreeze or revoke."""
        try:
            to = STATES[Move(question.to)]
        except ValueError:
            raise LinkError(Code.REFUSED, f"to: {question.to[:40]!r}; choose from {', '.join(Move)}") from None
        native = self._store.native.get(question.id)
        service = self._store.services.get(native.service)
        if to is KeyState.ACTIVE and self._left_by(service, native, to) is not to:
            remedy = f"restore {service.id} --key {native.id}" if service.reaction else f"unfreeze {service.id}"
            raise LinkError(
                Code.CONFLICT, f"service {service.id}: it is {service.standing}; first `bailiwick service {remedy}`"
            )
        return await self.bring(question.id, to, Cause.OWNER, actor, question.reason)

    async def bring(
        self, native_id: str, to: KeyState, cause: Cause, actor: str, reason: str, *, given_back: bool = False
    ) -> NativeKeyAnswer:
        """Bring a native key to a state, by a person or a rule; a rule never widens.

        ``given_back`` says that it is to stay there although its service is compromised.

        Raises:
            LinkError: if there is no such step, or it was not recorded; not if the exchange is down: then it is tried
                again until it is done.
        """
        async with self._acts.turn():
            native = self._store.native.get(native_id)
            if native.state is not to:
                try:
                    moved(native.state, to, mover_of(actor))
                except ValueError as error:
                    raise LinkError(Code.CONFLICT, f"native key {native.id}: {error}") from None
            now = self._clock()
            given = now if given_back else native.given_back
            after = msgspec.structs.replace(native, state=to, cause=cause, since=now, given_back=given, warned=None)
            act = f"native.{to.value.replace('_', '-')}"
            position = await self._perform(actor, act, after, reason, self._store.native.update)
        native, notes = await self._enforce(after, widens=to is KeyState.ACTIVE)
        return self._answer(native, (MEANINGS.get(to, ""), *notes), position)

    async def wind_down(self, native: Native, cause: Cause, actor: str, reason: str) -> NativeKeyAnswer:
        """Switch its trading off at the exchange."""
        return await self.bring(native.id, KeyState.WINDING_DOWN, cause, actor, reason)

    async def _enforce(self, native: Native, *, widens: bool = False) -> tuple[Native, tuple[str, ...]]:
        """Bring the exchange to what the key shall be, and read back what it says. Only a person's act widens."""
        doing = Doing.SWITCH if native.kept else Doing.DELETE
        trade = False if not native.may_trade else True if widens else None
        try:
            answer = await self._ask(native, doing, trade=trade)
        except LinkError as error:
            # No round ever widens: what could not be switched on is left to the person who asked for it.
            later = "Unfreeze it again when the exchange is back" if widens else "It is tried again every minute"
            return native, (f"ASKED, NOT CONFIRMED BY THE EXCHANGE: {error.sentence}. {later}",)
        return await self._noted(native, answer.said), ()

    # Reading

    async def show(self, question: ShowNative, actor: str) -> NativeKeyAnswer:
        """What is known, without asking the exchange."""
        native = self._store.native.get(question.id)
        reports = self._store.leaks.of_key(printed_as(native.id))
        notes = tuple(
            f"its {each.proof} was reported as leaked by {each.source} ({moment(each.at)})" for each in reports
        )
        return self._answer(native, notes, -1)

    async def read(self, question: ReadNative, actor: str) -> NativeKeyAnswer:
        """What the exchange says now, and the trades since the last time."""
        native, notes = await self._read_back(self._store.native.get(question.id))
        notes += await self.watch.look(native)
        return self._answer(self._store.native.get(native.id), notes, -1)

    async def list(self, question: ListNatives, actor: str) -> NativeKeysAnswer:
        """Native keys by id."""
        found = self._store.native.list(service=question.service or None, account=question.account or None)
        return NativeKeysAnswer(rows=tuple(listed_values(each, self._clock()) for each in found))

    async def _read_back(self, native: Native) -> tuple[Native, tuple[str, ...]]:
        try:
            answer = await self._ask(native, Doing.READ)
        except LinkError as error:
            return native, (f"the exchange was not read: {error.sentence}",)
        return await self._noted(native, answer.said), ()

    async def _noted(self, native: Native, said: Said | None) -> Native:
        if said is None:
            return native
        now = self._clock()
        after = msgspec.structs.replace(native, said=said, read_at=now)
        if native.state in STOPPED and after.confirmed and not native.confirmed:
            # In the journal before it is shown: a proof must not rest on what the house alone says was read.
            told = {"service": native.service, "state": native.state.value, "at_exchange": at_exchange(after)}
            try:
                await self._acts.note(Act(actor="control", act=CONFIRMED_VERB, subject=native.id, after=told))
            except LinkError:
                return native
        self._store.native.note(native.id, said=said, read_at=now)
        return self._store.native.get(native.id)

    # Rounds

    async def settle(self, service: str | None = None) -> None:
        """Bring every key to what it shall be, follow services' standings, and read each back from time to time."""
        async with self._settling:  # the round and an act against a service: one after the other
            for native in self._store.native.list(service=service):
                try:
                    followed = await self._followed(native)
                    if self._clock() - self._tried.get(native.id, 0) >= RETRY_MS:
                        await self._settle(followed)
                except LinkError:
                    self._tried[native.id] = self._clock()  # shown as unsettled, and tried again

    async def _settle(self, native: Native) -> None:
        now = self._clock()
        if native.state is KeyState.PENDING:
            if now - native.created > PENDING_MS:
                await self._ask(native, Doing.DELETE)
                await self._give_up(native, "the exchange never answered; whatever it made of it was deleted")
            return
        if native.said is not None and native.said.gone:
            return
        if native.settled and native.read_at is not None and now - native.read_at < READ_EVERY_MS:
            return
        before = native.settled
        if native.settled:
            native, failed = await self._read_back(native)
            if failed:
                self._tried[native.id] = now
                return
        if native.kept and native.said is not None and native.said.gone:
            await self.bring(native.id, KeyState.REVOKED, Cause.OWNER, "rule:gone", "it was deleted at the exchange")
            self._tell(native, "native-gone", "deleted at the exchange", "It is revoked here, too.")
        elif not native.settled:
            if before:
                self._tell(native, "drift", "changed at the exchange", "It is brought back to what it shall be.")
            _, failed = await self._enforce(native)
            if failed:
                self._tried[native.id] = self._clock()

    async def _followed(self, native: Native) -> Native:
        """Stop a key whose service is no longer trusted, or that lies idle as the policies have it."""
        if not native.kept or native.state is KeyState.PENDING:
            return native
        now = self._clock()
        service = self._store.services.get(native.service)
        held = self._left_by(service, native, native.state)
        if native.state is KeyState.ACTIVE and held is not KeyState.ACTIVE:
            reason = f"service {service.id} is {service.standing}"
            await self.bring(native.id, held, Cause.STANDING, "rule:standing", reason)
            self._tell(native, "native-stopped", "stopped", f"Its {reason}: {MEANINGS[held]}.")
        elif (step := self.idleness.step(native, now)) is not None:
            await self._lapse(native, step)
        return self._store.native.get(native.id)

    async def _lapse(self, native: Native, step: Step, why: str = "") -> None:
        """Do what is due for a key that lies idle."""
        if step.to is None:
            if step.reason:
                text = f"{step.reason[0].upper()}{step.reason[1:]}. Revoke it if it is needed no more."
                matter = f"idle-{step.mark}-{self._clock()}"
                self._tell(native, "native-idle", "is it still needed?", text, Urgency.WARNING, matter=matter)
            self._store.native.note(native.id, warned=step.mark)
            return
        reason = f"{step.reason}{why}"
        await self.bring(native.id, step.to, Cause.IDLENESS, "rule:idle", reason)
        text = f"{reason[0].upper()}{reason[1:]}: {MEANINGS[step.to]}."
        self._tell(native, "native-idle", "lies idle", text, matter=f"idle-{step.to}-{self._clock()}")

    async def sweep(self, question: Sweep, actor: str) -> tuple[Swept, ...]:
        """What is due for native keys that lie idle, and do it unless it is a dry run."""
        now = self._clock()
        async with self._settling:
            found = [
                (native, step)
                for native in self._store.native.list()
                if (step := self.idleness.step(native, now)) is not None
            ]
            for native, step in () if question.dry_run else found:
                await self._lapse(native, step, f": {question.reason or f'asked for by {actor}'}")
        return swept((native, step) for native, step in found if step.reason)

    # What all have in common

    def now(self) -> int:
        """The time, in ms."""
        return self._clock()

    @staticmethod
    def _left_by(service: Service, native: Native, state: KeyState) -> KeyState:
        return service.holds_back(state, restored=native.given_back is not None)

    def _tell(
        self, native: Native, kind: str, what: str, text: str, urgency: Urgency = Urgency.STOP, *, matter: str = ""
    ) -> None:
        notice = Notice(
            kind=kind,
            title=f"Native key {native.id} of {native.service}: {what}",
            text=text[:2000],
            urgency=urgency,
            key=native.id,
            account=native.account,
            matter=matter,
        )
        self._notices.tell_owner_of(native.account, notice)

    async def _ask(self, native: Native, doing: Doing, **more: Any) -> NativeAnswer:
        return await self._exchange.ask(NativeCall(doing=doing, native=native.id, **more))

    async def _perform(
        self, actor: str, act: str, native: Native, reason: str, change: Callable[[Native], None]
    ) -> int:
        after = listed_values(native, self._clock())
        recorded = Act(actor=actor, act=act, subject=native.id, after=after, reason=reason)
        _, done = await self._acts.perform(recorded, lambda: change(native))
        return done.position

    def _answer(
        self, native: Native, notes: tuple[str, ...], position: int, made: NativeAnswer | None = None
    ) -> NativeKeyAnswer:
        told = tuple(note for note in notes if note)
        values = native_values(native, self._clock())
        return NativeKeyAnswer(values=values, notes=told, position=position, secret=made.secret if made else None)


def _public(pem: str) -> tuple[str, KeyKind]:
    """A service's public key as the exchange takes it, and its kind; HMAC where there is none.

    Raises:
        LinkError: if it is neither Ed25519 nor RSA.
    """
    if not pem:
        return "", KeyKind.HMAC
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, (Ed25519PublicKey, RSAPublicKey)):
        raise LinkError(Code.REFUSED, "public_key: an Ed25519 or RSA public key in PEM, as the service shows it")
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    kind = KeyKind.ED25519 if isinstance(key, Ed25519PublicKey) else KeyKind.RSA
    return base64.b64encode(der).decode(), kind
