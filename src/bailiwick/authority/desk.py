"""The control process's side of its socket: each question to whoever answers it, refusals as values."""

import asyncio
import pwd
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar, final

import msgspec

from bailiwick.authority import bounds, verbs
from bailiwick.authority.accounthistory import AccountHistory
from bailiwick.authority.acts import Act, Acts, Asks, refusal
from bailiwick.authority.answering import Answering
from bailiwick.authority.approval_verbs import ApproveHold, ListApprovals, RefuseHold, ShowApproval
from bailiwick.authority.approvals import ApprovalDesk
from bailiwick.authority.audit_verbs import AuditAccount
from bailiwick.authority.auditing import Audits
from bailiwick.authority.canaries import Canaries
from bailiwick.authority.canary_verbs import IssueCanary, ListCanaries
from bailiwick.authority.compromise import Compromises
from bailiwick.authority.drafts import Drafts
from bailiwick.authority.examination import examine
from bailiwick.authority.hearing import Hearing
from bailiwick.authority.incidentcourses import ROUND_S as COURSES_S
from bailiwick.authority.incidentdesk import IncidentDesk
from bailiwick.authority.keys import Keys
from bailiwick.authority.lives import Lives, Terms
from bailiwick.authority.looking import Looking
from bailiwick.authority.moves import Moves
from bailiwick.authority.native import Natives
from bailiwick.authority.nativedispute import NativeDisputes
from bailiwick.authority.nativeidle import Idleness
from bailiwick.authority.nativeleaks import NativeLeaks
from bailiwick.authority.nativestops import NativeStops
from bailiwick.authority.networks import LOOK_EVERY_S, Networks
from bailiwick.authority.notices import Notices
from bailiwick.authority.noticing import Noticing
from bailiwick.authority.openroutes import OpenRoute
from bailiwick.authority.parties import Parties
from bailiwick.authority.people import People
from bailiwick.authority.people_verbs import EndPerson, EndSession, InvitePerson, ListPeople, ListSessions
from bailiwick.authority.pumpfeed import ROUND_S as PUMPS_S
from bailiwick.authority.pumpfeed import PumpFeed
from bailiwick.authority.reach import Reach
from bailiwick.authority.records import Records
from bailiwick.authority.reference import REFERENCE
from bailiwick.authority.rehearsals import Rehearsals
from bailiwick.authority.rounds import Rounds
from bailiwick.authority.service_verbs import (
    CompromiseService,
    ListHeld,
    RestoreService,
    ServiceNetworks,
    ServiceReach,
)
from bailiwick.authority.services import Services
from bailiwick.authority.show import (
    account_values,
    digest,
    effective_values,
    key_values,
    life_notes,
    service_values,
    venue_values,
)
from bailiwick.authority.suspicion import Suspicions
from bailiwick.authority.sweep import ROUND_S, Sweeper
from bailiwick.authority.sweep_verbs import Sweep, SweepAnswer
from bailiwick.authority.token_verbs import IssueToken, ListTokens, RevokeToken
from bailiwick.authority.tokens import Tokens
from bailiwick.authority.unheard import unheard
from bailiwick.authority.verbs import Kind, ListAnswer, ShowAnswer, Values
from bailiwick.authority.watchdesk import KINDS as WATCH_KINDS
from bailiwick.authority.watchdesk import WatchDesk
from bailiwick.config import Config
from bailiwick.link import questions as gateway_questions
from bailiwick.link.asyncclient import AsyncClient
from bailiwick.link.server import Handlers
from bailiwick.link.wire import Answer, Code, LinkError, Peer, Question
from bailiwick.model.credential import Purpose, Sealed
from bailiwick.model.grant import grant_from_toml
from bailiwick.model.party import Key, KeyState
from bailiwick.model.secret import Secret
from bailiwick.rules.describe import describe
from bailiwick.store.backup import BackupHead, backup
from bailiwick.store.errors import StoreError
from bailiwick.store.store import Store, epoch_ms
from bailiwick.vault.errors import VaultError
from bailiwick.vault.sealer import Seals

