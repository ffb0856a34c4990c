"""What a service could do with all its keys at once: its blast radius."""

import asyncio
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import final

from bailiwick.authority import bounds
from bailiwick.authority.acts import Asks
from bailiwick.authority.service_verbs import ReachAnswer, ServiceReach, WorstLoss
from bailiwick.authority.show import moment
from bailiwick.link.service_questions import ServiceUseAnswer, UseOfService
from bailiwick.link.wire import LinkError
from bailiwick.model.grant import grant_from_toml
from bailiwick.model.harm import Harm
from bailiwick.model.life import KeyState
from bailiwick.model.money import plain
from bailiwick.model.native import PROTECTION
from bailiwick.model.party import Account, Service
from bailiwick.rules.authority import Authority
from bailiwick.rules.exposure import Loss, total, worst_loss
from bailiwick.store.services import Group
from bailiwick.store.store import Store

OPENING = frozenset({KeyState.ACTIVE, KeyState.PENDING})
UNBOUNDED = "unbounded"


@final
class Reach:
    """Looks at what services could do."""

    def __init__(self, store: Store, gateway: Asks) -> None:
        self._store = store
        self._gateway = gateway

    async def show(self, question: ServiceReach, actor: str) -> ReachAnswer:
        """A service's blast radius."""
        service = self._store.services.get(question.id)
        groups = await asyncio.to_thread(self._store.holders.groups, service.id)
        accounts = {each.id: each for each in self._store.accounts.list()}
        losses = await asyncio.to_thread(self._losses, service, groups, accounts)
        used = await self._use(service.id)
        last = max((each.last_used for each in groups if each.last_used is not None), default=None)
        if used is not None and used.last_used_ms is not None:
            last = max(last or 0, used.last_used_ms)
        keys: Counter[str] = Counter()
        for each in groups:
            keys[each.state.value] += each.keys
        named = sorted({each.account for each in groups})
        beyond = sorted({harm.value for loss, _ in losses for harm in loss.beyond})
        notes = [] if used is not None else ["the gateway does not answer, so nobody knows what is open"]
        if beyond:
            notes.append(f"some of its keys may also {', '.join(beyond)}, which no figure here counts")
        notes += [
            f"native key {native.id} of sub-account {native.email} is {native.state}: unbounded, up to all that the "
            f"sub-account holds ({PROTECTION})"
            for native in self._store.native.list(service=service.id)
            if native.kept
        ]
        return ReachAnswer(
            service=service.id,
            keys=dict(keys),
            accounts=tuple(named),
            owners=len({accounts[each].owner for each in named}),
            open_orders=None if used is None else used.open_orders,
            last_used=moment(last),
            worst=worst(losses),
            beyond=tuple(beyond),
            net_buying=() if used is None else used.net_buying,
            notes=tuple(notes),
        )

    def _losses(
        self, service: Service, groups: Iterable[Group], accounts: dict[str, Account]
    ) -> list[tuple[Loss, int]]:
        """What the keys that open anything can lose, alike ones together."""
        texts = self._store.keys.grants()
        known: dict[tuple[bytes, str | None], Loss] = {}
        found: Counter[Loss] = Counter()
        for each in groups:
            if service.holds_back(each.state) not in OPENING:
                continue
            account = accounts[each.account]
            place = (each.grant, account.limits)
            if place not in known:
                grant = grant_from_toml(texts[each.grant])
                known[place] = worst_loss(bounds.within(grant, account, service))
            found[known[place]] += each.keys
        return list(found.items())

    async def _use(self, service: str) -> ServiceUseAnswer | None:
        try:
            return await self._gateway.ask(UseOfService(service=service))
        except LinkError:
            return None


def worst(losses: list[tuple[Loss, int]]) -> tuple[WorstLoss, ...]:
    """What so many keys can lose in a day, by currency."""
    found = []
    for currency, most in sorted(total(losses).items()):
        without = sum(keys for loss, keys in losses if loss.currency == currency and loss.most is None)
        found.append(WorstLoss(currency=currency, most=shown(most), unbounded_keys=without))
    return tuple(found)


def worst_of(authority: Authority) -> WorstLoss | None:
    """What one key can lose in a day by trading; None for a key that does not trade."""
    if Harm.TRADE not in authority.harms:
        return None
    return worst([(worst_loss(authority), 1)])[0]


def shown(most: Decimal | None) -> str:
    """An amount of money as people read it, or that there is no bound."""
    return UNBOUNDED if most is None else plain(most)
