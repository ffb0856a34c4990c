"""Looks for keys, for a list that somebody scrolls: nothing of a grant or a secret is read for it."""

import asyncio
from typing import final

from bailiwick.authority.exposures import Exposures
from bailiwick.authority.finding_verbs import FindKeys, FoundKey, FoundKeys
from bailiwick.authority.show import moment
from bailiwick.authority.verbs import MOST_ROWS
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.life import KeyState
from bailiwick.store.finding import ORDERS, Wanted
from bailiwick.store.store import Store

MOST_OFFSET = 10_000_000


@final
class Finder:
    """Answers who looks for keys."""

    def __init__(self, store: Store, exposures: Exposures) -> None:
        self._store = store
        self._exposures = exposures

    async def keys(self, question: FindKeys, actor: str) -> FoundKeys:
        """A stretch of keys."""
        if not 1 <= question.limit <= MOST_ROWS:
            raise LinkError(Code.REFUSED, f"limit: 1 to {MOST_ROWS}")
        if not 0 <= question.offset <= MOST_OFFSET:
            raise LinkError(Code.REFUSED, f"offset: 0 to {MOST_OFFSET}")
        if question.order not in ORDERS:
            raise LinkError(Code.REFUSED, f"order: {question.order[:40]!r} is none; choose from {', '.join(ORDERS)}")
        if question.state and question.state not in set(KeyState):
            raise LinkError(Code.REFUSED, f"state: {question.state[:40]!r} is none; choose from {', '.join(KeyState)}")
        wanted = Wanted(question.text, question.account, question.service, question.owner, question.state)
        if question.unbounded:
            wanted = wanted._replace(among=await asyncio.to_thread(self._exposures.unbounded, wanted))
        found = await asyncio.to_thread(
            self._store.finder.find,
            wanted,
            question.order,
            descending=question.descending,
            offset=question.offset,
            limit=question.limit,
        )
        rows = tuple(
            FoundKey(
                id=row["id"],
                name=row["name"],
                account=row["account"],
                service=row["service"],
                kind=row["kind"],
                state=row["state"],
                created=moment(row["created"]) or "",
                expires=moment(row["expires"]),
                last_used=moment(row["last_used"]),
            )
            for row in found.rows
        )
        return FoundKeys(rows=rows, total=sum(found.states.values()), states=found.states)