A = TypeVar("A", bound=Answer)
LISTED = ("id", "name", "account", "service", "kind", "state", "created", "expires", "last_used")
BACKUP_PASSPHRASE = 12  # characters, at the least


@final
class Desk:
    """Answers the command line."""

    def __init__(
        self,
        config: Config,
        store: Store,
        gateway: Asks,
        *,
        clock: Callable[[], int] = epoch_ms,
        events: Asks | None = None,
    ) -> None:
        self._config = config
        self._store = store
        self._gateway = gateway
        self._clock = clock
        self.acts = Acts(store, gateway, config.data / "act.pending")
        self._parties = Parties(store, self.acts, gateway)
        self._keys = Keys(store, self.acts, gateway, self._parties, clock)
        terms = Terms.of(config.lives)
        self.lives = Lives(store, self.acts, clock, terms)  # the one way for rules, sweeps and alerts to move a key
        self._moves = Moves(store, self.acts, self._parties, self.lives)
        self.tokens = Tokens(store, self.acts, clock)
        self.people = People(store, self.acts, clock)
        self.audits = Audits(store, AsyncClient(config.gateway_socket), clock)
        self.rounds = Rounds()  # whoever has work to repeat adds it here; control starts them
        self.notices = Notices(store, clock)  # whoever has something to tell an owner tells it here
        self._suspicions = Suspicions(store, self.acts, self.lives, gateway, self.notices)
        self.sweeper = Sweeper(store, self.lives, self.notices, config.lives, clock)
        self.hearing = Hearing(store, events or AsyncClient(config.gateway_socket))  # what the gateway saw
        self.open_routes: list[OpenRoute] = []  # of the control API: whoever serves callers without a token adds theirs
        self.noticing = Noticing(self, config, store, gateway, self.notices, clock)  # owners, incidents, leaks
        self.open_routes += self.noticing.open_routes()
        idleness = Idleness(self.sweeper.trading, self.sweeper.reading, terms)
        self.natives = Natives(store, self.acts, AsyncClient(config.gateway_socket), self.notices, idleness, clock)
        self.noticing.leaks.natives = NativeLeaks(
            store, self.acts, self.natives, self.notices, self.noticing.incidents, clock
        )
        self.noticing.incidents.natives = NativeDisputes(
            store, self.natives, self.noticing.incidents, self.notices, config.journal_directory, clock
        )
        self._services = Services(store, self.acts, clock)
        self._reach = Reach(store, gateway)
        self.networks = Networks(store, self.acts, clock)
        stops = NativeStops(store, self.natives)
        self.compromises = Compromises(store, self.acts, gateway, self.lives, clock, self.notices.tell, stops)
        self.approvals = ApprovalDesk(store, self.acts, self.lives, self.notices, config.approvals, clock)
        self.watch = WatchDesk(
            store, self.acts, self.lives, self.noticing.incidents, self.approvals, self.notices, gateway, clock
        )
        self._pumps = PumpFeed(AsyncClient(config.gateway_socket))
        self.incidents = IncidentDesk(
            store, self.acts, self.noticing.incidents, events or AsyncClient(config.gateway_socket),
            config.journal_directory, clock,
        )  # fmt: skip
        exchange = AsyncClient(config.gateway_socket)
        self.canaries = Canaries(
            store, self._keys, self._services, self.lives, self.noticing.incidents, self.notices, exchange, clock
        )
        self.noticing.leaks.canaries = self.canaries
        records = Records(config.journal_directory, clock)
        history = AccountHistory(config.journal_directory, store)
        drafts = Drafts(store, gateway, self._keys, history, clock)
        self._answering = (
            self._acting()
            | self.natives.answering()
            | self.noticing.answering()
            | self.watch.answering()
            | self.incidents.answering()
            | records.answering()
            | Looking(config, store, gateway, stops, clock).answering()
            | drafts.answering()
            | REFERENCE
            | Rehearsals(config.rehearsal_socket, AsyncClient(config.rehearsal_socket)).answering()
        )
        self._add_rounds()
        self._listen()

    def _add_rounds(self) -> None:
        """Whatever is repeated; those who are handed the rounds themselves have added theirs."""
        self.natives.add_rounds(self.rounds)
        self.rounds.add("overlaps", 30.0, self._keys.end_overlaps)
        self.rounds.add("sweep", ROUND_S, self.sweeper.daily)
        self.rounds.add("deadlines", ROUND_S, self.sweeper.deadlines)
        self.rounds.add("events", 0.2, self.hearing.listen)
        self.rounds.add("public trades", PUMPS_S, self._pumps.look)
        self.rounds.add("courses of incidents", COURSES_S, self.incidents.courses.follow)
        self.rounds.add("compromised services", 2.0, self.compromises.finish)
        self.rounds.add("networks of services", LOOK_EVERY_S, self.networks.refresh_due)
        self.rounds.add("approvals", 5.0, self.approvals.lapse)

    def _listen(self) -> None:
        """Who hears of what the gateway saw."""
        self.hearing.on("hold", self.approvals.held)
        self.hearing.on("hold_used", self.approvals.used)
        for kind in WATCH_KINDS:
            self.hearing.on(kind, self.watch.told)
        self.hearing.on("canary", self.canaries.used)
        self.hearing.on("bare_canary", self.canaries.met)

    def handlers(self) -> Handlers:
        """One handler for each verb of the control socket."""
        return {verb: _guarded(act) for verb, act in self._answering.items()}

    async def answer(self, question: Question[A], actor: str) -> A:
        """The answer to whoever has been recognised as this actor otherwise than by the socket.

        Raises:
            LinkError: as over the socket.
        """
        answered: A = await _told(self._answering[type(question)], question, actor)
        return answered

    def _acting(self) -> dict[type[Question[Any]], Answering]:
        parties, keys = self._parties, self._keys
        return {
            verbs.AddVenue: parties.add_venue,
            verbs.EditVenue: parties.edit_venue,
            verbs.AddAccount: parties.add_account,
            verbs.EditAccount: parties.edit_account,
            verbs.RotateAccount: parties.rotate_account,
            verbs.AddService: self._services.add,
            verbs.EditService: self._services.edit,
            verbs.IssueKey: keys.issue,
            verbs.EditKey: self._edit_key,
            verbs.RotateKey: self._rotate_key,
            verbs.MoveParty: self._move,
            verbs.SuspectKey: self._suspicions.suspect,
            verbs.MakeBackup: self._backup,
            verbs.RotateVaultKey: self._rotate_vault,
            verbs.ListParties: self._list,
            verbs.ShowParty: self._show,
            verbs.CheckGrant: self._check,
            verbs.ExplainKey: self._explain,
            verbs.UseOfKey: self._use,
            verbs.Status: self._status,
            verbs.Examine: self._examine,
            Sweep: self._sweep,
            ListApprovals: self.approvals.list,
            ShowApproval: self.approvals.show,
            ApproveHold: self.approvals.approve,
            RefuseHold: self.approvals.refuse,
            IssueCanary: self.canaries.issue,
            ListCanaries: self.canaries.rows,
            IssueToken: self.tokens.issue,
            ListTokens: self.tokens.list,
            RevokeToken: self.tokens.revoke,
            InvitePerson: self.people.invite,
            ListPeople: self.people.people,
            EndPerson: self.people.end_person,
            ListSessions: self.people.sessions,
            EndSession: self.people.end_session,
            AuditAccount: self.audits.account,
            CompromiseService: self.compromises.compromise,
            RestoreService: self.compromises.restore,
            ListHeld: self.compromises.held,
            ServiceReach: self._reach.show,
            ServiceNetworks: self.networks.look,
        }

    async def _edit_key(self, question: verbs.EditKey, actor: str) -> verbs.ActAnswer:
        return await self._services.edit_key(question, actor, self._keys.edit)

    async def _rotate_key(self, question: verbs.RotateKey, actor: str) -> verbs.ActAnswer:
        return await self._services.rotate_key(question, actor, self._keys.rotate)

    async def _move(self, question: verbs.MoveParty, actor: str) -> verbs.ActAnswer:
        return await self._services.move(question, actor, self._moves.move)

    async def _sweep(self, question: Sweep, actor: str) -> SweepAnswer:
        answer = await self.sweeper.sweep(question, actor)
        natives = await self.natives.sweep(question, actor)
        return msgspec.structs.replace(answer, swept=(*answer.swept, *natives))

    # What only looks

    async def _list(self, question: verbs.ListParties, actor: str) -> ListAnswer:
        if not 1 <= question.limit <= verbs.MOST_ROWS:
            raise LinkError(Code.REFUSED, f"limit: 1 to {verbs.MOST_ROWS}")
        if question.kind is Kind.KEY:
            return self._list_keys(question)
        rows = self._rows(question)
        later = [row for row in rows if row["id"] > question.after and question.state in {"", _state(row)}]
        page = later[: question.limit]
        return ListAnswer(kind=question.kind, rows=tuple(page), more=len(later) > len(page))

    def _list_keys(self, question: verbs.ListParties) -> ListAnswer:
        """A page of keys: a million are never held at once."""
        if question.state and question.state not in set(KeyState):
            raise LinkError(Code.REFUSED, f"state: {question.state!r} is none; choose from {', '.join(KeyState)}")
        found = self._store.keys.list(
            account=question.account or None,
            service=question.service or None,
            states=[KeyState(question.state)] if question.state else None,
            after=question.after,
            limit=question.limit + 1,
        )
        values = [key_values(key) for key in found[: question.limit]]
        rows = tuple({name: each[name] for name in LISTED} for each in values)
        return ListAnswer(kind=question.kind, rows=rows, more=len(found) > question.limit)

    def _rows(self, question: verbs.ListParties) -> list[Values]:
        store = self._store
        match question.kind:
            case Kind.VENUE:
                return [venue_values(venue) for venue in store.venues.list()]
            case Kind.ACCOUNT:
                credentials = {each.account: each for each in store.credentials.list()}
                return [account_values(account, credentials.get(account.id)) for account in store.accounts.list()]
            case Kind.SERVICE:
                return [service_values(service) for service in store.services.list()]
            case Kind.KEY:
                return []  # listed in pages

    async def _show(self, question: verbs.ShowParty, actor: str) -> ShowAnswer:
        store = self._store
        match question.kind:
            case Kind.VENUE:
                return _shown(question.kind, venue_values(store.venues.get(question.id)))
            case Kind.ACCOUNT:
                account = store.accounts.get(question.id)
                return _shown(question.kind, account_values(account, self._parties.credential_of(account)))
            case Kind.SERVICE:
                return _shown(question.kind, service_values(store.services.get(question.id)))
            case Kind.KEY:
                return self._show_key(store.keys.get(question.id))

    def _show_key(self, key: Key) -> ShowAnswer:
        account, service = self._store.accounts.get(key.account), self._store.services.get(key.service)
        grant = grant_from_toml(key.grant)
        found = bounds.within(grant, account, service)
        notes = [*bounds.narrowed(grant, found)]
        empty = bounds.emptied(grant, found)
        if empty:
            notes.append(f"the limits of account and service leave nothing of {', '.join(empty)}")
        notes += life_notes(key, account)
        laid = self._store.canaries.find(key.id)
        if laid is not None:
            notes.append(f"it is a canary, laid at {laid.label!r}: nobody uses it, and nothing of it leaves")
        if service.standing != "trusted":
            notes.append(f"its service is {service.standing}, so it can only read, cancel and reduce")
        if account.credential is None:
            notes.append("its account has no credential in use, so nothing of it leaves")
        shown = _shown(Kind.KEY, key_values(key))
        sentences, effective = tuple(describe(grant)), effective_values(found)
        return msgspec.structs.replace(shown, sentences=sentences, effective=effective, notes=tuple(notes))

    async def _check(self, question: verbs.CheckGrant, actor: str) -> ShowAnswer:
        return self._keys.check(question)

    async def _explain(self, question: verbs.ExplainKey, actor: str) -> gateway_questions.ExplainAnswer:
        self._store.keys.get(question.key)
        return await self._gateway.ask(
            gateway_questions.Explain(
                key=question.key,
                method=question.method,
                target=question.target,
                body=question.body,
                source=question.source,
            )
        )

    async def _use(self, question: verbs.UseOfKey, actor: str) -> gateway_questions.UsageAnswer:
        self._store.keys.get(question.key)
        return await self._gateway.ask(gateway_questions.Usage(key=question.key))

    async def _status(self, question: verbs.Status, actor: str) -> gateway_questions.HealthAnswer:
        return await self._gateway.ask(gateway_questions.Health())

    async def _examine(self, question: verbs.Examine, actor: str) -> gateway_questions.DoctorAnswer:
        findings = examine(self._config)
        findings += tuple(self._pumps.findings())
        findings += await asyncio.to_thread(unheard, self._store, self.noticing.senders, self._clock())
        try:
            findings += (await self._gateway.ask(gateway_questions.Doctor())).findings
        except LinkError as error:
            remedy = "look at its log; `bailiwick up` ends when it ends"
            findings += (gateway_questions.Finding.error("gateway", error.sentence, remedy),)
        return gateway_questions.DoctorAnswer(findings=findings)

    # Acts that change no party

    async def _rotate_vault(self, question: verbs.RotateVaultKey, actor: str) -> gateway_questions.RotateVaultAnswer:
        async with self.acts.turn():
            await self.acts.note(Act(actor=actor, act="vault.rotate", subject="vault", reason=question.reason))
            return await self._gateway.ask(gateway_questions.RotateVault(), timeout_s=600.0)

    async def _backup(self, question: verbs.MakeBackup, actor: str) -> verbs.BackupAnswer:
        path = Path(question.path)
        if not path.is_absolute():
            raise LinkError(Code.REFUSED, "path: write it from the root on; the control process stands elsewhere")
        if question.passphrase is not None and len(question.passphrase.reveal()) < BACKUP_PASSPHRASE:
            raise LinkError(Code.REFUSED, f"passphrase: at least {BACKUP_PASSPHRASE} characters; take several words")
        async with self.acts.turn():
            position = await self.acts.note(
                Act(actor=actor, act="backup.make", subject=str(path), after={"change": self._store.last_change()})
            )
            head = await self._sealed_backup(question, path, position + 1)
            size = (await asyncio.to_thread(path.stat)).st_size
            found = await self._gateway.ask(gateway_questions.Checkpoint())
        return verbs.BackupAnswer(
            path=str(path),
            id=head.id,
            bytes=size,
            position=head.journal_position,
            change=head.change,
            note=found.note,
        )

    async def _sealed_backup(self, question: verbs.MakeBackup, path: Path, position: int) -> BackupHead:
        by: Secret | Seals = question.passphrase or _ByGateway(self._gateway, asyncio.get_running_loop())
        return await asyncio.to_thread(backup, self._store, path, position, by)


