"""What an account's keys did so far, out of the journal: from what a grant for another key can be proposed.

What may have been a thief's is left out: keys that are suspected or whose secret leaked, orders that somebody disputes,
and canaries.
"""

from collections import Counter
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import final

import msgspec

from bailiwick.authority.trades import first_since
from bailiwick.journal import reader
from bailiwick.journal.backwards import stretches
from bailiwick.journal.record import Intent, decode
from bailiwick.model.life import SUSPECT
from bailiwick.model.money import plus, times
from bailiwick.rules.proposing import MEASURED_FROM, History, Ordered
from bailiwick.rules.windows import DAY_US
from bailiwick.store.errors import NotFoundError
from bailiwick.store.store import Store

DAYS = 90
MOST_RECORDS = 2_000_000  # of the journal, the latest: what is older is not read
MOST_ORDERS = 20_000
MOST_SOURCES = 8
_CENT = Decimal("0.01")
_FINEST = Decimal("0.00000001")  # of less than one, such as BTC
_INTENT = b'["intent"'


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The history of an account, and in words what was read and what was left out."""

    history: History
    sentence: str


@final
class AccountHistory:
    """The journal in this directory, beside the store that knows what of it is doubted."""

    def __init__(self, directory: Path, store: Store) -> None:
        self._directory = directory
        self._store = store

    def of(self, account: str, service: str, kind: str, currency: str, now_us: int) -> Found:
        """What the account's keys did in the last 90 days: those of this kind alone, where they did enough.

        Raises:
            JournalDamaged: if the journal is not right.
        """
        try:
            intents, whole = self._read(account, now_us - DAYS * DAY_US)
        except FileNotFoundError:
            intents, whole = [], True
        believed = self._believed(intents)
        alike = [each for each in believed if each[1].facts is not None and each[1].facts.purpose == kind]
        enough = len(alike) >= MEASURED_FROM
        chosen = alike if enough else believed
        orders = tuple(_ordered(each, currency) for _, each in chosen)
        sources = Counter(each.source for _, each in believed if each.service == service)
        history = History(
            orders=orders,
            of_kind=enough,
            sources=tuple(sorted(sources)) if service and len(sources) <= MOST_SOURCES else (),
            days=DAYS,
        )
        return Found(history=history, sentence=_said(history, len(intents) - len(believed), whole=whole))

    def _read(self, account: str, since_us: int) -> tuple[list[tuple[int, Intent]], bool]:
        """The account's orders that were let through, oldest first, and whether all of the time was read."""
        end = reader.size(self._directory)
        first, bound = first_since(self._directory, since_us), max(0, end - MOST_RECORDS)
        found: list[tuple[int, Intent]] = []
        words = (_INTENT, f'"{account}"'.encode())
        for stretch in stretches(self._directory, end, max(first, bound), words):
            for entry in stretch.entries:
                record = None if entry.record is None else _decoded(entry.record)
                if record is not None and _counts(record, account) and record.at_us >= since_us:
                    found.append((entry.position, record))
            if len(found) >= MOST_ORDERS:
                return found[MOST_ORDERS - 1 :: -1], False
        return found[::-1], first >= bound

    def _believed(self, intents: list[tuple[int, Intent]]) -> list[tuple[int, Intent]]:
        """Those of them that nobody doubts."""
        doubts = {key: self._doubts(key) for key in {each.key for _, each in intents}}
        return [
            (position, each)
            for position, each in intents
            if (disputed := doubts[each.key]) is not None and position not in disputed
        ]

    def _doubts(self, key: str) -> set[int] | None:
        """The positions of a key's orders that are doubted; None where all of it is."""
        if self._store.canaries.find(key) is not None:
            return None
        disputed = set(self._store.incidents.disputes(key))
        try:
            cause = self._store.keys.get(key).cause
        except NotFoundError:
            return disputed
        return None if cause in SUSPECT else disputed


def _decoded(raw: bytes) -> Intent | None:
    try:
        record = decode(raw)
    except ValueError:
        return None  # of a newer program
    return record if isinstance(record, Intent) else None


def _counts(intent: Intent, account: str) -> bool:
    return intent.account == account and intent.decision == "allow" and bool(intent.orders)


def _ordered(intent: Intent, currency: str) -> Ordered:
    facts, order = intent.facts, intent.orders[0]
    return Ordered(
        day=intent.at_us // DAY_US,
        symbol=order.symbol,
        type=(facts.type if facts is not None else "") or order.type.value,
        worth=_worth(intent, currency),
        near_bps=None if facts is None else facts.near_bps,
        anchor_bps=None if facts is None else facts.anchor_bps,
    )


def _worth(intent: Intent, currency: str) -> Decimal | None:
    """What the request came to, in this currency: what was charged, or what the watch reckoned."""
    facts = intent.facts
    if facts is not None and facts.worth_in != currency:
        return None
    worth = Decimal(0)
    for charge in intent.charges:
        worth = plus(worth, times(charge.quantity, charge.unit))
    if not worth and facts is not None:
        worth = Decimal(str(facts.worth))
    return worth.quantize(_CENT if worth >= 1 else _FINEST, ROUND_CEILING) if worth else None


def _said(history: History, doubted: int, *, whole: bool) -> str:
    count, days = len(history.orders), len({each.day for each in history.orders})
    if not count:
        said = f"The keys of this account placed no order in the last {DAYS} days"
    else:
        whose = "keys of that kind" if history.of_kind else "keys"
        orders, on = ("order" if count == 1 else "orders"), ("day" if days == 1 else "days")
        said = f"The account's {whose} placed {count:,} {orders} on {days} {on} of the last {DAYS}"
    if doubted:
        said += f"; {doubted:,} more are left out, since they are disputed or their key is suspected"
    return said + ("." if whole else "; what is older than the journal's latest records was not read.")
