"""What a notice says when it is sent: one, or many that became one message with a count."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from bailiwick.model.notice import Notice, Owner
from bailiwick.store.notices import Told

MOST_LINES = 10  # of a storm that are told one by one
MOST_CHARS = 3500  # Telegram takes 4096


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it leaves over any channel.

    ``count`` is how many notices it stands for, ``key`` the key whose "not me" it offers, ``position`` the record that
    it is about, and ``kinds`` the sorts of its notices.
    """

    title: str
    text: str
    kinds: tuple[str, ...]
    numbers: tuple[int, ...]
    count: int
    at: int  # ms
    key: str = ""
    account: str = ""
    position: int = -1
    urgency: str = ""


def compose(owner: Owner, told: Sequence[Told]) -> Message:
    """One message of one or more notices to the same owner."""
    count = sum(each.count for each in told)
    first = told[0].notice
    keys = {each.notice.key for each in told}
    one_key = first.key if len(keys) == 1 else ""
    title = first.title if len(told) == 1 else _title(told)
    if count > 1:
        title = f"{title} ({count} times)" if len(told) == 1 else f"{count} x {title}"
    text = _whole(owner, first) if len(told) == 1 else _lines(owner, told)
    lines = [text, "", f"at {moment(max(each.last for each in told))}"]
    if first.account and len({each.notice.account for each in told}) == 1:
        lines.append(f"account {first.account}")
    lines += _not_me(one_key, first.position if len(told) == 1 else -1, any(keys - {""}))
    return Message(
        title=title,
        text="\n".join(lines),
        kinds=tuple(dict.fromkeys(each.notice.kind for each in told)),
        numbers=tuple(each.id for each in told),
        count=count,
        at=max(each.last for each in told),
        key=one_key,
        account=first.account,
        position=first.position if len(told) == 1 else -1,
        urgency=min((each.notice.urgency for each in told), key=["stop", "warning", "news"].index),
    )


def _not_me(key: str, position: int, any_key: bool) -> list[str]:
    if key:
        order = f" --order {position}" if position >= 0 else ""
        return [f"key {key}", f"Not you? bailiwick key not-me {key}{order}"]
    return ["Not you? bailiwick key not-me KEY, for each of these keys"] if any_key else []


def _title(told: Sequence[Told]) -> str:
    titles = list(dict.fromkeys(each.notice.title for each in told))
    return titles[0] if len(titles) == 1 else f"{titles[0]}, and other news"


def _whole(owner: Owner, notice: Notice) -> str:
    return f"{notice.text}\n{notice.detail}" if owner.amounts and notice.detail else notice.text


def _lines(owner: Owner, told: Sequence[Told]) -> str:
    lines = [_line(owner, each) for each in told[:MOST_LINES]]
    if len(told) > MOST_LINES:
        lines.append(f"… and {len(told) - MOST_LINES} more: bailiwick notice list")
    return "\n".join(lines)[:MOST_CHARS]


def _line(owner: Owner, told: Told) -> str:
    notice = told.notice
    times = f" ({told.count} times)" if told.count > 1 else ""
    about = f" {notice.key}" if notice.key else ""
    detail = f": {notice.detail}" if owner.amounts and notice.detail else ""
    return f"- {notice.title}{about}{detail}{times}"


def moment(ms: int) -> str:
    """A time in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
