"""How what an exchange tells of a key is graded: pure, and the same for every exchange."""

import datetime
import ipaddress
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import msgspec

from bailiwick.audit.facts import IdleRule, KeyFacts, Need

DAY_MS: Final = 86_400_000
OLD_DAYS: Final = 365
UNUSED_DAYS: Final = 90
SOON_DAYS: Final = 14


class Grade(StrEnum):
    """How bad it is; ``untold`` is what the exchange does not tell and that a key can be lived with for."""

    GOOD = "good"
    UNTOLD = "not told"
    WARNING = "warning"
    DANGER = "danger"


WORST_FIRST: Final = (Grade.DANGER, Grade.WARNING, Grade.UNTOLD, Grade.GOOD)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at: what it is like, and what to do."""

    subject: str
    grade: Grade
    sentence: str
    remedy: str = ""


def grade(facts: KeyFacts, need: Need, rule: IdleRule | None, now_ms: int) -> tuple[Verdict, ...]:
    """Everything that can be said of a key, worst first. ``now_ms`` is milliseconds since 1970."""
    found = [
        *_withdrawal(facts),
        *_trading(facts, need),
        *_others(facts),
        *_addresses(facts),
        *_age(facts, now_ms),
        *_idleness(facts, rule, now_ms),
        *_expiry(facts, now_ms),
        _symbols(facts),
        *_unread(facts),
    ]
    found += [Verdict(subject="note", grade=Grade.UNTOLD, sentence=note) for note in facts.notes]
    return tuple(sorted(found, key=lambda verdict: WORST_FIRST.index(verdict.grade)))


def worst(verdicts: tuple[Verdict, ...]) -> Grade:
    """The worst grade of all; good where there is nothing to say."""
    grades = {verdict.grade for verdict in verdicts}
    return next((each for each in WORST_FIRST if each in grades), Grade.GOOD)


def narrowest(facts: KeyFacts, need: Need) -> str:
    """The narrowest key that serves, in one sentence."""
    parts = ["reading"] + (["spot trading"] if need is Need.TRADE else [])
    lacks = "no withdrawals, no transfers, no margin" + ("" if need is Need.TRADE else ", no trading")
    return (
        f"The narrowest key that serves has {' and '.join(parts)} alone ({lacks}), is bound to the address of the "
        "machine that uses it, and is renewed once a year."
    )


def unbound(facts: KeyFacts) -> bool | None:
    """Whether the key serves from anywhere; an allow list that holds every address is none."""
    if facts.bound is None:
        return None
    return not facts.bound or any(_everywhere(each) for each in facts.addresses)


def _everywhere(text: str) -> bool:
    try:
        return ipaddress.ip_network(text, strict=False).prefixlen == 0
    except ValueError:
        return text == "*"


def _withdrawal(facts: KeyFacts) -> Iterator[Verdict]:
    subject = "withdrawal"
    match facts.withdraw:
        case True:
            yield Verdict(
                subject=subject,
                grade=Grade.DANGER,
                sentence="it can take money out of the account",
                remedy="delete it at the exchange and make one without withdrawals; nothing here needs them",
            )
        case False:
            yield Verdict(subject=subject, grade=Grade.GOOD, sentence="it cannot take money out")
        case None:
            yield Verdict(
                subject=subject,
                grade=Grade.WARNING,
                sentence="the exchange does not tell whether it can withdraw; count on it that it can",
                remedy="look at the exchange's page of keys",
            )
    if facts.move:
        yield Verdict(
            subject="transfers",
            grade=Grade.WARNING,
            sentence="it can move money between accounts",
            remedy="take the right to transfer away",
        )


def _trading(facts: KeyFacts, need: Need) -> Iterator[Verdict]:
    subject = "trading"
    if need is Need.READ and facts.trade is not False:
        can = "it can trade" if facts.trade else "the exchange does not tell whether it can trade"
        yield Verdict(
            subject=subject,
            grade=Grade.DANGER if facts.trade else Grade.WARNING,
            sentence=f"{can}, and it only needs to read: a thief without withdrawals trades against himself",
            remedy="take the right to trade away",
        )
    elif facts.trade is None:
        yield Verdict(
            subject=subject,
            grade=Grade.WARNING,
            sentence="the exchange does not tell whether it can trade",
            remedy="look at the exchange's page of keys",
        )
    elif need is Need.TRADE and not facts.trade:
        yield Verdict(
            subject=subject,
            grade=Grade.WARNING,
            sentence="it cannot trade, so orders with it are refused: exits and stop-losses too",
            remedy="allow spot trading at the exchange, or say --need read",
        )
    else:
        yield Verdict(
            subject=subject, grade=Grade.GOOD, sentence="it can trade, as it needs" if facts.trade else "it only reads"
        )


def _others(facts: KeyFacts) -> Iterator[Verdict]:
    for held, subject, what in (
        (facts.borrow, "margin", "borrow, and lose more than there is"),
        (facts.derivatives, "derivatives", "trade futures or options, with leverage"),
    ):
        if held:
            yield Verdict(
                subject=subject,
                grade=Grade.WARNING,
                sentence=f"it can {what}",
                remedy="take that right away: spot trading does not need it",
            )


def _addresses(facts: KeyFacts) -> Iterator[Verdict]:
    subject, open_ = "addresses", unbound(facts)
    harmful = facts.trade is not False or facts.withdraw is not False
    if open_ is None:
        yield Verdict(
            subject=subject,
            grade=Grade.WARNING if harmful else Grade.UNTOLD,
            sentence="the exchange does not tell whether it is bound to addresses",
            remedy="look at the exchange's page of keys",
        )
    elif open_:
        yield Verdict(
            subject=subject,
            grade=Grade.DANGER if harmful else Grade.WARNING,
            sentence="it serves from anywhere: whoever has a copy can use it",
            remedy="bind it to the address of the machine that uses it",
        )
    else:
        listed = ", ".join(facts.addresses)
        yield Verdict(
            subject=subject, grade=Grade.GOOD, sentence=f"bound to {listed}" if listed else "bound to addresses"
        )


def _age(facts: KeyFacts, now_ms: int) -> Iterator[Verdict]:
    if facts.created_ms is None:
        yield Verdict(subject="age", grade=Grade.UNTOLD, sentence="the exchange does not tell when it was made")
        return
    days = (now_ms - facts.created_ms) // DAY_MS
    old = days > OLD_DAYS
    yield Verdict(
        subject="age",
        grade=Grade.WARNING if old else Grade.GOOD,
        sentence=f"made {days} days ago ({_date(facts.created_ms)})",
        remedy="renew it: keys that leaked were mostly old ones that nobody thought of" if old else "",
    )


def _idleness(facts: KeyFacts, rule: IdleRule | None, now_ms: int) -> Iterator[Verdict]:
    subject = "idle time"
    idle = None if facts.used_ms is None else (now_ms - facts.used_ms) // DAY_MS
    applies = rule is not None and unbound(facts) is not False and (not rule.trading_only or facts.trade is not False)
    since = idle
    if rule is not None and rule.from_creation and facts.created_ms is not None:
        since = (now_ms - facts.created_ms) // DAY_MS
    if rule is not None and applies:
        told = "how long it lay idle is not told" if since is None else f"it is at day {since}"
        near = since is None or since >= rule.days - SOON_DAYS
        yield Verdict(
            subject=subject,
            grade=Grade.WARNING if near else Grade.GOOD,
            sentence=f"{rule.sentence}; {told}",
            remedy="bind it to an address, or a stop-loss may one day find no key" if near else "",
        )
    elif idle is None:
        yield Verdict(subject=subject, grade=Grade.UNTOLD, sentence="the exchange does not tell when it was last used")
    if idle is not None:
        unused = idle > UNUSED_DAYS
        yield Verdict(
            subject=subject,
            grade=Grade.WARNING if unused else Grade.GOOD,
            sentence=f"last used {idle} days ago",
            remedy="delete it if nobody needs it" if unused else "",
        )


def _expiry(facts: KeyFacts, now_ms: int) -> Iterator[Verdict]:
    subject = "expiry"
    if facts.expires_ms is None:
        yield Verdict(subject=subject, grade=Grade.UNTOLD, sentence="no end is told")
        return
    days = (facts.expires_ms - now_ms) // DAY_MS
    if days < 0:
        sentence = f"it ended on {_date(facts.expires_ms)}"
    else:
        sentence = f"it ends in {days} days ({_date(facts.expires_ms)}); exits and stop-losses end with it"
    near = days < SOON_DAYS
    yield Verdict(
        subject=subject,
        grade=Grade.WARNING if near else Grade.GOOD,
        sentence=sentence,
        remedy="renew it now, and let what trades with it have the new one" if near else "",
    )


def _symbols(facts: KeyFacts) -> Verdict:
    if facts.scope:
        return Verdict(subject="reach", grade=Grade.GOOD, sentence=f"it is {facts.scope}")
    return Verdict(
        subject="reach",
        grade=Grade.UNTOLD,
        sentence="no limit to symbols is told: count on it that it may trade every one there is",
    )


def _unread(facts: KeyFacts) -> Iterator[Verdict]:
    if facts.unread:
        yield Verdict(
            subject="other rights",
            grade=Grade.WARNING,
            sentence=f"it has rights whose meaning is not known here: {', '.join(facts.unread)}",
            remedy="look at the exchange's page of keys what they allow",
        )


def _date(at_ms: int) -> str:
    return datetime.datetime.fromtimestamp(at_ms / 1000, datetime.UTC).date().isoformat()
