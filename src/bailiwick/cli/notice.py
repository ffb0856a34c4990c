"""``bailiwick notice``: what owners were told, and whether it arrived."""

from bailiwick.authority.notice_verbs import ListNotices, NoticeRow
from bailiwick.cli.options import COMMON, Common, group
from bailiwick.cli.output import print_json, remark, say

app = group("notice", "Notices: what owners were told, and whether it arrived.")


@app.command(name="list", help_epilogue="Example: bailiwick notice list --owner 'Ada Lovelace'")
def rows(*, owner: str = "", key: str = "", limit: int = 100, common: Common = COMMON) -> None:
    """List notices, newest first, each with its deliveries and its "not me".

    Parameters
    ----------
    owner: str
        Only those to this owner.
    key: str
        Only those about this key.
    limit: int
        How many at most.
    """
    answer = common.ask(ListNotices(owner=owner, key=key, limit=limit))
    if common.json:
        print_json(answer)
        return
    for each in answer.rows:
        _print(each)
    if not answer.rows:
        remark("none")
    if answer.waiting:
        remark(f"{answer.waiting} deliveries are still to be made")


def _print(row: NoticeRow) -> None:
    times = f" ({row.count} times, the last {row.last})" if row.count > 1 else ""
    say(f"{row.id}  {row.made}  {row.urgency}  to {row.owner}: {row.title}{times}")
    for line in row.text.splitlines():
        say(f"    {line}")
    for delivery in row.deliveries:
        say(f"    {delivery}")
    if not row.deliveries:
        say("    no channel: it stands here alone; `bailiwick owner add` gives one")
    if row.incident:
        say(f"    incident {row.incident}")
    if row.not_me:
        say(f"    not you? {row.not_me}")
