"""Canaries: issued like any key, and what follows when somebody uses one.

Only a valid signature, or a report that holds the secret, proves that somebody has looked where a canary was laid. Its
bare id stands in headers and logs, and anybody can send one: that is told, and nothing else follows.
"""

from collections.abc import Callable
from typing import final

from bailiwick.authority.acts import Asks
from bailiwick.authority.canary_verbs import CanariesAnswer, CanaryAnswer, CanaryRow, IssueCanary, ListCanaries
from bailiwick.authority.incidents import Incidents
from bailiwick.authority.keys import Keys
from bailiwick.authority.lives import Lives
from bailiwick.authority.notices import Notices
from bailiwick.authority.services import Services
from bailiwick.authority.show import moment
from bailiwick.authority.verbs import AddService, IssueKey
from bailiwick.link.exchange_questions import RecordShape
from bailiwick.link.questions import Event
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.grant import grant_from_toml
from bailiwick.model.life import Cause, KeyState
from bailiwick.model.notice import Notice, Urgency
from bailiwick.model.shape import WindDown
from bailiwick.store.canaries import Canary
from bailiwick.store.errors import NotFoundError
from bailiwick.store.store import Store
from bailiwick.words import counted

SERVICE, SERVICE_NAME = "canaries", "Canary keys"
RECORD_S = 120.0  # for the exchange to answer all that a recording asks
MOST_LABEL_CHARS = 100
ACTOR = "rule:canary"


