"""``bailiwick incident``: what went wrong, what was said of it, and the file for the exchange."""

from bailiwick.authority.incident_verbs import AssignIncident, CourseView, LookAtIncident, MoveIncident, SumView
from bailiwick.authority.notice_verbs import (
    CloseIncident,
    IncidentAnswer,
    ListIncidents,
    NoteIncident,
    OrdersAnswer,
    OrdersOfKey,
    ShowIncident,
    WriteEvidence,
)
from bailiwick.cli.options import COMMON, Common, group
from bailiwick.cli.output import print_json, print_table, print_values, remark, say
from bailiwick.link.wire import LinkError

LATEST = 10  # orders shown beside a key

app = group(
    "incident", "Incidents: list, show, picture, assign, state, note, close, and the file for the exchange's support."
)
AGAINST = {
    "before": "the price before the first signal",
    "then": "the price five minutes after each order",
    "now": "the latest price",
}
"""Against what losses are reckoned, in words."""


@app.command(name="list", help_epilogue="Example: bailiwick incident list --state open")
def rows(
    *,
    state: str = "",
    key: str = "",
    owner: str = "",
    assignee: str = "",
    sort: str = "opened",
    limit: int = 100,
    common: Common = COMMON,
) -> None:
    """List incidents, newest first.

    Parameters
    ----------
    state: str
        open, working, closed, or current: not closed.
    key: str
        Only those of this key.
    owner: str
        Only those of this owner.
    assignee: str
        Only those that this person works on; --assignee=- for those of nobody.
    sort: str
        opened, state, kind, owner, assignee or title.
    limit: int
        How many at most.
    """
    answer = common.ask(
        ListIncidents(
            state=state, key=key, owner=owner, assignee=assignee, sort=sort, down=sort == "opened", limit=limit
        )
    )
    if common.json:
        print_json(answer)
        return
    print_table(
        ("incident", "opened", "state", "assignee", "kind", "owner", "keys", "title"),
        [
            (each.id, each.opened, each.state, each.assignee, each.kind, each.owner, " ".join(each.keys), each.title)
            for each in answer.rows
        ],
    )


@app.command(help_epilogue="Example: bailiwick incident show inc-0123456789")
def show(id: str, /, *, common: Common = COMMON) -> None:
    """Show an incident: its keys, disputed orders, notes, and where its file is.

    Parameters
    ----------
    id: str
        Which one.
    """
    print_incident(common.ask(ShowIncident(id=id)), json=common.json)


@app.command(help_epilogue="Example: bailiwick incident note inc-0123456789 'the exchange answered: ticket 4711'")
def note(id: str, text: str, /, *, common: Common = COMMON) -> None:
    """Write something down about an incident.

    Parameters
    ----------
    id: str
        Which one.
    text: str
        What.
    """
    print_incident(common.ask(NoteIncident(id=id, text=text)), json=common.json)


@app.command(help_epilogue="Example: bailiwick incident assign inc-0123456789 ada")
def assign(id: str, assignee: str = "", /, *, common: Common = COMMON) -> None:
    """Say which person works on an incident.

    Parameters
    ----------
    id: str
        Which one.
    assignee: str
        Somebody who signs in to the console; without a name nobody.
    """
    print_incident(common.ask(AssignIncident(id=id, assignee=assignee)), json=common.json)


@app.command(help_epilogue="Example: bailiwick incident state inc-0123456789 working")
def state(id: str, state: str, /, *, reason: str = "", common: Common = COMMON) -> None:
    """Say whether an incident is being worked on.

    Parameters
    ----------
    id: str
        Which one.
    state: str
        working or open.
    reason: str
        Why; it is written in the journal.
    """
    print_incident(common.ask(MoveIncident(id=id, state=state, reason=reason)), json=common.json)


