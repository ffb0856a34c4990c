"""``bailiwick incident``: what went wrong, what was said of it, and the file for the exchange."""

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

app = group("incident", "Incidents: list, show, note, close, and the file for the exchange's support.")


@app.command(name="list", help_epilogue="Example: bailiwick incident list --state open")
def rows(*, state: str = "", key: str = "", limit: int = 100, common: Common = COMMON) -> None:
    """List incidents, newest first.

    Parameters
    ----------
    state: str
        open or closed.
    key: str
        Only those of this key.
    limit: int
        How many at most.
    """
    answer = common.ask(ListIncidents(state=state, key=key, limit=limit))
    if common.json:
        print_json(answer)
        return
    print_table(
        ("incident", "opened", "state", "kind", "owner", "keys", "title"),
        [
            (each.id, each.opened, each.state, each.kind, each.owner, " ".join(each.keys), each.title)
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


@app.command(help_epilogue="Example: bailiwick incident close inc-0123456789 --reason 'the exchange paid it back'")
def close(id: str, /, *, reason: str, common: Common = COMMON) -> None:
    """Close an incident. Its keys stay as they are.

    Parameters
    ----------
    id: str
        Which one.
    reason: str
        Why; it is written in the journal.
    """
    print_incident(common.ask(CloseIncident(id=id, reason=reason)), json=common.json)


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
            "closed": answer.closed,
            "closing": answer.closing,
            "file": answer.evidence,
        }
    )
