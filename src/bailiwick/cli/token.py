"""``bailiwick token``: tokens of the control API."""

from typing import Annotated, Literal

from cyclopts import Parameter

from bailiwick.authority.token_verbs import IssueToken, ListTokens, RevokeToken, TokenAnswer
from bailiwick.cli.options import COMMON, Common, group
from bailiwick.cli.output import print_json, print_table, remark, say

app = group("token", "Tokens of the control API: who may do over HTTP what the command line does.")
COLUMNS = ("name", "role", "owner", "scopes", "held by", "state", "expires", "last used", "id")


@app.command(help_epilogue="Example: bailiwick token issue ada.laptop --role owner --owner Ada --expires 30d --person")
def issue(
    name: str,
    /,
    *,
    role: Literal["owner", "operator", "auditor"],
    owner: str = "",
    expires: str = "30d",
    scope: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    person: Annotated[bool, Parameter(negative="")] = False,
    reason: str = "",
    common: Common = COMMON,
) -> None:
    """Issue a token. It is shown once and never again; kept is only its digest.

    Parameters
    ----------
    name: str
        What it is called; the journal names its acts so. A name is given once.
    role: str
        owner (of accounts: what belongs to them), operator (everything) or auditor (reads everything).
    owner: str
        For the role owner: whose accounts, as `bailiwick account show` writes the owner.
    expires: str
        30d, 12h, or a moment such as 2027-01-31T12:00:00Z; at most a year.
    scope: str
        What it reaches, such as key, or key:read for reading alone; may be repeated. Without: all that the role may.
    person: bool
        A person holds it, and so it may also widen, approve and restore. Never give this to a program.
    reason: str
        Why; it is written in the journal.
    """
    question = IssueToken(
        name=name, role=role, owner=owner, expires=expires, scopes=scope, person=person, reason=reason
    )
    answer = common.ask(question)
    _told(answer, f"token {name} issued, until {answer.token.expires}", json=common.json)
    if not common.json and answer.secret is not None:
        say(f"\ntoken  {answer.secret.reveal().decode()}")
        remark("The token is shown this once: nobody here can read it again. Send it as `Authorization: Bearer bwt_…`.")


@app.command(name="list", help_epilogue="Example: bailiwick token list")
def rows(*, after: str = "", limit: int = 200, common: Common = COMMON) -> None:
    """List tokens by name.

    Parameters
    ----------
    after: str
        Only those with a greater name.
    limit: int
        How many at most.
    """
    answer = common.ask(ListTokens(after=after, limit=limit))
    if common.json:
        print_json(answer)
        return
    shown = [
        (
            each.name, each.role, each.owner, " ".join(each.scopes) or "all", "person" if each.person else "program",
            each.state, each.expires, each.last_used or "never", each.id,
        )
        for each in answer.rows
    ]  # fmt: skip
    print_table(COLUMNS, shown)
    if answer.more:
        remark(f"there are more: --after {answer.rows[-1].name}")


@app.command(help_epilogue="Example: bailiwick token revoke ada.laptop --reason 'the laptop is gone'")
def revoke(name: str, /, *, reason: str = "", common: Common = COMMON) -> None:
    """Revoke a token, by its name or id. It stops working at once, and cannot be had back.

    Parameters
    ----------
    name: str
        Which one.
    reason: str
        Why; it is written in the journal.
    """
    answer = common.ask(RevokeToken(id=name, reason=reason))
    _told(answer, f"token {answer.token.name} revoked", json=common.json)


def _told(answer: TokenAnswer, what: str, *, json: bool) -> None:
    if json:
        print_json(answer)
        return
    say(f"{what} (journal {answer.position})" if answer.position >= 0 else f"{what}: nothing to change")
    for note in answer.notes:
        remark(f"note: {note}")