@app.command(
    help_epilogue="Example: bailiwick incident close inc-0123456789 --verdict theft --reason 'it was paid back'"
)
def close(id: str, /, *, verdict: str, reason: str = "", common: Common = COMMON) -> None:
    """Close an incident. Its keys stay as they are.

    Parameters
    ----------
    id: str
        Which one.
    verdict: str
        What it was: theft, false-alarm (that was me), test or other.
    reason: str
        Why; it is written in the journal. Needed for other.
    """
    print_incident(common.ask(CloseIncident(id=id, verdict=verdict, reason=reason)), json=common.json)


@app.command(help_epilogue="Example: bailiwick incident picture inc-0123456789")
def picture(id: str, /, *, common: Common = COMMON) -> None:
    """Show what happened when, whom it affects, what was lost, and what was prevented.

    Parameters
    ----------
    id: str
        Which one.
    """
    answer = common.ask(LookAtIncident(id=id), timeout_s=60.0)
    if common.json:
        print_json(answer)
        return
    for each in answer.affected:
        say(f"affected: {each.key} ({each.state}) of account {each.account}, held by service {each.service}")
    for course in answer.courses:
        _print_course(course)
    for line in answer.timeline:
        by = f"  ({line.by})" if line.by else ""
        say(f"{line.at}  {line.kind}: {line.text}{by}")
        for why in line.why:
            say(f"    {why}")
    for note in answer.notes:
        remark(f"note: {note}")


def _print_course(course: CourseView) -> None:
    of = f"{course.counted} executed, {course.prevented} stopped, {course.unknown} not known"
    say(f"{course.symbol} at {course.venue}: orders: {of}")
    for loss in course.losses:
        lost = _sum(loss.lost, course.quote)
        first, second = (_sum(each, course.quote) for each in (loss.least, loss.most))
        prevented = first if first == second else f"{first} to {second}"
        say(f"  against {AGAINST[loss.against]}: lost {lost}; prevented, by estimate, {prevented}")


def _sum(told: SumView, asset: str) -> str:
    if told.amount is None:
        return "not known"
    return f"nothing (a gain of {told.amount} {asset})" if told.gain else f"{told.amount} {asset}".rstrip()


@app.command(help_epilogue="Example: bailiwick incident evidence inc-0123456789")
def evidence(id: str, /, *, common: Common = COMMON) -> None:
    """Write the file for the exchange's support anew, with all that is known by now; print where it is.

    Parameters
    ----------
    id: str
        Which one.
    """
    answer = common.ask(WriteEvidence(id=id), timeout_s=600.0)
    if common.json:
        print_json(answer)
        return
    say(answer.evidence)
    remark("It holds the records, their proofs, the key's grant and holder. READ-ME-FIRST.txt in it says how to check.")


def print_orders(answer: OrdersAnswer) -> None:
    """Orders of a key, each with the command that says that it was not its owner."""
    for each in answer.rows:
        disputed = f"  disputed: {each.disputed}" if each.disputed else ""
        say(f"{each.position}  {each.at}  {each.order}: {each.outcome}{disputed}")
        if not each.disputed:
            say(f"    not you? {each.not_me}")
    if not answer.rows:
        remark("none")


def print_latest(key: str, common: Common) -> None:
    """The latest orders of a key beside what else is shown of it."""
    try:
        answer = common.ask(OrdersOfKey(key=key, limit=LATEST))
    except LinkError as error:
        remark(f"note: its latest orders could not be read: {error.sentence}")
        return
    if answer.rows:
        say("\nIts latest orders, newest first:")
        print_orders(answer)


def print_incident(answer: IncidentAnswer, *, json: bool) -> None:
    """An incident in full."""
    if json:
        print_json(answer)
        return
    for line in answer.said:
        say(line)
    print_values(
        {
            "incident": answer.id,
            "state": answer.state,
            "kind": answer.kind,
            "title": answer.title,
            "owner": answer.owner,
            "opened": answer.opened,
            "keys": list(answer.keys),
            "disputed": list(answer.disputed),
            "notes": "".join(f"{at} {by}: {text}\n" for at, by, text in answer.notes) or None,
            "assigned to": answer.assignee,
            "worked on since": answer.taken,
            "closed": answer.closed,
            "found to be": answer.verdict,
            "closing": answer.closing,
            "file": answer.evidence,
        }
    )
