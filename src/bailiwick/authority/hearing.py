"""What the gateway saw, heard by the authority: each event once handled, in its order, from where it left off.

The position behind which it goes on is kept in the store, so what happened while this process was down is heard when it
is back. An event is handled at least once: after a crash in between, twice. So handlers are told the event's position,
by which they recognise what they have done already; notices of the same matter are counted and not told again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import final

from bailiwick.authority.acts import Asks
from bailiwick.link.questions import Event, Events
from bailiwick.link.wire import Code, LinkError
from bailiwick.logs import log
from bailiwick.store.store import Store

SOURCE = "gateway"
WAIT_S = 20.0
ANSWER_S = 30.0
ABSENT_S = 2.0  # between two attempts to reach a gateway that is not there
MOST_TRIES = 5  # of an event whose handler fails, before what is behind it is heard

Handler = Callable[[Event], Awaitable[object]]


@final
class Hearing:
    """Hears events and hands them to whoever asked for their kind."""

    def __init__(self, store: Store, gateway: Asks) -> None:
        self._store = store
        self._gateway = gateway  # a connection of its own: a question that waits would hold up the others
        self._handlers: dict[str, list[Handler]] = {}
        self._failed = (-1, 0)  # which event could not be handled, and how often

    def on(self, kind: str, handler: Handler) -> None:
        """Have events of a kind handled. A handler that raises is given the event again."""
        self._handlers.setdefault(kind, []).append(handler)

    async def listen(self, wait_s: float = WAIT_S) -> int:
        """Hear what there is, or wait for something; how many events were handled.

        Raises:
            LinkError: if the gateway refuses the question.
        """
        position = await asyncio.to_thread(self._store.notices.heard, SOURCE)
        try:
            answer = await self._gateway.ask(Events(after=position, wait_s=wait_s), timeout_s=ANSWER_S)
        except LinkError as error:
            if error.code not in {Code.UNAVAILABLE, Code.UNCERTAIN}:
                raise
            await asyncio.sleep(ABSENT_S)  # whoever started both watches the gateway; this only waits for it
            return 0
        for count, event in enumerate(answer.events):
            if not await self._handle(event):
                return count
            await asyncio.to_thread(self._store.notices.hear, SOURCE, event.position)
        if answer.up_to != position:
            await asyncio.to_thread(self._store.notices.hear, SOURCE, answer.up_to)
        return len(answer.events)

    async def _handle(self, event: Event) -> bool:
        try:
            for handler in self._handlers.get(event.kind, ()):
                await handler(event)
        except Exception as error:  # one event that nobody can handle must not silence all that come after it
            tries = self._failed[1] + 1 if self._failed[0] == event.position else 1
            self._failed = (event.position, tries)
            if tries < MOST_TRIES or (isinstance(error, LinkError) and error.code is Code.UNAVAILABLE):
                log.warning("an event could not be handled yet", position=event.position, why=str(error))
                return False
            log.error("an event was not handled; see its record in the journal", error=error, position=event.position)
        return True
