"""Telegram: messages with a button, and what is pressed and said to the bot (core.telegram.org/bots/api).

The bot's token stands in the path of every request, so no fault names the address.
"""

import ssl
from collections.abc import Sequence
from typing import Any, final

import msgspec

from bailiwick.model.secret import Secret
from bailiwick.notify.fault import ChannelFault
from bailiwick.notify.message import Message
from bailiwick.notify.web import request, trust

MOST_CHARS = 4096
POLL_S = 25
MOST_ANSWER_CHARS = 200


class Pressed(msgspec.Struct, frozen=True):
    """A button that somebody pressed, as Telegram says who and where."""

    id: str
    user: int
    chat: int
    data: str


class Said(msgspec.Struct, frozen=True):
    """A message that somebody sent to the bot."""

    user: int
    chat: int
    private: bool
    text: str


@final
class Telegram:
    """A bot."""

    def __init__(self, token: Secret, api: str) -> None:
        self._token = token
        self._api = api.rstrip("/")
        self._context: ssl.SSLContext | None = trust(None) if self._api.startswith("https:") else None

    async def send(self, chat: int, message: Message, button: tuple[str, str] | None = None) -> None:
        """Send a message, with a button of this label and data.

        Raises:
            ChannelFault: if Telegram does not take it.
        """
        text = f"{message.title}\n\n{message.text}"
        await self.say(chat, text, button)

    async def say(self, chat: int, text: str, button: tuple[str, str] | None = None) -> None:
        """Send a text.

        Raises:
            ChannelFault: if Telegram does not take it.
        """
        # No parse_mode: what stands in a notice may be a client's own words, and is shown as it is.
        asked: dict[str, Any] = {
            "chat_id": chat,
            "text": text[:MOST_CHARS],
            "link_preview_options": {"is_disabled": True},
        }
        if button is not None:
            label, data = button
            asked["reply_markup"] = {"inline_keyboard": [[{"text": label, "callback_data": data}]]}
        await self._call("sendMessage", asked)

    async def answer(self, pressed: Pressed, text: str) -> None:
        """Tell whoever pressed a button what came of it.

        Raises:
            ChannelFault: if Telegram does not take it.
        """
        asked = {"callback_query_id": pressed.id, "text": text[:MOST_ANSWER_CHARS], "show_alert": True}
        await self._call("answerCallbackQuery", asked)

    async def updates(self, after: int, wait_s: int = POLL_S) -> tuple[int, Sequence[Pressed | Said]]:
        """What happened behind an update, waiting for something; with the number of the newest.

        Raises:
            ChannelFault: if Telegram does not answer.
        """
        asked = {"offset": after + 1, "timeout": wait_s, "allowed_updates": ["message", "callback_query"]}
        found = await self._call("getUpdates", asked, timeout_s=wait_s + 10.0)
        if not isinstance(found, list):
            raise ChannelFault("telegram: its answer is not a list of updates")
        read: list[Pressed | Said] = []
        newest = after
        for update in found:
            if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
                continue
            newest = max(newest, update["update_id"])
            what = _pressed(update) or _said(update)
            if what is not None:
                read.append(what)
        return newest, read

    async def _call(self, method: str, asked: dict[str, Any], *, timeout_s: float = 15.0) -> Any:
        url = f"{self._api}/bot{self._token.reveal().decode('ascii', 'replace')}/{method}"
        headers = {"Content-Type": "application/json"}
        reply = await request(
            "POST", url, msgspec.json.encode(asked), headers, context=self._context, timeout_s=timeout_s
        )
        try:
            answer = msgspec.json.decode(reply.body, type=dict[str, Any])
        except msgspec.MsgspecError:
            raise ChannelFault(f"telegram: status {reply.status} and no answer of the bot API") from None
        if answer.get("ok") is True:
            return answer.get("result")
        raise _refused(reply.status, answer)


def _refused(status: int, answer: dict[str, Any]) -> ChannelFault:
    said = str(answer.get("description", ""))[:200]
    parameters = answer.get("parameters")
    after = parameters.get("retry_after", 0) if isinstance(parameters, dict) else 0
    after_s = float(after) if isinstance(after, int | float) else 0.0
    # 400 and 403: no such chat, or the bot was blocked. 401: the token is wrong, which a person mends; 429, 5xx: later.
    return ChannelFault(f"telegram: status {status}: {said}", for_good=status in {400, 403}, after_s=after_s)


def _pressed(update: dict[str, Any]) -> Pressed | None:
    try:
        query = update["callback_query"]
        user, chat = query["from"]["id"], query["message"]["chat"]["id"]
        return msgspec.convert({"id": query["id"], "user": user, "chat": chat, "data": query["data"]}, Pressed)
    except (KeyError, TypeError, msgspec.ValidationError):
        return None


def _said(update: dict[str, Any]) -> Said | None:
    try:
        message = update["message"]
        chat = message["chat"]
        values = {"user": message["from"]["id"], "chat": chat["id"], "private": chat["type"] == "private"}
        return msgspec.convert({**values, "text": message["text"]}, Said)
    except (KeyError, TypeError, msgspec.ValidationError):
        return None
