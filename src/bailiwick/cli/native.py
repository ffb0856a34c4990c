"""``bailiwick native``: keys of the exchange itself, for services that cannot be pointed at a gateway."""

import sys

from bailiwick.authority.native_verbs import (
    IssueNative,
    ListNatives,
    MoveNative,
    NativeKeyAnswer,
    ReadNative,
    RegisterNative,
    ShowNative,
)
from bailiwick.authority.verbs import Move
from bailiwick.cli.asking import read_text
from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.options import ACTING, COMMON, LONG_S, Acting, Common, InputFile, group
from bailiwick.cli.output import print_json, print_table, print_values, remark, say

COLUMNS = ("id", "service", "account", "email", "state", "protection", "read", "at_exchange")
WARNING = "It calls the exchange itself: Bailiwick detects what it does, and does not hold it."

app = group("native", "Keys of the exchange itself, for services that call it directly: detected, not held.")


@app.command(
    help_epilogue="Example: bailiwick native issue signals --account main --email sub@example.com --service skyrex"
)
def issue(
    id: str,
    /,
    *,
    account: str,
    email: str,
    service: str,
    read_only: bool = False,
    symbol: tuple[str, ...] = (),
    address: tuple[str, ...] = (),
    unbound: bool = False,
    public_key: InputFile = None,
    reason: str = "",
    common: Common = COMMON,
) -> None:
    """Have the exchange make a key of a sub-account: no transfers, bound to the service's addresses.

    The master account's sealed credential makes it, and a second key that only reads, by which its trades are watched.
    The secret is shown once, for you to hand to the service.

    Parameters
    ----------
    id: str
        A short name for it: lower-case letters, digits, - and _.
    account: str
        The master account here; its credential must be allowed to manage sub-accounts.
    email: str
        The sub-account, as the exchange lists it.
    service: str
        Who it is handed to.
    read_only: bool
        Without the right to trade, for a tax tool.
    symbol: tuple[str, ...]
        A symbol whose trades are watched; may be given several times. Others are found by orders and balances.
    address: tuple[str, ...]
        An address that it is bound to, in the place of the service's networks; may be given several times.
    unbound: bool
        Bound to no address: it then serves whoever copies it.
    public_key: Path
        A file with the service's own public key in PEM, Ed25519 or RSA: then there is no secret.
    reason: str
        Why; it is written in the journal.
    """
    question = IssueNative(
        id=id,
        account=account,
        email=email,
        service=service,
        trades=not read_only,
        symbols=symbol,
        addresses=address,
        unbound=unbound,
        public_key=read_text("public key", public_key),
        reason=reason,
    )
    _print(common.ask(question, timeout_s=LONG_S), f"native key {id} issued", common)


@app.command(
    help_epilogue="Example: bailiwick native register old --account main --email sub@example.com --service waltio "
    "--api-key PUBLIC"
)
def register(
    id: str,
    /,
    *,
    account: str,
    email: str,
    service: str,
    api_key: str,
    read_only: bool = False,
    symbol: tuple[str, ...] = (),
    reason: str = "",
    common: Common = COMMON,
) -> None:
    """Enter a key of a sub-account that you made by hand; it then follows the same rules as an issued one.

    Parameters
    ----------
    id: str
        A short name for it.
    account: str
        The master account here.
    email: str
        The sub-account, as the exchange lists it.
    service: str
        Who holds it.
    api_key: str
        Its public half. Its secret is not wanted here.
    read_only: bool
        It shall not trade: a right to trade that it has is taken away.
    symbol: tuple[str, ...]
        A symbol whose trades are watched; may be given several times.
    reason: str
        Why; it is written in the journal.
    """
    question = RegisterNative(
        id=id,
        account=account,
        email=email,
        service=service,
        api_key=api_key,
        trades=not read_only,
        symbols=symbol,
        reason=reason,
    )
    _print(common.ask(question, timeout_s=LONG_S), f"native key {id} registered", common)


