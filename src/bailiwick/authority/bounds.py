"""What a grant comes to within the bounds of its account and its service, and whether anything is left of it.

The intersection itself is computed in ``bailiwick.rules.authority``, for the gateway and for this alike; here is only
what the one who issues is told about it.
"""

import ipaddress
from collections.abc import Sequence

from bailiwick.model.grant import Grant
from bailiwick.model.harm import BIT, Harm
from bailiwick.model.party import Account, Service, bounds_of
from bailiwick.rules.authority import Authority, authority
from bailiwick.rules.network import Network
from bailiwick.rules.pricing import STOPS


def within(grant: Grant, account: Account | None, service: Service | None) -> Authority:
    """The grant within the bounds, whatever is left of it.

    Raises:
        ValueError: if a bound counts in another currency.
    """
    return authority(grant, *bounds_of(account, service))


def effective(grant: Grant, account: Account | None, service: Service | None) -> Authority:
    """The grant within the bounds.

    Raises:
        ValueError: if a bound counts in another currency, or the bounds leave nothing of something that was granted;
            the message names what.
    """
    found = within(grant, account, service)
    empty = emptied(grant, found)
    if empty:
        raise ValueError(
            f"grant: the limits of account and service leave nothing of {', '.join(empty)}; "
            "widen them, or grant what they allow"
        )
    return found


def emptied(grant: Grant, found: Authority) -> list[str]:
    """What was granted and is wholly taken away by the bounds, by the names of the grant's fields."""
    trades = Harm.TRADE in grant.what.may
    empty = []
    if grant.what.may and not found.harms:
        empty.append("what.may")
    if trades and grant.what.symbols and found.symbols is not None and not found.symbols:
        empty.append("what.symbols")
    if trades and grant.what.sides and not found.sides:
        empty.append("what.sides")
    if trades and grant.what.order_types and not found.order_types:
        empty.append("what.order_types")
    if grant.withdrawals and not found.withdrawals:
        empty.append("withdrawals")
    if nowhere(found.networks):
        empty.append("where.networks")
    if found.not_before_us is not None and found.expires_us is not None and found.expires_us <= found.not_before_us:
        empty.append("when")
    return empty


def narrowed(grant: Grant, found: Authority) -> list[str]:
    """What the bounds take away of a grant without emptying it, in words."""
    notes = []
    lost = [harm.value for harm in Harm if harm in grant.what.may and harm not in found.harms]
    if lost:
        notes.append(f"the limits of account and service take away: {', '.join(lost)}")
    if grant.what.symbols != "all" and found.symbols is not None:
        gone = sorted(grant.what.symbols - found.symbols)
        if gone:
            notes.append(f"the limits of account and service take away these symbols: {', '.join(gone)}")
    for name in ("order_notional", "day_notional", "rolling_notional", "loss_per_day", "open_orders"):
        asked, got = getattr(grant.how_much, name), getattr(found, name)
        if got is not None and got != asked:
            notes.append(f"{name}: {got} by the limits of account or service")
    return notes


def unwise(grant: Grant, found: Authority) -> list[str]:
    """What whoever issues this should know."""
    notes = []
    if Harm.WITHDRAW in found.harms:
        held = "" if found.hold_mask & BIT[Harm.WITHDRAW] else " without asking anybody (see [holds] in docs/grant.md)"
        notes.append(f"this key can withdraw{held}; most clients never need to")
    if Harm.ADMINISTER in found.harms:
        notes.append("this key can administer keys at the venue; most clients never need to")
    if not found.networks:
        notes.append("this key works from any address; name where.networks if the client's are known")
    if Harm.TRADE in found.harms and found.day_notional is None and found.rolling_notional is None:
        notes.append("this key has no daily budget; a thief could spend all of it")
    if Harm.TRADE in found.harms and found.order_types & STOPS:
        far = "at any price" if found.stop is None else f"{found.stop.bps / 100:g} % off the market"
        notes.append(f"this key may place stops: in a thin market a thief triggers them, {far}; see how_far.stop_bps")
    return notes


def nowhere(conditions: Sequence[Sequence[Network]]) -> bool:
    """Whether no address lies in every one of the conditions."""
    if len(conditions) < 2:
        return False
    common = [_range(network) for network in conditions[0]]
    for networks in conditions[1:]:
        both = [(a, _range(b)) for a in common for b in networks]
        common = [
            (a[0], max(a[1], b[1]), min(a[2], b[2]))
            for a, b in both
            if a[0] == b[0] and max(a[1], b[1]) <= min(a[2], b[2])
        ]
    return not common


def _range(network: Network) -> tuple[int, int, int]:
    bits = ipaddress.IPV4LENGTH if network.version == 4 else ipaddress.IPV6LENGTH
    return network.version, network.address, network.address | (network.mask ^ ((1 << bits) - 1))
