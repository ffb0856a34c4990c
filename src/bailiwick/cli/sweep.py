"""``bailiwick sweep``: keys that lie idle or run out of time."""

from bailiwick.authority.sweep_verbs import Sweep
from bailiwick.cli.options import COMMON, LONG_S, Common
from bailiwick.cli.output import print_json, print_table, say

WHAT = {
    "warn": ("warn the owner", "warned the owner"),
    "tell": ("tell the owner, no more", "told the owner, no more"),
    "wind-down": ("wind down", "winding down"),
    "freeze": ("freeze", "frozen"),
    "revoke": ("revoke", "revoked"),
}
SHOWN = 3
WHY = {"idle": "it lies idle", "expiry": "its time runs out"}


def sweep(*, dry_run: bool = False, reason: str = "", common: Common = COMMON) -> None:
    """Warn of, and remove, keys that lie idle or run out of time. It is done once a day by itself as well.

    A removal passes through a wind-down, in which a bot still cancels and sells what it bought, and a freeze, in which
    it reads. What is done to a key is its owner's choice: `bailiwick key edit --on-idle` and `--on-expiry`. The
    policies stand in the configuration, under [lives].

    Example: bailiwick sweep --dry-run

    Parameters
    ----------
    dry_run: bool
        Only say what would be done.
    reason: str
        Why now; it is written in the journal.
    """
    answer = common.ask(Sweep(dry_run=dry_run, reason=reason), timeout_s=LONG_S)
    if common.json:
        print_json(answer)
        return
    for words in answer.policies:
        say(words)
    if not answer.swept:
        say("no key is to be warned of or removed")
        return
    rows = []
    for each in answer.swept:
        days = "" if each.days is None else f", {each.days} day{'s' if each.days != 1 else ''} before"
        more = f" and {each.count - SHOWN} more" if each.count > SHOWN else ""
        which = ", ".join(each.keys[:SHOWN]) + more
        rows.append((WHAT[each.what][not dry_run] + days, WHY[each.why], str(each.count), which))
    print_table(("would" if dry_run else "done", "because", "keys", "which"), rows)
