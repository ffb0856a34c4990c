"""What the commands of all parties have in common: list, show, move, edit."""

from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec
from cyclopts import App, Parameter

from bailiwick.authority.verbs import (
    ActAnswer,
    Kind,
    ListParties,
    Move,
    MoveParty,
    ShowParty,
)
from bailiwick.cli.asking import confirm
from bailiwick.cli.incident import print_latest
from bailiwick.cli.options import ACTING, COMMON, Acting, Common
from bailiwick.cli.output import print_act, print_list, print_show, remark
from bailiwick.cli.watch_alerts import print_known
from bailiwick.link.wire import Question
from bailiwick.model.life import DIFFERENCE

Q = TypeVar("Q", bound=Question[ActAnswer])

DONE = {
    Move.FREEZE: "frozen",
    Move.UNFREEZE: "unfrozen",
    Move.WIND_DOWN: "winding down",
    Move.REVOKE: "revoked",
}
COLUMNS = {
    Kind.VENUE: ("id", "name", "dialect", "base_url", "mode"),
    Kind.ACCOUNT: ("id", "venue", "name", "owner", "state", "api_key"),
    Kind.SERVICE: ("id", "name", "standing", "networks", "contact"),
    Kind.KEY: ("id", "name", "account", "service", "kind", "state", "expires", "last_used"),
}
MOVES = {
    Move.FREEZE: "Freeze {a} {kind}: {freeze}",
    Move.UNFREEZE: "Undo a freeze, after a look at what happened.",
    Move.WIND_DOWN: "Let {a} {kind} cancel, read and reduce, and open nothing.",
    Move.REVOKE: "Revoke {a} {kind} for ever: {revoke}",
}
MEANS = {
    Move.FREEZE: "Orders that rest stay at the venue, stops too. A person can undo it.",
    Move.UNFREEZE: "What the freeze held back works again at once, within what each grant allows.",
    Move.WIND_DOWN: "Stops that protect a position stay. A person can undo it.",
    Move.REVOKE: "Orders that rest stay at the venue: cancel them first, or at the venue. Nobody can undo it.",
}
"""What a person should know of a move before the yes, beside the sentence of its help."""
FREEZES = {
    Kind.VENUE: "the keys of its accounts may only read.",
    Kind.ACCOUNT: "its keys may only read, whatever they may do otherwise.",
    Kind.SERVICE: "its keys may only cancel, read and reduce.",
    Kind.KEY: "it may only read.",
}
REVOKES = {
    Kind.VENUE: "its accounts are revoked.",
    Kind.ACCOUNT: "its keys are revoked and its credential is destroyed here.",
    Kind.SERVICE: "it counts as compromised, and all its keys are revoked in one act.",
    Kind.KEY: "it never returns.",
}


def add_moves(app: App, kind: Kind, *moves: Move) -> None:
    """Give a group its freeze, unfreeze, wind-down and revoke."""
    for move in moves:
        text = meaning(kind, move)
        if move is not Move.UNFREEZE:
            text += f"\n\nThe difference, for a key:\n\n{DIFFERENCE}"
        example = f'Example: bailiwick {kind.value} {move.value} ID --reason "what happened"'
        app.command(_mover(kind, move), name=move.value, help=text, help_epilogue=example)


def meaning(kind: Kind, move: Move) -> str:
    """What a move does, in a sentence."""
    article = "an" if kind is Kind.ACCOUNT else "a"
    return MOVES[move].format(a=article, kind=kind.value, freeze=FREEZES[kind], revoke=REVOKES[kind])


def _mover(kind: Kind, move: Move) -> Callable[..., None]:
    def act(
        id: str,
        /,
        *,
        account: Annotated[str, Parameter(show=kind is Kind.KEY)] = "",
        acting: Acting = ACTING,
        common: Common = COMMON,
    ) -> None:
        """Do it.

        Parameters
        ----------
        id: str
            Which one.
        account: str
            The account that the key must belong to; refused if it is another's.
        """
        question = MoveParty(kind=kind, id=id, to=move, account=account, reason=acting.reason)
        means = f"{meaning(kind, move)} {MEANS[move]}"
        if move is Move.FREEZE and not common.json:  # not asked about, so said beside the answer
            remark(means)
        what = f"{kind.value} {id} {DONE[move]}"
        carry_out(question, what, acting, common, ask=move is not Move.FREEZE, means=means)

    return act


def carry_out(
    question: Q, what: str, acting: Acting, common: Common, *, ask: bool = True, means: str = ""
) -> ActAnswer:
    """Preview an act, ask for a yes, and do what was previewed and nothing else. Freezing is not asked about.

    ``means`` is what a person should know before the yes.
    """
    if ask and not acting.yes:
        preview = common.ask(msgspec.structs.replace(question, preview=True))
        if preview.nothing:
            print_act(preview, json=common.json, what=what)
            return preview
        confirm(preview, what, means)
        question = msgspec.structs.replace(question, seen=preview.seen)
    answer = common.ask(question)
    print_act(answer, json=common.json, what=what)
    return answer


def add_views(app: App, kind: Kind, *, shown: bool = True) -> None:
    """Give a group its list and, unless it has one of its own, its show."""

    def rows(
        *,
        state: str = "",
        after: str = "",
        limit: int = 200,
        common: Common = COMMON,
    ) -> None:
        """List them by id.

        Parameters
        ----------
        state: str
            Only those in this state.
        after: str
            Only those with a greater id.
        limit: int
            How many at most.
        """
        answer = common.ask(ListParties(kind=kind, state=state, after=after, limit=limit))
        print_list(answer, COLUMNS[kind], json=common.json)

    def show(id: str, /, *, common: Common = COMMON) -> None:
        """Show one.

        Parameters
        ----------
        id: str
            Which one.
        """
        print_show(common.ask(ShowParty(kind=kind, id=id)), json=common.json)
        if kind is Kind.KEY and not common.json:
            print_latest(id, common)
            print_known(id, common)

    if kind is not Kind.KEY:
        app.command(rows, name="list", help_epilogue=f"Example: bailiwick {kind.value} list --json")
    if shown:
        app.command(show, name="show", help_epilogue=f"Example: bailiwick {kind.value} show ID")
