"""Parties as they are shown: names and plain values, and never a secret or an envelope."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from bailiwick.authority.verbs import Difference, Values
from bailiwick.model.harm import BIT, Harm
from bailiwick.model.life import CAUSE_WORDS, MEANINGS, KeyState
from bailiwick.model.money import plain
from bailiwick.model.party import Account, Credential, Key, Service, Venue
from bailiwick.rules.authority import Authority, Band


def venue_values(venue: Venue) -> Values:
    """A venue."""
    return msgspec.structs.asdict(venue)


def account_values(account: Account, credential: Credential | None) -> Values:
    """An account with the public half of its credential. ``state`` follows from what became of the credential."""
    return {
        "id": account.id,
        "name": account.name,
        "venue": account.venue,
        "owner": account.owner,
        "state": account_state(account, credential),
        "since": moment(account.since),
        "until": moment(account.until),
        "credential": credential and credential.purpose.removeprefix("upstream."),
        "api_key": credential and credential.api_key,
        "local_address": account.local_address,
        "home_assets": list(account.home_assets),
        "limits": account.limits,
    }


REVOKED_API_KEY = "revoked"  # what stands in the place of a credential that was destroyed


def account_state(account: Account, credential: Credential | None) -> str:
    """``active``, ``winding_down``, ``frozen``, ``revoked`` (its credential is destroyed) or ``no credential``."""
    if credential is None:
        return "no credential"
    if credential.api_key == REVOKED_API_KEY:
        return "revoked"
    return account.state.value


def service_values(service: Service) -> Values:
    """A service."""
    return {
        "id": service.id,
        "name": service.name,
        "contact": service.contact,
        "standing": service.standing.value,
        "networks": list(service.networks),
        "limits": service.limits,
        "net_buying_bps": service.net_buying_bps,
        "fingerprints": list(service.fingerprints),
        "reaction": service.reaction,
    }


def key_values(key: Key) -> Values:
    """A key."""
    return {
        "id": key.id,
        "name": key.name,
        "account": key.account,
        "service": key.service,
        "kind": key.kind.value,
        "state": key.state.value,
        "created": moment(key.created),
        "expires": moment(key.expires),
        "last_used": moment(key.last_used),
        "last_traded": moment(key.last_traded),
        "cause": key.cause and key.cause.value,
        "suspected": list(key.suspected),
        "since": moment(key.since),
        "until": moment(key.until),
        "on_expiry": key.on_expiry.value,
        "on_idle": key.on_idle.value,
        "on_alert": key.on_alert.value,
        "on_compromise": key.on_compromise.value,
        "overlap_until": moment(key.previous_until),
        "public_key": hashlib.sha256(key.public_key).hexdigest()[:16] if key.public_key else None,
        "grant": key.grant,
    }


def life_notes(key: Key, account: Account) -> list[str]:
    """What a key's state, and its account's, leave it, and why."""
    notes = []
    if key.state in MEANINGS and key.state is not KeyState.ACTIVE:
        why = f" {CAUSE_WORDS[key.cause]}" if key.cause else ""
        until = f", until {moment(key.until)}" if key.until else ""
        notes.append(f"{key.state.value.replace('_', ' ')}{why}{until}: {MEANINGS[key.state]}")
    if key.suspected:
        notes.append(f"suspected, so that nothing of it touches them: {', '.join(key.suspected)}")
    if account.state is not KeyState.ACTIVE:
        notes.append(f"its account is {account.state.value.replace('_', ' ')}: {MEANINGS[account.state]}")
    if key.previous_until is not None:
        notes.append(f"its earlier secret is believed until {moment(key.previous_until)}")
    return notes


def effective_values(authority: Authority) -> Values:
    """What a key may really do: its grant within the bounds of its account and service. Absent limits are left out."""
    symbols = "all" if authority.symbols is None else sorted(authority.symbols)
    amounts = ("order_notional", "day_notional", "rolling_notional", "loss_per_day", "least_daily_volume")
    values: dict[str, Any] = {
        "may": [harm.value for harm in Harm if harm in authority.harms],
        "symbols": symbols,
        "sides": sorted(authority.sides),
        "order_types": sorted(authority.order_types),
        "orders": "own" if authority.own_orders_only else "account",
        "market_orders": authority.market_orders.value,
        **{name: _amount(getattr(authority, name), authority.currency) for name in amounts},
        "open_orders": authority.open_orders,
        "requests_per_minute": authority.requests_per_minute,
        "near": _band(authority.near),
        "anchor": _band(authority.anchor),
        "stop": _band(authority.stop),
        "withdrawals": [
            f"{to.coin} by {to.network} to {to.address}" + (f" tag {to.tag}" if to.tag else "")
            for to in authority.withdrawals
        ],
        "from": list(authority.places),
        "hours": list(authority.hours),
        "held": [harm.value for harm in Harm if BIT[harm] & authority.hold_mask],
        "held_above": _amount(authority.hold_above, authority.currency),
        "watch": authority.watch_most.value,
        "kind": authority.kind or None,
        "not_before": authority.not_before_us and moment(authority.not_before_us // 1000),
        "expires": authority.expires_us and moment(authority.expires_us // 1000),
    }
    return {name: value for name, value in values.items() if value not in (None, [])}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """The fields that differ, as text."""
    return tuple(
        Difference(name, _shown(before.get(name)), _shown(value))
        for name, value in after.items()
        if value != before.get(name)
    )


def digest(values: Values) -> str:
    """Names one state of a party, so that an edit can say which one it was meant for."""
    lasting = {name: value for name, value in values.items() if name not in {"last_used", "last_traded"}}  # they move
    return hashlib.sha256(msgspec.json.encode(lasting)).hexdigest()[:16]


def moment(ms: int | None) -> str | None:
    """A time as people and programs read it."""
    if ms is None:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _shown(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _amount(amount: Any, currency: str) -> str | None:
    return None if amount is None else f"{plain(amount)} {currency}"


def _band(band: Band | None) -> str | None:
    return None if band is None else f"{band.bps} bp"
