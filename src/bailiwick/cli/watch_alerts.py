"""``bailiwick watch list, show, vouch, …``: what the watch said of keys, and what their owner says to it."""

import sys

from bailiwick.authority.watch_verbs import (
    AlertAnswer,
    EndVouch,
    ListAlerts,
    ListVouches,
    ShowAlert,
    ShowWatchedKey,
    VouchAlert,
)
from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.options import ACTING, COMMON, Acting, Common
from bailiwick.cli.output import print_json, print_table, remark, say
from bailiwick.link.wire import LinkError

COLUMNS = ("alert", "at", "key", "kind", "symbol", "score", "what", "done")


def rows(*, key: str = "", account: str = "", after: str = "", limit: int = 50, common: Common = COMMON) -> None:
    """List what the watch said of keys, newest first.

    Parameters
    ----------
    key: str
        Only of this key.
    account: str
        Only of the keys of this account.
    after: str
        Only what is older than this alert.
    limit: int
        How many at most.
    """
    answer = common.ask(ListAlerts(key=key, account=account, after=after, limit=limit))
    if common.json:
        print_json(answer)
        return
    shown = [
        (each.id, each.at, each.key, each.kind, each.symbol, f"{each.score:.1f}", each.what, each.done)
        for each in answer.rows
    ]
    print_table(COLUMNS, shown)
    if answer.more:
        remark(f"there are more: --after {answer.rows[-1].id}")


def show(id: str, /, *, common: Common = COMMON) -> None:
    """Show what the watch said of a request, why, and what was done.

    Parameters
    ----------
    id: str
        Which alert.
    """
    answer = common.ask(ShowAlert(id=id))
    if common.json:
        print_json(answer)
    else:
        _print(answer)


def vouch(id: str, /, *, acting: Acting = ACTING, common: Common = COMMON) -> None:
    """Say that this was you: the symbol and the size of the alert are the key's own for 30 days. Shows them and asks.

    Parameters
    ----------
    id: str
        Which alert.
    """
    shown = common.ask(ShowAlert(id=id))
    if not acting.yes:
        _print(shown)
        if not sys.stdin.isatty():
            raise Stop("nobody to ask; say --yes to vouch for it unseen", Exit.USAGE)
        alert = shown.alert
        question = f"Was this you, and may the key trade {alert.symbol} up to {alert.worth} for 30 days? [y/N] "
        if input(question).strip().lower() not in {"y", "yes"}:
            raise Stop("nothing was vouched for")
    answer = common.ask(VouchAlert(id=id, seen=shown.seen, reason=acting.reason))
    if common.json:
        print_json(answer)
        return
    given = answer.vouch
    say(f"{given.id}: {given.symbol} up to {given.worth} until {given.until} (journal {answer.position})")
    for note in answer.notes:
        remark(f"note: {note}")


def unvouch(id: str, /, *, reason: str = "", common: Common = COMMON) -> None:
    """End what was vouched for before its time.

    Parameters
    ----------
    id: str
        Which vouch, as `bailiwick watch vouches` shows it.
    reason: str
        Why; it is written in the journal.
    """
    answer = common.ask(EndVouch(id=id, reason=reason))
    if common.json:
        print_json(answer)
        return
    say(f"{answer.vouch.symbol} of key {answer.vouch.key} is vouched for no longer (journal {answer.position})")


def vouches(key: str, /, *, common: Common = COMMON) -> None:
    """List what is vouched for of a key.

    Parameters
    ----------
    key: str
        Which key.
    """
    answer = common.ask(ListVouches(key=key))
    if common.json:
        print_json(answer)
        return
    found = [(each.id, each.symbol, each.worth, each.until, each.made_by, each.alert) for each in answer.rows]
    print_table(("vouch", "symbol", "up to", "until", "by", "alert"), found)


def known(key: str, /, *, common: Common = COMMON) -> None:
    """Show what the watch knows of a key.

    Parameters
    ----------
    key: str
        Which key.
    """
    answer = common.ask(ShowWatchedKey(key=key))
    if common.json:
        print_json(answer)
        return
    for sentence in answer.sentences:
        say(sentence)
    if answer.habits:
        habits = [(each.symbol, str(each.orders), each.usual, each.largest) for each in answer.habits]
        print_table(("symbol", "orders", "usually", "at most"), habits)
    say(f"Its last alert: {answer.last_alert}." if answer.last_alert else "There was no alert.")


def print_known(key: str, common: Common) -> None:
    """What the watch knows of a key, beside what else is shown of it."""
    try:
        answer = common.ask(ShowWatchedKey(key=key))
    except LinkError as error:
        remark(f"note: what the watch knows of it could not be read: {error.sentence}")
        return
    say("\nWhat the watch knows of it:")
    for sentence in answer.sentences:
        say(f"  {sentence}")
    if answer.last_alert:
        say(f"  Its last alert: {answer.last_alert}; `bailiwick watch list --key {key}` has all.")


def _print(answer: AlertAnswer) -> None:
    alert = answer.alert
    for name, value in (
        ("alert", alert.id), ("at", alert.at), ("key", alert.key), ("account", alert.account), ("kind", alert.kind),
        ("asked for", alert.what), ("symbol", alert.symbol), ("worth", alert.worth), ("from", alert.source),
        ("score", f"{alert.score:.1f}, of the {alert.scope}"), ("done", alert.done), ("incident", alert.incident),
        ("vouched", alert.vouch),
    ):  # fmt: skip
        if value:
            say(f"{name:10} {value}")
    say("why")
    for sentence in alert.why:
        say(f"    {sentence}")
    if alert.request:
        say("request")
        for line in alert.request.splitlines():
            say(f"    {line}")
    for note in answer.notes:
        remark(f"note: {note}")
    remark(f"Was it you? `bailiwick watch vouch {alert.id}`. Was it not? `{alert.not_me}`")
