"""What the watch is told and says, as records and events hold it."""

import ipaddress
from zlib import crc32

from bailiwick.journal import record
from bailiwick.model.decision import Allow
from bailiwick.model.money import plain
from bailiwick.rules.hold import notional
from bailiwick.rules.network import Networks, admits
from bailiwick.watch.event import Asked, Origin
from bailiwick.watch.sentence import sentence
from bailiwick.watch.signal import Verdict


def origin_of(source: str, fingerprint: str, networks: Networks) -> Origin:
    """Where a request came from, as the watch knows it; ``networks`` are those that the key's service publishes."""
    address = ipaddress.ip_address(source)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    network = address.packed[: 3 if address.version == 4 else 6]
    return Origin(
        network=crc32(network),
        fingerprint=int(fingerprint[:8] or "0", 16),
        of_service=admits((networks,), source) if networks else None,
    )


def facts(event: Asked, most: str) -> record.Facts:
    """What the record of an intent says of it beside its fields."""
    holder, origin, side, type_ = event.holder, event.origin, event.side, event.type
    return record.Facts(
        origin.network, origin.of_service, holder.purpose, holder.created_us, most, event.symbol, True, event.base,
        event.quote, "" if side is None else side, "" if type_ is None else type_, event.worth, event.worth_in,
        event.day_worth,
        event.top_worth, event.near_bps, event.anchor_bps, event.moved_bps, event.unbounded, event.reducing,
        event.prefix, event.window_ms, event.offset_ms, holder.idle_since_us,
    )  # fmt: skip


def worth_of(event: Asked, allow: Allow, currency: str) -> dict[str, str]:
    """What a request comes to, as a person is shown it and may vouch for it.

    Where the grant has no budget, and so nothing is charged, it is what the watch reckons, to the cent.
    """
    charged = notional(allow)
    if charged:
        return {"worth": plain(charged.normalize()), "worth_in": currency}
    if event.worth <= 0:
        return {}
    return {"worth": f"{event.worth:.2f}", "worth_in": event.worth_in}


def told(verdict: Verdict, symbol: str) -> dict[str, str]:
    """A verdict as an event holds it: its measure and sum, and a sentence for each signal."""
    detail = {
        "measure": verdict.measure.name.lower().replace("_", "-"),
        "score": str(verdict.score),
        "scope": verdict.scope,
        "symbol": symbol,
    }
    for place, signal in enumerate(verdict.signals):
        detail[f"why{place:02}"] = sentence(signal)
    return detail
