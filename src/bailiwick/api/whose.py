"""Whose a thing is: how the owner of what a question names is found.

An owner's token reaches what belongs to its owner. Of anything else it learns nothing: somebody else's key reads the
same as a key that does not exist. Ownership is looked up anew for every request, so that it ends with a transfer.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import msgspec

from bailiwick.authority.approval_verbs import ApprovalsAnswer, HoldView, ListApprovals
from bailiwick.authority.finding_verbs import FindKeys, FoundKeys
from bailiwick.authority.native_verbs import ListNatives, NativeKeysAnswer
from bailiwick.authority.notice_verbs import IncidentsAnswer, ListIncidents
from bailiwick.authority.people_verbs import ListSessions, SessionsAnswer
from bailiwick.authority.verbs import Kind, ListAnswer, ListParties
from bailiwick.authority.watch_verbs import AlertsAnswer, AlertView, ListAlerts
from bailiwick.link.wire import Answer, Code, LinkError, Question
from bailiwick.store.errors import NotFoundError
from bailiwick.store.store import Store

Ask = Callable[[Question[Any]], Awaitable[Any]]
Listing = TypeVar("Listing", ListApprovals, ListAlerts)
Row = TypeVar("Row", HoldView, AlertView)


class Belongs(NamedTuple):
    """The owner of something, and the words for it where it does not exist."""

    owner: str
    absent: str


Whose = Callable[[Any, Store], Belongs | None]
"""Whose that is which a question is about; None where it is about nothing that belongs to anybody."""
Narrowed = Callable[[Any, str, Store, Ask], Awaitable[Answer]]
"""Answers a question for one owner, with what is theirs."""


def nobodys(question: Any, store: Store) -> None:
    """What is common to all: venues, services, reasons."""
    return


def of_account(field: str = "account") -> Whose:
    """The account that this field names; a question that leaves it empty concerns nobody."""

    def find(question: Any, store: Store) -> Belongs | None:
        name = getattr(question, field)
        return Belongs(store.accounts.get(name).owner, f"account {name[:80]}: there is none") if name else None

    return find


def of_key(field: str = "id") -> Whose:
    """The account of the key that this field names; or of the native key, which the same verb may be about."""

    def find(question: Any, store: Store) -> Belongs:
        name = getattr(question, field)
        try:
            account = store.keys.get(name).account
        except NotFoundError as absent:
            try:
                account = store.native.get(name).account
            except NotFoundError:
                raise absent from None
        return Belongs(store.accounts.get(account).owner, f"key {name[:80]}: there is none")

    return find


def of_native(field: str = "id") -> Whose:
    """The account of the native key that this field names."""

    def find(question: Any, store: Store) -> Belongs:
        name = getattr(question, field)
        return Belongs(
            store.accounts.get(store.native.get(name).account).owner,
            f"native key {name[:80]}: there is none; `bailiwick native list` shows them",
        )

    return find


def of_owner(field: str = "name") -> Whose:
    """The owner that this field names himself."""

    def find(question: Any, store: Store) -> Belongs:
        name = getattr(question, field)
        return Belongs(name, f"owner {name[:80]}: there is none")

    return find


def of_incident(field: str = "id") -> Whose:
    """Whom the incident that this field names concerns."""

    def find(question: Any, store: Store) -> Belongs:
        name = getattr(question, field)
        return Belongs(store.incidents.get(name).owner, f"incident {name[:80]}: there is none")

    return find


def of_hold(field: str = "id") -> Whose:
    """The account of the held request that this field names."""

    def find(question: Any, store: Store) -> Belongs:
        name = getattr(question, field)
        account = store.accounts.get(store.holds.get(name).account)
        return Belongs(account.owner, f"approval {name[:80]}: there is none")

    return find


def of_alert(field: str = "id") -> Whose:
    """The account of the alert of the watch that this field names."""

    def find(question: Any, store: Store) -> Belongs:
        name = getattr(question, field)
        account = store.accounts.get(store.alerts.get(name).account)
        return Belongs(account.owner, f"alert {name[:80]}: there is none; `bailiwick watch list` shows them")

    return find


def of_vouch(field: str = "id") -> Whose:
    """The account of the key for which the word that this field names was given."""

    def find(question: Any, store: Store) -> Belongs:
        name = getattr(question, field)
        account = store.keys.get(store.vouches.get(name).key).account
        absent = f"vouch {name[:80]}: there is none; `bailiwick watch list` shows those of alerts"
        return Belongs(store.accounts.get(account).owner, absent)

    return find


def of_session(field: str = "id") -> Whose:
    """The owner for whom the person of the session that this field names signs in."""

    def find(question: Any, store: Store) -> Belongs:
        name = getattr(question, field)
        person = store.people.get(store.people.session(name).person)
        return Belongs(person.owner, f"session {name[:80]}: there is none; `bailiwick console sessions` lists them")

    return find


async def list_own_sessions(question: ListSessions, owner: str, store: Store, ask: Ask) -> SessionsAnswer:
    """The sessions of those who sign in for an owner."""
    own = {person.name for person in store.people.list() if person.owner == owner}
    found: SessionsAnswer = await ask(question)
    return SessionsAnswer(rows=tuple(row for row in found.rows if row.person in own))


async def find_own_keys(question: FindKeys, owner: str, store: Store, ask: Ask) -> FoundKeys:
    """An owner's keys, as they are looked for."""
    found: FoundKeys = await ask(msgspec.structs.replace(question, owner=owner))
    return found


