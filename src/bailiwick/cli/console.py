"""``bailiwick console``: who may sign in to the web pages, and who is signed in."""

import getpass
import re
from typing import Annotated, Literal

from cyclopts import Parameter

from bailiwick.authority.people_verbs import EndPerson, EndSession, InvitePerson, ListPeople, ListSessions
from bailiwick.cli.exits import Stop
from bailiwick.cli.options import COMMON, Common, group
from bailiwick.cli.output import print_json, print_table, remark, say
from bailiwick.config import Config, split_address

app = group("console", "The console, Bailiwick's web pages: who may sign in, and who is signed in.")
PEOPLE = ("name", "role", "owner", "state", "passkeys", "password", "since")
SESSIONS = ("id", "person", "state", "by", "from", "begun", "last seen", "until", "browser")


@app.command(help_epilogue="Example: bailiwick console link ada --role owner --owner Ada")
def link(
    name: str = "",
    /,
    *,
    role: Literal["", "owner", "operator", "auditor"] = "",
    owner: str = "",
    reason: str = "",
    common: Common = COMMON,
) -> None:
    """Make a one-time link by which somebody sets up a passkey or a password, and so can sign in.

    It works once and for an hour. For somebody who is known it adds one more way in, such as after a device is lost.

    Parameters
    ----------
    name: str
        Whose; the journal names their acts so. Default: the name of this machine's user.
    role: str
        owner (of accounts: what belongs to them), operator (everything) or auditor (reads everything). Default for
        somebody new: operator.
    owner: str
        For the role owner: whose accounts, as `bailiwick account show` writes the owner.
    reason: str
        Why; it is written in the journal.
    """
    name = name or _own_name()
    known = {each.name for each in common.ask(ListPeople()).rows}
    role = role or ("" if name in known else "owner" if owner else "operator")
    answer = common.ask(InvitePerson(name=name, role=role, owner=owner, reason=reason))
    assert answer.link is not None
    address = f"{address_of(common.load())}/console/enter#{answer.link.reveal().decode()}"
    if common.json:
        print_json({"address": address, "person": answer.person, "expires": answer.expires, "notes": answer.notes})
        return
    say(f"a way in for {answer.person.name} ({answer.person.role}), once, until {answer.expires}:\n\n  {address}")
    for note in answer.notes:
        remark(f"note: {note}")
    remark("Whoever opens it first signs in as them: hand it over where nobody else reads.")


@app.command(help_epilogue="Example: bailiwick console people")
def people(*, common: Common = COMMON) -> None:
    """List everybody who may sign in."""
    answer = common.ask(ListPeople())
    if common.json:
        print_json(answer)
        return
    rows = [
        (each.name, each.role, each.owner, each.state, str(each.passkeys), "yes" if each.password else "", each.created)
        for each in answer.rows
    ]
    print_table(PEOPLE, rows)
    if not rows:
        remark("nobody can sign in yet: bailiwick console link YOUR_NAME")


@app.command(help_epilogue="Example: bailiwick console remove ada --reason 'left the desk'")
def remove(name: str, /, *, reason: str = "", common: Common = COMMON) -> None:
    """Let somebody sign in no more. Their sessions end at once; their name is not given again.

    Parameters
    ----------
    name: str
        Whom.
    reason: str
        Why; it is written in the journal.
    """
    answer = common.ask(EndPerson(name=name, reason=reason))
    _told(answer, f"{answer.person.name} may sign in no more", json=common.json)


@app.command(help_epilogue="Example: bailiwick console sessions --over")
def sessions(
    *, person: str = "", over: Annotated[bool, Parameter(negative="")] = False, common: Common = COMMON
) -> None:
    """List sessions, newest first.

    Parameters
    ----------
    person: str
        Only theirs.
    over: bool
        Those that are over too.
    """
    answer = common.ask(ListSessions(person=person, over=over))
    if common.json:
        print_json(answer)
        return
    rows = [
        (
            each.id, each.person, each.state, each.by, each.source, each.begun, each.last_seen, each.until,
            each.agent[:40],
        )
        for each in answer.rows
    ]  # fmt: skip
    print_table(SESSIONS, rows)


@app.command(help_epilogue="Example: bailiwick console end s-0123456789abcdef --reason 'not mine'")
def end(id: str, /, *, reason: str = "", common: Common = COMMON) -> None:
    """End a session. It stops working at once.

    Parameters
    ----------
    id: str
        Which one.
    reason: str
        Why; it is written in the journal.
    """
    answer = common.ask(EndSession(id=id, reason=reason))
    _told(answer, f"session {answer.session.id} of {answer.session.person} ended", json=common.json)


def address_of(config: Config) -> str:
    """Where a browser finds the console.

    Raises:
        Stop: if the control API is turned off.
    """
    if not config.api.listen:
        raise Stop('api.listen: it is "", so there is no console; name an address such as 127.0.0.1:8082')
    host, port = split_address("api.listen", config.api.listen)
    scheme = "http" if config.api.tls_certificate is None else "https"
    local = host in {"127.0.0.1", "::1"}
    name = config.api.hosts[0] if config.api.hosts else "bailiwick.localhost" if local else host
    shown = f"[{name}]" if ":" in name else name
    return f"{scheme}://{shown}" if (scheme, port) in {("https", 443), ("http", 80)} else f"{scheme}://{shown}:{port}"


def _own_name() -> str:
    name = re.sub(r"[^a-z0-9._-]", "", getpass.getuser().lower())
    if not name:
        raise Stop("name: this machine's user has none that can be used; give one")
    return name


def _told(answer: object, what: str, *, json: bool) -> None:
    if json:
        print_json(answer)
        return
    position = getattr(answer, "position", -1)
    say(f"{what} (journal {position})" if position >= 0 else f"{what}: nothing to change")
    for note in getattr(answer, "notes", ()):
        remark(f"note: {note}")
