"""What owners say to the bot: a code that registers their chat, and the button "not me".

A button works for one user in one chat, once; whoever else presses it, or presses it again, is told that it does
nothing. Nothing that is said or pressed here widens anything: there is no button that could.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import final

from bailiwick.authority.links import Links
from bailiwick.authority.notice_verbs import IncidentAnswer, NotMe
from bailiwick.authority.owners import REGISTER, Owners
from bailiwick.authority.post import NOT_ME
from bailiwick.link.wire import LinkError
from bailiwick.logs import log
from bailiwick.notify.fault import ChannelFault
from bailiwick.notify.telegram import POLL_S, Pressed, Said, Telegram
from bailiwick.store.errors import StoreError
from bailiwick.store.store import Store

SOURCE = "telegram"
FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 60.0
SPENT = "This button does nothing any more, or is not yours. On the server: bailiwick key not-me KEY"
REMEDY = "On the server: bailiwick key not-me KEY"


@final
class Telegrams:
    """Listens to the bot."""

    def __init__(
        self,
        store: Store,
        bot: Telegram,
        links: Links,
        owners: Owners,
        not_me: Callable[[NotMe, str], Awaitable[IncidentAnswer]],
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._store = store
        self._bot = bot
        self._links = links
        self._owners = owners
        self._not_me = not_me
        self._sleep = sleep
        self._pause_s = 0.0

    async def listen(self, wait_s: int = POLL_S) -> int:
        """Hear what there is, or wait for something; how many updates were taken.

        While Telegram does not answer it waits longer and longer, and says so once.
        """
        after = await asyncio.to_thread(self._store.notices.heard, SOURCE)
        try:
            newest, updates = await self._bot.updates(after, wait_s)
        except ChannelFault as fault:
            if not self._pause_s:
                log.warning("the bot is not heard", why=str(fault))
            self._pause_s = min(max(FIRST_PAUSE_S, self._pause_s * 2, fault.after_s), LONGEST_PAUSE_S)
            await self._sleep(self._pause_s)
            return 0
        self._pause_s = 0.0
        for update in updates:
            try:
                await (self._press(update) if isinstance(update, Pressed) else self._hear(update))
            except ChannelFault as fault:
                log.warning("an answer in a chat was lost", why=str(fault))  # what it was about is done
        if newest != after:
            await asyncio.to_thread(self._store.notices.hear, SOURCE, newest)
        return len(updates)

    async def _press(self, pressed: Pressed) -> None:
        bound = f"{pressed.chat}:{pressed.user}"
        subject = self._links.redeem(NOT_ME, pressed.data, bound=bound)
        if subject is None or not self._known(bound):
            await self._bot.answer(pressed, SPENT)
            return
        position = subject.get("position", -1)
        question = NotMe(key=str(subject["key"]), order=str(position) if position >= 0 else "", reason="not me")
        try:
            done = await self._not_me(question, f"link:telegram user {pressed.user}")
        except (LinkError, StoreError) as error:
            log.error("a button could not do its work", error=error)
            await self._bot.answer(pressed, f"It could not be done: {error}. {REMEDY}")
            return
        await self._bot.answer(pressed, f"Done: {'; '.join(done.said)}. Incident {done.id}.")

    async def _hear(self, said: Said) -> None:
        words = said.text.split()
        if len(words) != 2 or words[0] != "/start":
            return
        if not said.private:
            await self._bot.say(said.chat, "Send the code in a chat with me alone: whoever reads it could use it.")
            return
        subject = self._links.redeem(REGISTER, words[1])
        if subject is None:
            await self._bot.say(said.chat, "This code is not known, or too old. Take another: bailiwick owner telegram")
            return
        owner = str(subject["owner"])
        try:
            await self._owners.add_telegram(owner, said.chat, said.user)
        except (LinkError, StoreError) as error:
            log.error("a chat could not be registered", error=error)
            await self._bot.say(said.chat, "It could not be done. Take another code: bailiwick owner telegram")
            return
        await self._bot.say(said.chat, f"From now on {owner} is told here what happens to his keys.")

    def _known(self, bound: str) -> bool:
        """Whether the chat and user are still some owner's: one that was taken away presses in vain."""
        return any(channel.to == bound for owner in self._store.owners.list() for channel in owner.channels)