class _ByGateway:
    """Seals as a ``Sealer`` does, by asking the gateway; for use in another thread than the loop's."""

    def __init__(self, gateway: Asks, loop: asyncio.AbstractEventLoop) -> None:
        self._gateway = gateway
        self._loop = loop

    def seal(self, record: str, purpose: Purpose, plaintext: Secret) -> Sealed:
        question = gateway_questions.Seal(record=record, purpose=purpose.value, plaintext=plaintext)
        answered = asyncio.run_coroutine_threadsafe(self._gateway.ask(question), self._loop).result()
        return Sealed(record, purpose, answered.envelope)


def _guarded(act: Answering) -> Callable[[Any, Peer], Awaitable[Answer]]:
    async def handle(question: Any, peer: Peer) -> Answer:
        answered: Answer = await _told(act, question, actor_of(peer))
        return answered

    return handle


async def _told(act: Answering, question: Any, actor: str) -> Any:
    try:
        return await act(question, actor)
    except (StoreError, VaultError, ValueError) as error:
        raise refusal(error) from None


def actor_of(peer: Peer) -> str:
    """Who acts, as the journal names them: by the kernel's word, not their own."""
    try:
        return f"{pwd.getpwuid(peer.uid).pw_name} (uid {peer.uid})"
    except KeyError:
        return f"uid {peer.uid}"


def _state(row: Values) -> str:
    return str(row.get("state", row.get("standing", "")))


def _shown(kind: Kind, values: Values) -> ShowAnswer:
    return ShowAnswer(kind=kind, values=values, seen=digest(values))
