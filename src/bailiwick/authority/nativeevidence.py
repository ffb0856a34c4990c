"""The file for an exchange's support about a native key: what was read of its trades, and the proof of when.

Its orders went to the exchange past the gateway, so there is no record of what was asked for. What there is: the trades
as the exchange itself told them, recorded when they were read; and every act upon the key, with what was read back.
"""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec

from bailiwick.authority.evidence import act_lines, how_to_check, record_values, time_ms, time_us, write_bundle
from bailiwick.authority.nativeshow import at_exchange
from bailiwick.authority.trades import NATIVE_TRADES, acts_of_native
from bailiwick.journal.record import Act
from bailiwick.journal.verify_proof import Verifier
from bailiwick.model.native import PROTECTION, Native, NativeTrade
from bailiwick.model.party import Account, Service, Venue
from bailiwick.store.incidents import Incident


class NativeCase(msgspec.Struct, frozen=True, kw_only=True):
    """What the file is about. ``disputed`` are the positions of the records of trades that are disputed."""

    incident: Incident
    native: Native
    account: Account
    service: Service
    venue: Venue
    disputed: tuple[int, ...]


def write_native_evidence(path: Path, directory: Path, verifier: Verifier, case: NativeCase) -> int:
    """Write the file, for its owner alone; how many records it proves.

    Raises:
        OSError: if it cannot be written.
        LookupError: if a record is not under a checkpoint yet.
        JournalDamaged: if the journal is not what was signed.
    """
    acts = acts_of_native(directory, case.native.id)
    read = [(at, act) for at, act in acts if at in set(case.disputed)]
    done = [(at, act) for at, act in acts if act.verb != NATIVE_TRADES]
    letter = _letter(case, read, done, verifier)
    return write_bundle(path, directory, verifier, letter, _values(case, read, done), _places(read, done))


def _places(read: Sequence[tuple[int, Act]], done: Sequence[tuple[int, Act]]) -> Collection[int]:
    return sorted({at for at, _ in read} | {at for at, _ in done})


def _letter(
    case: NativeCase, read: Sequence[tuple[int, Act]], done: Sequence[tuple[int, Act]], verifier: Verifier
) -> str:
    native, service = case.native, case.service
    trades = [(at, trade) for at, act in read for trade in _trades(act)]
    lines = [
        f"Disputed trades of a sub-account at {case.venue.name}: incident {case.incident.id}",
        "",
        f"The owner of the account, {case.account.owner}, says that the trades below were not made by him or on his",
        "behalf. They were made through an API key of your own that a third party holds and uses directly, so what was",
        "asked for stands in your records alone. The trades are as your own interface told them; each was signed into",
        "an append-only journal when it was read, which was after it was made. All times are UTC.",
        "",
        f"Opened        {time_ms(case.incident.opened)}",
        f"Account       {case.account.name}, sub-account {native.email}",
        f"API key       {native.api_key or 'not known'}",
        f"Entered       {time_ms(native.created)} ({native.origin.value})",
        f"Held by       {service.name} ({service.id})" + (f", contact {service.contact}" if service.contact else ""),
        f"Bound to      {', '.join(native.addresses) or 'no address'}",
        f"State now     {native.state.value}; at the exchange: {at_exchange(native)}",
        "",
        f"The disputed trades ({len(trades)}):",
        *(
            f"  record {at}: {time_ms(trade.at_ms)}  {trade.side} {trade.quantity} {trade.symbol} at {trade.price}; "
            f"trade {trade.id}, order {trade.order_id}"
            for at, trade in trades
        ),
        "",
        "What was done with the key, and by whom:",
        *act_lines(done),
        "",
        *how_to_check(verifier),
    ]
    return "\n".join(lines) + "\n"


def _values(case: NativeCase, read: Sequence[tuple[int, Act]], done: Sequence[tuple[int, Act]]) -> dict[str, Any]:
    native = case.native
    return {
        "incident": case.incident.id,
        "opened": time_ms(case.incident.opened),
        "account": {"id": case.account.id, "name": case.account.name, "owner": case.account.owner},
        "venue": {"id": case.venue.id, "name": case.venue.name},
        "native": {
            "id": native.id,
            "api_key": native.api_key,
            "sub_account": native.email,
            "state": native.state.value,
            "at_exchange": at_exchange(native),
            "created": time_ms(native.created),
            "addresses": native.addresses,
            "protection": PROTECTION,
        },
        "holder": {"id": case.service.id, "name": case.service.name, "contact": case.service.contact},
        "trades": [
            {"record": record_values(at, act), "read": time_us(act.at_us), "trades": msgspec.to_builtins(_trades(act))}
            for at, act in read
        ],
        "acts": [record_values(at, act) for at, act in done],
    }


class _Told(msgspec.Struct, frozen=True):
    trades: tuple[NativeTrade, ...] = ()


def _trades(act: Act) -> tuple[NativeTrade, ...]:
    return msgspec.json.decode(act.after or "{}", type=_Told).trades
