"""The file for an exchange's support: what was disputed, and the proof that it was recorded so at the time.

One ZIP that needs nothing of Bailiwick: a letter in plain English, everything again as JSON, one inclusion proof per
record, the journal's public key, and the stand-alone verifier with which anybody checks them offline.
"""

import inspect
import zipfile
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from bailiwick.authority.trades import Trade, acts_on, became, described
from bailiwick.files import new_file
from bailiwick.journal import verify_proof
from bailiwick.journal.proof import prove
from bailiwick.journal.record import Act, named
from bailiwick.journal.verify_proof import Verifier
from bailiwick.model.grant import grant_from_toml
from bailiwick.model.party import Account, Key, Service, Venue
from bailiwick.rules.describe import describe
from bailiwick.store.incidents import Incident

EPOCH = (1980, 1, 1, 0, 0, 0)  # every entry has this time, so that the same evidence is the same file


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """What the file is about."""

    incident: Incident
    key: Key
    account: Account
    service: Service
    venue: Venue
    trades: tuple[Trade, ...]


def write_evidence(path: Path, directory: Path, verifier: Verifier, case: Case) -> int:
    """Write the file, for its owner alone; how many records it proves.

    Args:
        path: a file that does not exist yet.
        directory: the journal; its checkpoint must cover the records.
        verifier: the journal's public key.
        case: what it is about.

    Raises:
        OSError: if it cannot be written.
        LookupError: if a record is not under a checkpoint yet.
        JournalDamaged: if the journal is not what was signed.
    """
    acts = acts_on(directory, case.key.id, case.account.id)
    positions = sorted({at for trade in case.trades for at in trade.positions} | {at for at, _ in acts})
    return write_bundle(path, directory, verifier, _letter(case, acts, verifier), _values(case, acts), positions)


def write_bundle(
    path: Path, directory: Path, verifier: Verifier, letter: str, values: dict[str, Any], positions: Collection[int]
) -> int:
    """Write a letter, the same as JSON, a proof for each record, and what it takes to check them; how many it proves.

    Raises:
        OSError: if it cannot be written.
        LookupError: if a record is not under a checkpoint yet.
        JournalDamaged: if the journal is not what was signed.
    """
    with new_file(path) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        _put(bundle, "READ-ME-FIRST.txt", letter)
        _put(bundle, "evidence.json", msgspec.json.format(msgspec.json.encode(values), indent=2).decode())
        _put(bundle, "journal-key.txt", f"{verifier}\n")
        _put(bundle, "verify_proof.py", inspect.getsource(verify_proof))
        for position in positions:
            _put(bundle, f"proofs/record-{position}.tlog-proof", prove(directory, position, verifier))
    return len(positions)


def _put(bundle: zipfile.ZipFile, name: str, text: str) -> None:
    bundle.writestr(zipfile.ZipInfo(name, EPOCH), text.encode(), zipfile.ZIP_DEFLATED)


def _letter(case: Case, acts: Sequence[tuple[int, Act]], verifier: Verifier) -> str:
    key, service = case.key, case.service
    lines = [
        f"Disputed trades of account {case.account.name} at {case.venue.name}: incident {case.incident.id}",
        "",
        f"The owner of the account, {case.account.owner}, says that the orders below were not placed by him or on his",
        "behalf. They were placed with an API key that the account's own firewall had issued to a third party, and",
        "reached the exchange with the account's real API key. Every record below was signed into an append-only",
        "journal when it was made. All times are UTC.",
        "",
        f"Opened        {time_ms(case.incident.opened)}",
        f"Issued key    {key.id}" + (f" ({key.name})" if key.name else ""),
        f"Issued        {time_ms(key.created)}",
        f"Held by       {service.name} ({service.id})" + (f", contact {service.contact}" if service.contact else ""),
        f"State now     {key.state.value}",
        "",
        "What the key was allowed to do:",
        *(f"  {line}" for line in describe(grant_from_toml(key.grant))),
        "",
        f"The disputed orders ({len(case.trades)}):",
        *(line for trade in case.trades for line in _told(trade)),
        "",
        "What was done with the key, and by whom:",
        *act_lines(acts),
        "",
        *how_to_check(verifier),
    ]
    return "\n".join(lines) + "\n"


def act_lines(acts: Sequence[tuple[int, Act]]) -> Iterable[str]:
    """What was done, a line each."""
    return (f"  record {at}: {time_us(act.at_us)}  {act.verb} by {act.actor}{_why(act)}" for at, act in acts)


def how_to_check(verifier: Verifier) -> Sequence[str]:
    """How anybody checks the file."""
    return (
        "To check a record, with Python and its `cryptography` package and nothing else:",
        "",
        "  python verify_proof.py proofs/record-N.tlog-proof --key journal-key.txt",
        "",
        f"The journal's public key is {verifier}.",
        "evidence.json has the same in full, for a program.",
    )


def _told(trade: Trade) -> Iterable[str]:
    intent = trade.intent
    yield f"  record {trade.position}: {time_us(intent.at_us)}  {described(trade)}"
    names = ", ".join(trade.client_ids) or "none"
    ids = ", ".join(str(number) for number in _venue_ids(trade)) or "not known"
    yield f"    client order id {names}; the exchange's order id {ids}; {became(trade)}"
    records = ", ".join(str(at) for at in trade.positions)
    yield f"    asked for from {intent.source}; records {records}"


def _venue_ids(trade: Trade) -> list[int]:
    found = [report.order_id for report in trade.reports if report.client_id in trade.client_ids]
    return list(dict.fromkeys(found))


def _values(case: Case, acts: Sequence[tuple[int, Act]]) -> dict[str, Any]:
    key = case.key
    return {
        "incident": case.incident.id,
        "opened": time_ms(case.incident.opened),
        "account": {"id": case.account.id, "name": case.account.name, "owner": case.account.owner},
        "venue": {"id": case.venue.id, "name": case.venue.name},
        "key": {
            "id": key.id,
            "name": key.name,
            "kind": key.kind.value,
            "state": key.state.value,
            "created": time_ms(key.created),
            "grant": key.grant,
        },
        "holder": {"id": case.service.id, "name": case.service.name, "contact": case.service.contact},
        "trades": [_trade_values(trade) for trade in case.trades],
        "acts": [record_values(at, act) for at, act in acts],
    }


def _trade_values(trade: Trade) -> dict[str, Any]:
    return {
        "ordered": described(trade),
        "became": became(trade),
        "intent": record_values(trade.position, trade.intent),
        "outcomes": [record_values(at, each) for at, each in trade.outcomes],
        "resolved": [record_values(at, each) for at, each in trade.resolved],
    }


def record_values(position: int, record: Any) -> dict[str, Any]:
    """A record with its position, its time, and where its proof is."""
    return {
        "position": position,
        "at": time_us(record.at_us),
        "proof": f"proofs/record-{position}.tlog-proof",
    } | named(record)


def _why(act: Act) -> str:
    return f": {act.reason}" if act.reason else ""


def time_ms(ms: int) -> str:
    """A moment in ms, in UTC."""
    return time_us(ms * 1000)


def time_us(us: int) -> str:
    """A moment in µs, in UTC."""
    return datetime.fromtimestamp(us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{us // 1000 % 1000:03}Z"
