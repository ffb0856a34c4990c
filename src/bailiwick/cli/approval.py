"""``bailiwick approval``: requests that wait for a person."""

import sys

from bailiwick.authority.approval_verbs import (
    ApprovalAnswer,
    ApproveHold,
    ListApprovals,
    RefuseHold,
    ShowApproval,
)
from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.options import ACTING, COMMON, Acting, Common, group
from bailiwick.cli.output import print_json, print_table, remark, say

app = group("approval", "Requests that were held for a person: look at them, approve them once, or refuse them.")
COLUMNS = ("id", "key", "account", "state", "what", "answer by")


@app.command(name="list", help_epilogue="Example: bailiwick approval list --state waiting")
def rows(*, state: str = "", account: str = "", after: str = "", limit: int = 50, common: Common = COMMON) -> None:
    """List held requests, newest first.

    Parameters
    ----------
    state: str
        Only those that are waiting, approved, refused, lapsed or used.
    account: str
        Only those of this account.
    after: str
        Only those older than this one.
    limit: int
        How many at most.
    """
    answer = common.ask(ListApprovals(state=state, account=account, after=after, limit=limit))
    if common.json:
        print_json(answer)
        return
    shown = [(each.id, each.key, each.account, each.state, each.what, each.answer_by) for each in answer.rows]
    print_table(COLUMNS, shown)
    if answer.more:
        remark(f"there are more: --after {answer.rows[-1].id}")


@app.command(help_epilogue="Example: bailiwick approval show h1234")
def show(id: str, /, *, common: Common = COMMON) -> None:
    """Show a held request with every parameter that it would leave with.

    Parameters
    ----------
    id: str
        Which one.
    """
    answer = common.ask(ShowApproval(id=id))
    if common.json:
        print_json(answer)
    else:
        _print(answer)


@app.command(help_epilogue="Example: bailiwick approval approve h1234 --reason 'rent for December'")
def approve(id: str, /, *, acting: Acting = ACTING, common: Common = COMMON) -> None:
    """Let the same request pass once, within five minutes. Shows it first and asks.

    Parameters
    ----------
    id: str
        Which one.
    """
    shown = common.ask(ShowApproval(id=id))
    if not acting.yes:
        _print(shown)
        _agree()
    answer = common.ask(ApproveHold(id=id, seen=shown.seen, reason=acting.reason))
    _told(answer, f"approved: the same request passes once until {answer.hold.use_by}", json=common.json)


@app.command(help_epilogue="Example: bailiwick approval refuse h1234 --reason 'that was not me'")
def refuse(id: str, /, *, reason: str = "", common: Common = COMMON) -> None:
    """Refuse a held request, or take back an approval that was not used yet.

    Parameters
    ----------
    id: str
        Which one.
    reason: str
        Why; it is written in the journal.
    """
    _told(common.ask(RefuseHold(id=id, reason=reason)), "refused", json=common.json)


def _agree() -> None:
    if not sys.stdin.isatty():
        raise Stop("nobody to ask; say --yes to approve it unseen", Exit.USAGE)
    if input("Let exactly this pass once? [y/N] ").strip().lower() not in {"y", "yes"}:
        raise Stop("nothing was approved")


def _told(answer: ApprovalAnswer, what: str, *, json: bool) -> None:
    if json:
        print_json(answer)
        return
    say(f"{what} (journal {answer.position})")
    for note in answer.notes:
        remark(f"note: {note}")


def _print(answer: ApprovalAnswer) -> None:
    hold = answer.hold
    for name, value in (
        ("id", hold.id), ("key", hold.key), ("account", hold.account), ("state", hold.state), ("what", hold.what),
        ("raised", hold.raised), ("answer by", hold.answer_by), ("answered by", hold.answered_by or ""),
        ("use by", hold.use_by or ""),
    ):  # fmt: skip
        if value:
            say(f"{name:12} {value}")
    say("request")
    for line in hold.request.splitlines():
        say(f"    {line}")
