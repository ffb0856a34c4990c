"""The delivery of notices: what is due is sent, what fails is tried again, and a storm becomes one message.

The first notice of a kind leaves at once. Those that follow it over the same channel within a minute wait for the end
of that minute, and leave as one message with a count; so do those that quiet hours or a digest have gathered.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import final

from bailiwick.authority.links import BUTTON_MS, PAGE_MS, Links
from bailiwick.authority.senders import Senders
from bailiwick.logs import log
from bailiwick.model.notice import Channel, Urgency, Way
from bailiwick.notify.fault import ChannelFault
from bailiwick.notify.message import Message, compose
from bailiwick.store.notices import Due, State
from bailiwick.store.store import Store

AT_ONCE = 5_000  # deliveries looked at in one round
GATHER_MS = 60_000
FIRST_RETRY_MS = 5_000
LONGEST_RETRY_MS = 3_600_000
GIVE_UP_MS = 3 * 24 * 3_600_000
STOP_GIVE_UP_MS = 7 * 24 * 3_600_000
NOT_ME = "not-me"  # the purpose of links and buttons

Heap = tuple[Channel, str, str]  # channel, owner, and what is gathered into one message


@final
class Post:
    """Delivers notices."""

    def __init__(self, store: Store, senders: Senders, links: Links, clock: Callable[[], int]) -> None:
        self._store = store
        self._senders = senders
        self._links = links
        self._clock = clock

    async def deliver(self) -> int:
        """Send what is due; how many messages left."""
        now = self._clock()
        heaps: dict[Heap, list[Due]] = defaultdict(list)
        for due in await asyncio.to_thread(self._store.notices.due, now, AT_ONCE):
            heaps[_heap(due)].append(due)
        by_channel: dict[Channel, list[list[Due]]] = defaultdict(list)
        for (channel, _, _), heap in heaps.items():
            by_channel[channel].append(heap)
        # One channel that hangs holds up no other.
        sent = await asyncio.gather(*(self._over(channel, each) for channel, each in by_channel.items()))
        return sum(sent)

    async def _over(self, channel: Channel, heaps: Sequence[list[Due]]) -> int:
        sent = 0
        for heap in heaps:
            if not await self._gathers(channel, heap):
                sent += await self._send(channel, heap)
        return sent

    async def _gathers(self, channel: Channel, heap: list[Due]) -> bool:
        """Whether others of the kind have just left, so that these wait for the end of the minute."""
        if any(due.tries for due in heap):
            return False  # they have waited, and their time is that of the next attempt
        last = await asyncio.to_thread(self._store.notices.last_sent, channel, heap[0].told.notice.kind)
        if self._clock() - last >= GATHER_MS:
            return False
        ids = [due.id for due in heap]
        await asyncio.to_thread(self._store.notices.put_off, ids, last + GATHER_MS, tried=False)
        return True

    async def _send(self, channel: Channel, heap: list[Due]) -> int:
        owner = self._store.owners.get(heap[0].told.owner)
        ids = [due.id for due in heap]
        try:
            message = compose(owner, [due.told for due in heap])
            link, button = self._not_me(channel, message)
            await self._senders.send(owner.name, channel, message, link=link, button=button)
        except ChannelFault as fault:
            await asyncio.to_thread(self._failed, heap, fault)
            return 0
        except Exception as error:  # one notice with a fault in it must not hold up whatever is behind it
            log.error("a notice could not be sent", error=error, channel=channel.way.value)
            await asyncio.to_thread(self._failed, heap, ChannelFault(f"a fault here: {type(error).__name__}"))
            return 0
        await asyncio.to_thread(self._store.notices.settle, ids, State.SENT, now=self._clock())
        return 1

    def _not_me(self, channel: Channel, message: Message) -> tuple[str, str]:
        """A link or a button that says "not me" for the message's key: bound to it, and new in each attempt."""
        if not message.key:
            return "", ""
        subject = {"key": message.key, "position": message.position}
        if channel.way is Way.TELEGRAM:
            return "", self._links.make(NOT_ME, subject, bound=channel.to, lives_ms=BUTTON_MS)
        page = self._senders.settings.page
        if not page or channel.way is Way.APPRISE:
            return "", ""
        return f"{page.rstrip('/')}/not-me/{self._links.make(NOT_ME, subject, lives_ms=PAGE_MS)}", ""

    def _failed(self, heap: list[Due], fault: ChannelFault) -> None:
        now = self._clock()
        for due in heap:
            patience = STOP_GIVE_UP_MS if due.told.notice.urgency is Urgency.STOP else GIVE_UP_MS
            if fault.for_good or now - due.told.made > patience:
                self._store.notices.settle([due.id], State.FAILED, now=now, error=str(fault))
                log.error("a notice is given up", notice=due.told.id, channel=due.channel.way.value, why=str(fault))
                continue
            wait = min(FIRST_RETRY_MS << min(due.tries, 20), LONGEST_RETRY_MS)
            self._store.notices.put_off([due.id], now + max(wait, int(fault.after_s * 1000)), error=str(fault))
            if due.tries == 0:
                log.warning(
                    "a notice is tried again", notice=due.told.id, channel=due.channel.way.value, why=str(fault)
                )


def _heap(due: Due) -> Heap:
    """What goes into one message: notices of a kind; of what is only news, everything."""
    notice = due.told.notice
    kind = "news" if notice.urgency is Urgency.NEWS else f"{notice.urgency} {notice.kind}"
    return due.channel, due.told.owner, kind
