"""How native keys are shown: what each shall be, what its exchange last said, how long ago, and what that is worth."""

from typing import Any

from bailiwick.model.life import CAUSE_WORDS
from bailiwick.model.native import PROTECTION, Native

MINUTE_MS = 60_000


def listed_values(native: Native, now: int) -> dict[str, Any]:
    """A line of a list. The column ``protection`` stands in every one."""
    return {
        "id": native.id,
        "service": native.service,
        "account": native.account,
        "email": native.email,
        "state": native.state.value,
        "at_exchange": at_exchange(native),
        "read": age(native.read_at, now),
        "protection": PROTECTION,
    }


def native_values(native: Native, now: int) -> dict[str, Any]:
    """Everything that a person needs; never a secret."""
    return {
        **listed_values(native, now),
        "origin": native.origin.value,
        "api_key": native.api_key,
        "kind": native.kind.value,
        "may_trade": native.may_trade,
        "why": CAUSE_WORDS[native.cause] if native.cause is not None else "",
        "addresses": list(native.addresses) or "(bound to none)",
        "settled": native.settled,
        "watched": "its trades are read afterwards" if native.watch is not None else "NOT WATCHED: no reading key",
        "polled": age(native.polled, now),
        "symbols": list(native.symbols),
        "last_traded": age(native.last_traded, now),
        "created": native.created,
    }


def at_exchange(native: Native) -> str:
    """What the exchange last said, in words; what differs from what shall be is said so."""
    said = native.said
    if said is None:
        return "not read yet"
    if said.gone:
        return "deleted"
    parts = ["trades" if said.trade else "trading off" if said.trade is False else "trading not told"]
    if said.transfer:
        parts.append("CAN TRANSFER")
    parts += [f"HAS {name}" for name in said.other]
    if said.bound is not None:
        parts.append(f"bound to {', '.join(said.addresses)}" if said.bound else "bound to no address")
    if not native.settled:
        parts.append("NOT YET AS IT SHALL BE")
    elif native.may_trade and said.trade is False:
        parts.append("less than it may: unfreeze it to switch trading on")
    return "; ".join(parts)


def age(at: int | None, now: int) -> str:
    """How long ago, in the one unit that a person thinks in."""
    if at is None:
        return "never"
    minutes = max(0, now - at) // MINUTE_MS
    if minutes < 1:
        return "just now"
    if minutes < 120:
        return f"{minutes} min ago"
    return f"{minutes // 60} h ago" if minutes < 48 * 60 else f"{minutes // 1440} days ago"
