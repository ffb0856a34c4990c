"""``bailiwick service``: third parties that keys are handed to."""

from msgspec import UNSET

from bailiwick.authority.verbs import AddService, EditService, Kind, Move
from bailiwick.cli.acting import add_moves, add_views, carry_out
from bailiwick.cli.asking import read_text
from bailiwick.cli.options import ACTING, COMMON, Acting, Common, InputFile, group
from bailiwick.cli.output import print_act

app = group("service", "Third parties that keys are handed to: bots, terminals, tax tools.")


@app.command(help_epilogue="Example: bailiwick service add gridbot --name 'My grid bot' --network 203.0.113.7/32")
def add(
    id: str,
    /,
    *,
    name: str = "",
    contact: str = "",
    network: tuple[str, ...] = (),
    limits: InputFile = None,
    reason: str = "",
    common: Common = COMMON,
) -> None:
    """Add a third party.

    Parameters
    ----------
    id: str
        A short name for it: lower-case letters, digits, - and _.
    name: str
        Its name for people; the id, if it is left out.
    contact: str
        Whom to call when its keys leak.
    network: tuple[str, ...]
        From where its keys may be used, such as 203.0.113.0/24; may be given several times.
    limits: Path
        A file (- for standard input) with limits that narrow all its keys, in TOML as docs/grant.md has it.
    reason: str
        Why; it is written in the journal.
    """
    question = AddService(
        id=id,
        name=name or id,
        contact=contact,
        networks=network,
        limits=read_text("limits", limits),
        reason=reason,
    )
    print_act(common.ask(question), json=common.json, what=f"service {id} added")


@app.command(help_epilogue="Example: bailiwick service edit gridbot --network 203.0.113.7/32 --network 203.0.113.8/32")
def edit(
    id: str,
    /,
    *,
    name: str | None = None,
    contact: str | None = None,
    network: tuple[str, ...] | None = None,
    limits: InputFile = None,
    acting: Acting = ACTING,
    common: Common = COMMON,
) -> None:
    """Change what is said of a service; shows the difference first.

    Parameters
    ----------
    id: str
        Which one.
    name: str
        Its name for people.
    contact: str
        Whom to call when its keys leak.
    network: tuple[str, ...]
        All networks from which its keys may be used; they replace those that stand there.
    limits: Path
        A file (- for standard input) with its limits; an empty one takes them away.
    """
    question = EditService(
        id=id,
        name=UNSET if name is None else name,
        contact=UNSET if contact is None else contact,
        networks=UNSET if network is None else network,
        limits=UNSET if limits is None else read_text("limits", limits),
        reason=acting.reason,
    )
    carry_out(question, f"service {id} edited", acting, common)


add_views(app, Kind.SERVICE)
add_moves(app, Kind.SERVICE, Move.FREEZE, Move.UNFREEZE, Move.REVOKE)
