"""The decision: one loop over an ordered tuple of small rules. The first that denies has decided.

``explain`` is ``decide`` with its trace, never a second implementation.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

import msgspec

from bailiwick.model.decision import Allow, Charge, Decision, Deny
from bailiwick.model.intent import Act, Intent
from bailiwick.model.life import Curb, KeyState
from bailiwick.model.money import ZERO
from bailiwick.rules import (
    band,
    budget,
    capability,
    liquidity,
    netbuying,
    notional,
    ownership,
    place,
    rate,
    state,
    withdrawal,
)
from bailiwick.rules.authority import Authority
from bailiwick.rules.case import PLACING, Case
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.market import Market
from bailiwick.rules.pricing import Leg
from bailiwick.rules.straight import straight

EVERY = frozenset(Act)
TARGETED = frozenset({Act.LOOK_UP, Act.LOOK_UP_LIST, Act.CANCEL, Act.CANCEL_LIST, Act.AMEND, Act.REPLACE})


class Rule(NamedTuple):
    """A rule, and the acts that it has a say in."""

    name: str
    acts: frozenset[Act]
    judge: Callable[[Case], Deny | None]


RULES: tuple[Rule, ...] = (
    Rule("state", EVERY, state.standing),
    Rule("lifetime", EVERY, state.lifetime),
    Rule("source", EVERY, place.source),
    Rule("capability", EVERY, capability.harm),
    Rule("served", EVERY, capability.served),
    Rule("hours", EVERY, state.hours),
    Rule("symbols", EVERY, capability.symbols),
    Rule("own orders", TARGETED, ownership.target),
    Rule("cancel all", frozenset({Act.CANCEL_ALL}), ownership.cancel_all),
    Rule("amendment", frozenset({Act.AMEND}), ownership.amendment),
    Rule("sides and types", PLACING, capability.sides_and_types),
    Rule("transfer", EVERY, capability.transfer),
    Rule("client order ids", PLACING, ownership.client_ids),
    Rule("price", PLACING, band.priced),
    Rule("fresh references", PLACING, band.fresh),
    Rule("bands", PLACING, band.bands),
    Rule("order notional", PLACING, notional.order),
    Rule("day budget", PLACING, budget.day),
    Rule("rolling budget", PLACING, budget.rolling),
    Rule("open orders", PLACING, budget.open_orders),
    Rule("liquidity", PLACING, liquidity.liquidity),
    Rule("net buying of the service", PLACING, netbuying.net_buying),
    Rule("loss", PLACING, budget.loss),
    Rule("withdrawal", frozenset({Act.WITHDRAW}), withdrawal.withdrawal),
    Rule("request rate", EVERY, rate.requests),
)

_ACTIVE = KeyState.ACTIVE
_TRY = Act.TRY
_ALLOWED = Allow()
_BY_ACT = {act: tuple(rule.judge for rule in RULES if act in rule.acts) for act in Act}


class Verdict(StrEnum):
    """What a rule said."""

    PASSED = "passed"
    DENIED = "denied"
    NO_SAY = "no say"  # it is not about such requests
    NOT_ASKED = "not asked"  # another had decided


class Step(msgspec.Struct, frozen=True):
    """One rule of a decision."""

    rule: str
    verdict: Verdict


class Explanation(msgspec.Struct, frozen=True):
    """A decision and how every rule came to it, in order."""

    decision: Decision
    reducing: bool
    trace: tuple[Step, ...]


def decide(
    intent: Intent,
    authority: Authority,
    ledger: Ledger,
    market: Market,
    now_us: int,
    *,
    state: KeyState,
    source_allowed: bool | str,
    curb: Curb | None = None,
) -> Decision:
    """Whether a request may leave, and as what.

    Nothing is reserved: that is ``Ledger.reserve``, which must follow before another decision for the same key.

    Args:
        intent: what the request wants.
        authority: the key's effective permission.
        ledger: the key's usage.
        market: symbols and reference prices.
        now_us: microseconds since 1970.
        state: the key's state.
        source_allowed: whether ``authority.admits`` the client's address, or the address itself.
        curb: how the key is held back, if it is.
    """
    if state is _ACTIVE and source_allowed is True:  # a curb holds no key that is active and has not expired
        allow = straight(intent, authority, ledger, market, now_us)
        if allow is not None:
            return allow
    case = _case(intent, authority, ledger, market, now_us, state, source_allowed, curb)
    return _run(case, None)


def explain(
    intent: Intent,
    authority: Authority,
    ledger: Ledger,
    market: Market,
    now_us: int,
    *,
    state: KeyState,
    source_allowed: bool | str,
    curb: Curb | None = None,
) -> Explanation:
    """The decision with its trace: which rule decided, which passed, which had no say."""
    case = _case(intent, authority, ledger, market, now_us, state, source_allowed, curb)
    verdicts: list[Verdict] = []
    decision = _run(case, verdicts)
    spoken = iter(verdicts)
    trace = tuple(
        Step(rule.name, next(spoken, Verdict.NOT_ASKED) if case.act in rule.acts else Verdict.NO_SAY) for rule in RULES
    )
    return Explanation(decision, case.reducing, trace)


def _case(
    intent: Intent,
    authority: Authority,
    ledger: Ledger,
    market: Market,
    now_us: int,
    state: KeyState,
    source_allowed: bool | str,
    curb: Curb | None,
) -> Case:
    if isinstance(source_allowed, str):
        source_allowed = authority.admits(source_allowed)
    return Case(intent, authority, ledger, market, now_us, state, source_allowed, curb)


def _run(case: Case, verdicts: list[Verdict] | None) -> Decision:
    for judge in _BY_ACT[case.act]:
        deny = judge(case)
        if verdicts is not None:
            verdicts.append(Verdict.PASSED if deny is None else Verdict.DENIED)
        if deny is not None:
            return deny
    if case.legs:
        return _allow(case)
    return _ALLOWED if case.cancels is None else Allow(cancels=case.cancels)


def _allow(case: Case) -> Allow:
    legs = case.legs
    reducing = case.reducing
    if len(legs) == 1 and case.act is not _TRY:
        leg = legs[0]
        return Allow((leg.out,), (_charge(leg, reducing),), None, reducing)
    charges: tuple[Charge, ...] = ()
    if case.act is not _TRY:  # nothing is placed, so nothing is charged
        charges = tuple([_charge(leg, reducing) for leg in legs])
    return Allow(tuple([leg.out for leg in legs]), charges, None, reducing)


def _charge(leg: Leg, reducing: bool) -> Charge:
    risk = ZERO if reducing else leg.risk
    return Charge(leg.quantity, leg.unit, leg.anchor, reducing, leg.factor, leg.base, leg.quote, risk)