async def list_own_incidents(question: ListIncidents, owner: str, store: Store, ask: Ask) -> IncidentsAnswer:
    """An owner's incidents."""
    if question.key:
        check(of_key("key"), question, store, owner)
    found: IncidentsAnswer = await ask(msgspec.structs.replace(question, owner=owner))
    return found


async def list_own_holds(question: ListApprovals, owner: str, store: Store, ask: Ask) -> ApprovalsAnswer:
    """An owner's held requests, newest first."""
    own = own_accounts(store, owner)
    if question.account and question.account not in own:
        raise LinkError(Code.NOT_FOUND, f"account {question.account[:80]}: there is none")
    if question.after:
        check(of_hold("after"), question, store, owner)
    found: list[ApprovalsAnswer] = [await ask(each) for each in _asked(question, own)]
    rows, more = _newest((row for each in found for row in each.rows), question.limit)
    return ApprovalsAnswer(rows=rows, more=more or any(each.more for each in found))


async def list_own_alerts(question: ListAlerts, owner: str, store: Store, ask: Ask) -> AlertsAnswer:
    """What the watch said of an owner's keys, newest first."""
    own = own_accounts(store, owner)
    if question.account and question.account not in own:
        raise LinkError(Code.NOT_FOUND, f"account {question.account[:80]}: there is none")
    if question.after:
        check(of_alert("after"), question, store, owner)
    if question.key:
        check(of_key("key"), question, store, owner)
    found: list[AlertsAnswer] = [await ask(each) for each in _asked(question, own)]
    rows, more = _newest((row for each in found for row in each.rows), question.limit)
    return AlertsAnswer(rows=rows, more=more or any(each.more for each in found))


def _asked(question: Listing, own: list[str]) -> list[Listing]:
    """The question for the one account that it names, or for each of an owner's."""
    accounts = [question.account] if question.account else own
    return [msgspec.structs.replace(question, account=account) for account in accounts]


def _newest(rows: Iterable[Row], limit: int) -> tuple[tuple[Row, ...], bool]:
    """The newest rows, by their position in the journal, and whether there are older ones."""
    found = sorted(rows, key=lambda row: -int(row.id[1:]))
    return tuple(found[:limit]), len(found) > limit


async def list_own_natives(question: ListNatives, owner: str, store: Store, ask: Ask) -> NativeKeysAnswer:
    """An owner's native keys, by id."""
    own = set(own_accounts(store, owner))
    if question.account and question.account not in own:
        raise LinkError(Code.NOT_FOUND, f"account {question.account[:80]}: there is none")
    found: NativeKeysAnswer = await ask(question)
    return NativeKeysAnswer(rows=tuple(row for row in found.rows if row["account"] in own))


def check(whose: Whose, question: Any, store: Store, owner: str) -> None:
    """Let an owner reach what is theirs.

    Raises:
        LinkError: in the words for what does not exist, where it is somebody else's.
    """
    try:
        found = whose(question, store)
    except NotFoundError as error:
        raise LinkError(Code.NOT_FOUND, str(error)) from None
    if found is not None and found.owner != owner:
        raise LinkError(Code.NOT_FOUND, found.absent)


def own_accounts(store: Store, owner: str) -> list[str]:
    """The ids of an owner's accounts."""
    return [account.id for account in store.accounts.list() if account.owner == owner]


async def list_own(question: ListParties, owner: str, store: Store, ask: Ask) -> ListAnswer:
    """An owner's accounts or keys, in pages; venues and services are everybody's."""
    match question.kind:
        case Kind.ACCOUNT:
            return await _accounts(question, set(own_accounts(store, owner)), ask)
        case Kind.KEY:
            return await _keys(question, own_accounts(store, owner), ask)
        case _:
            found: ListAnswer = await ask(question)
            return found


async def _accounts(question: ListParties, own: set[str], ask: Ask) -> ListAnswer:
    rows: list[dict[str, Any]] = []
    page = question
    while True:
        found: ListAnswer = await ask(page)
        rows += [row for row in found.rows if row["id"] in own]
        if not found.more or len(rows) > question.limit:
            break
        page = msgspec.structs.replace(page, after=found.rows[-1]["id"])
    return ListAnswer(kind=question.kind, rows=tuple(rows[: question.limit]), more=len(rows) > question.limit)


async def _keys(question: ListParties, own: list[str], ask: Ask) -> ListAnswer:
    if question.account and question.account not in own:
        raise LinkError(Code.NOT_FOUND, f"account {question.account[:80]}: there is none")
    rows: list[dict[str, Any]] = []
    more = False
    for account in [question.account] if question.account else own:
        found: ListAnswer = await ask(msgspec.structs.replace(question, account=account))
        rows += found.rows
        more = more or found.more
    rows.sort(key=lambda row: str(row["id"]))
    return ListAnswer(kind=question.kind, rows=tuple(rows[: question.limit]), more=more or len(rows) > question.limit)
