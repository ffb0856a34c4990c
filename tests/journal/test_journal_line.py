"""What `journal tail` and `journal search` print for people."""

from decimal import Decimal

import pytest

from bailiwick.journal.line import line
from bailiwick.journal.record import (
    Act,
    Condensed,
    Cut,
    Erased,
    Failures,
    Fingerprint,
    Intent,
    Outcome,
    Read,
    Record,
    Resolved,
    SetBack,
    SnapshotNote,
)
from bailiwick.model.intent import OrderDraft, OrderType, Side
from bailiwick.model.order import Fill, OrderReport, TradeReport

AT = 1_800_000_000_123_456
WHEN = "2027-01-15T08:00:00.123Z"
DRAFT = OrderDraft(
    symbol="BTCUSDT", side=Side.BUY, type=OrderType.LIMIT, quantity=Decimal("0.00200000"), price=Decimal("1E+2")
)
REPORT = OrderReport(
    symbol="BTCUSDT", order_id=7, client_id="c", live=False, executed=Decimal("0E-8"), quantity=Decimal("0.002")
)
TRADE = TradeReport(
    symbol="BTCUSDT", order_id=7, side=Side.SELL, time_ms=1,
    fill=Fill(trade_id=1, price=Decimal(100), quantity=Decimal("0.5"), commission=Decimal(0), commission_asset="BNB"),
)  # fmt: skip


def asked(decision: str, reason: str, detail: str = "", orders: tuple[OrderDraft, ...] = ()) -> Intent:
    return Intent(
        AT, AT, "bwk_1", "bot", "main", "127.0.0.1", "f", "POST", "/api/v3/order", "s", "", decision, reason,
        orders=orders, detail=detail,
    )  # fmt: skip


def read(reason: str, status: int) -> Read:
    decision = "deny" if reason else "allow"
    return Read(AT, AT, "bwk_1", "bot", "main", "::1", "f", "GET", "/api/v3/account", "s", decision, reason, status)


@pytest.mark.parametrize(
    ("record", "told"),
    [
        (
            asked("allow", "", orders=(DRAFT,)),
            "allowed  POST /api/v3/order  bwk_1 from 127.0.0.1  BUY 0.002 BTCUSDT LIMIT at 100",
        ),
        (
            asked("deny", "DAY_NOTIONAL", "it is too much"),
            "denied   POST /api/v3/order  bwk_1 from 127.0.0.1  DAY_NOTIONAL: it is too much",
        ),
        (read("", 200), "allowed  GET /api/v3/account  bwk_1 from ::1  status 200"),
        (
            read("REPLAYED", 0),
            "denied   GET /api/v3/account  bwk_1 from ::1  "
            "REPLAYED: A request with this signed payload was seen before.",
        ),
        (Outcome(AT, 5, "k", None, 0, 9), "outcome of 5: outcome not known yet, no answer"),
        (
            Outcome(AT, 5, "k", True, 200, 9, (REPORT,)),
            "outcome of 5: done, status 200; BTCUSDT order 7 ended, 0 of 0.002 filled",
        ),
        (Outcome(AT, 5, "k", False, 400, 9, code=-2010), "outcome of 5: not done, status 400, the venue's code -2010"),
        (
            Resolved(AT, "k", 5, "reconciler", trades=(TRADE,)),
            "learned of 5 from reconciler: SELL 0.5 BTCUSDT at 100, order 7",
        ),
        (Act(AT, "ada", "key.freeze", "bwk_1", reason="leak"), "act      key.freeze bwk_1, by ada: leak"),
        (Act(AT, "ada", "key.freeze", "a\x1b[2J\nb"), "act      key.freeze a\ufffd[2J\ufffdb, by ada"),
        (
            Failures(AT, AT, "SIGNATURE_WRONG", "::1", 3, "bwk_1", "GET /x"),
            "refused  3 x SIGNATURE_WRONG of bwk_1 from ::1, such as GET /x",
        ),
        (Cut(AT, 5, 9, "d"), "cut      9 bytes at the end that were no whole record (torn)"),
        (Condensed(AT, 5, 9, (1,), 3), "condensed  3 records from 5 to 8"),
        (Erased(AT, 5, "ada", "asked"), "erased   record 5, by ada: asked"),
        (SnapshotNote(AT, 5, 9, "d"), "snapshot of all before 5"),
        (SetBack(AT, 5, "n"), "set back to 5 records, upon a person's word"),
    ],
)
def test_a_record_is_one_line_for_people(record: Record, told: str) -> None:
    """Position, time with its zone, what was decided and why; no field of a program's, no control character."""
    assert line(12, record) == f"     12  {WHEN}  {told}"


def test_a_clients_way_of_speaking_has_no_time_of_its_own() -> None:
    """A fingerprint stands before the record that first names it, and shows the user agent."""
    assert line(3, Fingerprint("abc", "curl/8", (), ())) == f"      3  {'':24}  client   abc: curl/8"
