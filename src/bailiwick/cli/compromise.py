"""The commands against a compromised service: the act, its proof, and its undoing."""

import sys
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from cyclopts import Parameter

from bailiwick.authority.service_verbs import (
    MOST_HELD,
    CompromiseAnswer,
    CompromiseService,
    HeldKey,
    ListHeld,
    RestoreService,
)
from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.options import ACTING, COMMON, Acting, Common
from bailiwick.cli.output import print_json, print_table, print_values, remark, say
from bailiwick.words import counted

COLUMNS = ("key", "account", "held by", "state", "")
LONG_S = 120.0


def compromise(
    id: str,
    /,
    *,
    to: Literal["wind-down", "freeze"] = "wind-down",
    acting: Acting = ACTING,
    common: Common = COMMON,
) -> None:
    """Stop every key that a service ever had, in one act, and print the proof that it is complete.

    Nothing more is issued to it, and every owner is told. `bailiwick journal verify-act` works the act out again from
    the journal alone.

    Parameters
    ----------
    id: str
        Which one.
    to: str
        wind-down or freeze; a key whose owner chose more for this case gets that.
    """
    question = CompromiseService(id=id, to=to, reason=acting.reason)
    if not acting.reason:
        raise Stop("reason: say why, with --reason; it stands in the journal and in the notices", Exit.USAGE)
    if not acting.yes:
        preview = common.ask(msgspec.structs.replace(question, preview=True), timeout_s=LONG_S)
        where = f"{counted(preview.accounts, 'account')} of {counted(preview.owners, 'owner')}"
        say(f"This stops {counted(preview.ever.keys, 'key')} on {where}: {to}.")
        if preview.natives:
            say(f"Trading is switched off for {counted(len(preview.natives), 'native key')} at their exchange.")
        say("After it: " + ", ".join(f"{each.keys} {state}" for state, each in sorted(preview.states.items())) + ".")
        agreed()
        question = msgspec.structs.replace(question, seen=preview.seen)
    answer = common.ask(question, timeout_s=LONG_S)
    if common.json:
        print_json({**_fields(answer), "keys": list(_held(id, common))})
        return
    _print_proof(answer)
    print_table(COLUMNS, [_row(each) for each in _held(id, common)])
    for each in answer.natives:
        word = "confirmed by its exchange" if each.confirmed else "ASKED, NOT CONFIRMED by its exchange"
        say(f"native key {each.id} on {each.account}: {each.state}; {word}; read {each.read}: {each.at_exchange}")
    if answer.natives:
        remark("note: native keys call the exchange themselves; Bailiwick detects what they do, and does not hold it")
    for note in answer.notes:
        remark(f"note: {note}")


def _print_proof(answer: CompromiseAnswer) -> None:
    say(f"service {answer.service} is compromised, and all its keys are stopped (journal {answer.position})")
    shown = "not confirmed yet" if answer.in_force < 0 else f"none opened a position from record {answer.in_force} on"
    print_values(
        {
            "act": answer.act,
            "in force": shown,
            "keys that were ever its own": f"{answer.ever.keys}, SHA-256 {answer.ever.sha256}",
            **{f"  {state}": f"{each.keys}, SHA-256 {each.sha256}" for state, each in answer.states.items()},
            "handed to another service": len(answer.left) or None,
            "of these with another secret since": len(answer.spared) or None,
            "accounts": answer.accounts,
            "owners, who are told": answer.owners,
        }
    )
    say(f"\nWhoever trusts nobody here: bailiwick journal verify-act {answer.position}\n")


def restore(
    id: str,
    /,
    *,
    key: tuple[str, ...] = (),
    all: Annotated[bool, Parameter(negative="")] = False,
    acting: Acting = ACTING,
    common: Common = COMMON,
) -> None:
    """Give keys back that the act against their service has stopped: each by a person's word, and with a reason.

    Parameters
    ----------
    id: str
        Which service.
    key: tuple[str, ...]
        Which key, or native key; may be given several times.
    all: bool
        All of them; the service is trusted again.
    """
    question = RestoreService(id=id, keys=key, everything=all, reason=acting.reason)
    if not acting.yes:
        preview = common.ask(msgspec.structs.replace(question, preview=True), timeout_s=LONG_S)
        open_ = "opens" if preview.count == 1 else "open"
        say(f"{counted(preview.count, 'key')} of {id} {open_} positions again; the service is then {preview.standing}.")
        agreed()
        question = msgspec.structs.replace(question, seen=preview.seen)
    answer = common.ask(question, timeout_s=LONG_S)
    if common.json:
        print_json(answer)
        return
    force = ", in force" if answer.in_force else ""
    done = f"{counted(answer.count, 'key')} of {id} restored"
    if answer.natives:
        done += f", and {counted(len(answer.natives), 'native key')}"
    say(f"{done} (journal {answer.position}, change {answer.change}{force})")
    say(f"the service is {answer.standing}")
    for name, why in answer.passed_over.items():
        remark(f"note: {name} was not restored: {why}")
    for note in answer.notes:
        remark(f"note: {note}")


def keys(id: str, /, *, common: Common = COMMON) -> None:
    """List every key that was ever a service's, those too that another holds by now, with their states.

    Parameters
    ----------
    id: str
        Which service.
    """
    rows = list(_held(id, common))
    if common.json:
        print_json(rows)
    else:
        print_table(COLUMNS, [_row(each) for each in rows])


def _held(service: str, common: Common) -> Iterator[HeldKey]:
    after = ""
    while True:
        page = common.ask(ListHeld(id=service, after=after, limit=MOST_HELD), timeout_s=LONG_S)
        yield from page.rows
        if not page.more:
            return
        after = page.rows[-1].key


def _row(each: HeldKey) -> tuple[str, ...]:
    return each.key, each.account, each.service, each.state, "another secret since" if each.spared else ""


def _fields(answer: CompromiseAnswer) -> dict[str, object]:
    return {name: getattr(answer, name) for name in answer.__struct_fields__}


def aged(moment: str | None, age_s: int | None) -> str:
    """A time and how long ago that was."""
    if moment is None or age_s is None:
        return ""
    for unit, seconds in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if age_s >= 2 * seconds:
            return f"{moment}, {age_s // seconds} {unit} ago"
    return f"{moment}, just now" if age_s < 60 else f"{moment}, {age_s} s ago"


def agreed() -> None:
    """Ask for a yes.

    Raises:
        Stop: if the person says no, or there is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise Stop("nobody to ask; say --yes to do it", Exit.USAGE)
    if input("Do it? [y/N] ").strip().lower() not in {"y", "yes"}:
        raise Stop("nothing was done")
