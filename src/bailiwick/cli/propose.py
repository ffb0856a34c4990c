"""``bailiwick key propose``: the narrowest grant for a kind of client, by what the account's keys did."""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from bailiwick.authority.draft_verbs import DraftAnswer, ProposeGrant
from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.options import COMMON, LONG_S, Common
from bailiwick.cli.output import print_json, remark, say
from bailiwick.model.money import parse_amount


def propose(
    account: str,
    /,
    *,
    for_: Annotated[str, Parameter(name="--for")],
    service: str = "",
    symbol: tuple[str, ...] = (),
    budget: str = "",
    toml: Annotated[bool, Parameter(negative="")] = False,
    common: Common = COMMON,
) -> None:
    """Propose the narrowest grant for a client, by what the account's keys did in 90 days. Nothing is issued.

    Each choice says why it is proposed and what a thief could do with it. What is disputed, and keys that are
    suspected, are left out of the history.

    Parameters
    ----------
    account: str
        The account that the key shall act for.
    for_: str
        What it is for: see `bailiwick grant presets`.
    service: str
        The service that it is handed to: its networks and what its keys did count.
    symbol: tuple[str, ...]
        What it trades, in the place of what the history says; may be given several times.
    budget: str
        What it may trade in a day, in the place of what the history says.
    toml: bool
        Print the grant alone, to be edited and then issued with `bailiwick key issue --grant`.
    """
    try:
        named = parse_amount(budget) if budget else None
    except ValueError:
        raise Stop("budget: it is no amount; write digits and at most one point, such as 500", Exit.USAGE) from None
    question = ProposeGrant(account=account, kind=for_, service=service, symbols=symbol, budget=named)
    answer = common.ask(question, timeout_s=LONG_S)
    if common.json:
        print_json(answer)
    elif toml:
        _print_grant(answer)
    else:
        _print(answer)


def _print_grant(answer: DraftAnswer) -> None:
    if answer.wrong:
        first = answer.wrong[0]
        raise Stop(f"{first.field}: {first.sentence}; {first.remedy}", Exit.REFUSED)
    say(answer.grant.rstrip("\n"))


def _print(answer: DraftAnswer) -> None:
    say(answer.past)
    choices = msgspec.structs.asdict(answer.choices)
    for line in answer.lines:
        value = _shown(choices.get(line.field))
        say(f"\n{line.field}{': ' if value else ''}{value}")
        for sentence in filter(None, (line.reason, line.thief)):
            say(f"  {sentence}")
    say()
    if answer.worst is not None:
        say(f"worst loss a day: {answer.worst.most} {answer.worst.currency}")
    for way in answer.ways:
        say(f"{way.way} key, usable: {way.fits}; at worst {way.worst}. {way.protects} {way.leaves}")
    if answer.pointing:
        say(answer.pointing)
    for each in answer.wrong:
        remark(f"to be named yet: {each.field}: {each.sentence}; {each.remedy}")
    for note in answer.notes:
        remark(f"note: {note}")


def _shown(value: Any) -> str:
    return " ".join(value) if isinstance(value, Iterable) and not isinstance(value, str) else str(value or "")
