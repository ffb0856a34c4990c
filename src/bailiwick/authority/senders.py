"""The senders that the configuration names, opened once at the start of the control process."""

import asyncio
from collections.abc import Callable
from typing import final

from bailiwick.link.wire import Code, LinkError
from bailiwick.logs import log
from bailiwick.model.notice import Channel, Owner, Way
from bailiwick.model.secret import Secret
from bailiwick.notify import apprise
from bailiwick.notify.fault import ChannelFault
from bailiwick.notify.mail import Mail
from bailiwick.notify.message import Message
from bailiwick.notify.settings import LOOPBACK, Notices, SourceError, read_source
from bailiwick.notify.telegram import Telegram
from bailiwick.notify.webhook import Webhook

REMEDIES = {
    Way.TELEGRAM: "set notices.telegram_token",
    Way.EMAIL: "set notices.smtp_host and smtp_from",
    Way.WEBHOOK: "set notices.webhook_key",
    Way.APPRISE: "install bailiwick[apprise]",
}


@final
class Senders:
    """Whatever can send. A secret that cannot be read leaves its channel out, and says so; the rest serves."""

    def __init__(self, settings: Notices, clock: Callable[[], int]) -> None:
        self.settings = settings
        self._faults: dict[Way, str] = {}
        self.telegram = self._telegram(settings)
        self._mail = self._open_mail(settings)
        self._webhook = self._open_webhook(settings, clock)

    def _secret(self, way: Way, field: str, source: str) -> Secret | None:
        try:
            return read_source(f"notices.{field}", source)
        except SourceError as error:
            log.error("a channel is out of use", channel=way.value, why=str(error))
            self._faults[way] = str(error)
            return None

    def _telegram(self, settings: Notices) -> Telegram | None:
        token = self._secret(Way.TELEGRAM, "telegram_token", settings.telegram_token)
        return None if token is None else Telegram(token, settings.telegram_api)

    def _open_mail(self, settings: Notices) -> Mail | None:
        if not settings.smtp_host:
            return None
        password = self._secret(Way.EMAIL, "smtp_password", settings.smtp_password)
        if settings.smtp_password and password is None:
            return None
        return Mail(
            settings.smtp_host,
            settings.smtp_port,
            settings.smtp_security,
            settings.smtp_from,
            user=settings.smtp_user,
            password=password,
            ca_file=settings.smtp_ca_file,
        )

    def _open_webhook(self, settings: Notices, clock: Callable[[], int]) -> Webhook | None:
        key = self._secret(Way.WEBHOOK, "webhook_key", settings.webhook_key)
        return None if key is None else Webhook(key, clock, settings.webhook_ca_file)

    def has(self, way: Way) -> bool:
        """Whether this way can be used."""
        match way:
            case Way.TELEGRAM:
                return self.telegram is not None
            case Way.EMAIL:
                return self._mail is not None
            case Way.WEBHOOK:
                return self._webhook is not None
            case Way.APPRISE:
                return apprise.installed()

    def need_telegram(self) -> Telegram:
        """The bot.

        Raises:
            LinkError: if there is none.
        """
        if self.telegram is None:
            raise LinkError(Code.REFUSED, self._trouble(Way.TELEGRAM))
        return self.telegram

    def check(self, channel: Channel) -> None:
        """Refuse a channel over which nothing could leave.

        Raises:
            LinkError: saying what is missing.
        """
        if not self.has(channel.way):
            raise LinkError(Code.REFUSED, self._trouble(channel.way))
        if channel.way is Way.WEBHOOK and channel.to.startswith("http://") and not _local(channel.to):
            raise LinkError(Code.REFUSED, "webhook: https, since a notice says what a thief would like to know")

    def troubles(self, owner: Owner) -> list[str]:
        """What keeps an owner's channels from being used."""
        return [self._trouble(channel.way) for channel in owner.channels if not self.has(channel.way)]

    def _trouble(self, way: Way) -> str:
        return self._faults.get(way) or f"{way.value}: it is not set up here; {REMEDIES[way]}, and restart"

    def webhook_secret(self, owner: str, url: str) -> Secret | None:
        """What a receiver checks its notices with."""
        return None if self._webhook is None else self._webhook.secret_of(owner, url)

    async def send(self, owner: str, channel: Channel, message: Message, *, link: str = "", button: str = "") -> None:
        """Send a message over a channel.

        Raises:
            ChannelFault: if it does not leave.
        """
        match channel.way:
            case Way.TELEGRAM if self.telegram is not None:
                chat = int(channel.to.partition(":")[0])
                await self.telegram.send(chat, message, ("Not me: wind it down", button) if button else None)
            case Way.EMAIL if self._mail is not None:
                await asyncio.to_thread(self._mail.send, channel.to, message, link)
            case Way.WEBHOOK if self._webhook is not None:
                await self._webhook.send(owner, channel.to, message, link)
            case Way.APPRISE:
                await asyncio.to_thread(apprise.send, channel.to, message)
            case _:
                raise ChannelFault(self._trouble(channel.way))


def _local(url: str) -> bool:
    return any(url.startswith((f"http://{host}:", f"http://{host}/", f"http://[{host}]")) for host in LOOPBACK)
