"""Keys before they are issued: a grant proposed from the account's own history, and what a draft comes to."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, final

import msgspec

from bailiwick.authority import bounds
from bailiwick.authority.accounthistory import AccountHistory
from bailiwick.authority.acts import Asks
from bailiwick.authority.answering import Answering
from bailiwick.authority.choices import choices_of, chosen
from bailiwick.authority.draft_verbs import ChoiceView, DraftAnswer, ProposeGrant, ReckonGrant, WayView, WrongView
from bailiwick.authority.keys import Keys, check_symbols
from bailiwick.authority.reach import worst_of
from bailiwick.authority.verbs import CheckGrant
from bailiwick.journal.error import JournalError
from bailiwick.link.wire import Code, LinkError, Question
from bailiwick.model.grant import Grant, bound_from_toml, grant_from_toml, grant_to_toml
from bailiwick.model.harm import Harm
from bailiwick.model.party import Account, Service, Standing
from bailiwick.model.pointing import pointing_of
from bailiwick.rules.authority import Authority
from bailiwick.rules.presets import LEAST_ORDERS, PRESETS
from bailiwick.rules.proposing import Wish, propose
from bailiwick.rules.theft import stolen
from bailiwick.store.store import Store

USUAL_CURRENCY = "USDT"
_FIELDS = {
    "what.symbols": "symbols",
    "what.order_types": "order_types",
    "where.networks": "networks",
    "when": "expires",
    "when.expires": "expires",
}
_CHECKED = (
    "Each order is checked before it leaves: its symbol, size, distance from the market, and where it comes from. "
    "What a thief would do is held, and a key that is stopped can still close what it opened."
)
_NEEDS = "It works only while the service sends to the gateway's address, and while the gateway runs."
_BOUND = (
    "The exchange keeps it to one sub-account without transfers, to the service's addresses, and to reading where it "
    "shall only read."
)
_LEFT = (
    "No symbol, no amount, no distance from the market: its trades are read a minute later. It detects, and does not "
    "hold. Keep little in the sub-account."
)


@final
class Drafts:
    """Answers whoever is about to issue a key."""

    def __init__(
        self, store: Store, gateway: Asks, keys: Keys, history: AccountHistory, clock: Callable[[], int]
    ) -> None:
        self._store = store
        self._gateway = gateway
        self._keys = keys
        self._history = history
        self._clock = clock
        self._reading = asyncio.Lock()  # one at a time: whoever asks often reads the disk no more than one does

    def answering(self) -> dict[type[Question[Any]], Answering]:
        """One answer for each verb of this subject."""
        return {ProposeGrant: self.propose, ReckonGrant: self.reckon}

    async def propose(self, question: ProposeGrant, actor: str) -> DraftAnswer:
        """The narrowest grant for this kind of client, with the reason of each choice."""
        account, service = self._parties(question.account, question.service)
        if account is None:
            raise LinkError(Code.REFUSED, "account: name the one that the key shall act for")
        if question.kind not in PRESETS:
            raise LinkError(Code.REFUSED, f"kind: there is no such kind; choose from {', '.join(PRESETS)}")
        if question.budget is not None and not question.budget > 0:
            raise LinkError(Code.REFUSED, "budget: it must be more than nothing; write what may be traded in a day")
        currency, now = currency_of(account), self._clock()
        try:
            async with self._reading:
                found = await asyncio.to_thread(
                    self._history.of, account.id, question.service, question.kind, currency, now * 1000
                )
        except (JournalError, OSError):
            raise LinkError(
                Code.UNAVAILABLE, "journal: it cannot be read; `bailiwick journal verify` says why"
            ) from None
        wish = Wish(
            kind=question.kind,
            currency=currency,
            symbols=tuple(sorted({each.strip().upper() for each in question.symbols if each.strip()})),
            budget=question.budget,
            networks=() if service is None else service.networks,
        )
        proposal = propose(wish, found.history, datetime.fromtimestamp(now / 1000, UTC))
        answer = await self._reckoned(proposal.grant, [], account, service)
        lines = tuple(
            msgspec.structs.replace(line, reason=proposal.reasons.get(line.field, "")) for line in answer.lines
        )
        return msgspec.structs.replace(answer, lines=lines, past=found.sentence)

    async def reckon(self, question: ReckonGrant, actor: str) -> DraftAnswer:
        """What a draft comes to, and what is wrong with it."""
        account, service = self._parties(question.account, question.service)
        grant, wrong = grant_from_toml(question.grant), list[WrongView]()
        if question.choices is not None:
            grant, wrong = chosen(grant, question.choices)
        answer = await self._reckoned(grant, wrong, account, service)
        if question.choices is not None and wrong:
            return msgspec.structs.replace(answer, choices=question.choices)
        return answer

    def _parties(self, account: str, service: str) -> tuple[Account | None, Service | None]:
        return (
            self._store.accounts.get(account) if account else None,
            self._store.services.get(service) if service else None,
        )

    async def _reckoned(
        self, grant: Grant, wrong: list[WrongView], account: Account | None, service: Service | None
    ) -> DraftAnswer:
        found = bounds.within(grant, account, service)
        text = grant_to_toml(grant)
        notes, complaints = await self._looked_up(grant, text, found, account, service)
        known = {each.field for each in wrong}
        wrong = [*wrong, *(each for each in complaints if each.field not in known)]
        stealing = stolen(found, self._clock() * 1000)
        return DraftAnswer(
            currency=grant.currency,
            grant=text,
            choices=choices_of(grant),
            lines=tuple(ChoiceView(field=field, thief=thief) for field, thief in stealing.items()),
            sentences=() if wrong else self._sentences(text, account, service),
            worst=None if wrong else worst_of(found),
            wrong=tuple(wrong),
            notes=tuple(notes),
            pointing="" if service is None else pointing_of(service.id, service.name).sentence,
            ways=self._ways(found, account, service),
        )

    def _sentences(self, text: str, account: Account | None, service: Service | None) -> tuple[str, ...]:
        return self._keys.check(_question(text, account, service)).sentences

    async def _looked_up(
        self, grant: Grant, text: str, found: Authority, account: Account | None, service: Service | None
    ) -> tuple[list[str], list[WrongView]]:
        """What to know of the draft, and what is wrong with it within its bounds and at its venue."""
        wrong = [_emptied(each) for each in bounds.emptied(grant, found)]
        if service is not None and service.standing is not Standing.TRUSTED:
            wrong.append(
                WrongView(
                    field="service", sentence=f"it is {service.standing} and gets no key", remedy="choose another"
                )
            )
        if Harm.TRADE in grant.what.may and not grant.what.symbols:
            wrong.append(
                WrongView(field="symbols", sentence="none is named", remedy="name what it trades, such as BTCUSDT")
            )
        notes: list[str] = []
        if not wrong:
            try:
                notes += self._keys.check(_question(text, account, service)).notes
            except LinkError as error:
                wrong.append(_refused(error.sentence))
        if account is not None and grant.what.symbols != "all":
            try:
                notes += await check_symbols(self._gateway, self._store, grant.what.symbols, account.id)
            except LinkError as error:
                if error.code is Code.REFUSED:
                    wrong.append(_refused(error.sentence))
                else:
                    notes.append(f"whether {account.venue} has these symbols was not asked: {error.sentence}")
        return notes, wrong

    def _ways(self, found: Authority, account: Account | None, service: Service | None) -> tuple[WayView, ...]:
        """As what the service can hold a key, and what each protects."""
        if service is None:
            return ()
        worst = worst_of(found)
        trades = worst is not None
        held = "nothing by trading" if worst is None else f"{worst.most} {worst.currency} a day"
        managed = account is not None and self._store.venues.get(account.venue).dialect == "binance"
        return (
            WayView(
                way="gateway",
                fits=pointing_of(service.id, service.name).pointing.value,
                protects=_CHECKED,
                leaves=_NEEDS,
                worst=held,
            ),
            WayView(
                way="native",
                fits="yes" if managed else "no",
                protects=_BOUND,
                leaves=_LEFT,
                worst="all that the sub-account holds" if trades else "nothing by trading",
            ),
        )


def currency_of(account: Account) -> str:
    """What a proposal for this account counts in: what its limits count in, or its owner."""
    if account.limits:
        bound = bound_from_toml(account.limits)
        if bound.counts_money:
            return bound.currency
    return next((asset for asset in account.home_assets if asset in LEAST_ORDERS), USUAL_CURRENCY)


def _question(text: str, account: Account | None, service: Service | None) -> CheckGrant:
    return CheckGrant(
        grant=text, account="" if account is None else account.id, service="" if service is None else service.id
    )


def _emptied(name: str) -> WrongView:
    return WrongView(
        field=_FIELDS.get(name, "grant"),
        sentence=f"the limits of account and service leave nothing of {name}",
        remedy="choose what they allow, or widen them first",
    )


def _refused(sentence: str) -> WrongView:
    """A refusal's ``field: complaint; remedy``."""
    field, _, rest = sentence.partition(": ")
    complaint, _, remedy = rest.rpartition("; ")
    known = field if field in {"symbols", "service", "account"} else _FIELDS.get(field, "grant")
    return WrongView(field=known, sentence=complaint or remedy or sentence, remedy=remedy if complaint else "")