@app.command(name="list", help_epilogue="Example: bailiwick native list --service skyrex")
def list_(*, service: str = "", account: str = "", common: Common = COMMON) -> None:
    """List them, with what their exchange last said and how long ago.

    Parameters
    ----------
    service: str
        Only those of this service.
    account: str
        Only those of this master account.
    """
    rows = common.ask(ListNatives(service=service, account=account)).rows
    if common.json:
        print_json(rows)
        return
    print_table(COLUMNS, [[str(row[column]) for column in COLUMNS] for row in rows])


@app.command(help_epilogue="Example: bailiwick native show signals")
def show(id: str, /, *, common: Common = COMMON) -> None:
    """Show one, with its exchange's last word and the age of that.

    Parameters
    ----------
    id: str
        Which one.
    """
    _print(common.ask(ShowNative(id=id)), "", common)


@app.command(help_epilogue="Example: bailiwick native read signals")
def read(id: str, /, *, common: Common = COMMON) -> None:
    """Ask the exchange now what it may do, and read the trades made since the last time.

    Parameters
    ----------
    id: str
        Which one.
    """
    _print(common.ask(ReadNative(id=id), timeout_s=LONG_S), "", common)


@app.command(name="wind-down", help_epilogue="Example: bailiwick native wind-down signals --reason leak")
def wind_down(id: str, /, *, acting: Acting = ACTING, common: Common = COMMON) -> None:
    """Switch its trading off at the exchange; orders that rest there live on, stop-losses too.

    Parameters
    ----------
    id: str
        Which one.
    """
    _move(id, Move.WIND_DOWN, "trading switched off", acting, common)


@app.command(help_epilogue="Example: bailiwick native freeze signals --reason leak")
def freeze(id: str, /, *, acting: Acting = ACTING, common: Common = COMMON) -> None:
    """Switch its trading off at the exchange; of a native key that is the same as winding down.

    Parameters
    ----------
    id: str
        Which one.
    """
    _move(id, Move.FREEZE, "trading switched off", acting, common)


@app.command(help_epilogue="Example: bailiwick native unfreeze signals --yes")
def unfreeze(id: str, /, *, acting: Acting = ACTING, common: Common = COMMON) -> None:
    """Switch its trading on again, after a look at what happened.

    Parameters
    ----------
    id: str
        Which one.
    """
    _move(id, Move.UNFREEZE, "trading switched on", acting, common, ask=True)


@app.command(help_epilogue="Example: bailiwick native revoke signals --yes")
def revoke(id: str, /, *, acting: Acting = ACTING, common: Common = COMMON) -> None:
    """Delete it at the exchange, for ever; orders that rest there live on.

    Parameters
    ----------
    id: str
        Which one.
    """
    _move(id, Move.REVOKE, "deleted", acting, common, ask=True)


def _move(id_: str, to: Move, what: str, acting: Acting, common: Common, *, ask: bool = False) -> None:
    if ask and not acting.yes:
        if not sys.stdin.isatty():
            raise Stop("nobody to ask; say --yes to do it", Exit.USAGE)
        if input(f"native key {id_}: {what}. Do it? [y/N] ").strip().lower() not in {"y", "yes"}:
            raise Stop("nothing was done")
    question = MoveNative(id=id_, to=to.value, reason=acting.reason)
    _print(common.ask(question, timeout_s=LONG_S), f"native key {id_}: {what}", common)


def _print(answer: NativeKeyAnswer, what: str, common: Common) -> None:
    if common.json:
        print_json(answer)
        return
    if what:
        say(f"{what} (journal {answer.position})")
    print_values(answer.values)
    if answer.secret is not None:
        say(f"secret  {answer.secret.reveal().decode()}")
        remark("The secret is shown this once; hand it to the service, and keep no copy.")
    for note in answer.notes:
        remark(f"note: {note}")
    remark(WARNING)
