"""``bailiwick venue``: exchanges that are reached."""

from typing import Literal

from msgspec import UNSET

from bailiwick.authority.verbs import AddVenue, EditVenue, Kind, Move
from bailiwick.cli.acting import add_moves, add_views, carry_out
from bailiwick.cli.options import ACTING, COMMON, Acting, Common, group
from bailiwick.cli.output import print_act

app = group("venue", "Exchanges that are reached upstream.")

Mode = Literal["resign", "trusted"]


@app.command(help_epilogue="Example: bailiwick venue add binance --name Binance --url https://api.binance.com")
def add(
    id: str,
    /,
    *,
    url: str,
    name: str = "",
    dialect: str = "binance",
    mode: Mode = "resign",
    reason: str = "",
    common: Common = COMMON,
) -> None:
    """Add an exchange.

    Parameters
    ----------
    id: str
        A short name for it: lower-case letters, digits, - and _.
    url: str
        Where its API is.
    name: str
        Its name for people; the id, if it is left out.
    dialect: str
        How it speaks: binance or binance-us.
    mode: Mode
        resign: requests leave signed with the account's own credential. trusted: they go to the exchange's own
        engine, which believes the gateway.
    reason: str
        Why; it is written in the journal.
    """
    question = AddVenue(id=id, name=name or id, base_url=url, dialect=dialect, mode=mode, reason=reason)
    print_act(common.ask(question), json=common.json, what=f"venue {id} added")


@app.command(help_epilogue="Example: bailiwick venue edit binance --url https://api1.binance.com")
def edit(
    id: str,
    /,
    *,
    url: str | None = None,
    name: str | None = None,
    mode: Mode | None = None,
    acting: Acting = ACTING,
    common: Common = COMMON,
) -> None:
    """Change how an exchange is reached; shows the difference first.

    Parameters
    ----------
    id: str
        Which one.
    url: str
        Where its API is.
    name: str
        Its name for people.
    mode: Mode
        resign or trusted.
    """
    question = EditVenue(
        id=id,
        name=UNSET if name is None else name,
        base_url=UNSET if url is None else url,
        mode=UNSET if mode is None else mode,
        reason=acting.reason,
    )
    carry_out(question, f"venue {id} edited", acting, common)


add_views(app, Kind.VENUE)
add_moves(app, Kind.VENUE, Move.FREEZE, Move.UNFREEZE, Move.REVOKE)