@final
class Canaries:
    """The authority over canaries. ``exchange`` is a connection to the gateway for slow questions."""

    def __init__(
        self,
        store: Store,
        keys: Keys,
        services: Services,
        lives: Lives,
        incidents: Incidents,
        notices: Notices,
        exchange: Asks,
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._keys = keys
        self._services = services
        self._lives = lives
        self._incidents = incidents
        self._notices = notices
        self._exchange = exchange
        self._clock = clock

    async def issue(self, question: IssueCanary, actor: str) -> CanaryAnswer:
        """Record the account's shape, and issue a key that is answered from it.

        Raises:
            LinkError: if it was not done; also where the exchange does not answer, after whose account it is drawn.
        """
        label = question.label.strip()
        if not 0 < len(label) <= MOST_LABEL_CHARS or not label.isprintable():
            raise LinkError(
                Code.REFUSED, f"label: say where it will lie, in 1 to {MOST_LABEL_CHARS} printable characters"
            )
        try:
            wind_down = WindDown(question.wind_down)
        except ValueError:
            raise LinkError(
                Code.REFUSED, f"wind_down: {question.wind_down[:40]!r}; choose from {', '.join(WindDown)}"
            ) from None
        if wind_down is WindDown.SERVICE_KEYS and not question.service:
            raise LinkError(Code.REFUSED, "wind_down: service-keys needs the service whose keys are meant; name it")
        account = self._store.accounts.get(question.account)
        named = grant_from_toml(question.grant).what.symbols
        symbols = tuple(sorted(named)) if named != "all" else ()
        found = await self._exchange.ask(RecordShape(account=account.id, symbols=symbols), timeout_s=RECORD_S)
        service = question.service or await self._own_service(actor)

        def lay(key_id: str) -> None:
            draft = Canary(key=key_id, label=label, wind_down=wind_down, laid=self._clock())
            self._store.canaries.lay(draft, found.shape)

        issued = await self._keys.issue(
            IssueKey(
                account=account.id,
                service=service,
                grant=question.grant,
                name=f"canary: {label}",
                reason=question.reason,
            ),
            actor,
            lay,
        )
        return CanaryAnswer(
            id=issued.id,
            label=label,
            account=account.id,
            service=service,
            wind_down=wind_down.value,
            position=issued.position,
            secret=issued.secret,
        )

    async def _own_service(self, actor: str) -> str:
        try:
            self._store.services.get(SERVICE)
        except NotFoundError:
            await self._services.add(AddService(id=SERVICE, name=SERVICE_NAME), actor)
        return SERVICE

    async def rows(self, question: ListCanaries, actor: str) -> CanariesAnswer:
        """Canaries, oldest first."""
        rows = []
        for each in self._store.canaries.list():
            try:
                key = self._store.keys.get(each.key)
            except NotFoundError:
                continue  # it was written down, and then not issued
            if question.account in {"", key.account}:
                rows.append(
                    CanaryRow(
                        key=key.id,
                        label=each.label,
                        account=key.account,
                        service=key.service,
                        state=key.state.value,
                        wind_down=each.wind_down.value,
                        laid=moment(each.laid) or "",
                        used=moment(each.used) or "",
                        incident=each.incident,
                    )
                )
        return CanariesAnswer(rows=tuple(rows))

    # What follows

    async def used(self, event: Event) -> None:
        """Somebody signed with a canary's secret."""
        found = self._store.canaries.find(event.key)
        if found is None or event.position <= found.heard:
            return  # an event may be told twice
        request, source = event.detail.get("request", "a request"), event.detail.get("source", "an unknown address")
        seen = f"{request} from {source}, with its valid signature"
        await self._sprung(found, seen, positions=(event.position,), at=event.at_ms, heard=event.position)

    async def leaked(self, key: str, source: str, place: str) -> str:
        """A report holds the secret of this key: what was done, in a sentence.

        Raises:
            LinkError: if the key is no canary, or what its owner chose could not be done.
        """
        found = self._store.canaries.find(key)
        if found is None:
            raise LinkError(Code.NOT_FOUND, f"key {key}: it is no canary")
        seen = f"its secret, reported by {source}, at {place or 'a place that was not told'}"
        incident = await self._sprung(found, seen, positions=(), at=self._clock(), heard=found.heard)
        return f"canary {found.label!r} was found: incident {incident}"

    async def met(self, event: Event) -> None:
        """Somebody sent a canary's id without a valid signature."""
        found = self._store.canaries.find(event.key)
        if found is None:
            return
        request, source = event.detail.get("request", "a request"), event.detail.get("source", "an unknown address")
        self._notices.tell_owner_of(
            event.account,
            Notice(
                kind="bare_canary",
                title=f"Somebody sent the id of your canary {found.label!r}",
                text=f"{request} came from {source} without a valid signature. An id is no secret: it stands in "
                "headers and logs, and anybody can send one. Nothing was done.",
                urgency=Urgency.WARNING,
                key=event.key,
                account=event.account,
                matter=source,
                position=event.position,
            ),
        )

    async def _sprung(self, found: Canary, seen: str, *, positions: tuple[int, ...], at: int, heard: int) -> str:
        """Stop what its owner chose, open an incident that names the label, and tell the owner; the incident."""
        key = self._store.keys.get(found.key)
        account = self._store.accounts.get(key.account)
        reason = f"canary {found.label!r} was used"
        moved: tuple[str, ...] = ()
        doomed = self._chosen(found, account.id, account.owner, key.service)
        if doomed:  # first of all: they are stopped whatever becomes of the rest
            done = await self._lives.move(
                doomed, KeyState.WINDING_DOWN, cause=Cause.SUSPICION, actor=ACTOR, reason=reason, act="key.canary"
            )
            moved = done.keys
        opened = await self._incidents.open(
            "canary",
            f"A canary was used: {found.label}",
            keys=[key.id, *moved],
            owner=account.owner,
            matter=key.id,
            actor=ACTOR,
            reason=reason,
            positions=positions,
            note=seen,
        )
        self._store.canaries.note(key.id, used=at, heard=heard, incident=opened.id)
        stopped = f"As you chose, {counted(len(moved), 'key')} wind down." if moved else "No key was stopped."
        self._notices.tell(
            account.owner,
            Notice(
                kind="canary",
                title=f"Your canary was used: {found.label}",
                text=f"Seen: {seen}. Nobody uses this key, so whoever did has looked where it lay. {stopped} Whatever "
                f"else lay there must be taken for known. `bailiwick incident show {opened.id}` has the rest. The "
                "canary goes on answering, so that whoever uses it learns nothing.",
                urgency=Urgency.STOP,
                key=key.id,
                account=account.id,
                matter=opened.id,
                incident=opened.id,
                position=max(positions, default=-1),
            ),
        )
        return opened.id

    def _chosen(self, found: Canary, account: str, owner: str, service: str) -> list[str]:
        """The keys that are wound down: never a canary, which is to go on, nor a key of another owner."""
        active = (KeyState.ACTIVE,)
        match found.wind_down:
            case WindDown.NOTHING:
                return []
            case WindDown.ACCOUNT_KEYS:
                keys = self._store.keys.ids(active, account=account)
            case WindDown.SERVICE_KEYS:
                own = [each.id for each in self._store.accounts.list() if each.owner == owner]
                keys = tuple(key for each in own for key in self._store.keys.ids(active, account=each, service=service))
        spared = self._store.canaries.ids()
        return [key for key in keys if key not in spared]
