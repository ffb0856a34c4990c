"""What keys could lose in a day at worst: the money that is at risk, of all of them or of some."""

import asyncio
from collections import Counter, OrderedDict
from typing import NamedTuple, final

from bailiwick.authority import bounds
from bailiwick.authority.looking_verbs import MoneyAnswer, MoneyAtRisk
from bailiwick.authority.reach import OPENING, worst
from bailiwick.model.grant import grant_from_toml
from bailiwick.model.life import BREADTH, KeyState
from bailiwick.model.party import Account, Service
from bailiwick.rules.exposure import Loss, worst_loss
from bailiwick.store.finding import Alike, Wanted
from bailiwick.store.store import Store

KEPT = 64  # answers that hold as long as nothing changes
KNOWN = 20_000  # grants within their bounds
MOST_ALIKE = 5_000  # kinds of unbounded keys that a search names


class Rated(NamedTuple):
    """Keys that are alike, the state that binds them, and what one of them can lose; None where it opens nothing."""

    alike: Alike
    state: KeyState
    loss: Loss | None


@final
class Exposures:
    """Reckons what could be lost."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._losses: OrderedDict[tuple[bytes, str | None, str | None], Loss] = OrderedDict()
        self._kept: OrderedDict[Wanted, MoneyAnswer] = OrderedDict()
        self._change = -1

    async def show(self, question: MoneyAtRisk, actor: str) -> MoneyAnswer:
        """The money that is at risk; reckoned anew when something has changed."""
        if question.key:
            self._store.keys.get(question.key)
        wanted = Wanted("", question.account, question.service, question.owner, "", question.venue, question.key)
        change = await asyncio.to_thread(self._store.last_change)
        if change != self._change:
            self._kept.clear()
            self._change = change
        found = self._kept.get(wanted)
        if found is None:
            found = self._kept[wanted] = await asyncio.to_thread(self._money, wanted)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return found

    def unbounded(self, wanted: Wanted) -> list[tuple[str, str, bytes]]:
        """The account, service and grant of keys that open something and that nothing bounds."""
        found = [each for each in self._rated(wanted) if each.loss is not None and each.loss.most is None]
        return sorted({(each.alike.account, each.alike.service, each.alike.grant) for each in found})[:MOST_ALIKE]

    def _money(self, wanted: Wanted) -> MoneyAnswer:
        rated = self._rated(wanted)
        keys: Counter[str] = Counter()
        losses: Counter[Loss] = Counter()
        for each in rated:
            keys[each.state.value] += each.alike.keys
            if each.loss is not None:
                losses[each.loss] += each.alike.keys
        accounts = {each.alike.account for each in rated}
        return MoneyAnswer(
            worst=worst(list(losses.items())),
            bounded=worst([(loss, count) for loss, count in losses.items() if loss.most is not None]),
            keys=dict(keys),
            accounts=len(accounts),
            owners=len({each.owner for each in self._store.accounts.list() if each.id in accounts}),
            services=len({each.alike.service for each in rated}),
            unbounded=sum(count for loss, count in losses.items() if loss.most is None),
            beyond=tuple(sorted({harm.value for loss in losses for harm in loss.beyond})),
        )

    def _rated(self, wanted: Wanted) -> list[Rated]:
        accounts = {each.id: each for each in self._store.accounts.list()}
        services = {each.id: each for each in self._store.services.list()}
        texts = self._store.keys.grants()
        found = []
        for each in self._store.finder.alike(wanted):
            account, service = accounts[each.account], services[each.service]
            state = binding(each, account, service)
            loss = self._loss(each.grant, texts[each.grant], account, service) if state in OPENING else None
            found.append(Rated(each, state, loss))
        return found

    def _loss(self, digest: bytes, text: str, account: Account, service: Service) -> Loss:
        place = (digest, account.limits, service.limits)
        found = self._losses.get(place)
        if found is None:
            found = self._losses[place] = worst_loss(bounds.within(grant_from_toml(text), account, service))
            if len(self._losses) > KNOWN:
                self._losses.popitem(last=False)
        return found


def binding(each: Alike, account: Account, service: Service) -> KeyState:
    """The narrowest of what a key's own state, its service's standing and its account leave it."""
    state = service.holds_back(each.state, restored=each.restored)
    if state in OPENING and account.state is not KeyState.ACTIVE:
        return account.state
    return min(state, account.state, key=BREADTH.__getitem__) if state in BREADTH else state
