"""How far the act against a compromised service has come: which keys still open something, who was told."""

import asyncio
from collections import Counter
from typing import final

from bailiwick.authority.looking_verbs import CompromiseStanding, ShowCompromise
from bailiwick.authority.nativestops import NativeStops
from bailiwick.authority.reach import OPENING
from bailiwick.authority.show import moment
from bailiwick.store.finding import Wanted
from bailiwick.store.services import EVERYONE
from bailiwick.store.store import Store


@final
class Standings:
    """Looks at acts against services while they are done."""

    def __init__(self, store: Store, natives: NativeStops) -> None:
        self._store = store
        self._natives = natives

    async def show(self, question: ShowCompromise, actor: str) -> CompromiseStanding:
        """How far it has come. It waits for nothing, so that it tells of an act that is under way."""
        return await asyncio.to_thread(self._look, question.id)

    def _look(self, name: str) -> CompromiseStanding:
        service = self._store.services.get(name)
        states: Counter[str] = Counter()
        opening = 0
        for each in self._store.finder.alike(Wanted(service=name)):
            state = service.holds_back(each.state, restored=each.restored)
            states[state.value] += each.keys
            opening += each.keys if state in OPENING else 0
        found = self._store.holders.compromise(name)
        if found is None:
            return CompromiseStanding(
                service=name, standing=service.standing.value, act="", at=None, reason="", position=-1, in_force=-1,
                states=dict(states), opening=opening, followed=False, owners=0, told=0, natives=(), done=False,
            )  # fmt: skip
        owners = self._store.holders.owners(name)
        told = len(owners) if found.told == EVERYONE else sum(owner <= found.told for owner in owners)
        natives = self._natives.stops(name)
        return CompromiseStanding(
            service=name,
            standing=service.standing.value,
            act=found.act,
            at=moment(found.at),
            reason=found.reason,
            position=found.position,
            in_force=-1 if found.in_force is None else found.in_force,
            states=dict(states),
            opening=opening,
            followed=found.followed is not None,
            owners=len(owners),
            told=told,
            natives=natives,
            done=(
                found.in_force is not None
                and found.followed is not None
                and found.told == EVERYONE
                and all(each.confirmed for each in natives)
            ),
        )
