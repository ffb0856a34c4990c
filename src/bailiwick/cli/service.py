"""``bailiwick service``: third parties that keys are handed to."""

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter
from msgspec import UNSET, UnsetType

from bailiwick.authority.service_verbs import ServiceNetworks, ServiceReach
from bailiwick.authority.verbs import AddService, EditService, Kind, Move, ShowParty
from bailiwick.cli import compromise
from bailiwick.cli.acting import add_moves, add_views, carry_out
from bailiwick.cli.asking import read_text
from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.options import ACTING, COMMON, Acting, Common, InputFile, group
from bailiwick.cli.output import print_act, print_json, print_table, print_values, remark, say
from bailiwick.model.life import DIFFERENCE
from bailiwick.words import counted

app = group("service", "Third parties that keys are handed to: bots, terminals, tax tools.")


@app.command(help_epilogue="Example: bailiwick service add gridbot --name 'My grid bot' --network 203.0.113.7/32")
def add(
    id: str,
    /,
    *,
    name: str = "",
    contact: str = "",
    network: tuple[str, ...] = (),
    networks_from: str = "",
    limits: InputFile = None,
    fingerprint: tuple[str, ...] = (),
    net_buying_bps: int | None = None,
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
    networks_from: str
        A file or an https address where it publishes its networks; they are read at once and every hour.
    limits: Path
        A file (- for standard input) with limits that narrow each of its keys, in TOML as docs/grant.md has it.
    fingerprint: tuple[str, ...]
        How its clients speak: 16 hexadecimal digits, as `journal search --kind fingerprint` shows them.
    net_buying_bps: int
        What all its keys together may buy of a symbol, less what they sell, in 24 hours: hundredths of a percent of
        the symbol's median daily volume.
    reason: str
        Why; it is written in the journal.
    """
    question = AddService(
        id=id,
        name=name or id,
        contact=contact,
        networks=network,
        networks_from=_source(networks_from),
        limits=read_text("limits", limits),
        fingerprints=fingerprint,
        net_buying_bps=net_buying_bps,
        reason=reason,
    )
    print_act(common.ask(question), json=common.json, what=f"service {id} added")


@app.command(
    help_epilogue="Example: bailiwick service edit gridbot --networks-from https://gridbot.example/networks.txt"
)
def edit(
    id: str,
    /,
    *,
    name: str | None = None,
    contact: str | None = None,
    network: tuple[str, ...] | None = None,
    networks_from: str | None = None,
    limits: InputFile = None,
    fingerprint: tuple[str, ...] | None = None,
    net_buying_bps: str | None = None,
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
    networks_from: str
        A file or an https address where it publishes its networks; an empty one: nowhere any more.
    limits: Path
        A file (- for standard input) with its limits; an empty one takes them away.
    fingerprint: tuple[str, ...]
        All fingerprints of its clients; they replace those that stand there.
    net_buying_bps: int
        What all its keys together may buy of a symbol, less what they sell, in 24 hours, in hundredths of a percent of
        its median daily volume; "none" takes the limit away.
    """
    question = EditService(
        id=id,
        name=UNSET if name is None else name,
        contact=UNSET if contact is None else contact,
        networks=UNSET if network is None else network,
        networks_from=UNSET if networks_from is None else _source(networks_from),
        limits=UNSET if limits is None else read_text("limits", limits),
        fingerprints=UNSET if fingerprint is None else fingerprint,
        net_buying_bps=_bps(net_buying_bps),
        reason=acting.reason,
    )
    carry_out(question, f"service {id} edited", acting, common)


def _source(text: str) -> str:
    """An address as it is, a file's whole path: the control process stands elsewhere."""
    return text if not text or "://" in text else str(Path(text).absolute())


def _bps(text: str | None) -> int | UnsetType | None:
    if text is None:
        return UNSET
    if text == "none":
        return None
    try:
        return int(text)
    except ValueError:
        raise Stop('net-buying-bps: a whole number of hundredths of a percent, or "none"', Exit.USAGE) from None


@app.command(help_epilogue="Example: bailiwick service show gridbot")
def show(id: str, /, *, common: Common = COMMON) -> None:
    """Show a service, and its blast radius: what it could do at worst with all its keys at once.

    Parameters
    ----------
    id: str
        Which one.
    """
    shown = common.ask(ShowParty(kind=Kind.SERVICE, id=id))
    reach = common.ask(ServiceReach(id=id))
    networks = common.ask(ServiceNetworks(id=id))
    if common.json:
        print_json(
            {
                "kind": shown.kind,
                "values": shown.values,
                "reach": reach,
                "networks": networks,
                "notes": shown.notes,
                "seen": shown.seen,
            }
        )
        return
    print_values(shown.values)
    if networks.source:
        print_values({"networks from": networks.source, "read": compromise.aged(networks.read_at, networks.age_s)})
    say("\nIts blast radius:")
    worst = [
        f"{each.most} {each.currency}"
        + (f" ({counted(each.unbounded_keys, 'key')} without a bound)" if each.unbounded_keys else "")
        for each in reach.worst
    ]
    print_values(
        {
            "keys": ", ".join(f"{count} {state}" for state, count in sorted(reach.keys.items())) or "none",
            "accounts": f"{len(reach.accounts)} of {counted(reach.owners, 'owner')}",
            "open orders": "unknown" if reach.open_orders is None else reach.open_orders,
            "last use": reach.last_used or "never",
            "worst loss a day": ", ".join(worst) or "nothing: none of its keys trades",
        }
    )
    if reach.net_buying:
        say("\nNet buying of all its keys in 24 hours:")
        print_table(
            ("symbol", "net", "of at most"), [(each.symbol, each.used, each.limit) for each in reach.net_buying]
        )
    for note in (*shown.notes, *reach.notes, *networks.notes):
        remark(f"note: {note}")


@app.command(help_epilogue="Example: bailiwick service networks gridbot --accept")
def networks(
    id: str,
    /,
    *,
    refresh: Annotated[bool, Parameter(negative="")] = False,
    accept: Annotated[bool, Parameter(negative="")] = False,
    acting: Acting = ACTING,
    common: Common = COMMON,
) -> None:
    """Show from where a service's keys may be used, and what it has added to its list and waits for a yes.

    Parameters
    ----------
    id: str
        Which one.
    refresh: bool
        Read its list again now. What it no longer has is taken away at once; what it has added waits.
    accept: bool
        Let its keys be used from the networks that it has added.
    """
    question = ServiceNetworks(id=id, refresh=refresh, accept=accept, reason=acting.reason)
    if accept and not acting.yes:
        preview = common.ask(msgspec.structs.replace(question, preview=True))
        say(f"its keys may then be used from: {' '.join(preview.networks)}")
        compromise.agreed()
        question = msgspec.structs.replace(question, refresh=False)
    answer = common.ask(question)
    if common.json:
        print_json(answer)
        return
    print_values(
        {
            "networks": list(answer.networks) or "any",
            "from": answer.source,
            "read": compromise.aged(answer.read_at, answer.age_s),
            "added, waiting": list(answer.offered),
            "accepted in record": answer.position if answer.position >= 0 else None,
        }
    )
    for note in answer.notes:
        remark(f"note: {note}")


app.command(
    compromise.compromise,
    help_epilogue=f"The difference: {DIFFERENCE}\n\n"
    "Example: bailiwick service compromise skyrex --reason 'its customers report trades that were not theirs'",
)
app.command(
    compromise.restore,
    help_epilogue="Example: bailiwick service restore skyrex --key bwk_… --reason 'Ada knows each of its trades'",
)
app.command(compromise.keys, help_epilogue="Example: bailiwick service keys skyrex --json")
add_views(app, Kind.SERVICE, shown=False)
add_moves(app, Kind.SERVICE, Move.FREEZE, Move.UNFREEZE, Move.REVOKE)
