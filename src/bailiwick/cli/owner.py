"""``bailiwick owner``: how the owners of accounts are told what happens to their keys."""

from typing import Annotated

from cyclopts import Parameter
from msgspec import UNSET

from bailiwick.authority.notice_verbs import (
    AddChannel,
    EditOwner,
    ListOwners,
    OwnerAnswer,
    RemoveChannel,
    ShowOwner,
    TelegramCode,
    TryNotice,
)
from bailiwick.cli.options import COMMON, Common, group
from bailiwick.cli.output import print_json, print_table, print_values, remark, say
from bailiwick.words import counted

app = group("owner", "Owners of accounts: over which channels and when they are told.")


@app.command(name="list", help_epilogue="Example: bailiwick owner list --json")
def rows(*, common: Common = COMMON) -> None:
    """List owners with their channels."""
    answer = common.ask(ListOwners())
    if common.json:
        print_json(answer)
        return
    print_table(
        ("owner", "accounts", "quiet", "digest", "channels"),
        [
            (each.name, " ".join(each.accounts), each.quiet, each.digest, ", ".join(way for way, _ in each.channels))
            for each in answer.rows
        ],
    )


@app.command(help_epilogue="Example: bailiwick owner show 'Ada Lovelace'")
def show(name: str, /, *, common: Common = COMMON) -> None:
    """Show how an owner wants to be told.

    Parameters
    ----------
    name: str
        The owner, as `bailiwick account show` names him.
    """
    _print(common.ask(ShowOwner(name=name)), json=common.json)


@app.command(
    name="set",
    help_epilogue="Example: bailiwick owner set 'Ada Lovelace' --quiet 22:00-07:00 --zone Europe/Zurich --digest 08:00",
)
def set_(
    name: str,
    /,
    *,
    quiet: str | None = None,
    digest: str | None = None,
    zone: str | None = None,
    amounts: Annotated[bool | None, Parameter(negative="--no-amounts")] = None,
    bare_id_acts: Annotated[bool | None, Parameter(negative="--no-bare-id-acts")] = None,
    reason: str = "",
    common: Common = COMMON,
) -> None:
    """Choose when and of what an owner is told. What is left out stays as it is.

    Parameters
    ----------
    name: str
        The owner.
    quiet: str
        Hours in which only a stop is told, such as 22:00-07:00; empty for none.
    digest: str
        The time of day at which news come in one message, such as 08:00; empty tells them at once.
    zone: str
        The time zone of both, such as Europe/Zurich.
    amounts: bool
        Name addresses and amounts in notices.
    bare_id_acts: bool
        Wind a key down when its bare id is reported as leaked, which proves nothing.
    reason: str
        Why; it is written in the journal.
    """
    question = EditOwner(
        name=name,
        quiet=UNSET if quiet is None else quiet,
        digest=UNSET if digest is None else digest,
        zone=UNSET if zone is None else zone,
        amounts=UNSET if amounts is None else amounts,
        bare_id_acts=UNSET if bare_id_acts is None else bare_id_acts,
        reason=reason,
    )
    _print(common.ask(question), json=common.json)


@app.command(help_epilogue="Example: bailiwick owner add 'Ada Lovelace' email ada@example.com")
def add(name: str, way: str, to: str, /, *, reason: str = "", common: Common = COMMON) -> None:
    """Tell an owner over one more channel. A webhook's secret is shown once.

    Parameters
    ----------
    name: str
        The owner.
    way: str
        email, webhook or apprise; for Telegram see `bailiwick owner telegram`.
    to: str
        The address: ada@example.com, https://example.com/hook, or an Apprise URL.
    reason: str
        Why; it is written in the journal.
    """
    answer = common.ask(AddChannel(name=name, way=way, to=to, reason=reason))
    _print(answer, json=common.json)
    if answer.secret is not None and not common.json:
        say(f"secret  {answer.secret.reveal().decode()}")
        remark("The receiver checks each notice with it: docs/notices.md says how. It is shown this once.")


@app.command(help_epilogue="Example: bailiwick owner remove 'Ada Lovelace' email ada@example.com")
def remove(name: str, way: str, to: str, /, *, reason: str = "", common: Common = COMMON) -> None:
    """Tell an owner no more over a channel.

    Parameters
    ----------
    name: str
        The owner.
    way: str
        telegram, email, webhook or apprise.
    to: str
        The address, as `bailiwick owner show` prints it.
    reason: str
        Why; it is written in the journal.
    """
    _print(common.ask(RemoveChannel(name=name, way=way, to=to, reason=reason)), json=common.json)


@app.command(help_epilogue="Example: bailiwick owner telegram 'Ada Lovelace'")
def telegram(name: str, /, *, reason: str = "", common: Common = COMMON) -> None:
    """Print a code that the owner sends to the bot within 15 minutes, in a chat with the bot alone.

    Parameters
    ----------
    name: str
        The owner.
    reason: str
        Why; it is written in the journal.
    """
    answer = common.ask(TelegramCode(name=name, reason=reason))
    if common.json:
        print_json(answer)
        return
    say(f"/start {answer.code}")
    remark("Send this line to the bot. Whoever sends it first is told what happens to this owner's keys.")


@app.command(help_epilogue="Example: bailiwick owner test 'Ada Lovelace'")
def test(name: str, /, *, common: Common = COMMON) -> None:
    """Send an owner a notice that says nothing; `bailiwick notice list` shows whether it arrived.

    Parameters
    ----------
    name: str
        The owner.
    """
    answer = common.ask(TryNotice(name=name))
    if common.json:
        print_json(answer)
        return
    say(f"on its way over {counted(len(answer.channels), 'channel')}")
    for note in answer.notes:
        remark(f"note: {note}")


def _print(answer: OwnerAnswer, *, json: bool) -> None:
    if json:
        print_json(answer)
        return
    print_values(
        {
            "owner": answer.name,
            "accounts": list(answer.accounts),
            "channels": "\n".join(f"{way} {to}" for way, to in answer.channels) + "\n" if answer.channels else None,
            "quiet": answer.quiet,
            "digest": answer.digest,
            "zone": answer.zone,
            "amounts": "named in notices" if answer.amounts else "not named in notices",
            "bare key ids": "wind a key down" if answer.bare_id_acts else "are told, and stop nothing",
        }
    )
    for note in answer.notes:
        remark(f"note: {note}")
