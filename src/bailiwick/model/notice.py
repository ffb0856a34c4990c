"""Notices: what an owner is told, how he wants to be told, and when his quiet hours end.

Times are whole milliseconds since 1970-01-01 UTC. An hour of the day is that of the owner's own time zone.
"""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec

MOST_TEXT_CHARS = 2000
MOST_TITLE_CHARS = 200
_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_MAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[A-Za-z0-9.-]{1,253}")
_TELEGRAM = re.compile(r"-?[0-9]{1,20}:[0-9]{1,20}")


class Urgency(StrEnum):
    """How soon a notice must be read."""

    STOP = "stop"  # something was stopped, or must be: no quiet hours, no digest
    WARNING = "warning"  # it waits for the end of quiet hours
    NEWS = "news"  # it waits for the digest too, where the owner has one


class Way(StrEnum):
    """How a notice reaches somebody."""

    TELEGRAM = "telegram"
    EMAIL = "email"
    WEBHOOK = "webhook"
    APPRISE = "apprise"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What an owner is told.

    Attributes:
        kind: a short word for the sort of notice, such as ``leak``; a storm of one kind becomes one message.
        title: one line; it names what happened, and no address and no amount.
        text: the rest, in plain English.
        detail: what only owners read who asked for amounts and addresses.
        matter: what sets it apart from another of the same kind and key; the same matter is told once.
        incident: the incident that it belongs to.
        position: where what it tells of stands in the journal; -1 for none.
    """

    kind: str
    title: str
    text: str
    urgency: Urgency = Urgency.WARNING
    key: str = ""
    account: str = ""
    detail: str = ""
    matter: str = ""
    incident: str = ""
    position: int = -1

    def __post_init__(self) -> None:
        if not self.kind or not self.title:
            raise ValueError("notice: it has a kind and a title")
        if len(self.title) > MOST_TITLE_CHARS or len(self.text) > MOST_TEXT_CHARS or len(self.detail) > MOST_TEXT_CHARS:
            raise ValueError(f"notice: at most {MOST_TITLE_CHARS} characters of title and {MOST_TEXT_CHARS} of text")


class Channel(msgspec.Struct, frozen=True):
    """One way to one owner.

    ``to`` is an e-mail address, an https address for a webhook, an Apprise URL, or CHAT:USER of Telegram, which the bot
    itself has learned from them.
    """

    way: Way
    to: str

    def __post_init__(self) -> None:
        if len(self.to) > 500 or not self.to.isprintable():
            raise ValueError("channel: at most 500 printable characters")
        match self.way:
            case Way.EMAIL:
                if _MAIL.fullmatch(self.to) is None:
                    raise ValueError(f"email: {self.to!r} is no address; write it as ada@example.com")
            case Way.WEBHOOK:
                parts = urlsplit(self.to)
                if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
                    raise ValueError("webhook: write it as https://example.com/path, without a password in it")
            case Way.TELEGRAM:
                if _TELEGRAM.fullmatch(self.to) is None:
                    raise ValueError("telegram: CHAT:USER, as the bot learns it; see `bailiwick owner telegram`")
            case Way.APPRISE:
                if "://" not in self.to:
                    raise ValueError("apprise: write an Apprise URL, such as ntfy://host/topic")

    @property
    def shown(self) -> str:
        """The address as it is shown and journalled: one that may hold a secret of its service, by its host alone."""
        if self.way in {Way.TELEGRAM, Way.EMAIL}:
            return self.to
        parts = urlsplit(self.to)
        place = parts.hostname if self.way is Way.WEBHOOK and parts.hostname else ""
        return f"{parts.scheme}://{place}/…{hashlib.sha256(self.to.encode()).hexdigest()[:8]}"


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """An owner of accounts, by the name that ``account.owner`` has, and how he wants to be told.

    Attributes:
        quiet: hours in which only a stop is told, such as ``22:00-07:00``; empty for none.
        digest: the time of day at which news are told in one message, such as ``08:00``; empty tells them at once.
        zone: the time zone of both.
        amounts: whether notices name addresses and amounts.
        bare_id_acts: whether a report of a bare key id winds the key down; without it, it is only told.
    """

    name: str
    channels: tuple[Channel, ...] = ()
    quiet: str = ""
    digest: str = ""
    zone: str = "UTC"
    amounts: bool = False
    bare_id_acts: bool = False

    def __post_init__(self) -> None:
        if not 0 < len(self.name) <= 200 or not self.name.isprintable():
            raise ValueError("owner: a name has 1 to 200 printable characters")
        if len(self.channels) > 10:
            raise ValueError("channels: at most ten")
        if self.quiet and _HOURS.fullmatch(self.quiet) is None:
            raise ValueError("quiet: write it as 22:00-07:00")
        if self.digest and _TIME.fullmatch(self.digest) is None:
            raise ValueError("digest: write it as 08:00")
        try:
            ZoneInfo(self.zone)
        except (OSError, ValueError, KeyError):
            raise ValueError(f"zone: {self.zone[:40]!r} is none; write it as Europe/Zurich") from None


def due(owner: Owner, urgency: Urgency, now: int) -> int:
    """When a notice of this urgency may be sent to this owner: now, or after his quiet hours, or with his digest."""
    if urgency is Urgency.STOP:
        return now
    at = now
    if urgency is Urgency.NEWS and owner.digest:
        hour, minute = map(int, owner.digest.split(":"))
        at = _next(owner.zone, at, hour, minute)
    return _after_quiet(owner, at)


def _after_quiet(owner: Owner, now: int) -> int:
    found = _HOURS.fullmatch(owner.quiet)
    if found is None:
        return now
    from_h, from_m, to_h, to_m = map(int, found.groups())
    local = datetime.fromtimestamp(now / 1000, ZoneInfo(owner.zone))
    minutes, begins, ends = local.hour * 60 + local.minute, from_h * 60 + from_m, to_h * 60 + to_m
    quiet = begins <= minutes < ends if begins <= ends else minutes >= begins or minutes < ends
    return _next(owner.zone, now, to_h, to_m) if quiet else now


def _next(zone: str, now: int, hour: int, minute: int) -> int:
    """The next moment of this time of day."""
    local = datetime.fromtimestamp(now / 1000, ZoneInfo(zone))
    for days in range(3):
        day = local.date() + timedelta(days=days)
        at = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        if at.timestamp() * 1000 > now:
            return int(at.timestamp() * 1000)
    raise AssertionError("a time of day comes within two days")
