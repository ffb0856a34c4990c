"""The table of the control API against the verbs of the control process."""

import itertools
import re
from pathlib import Path

from bailiwick.api.row import ASKING
from bailiwick.api.table import ROWS
from bailiwick.authority import verbs
from bailiwick.authority.verbs import CONTROL_VERBS, Kind, Move, MoveParty
from bailiwick.model.token import Role

ROOT = Path(__file__).parents[2]


def test_every_verb_is_mounted() -> None:
    """What the command line can ask, a token can ask too: no verb of the control process lacks a row."""
    missing = [verb.__name__ for verb in CONTROL_VERBS if verb not in {row.verb for row in ROWS}]
    assert missing == []


def test_nothing_else_is_mounted() -> None:
    """A row asks a verb that the control process answers."""
    assert [row.verb.__name__ for row in ROWS if row.verb not in CONTROL_VERBS] == []


def test_every_move_and_view_of_every_kind_is_mounted() -> None:
    """The verbs for several kinds of party have a route for each kind, and each move."""
    moves = {(row.fixed["kind"], row.fixed["to"]) for row in ROWS if row.verb is MoveParty}
    assert moves == set(itertools.product(Kind, Move))
    for verb in (verbs.ListParties, verbs.ShowParty):
        assert {row.fixed["kind"] for row in ROWS if row.verb is verb} == set(Kind)


def test_routes_and_names_are_unique() -> None:
    """Each method and path is one route, and each operation has a name of its own, so that no row hides another."""
    assert len({(row.method, row.path) for row in ROWS}) == len(ROWS)
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_what_acts_is_never_a_get() -> None:
    """A GET changes nothing: what is journalled is asked for by another method."""
    assert [row.path for row in ROWS if row.verb in verbs.ACTS and (row.method == "GET" or row.verb in ASKING)] == []


def test_an_auditor_only_reads() -> None:
    """No row lets an auditor's token change anything."""
    assert [row.path for row in ROWS if Role.AUDITOR in row.roles and not row.reads] == []


def test_whatever_can_widen_asks_for_a_person() -> None:
    """Undoing a freeze and editing what somebody may do are refused to a program's token."""
    widening = {verbs.EditVenue, verbs.EditAccount, verbs.EditService, verbs.EditKey, verbs.RotateAccount}
    assert [row.path for row in ROWS if row.verb in widening and not row.person] == []
    thaws = [row for row in ROWS if row.fixed.get("to") is Move.UNFREEZE]
    assert [row.person for row in thaws] == [True] * len(Kind)


def test_the_page_lists_every_route() -> None:
    """docs/api.md has the table as it is mounted; `python scripts/api_routes.py` writes it anew."""
    page = (ROOT / "docs/api.md").read_text()
    assert [row.path for row in ROWS if f"| `{row.method} /v1{row.path}` |" not in page] == []
    shown = set(re.findall(r"(?m)^\| `([A-Z]+ /v1\S+)` \|", page))
    assert shown == {f"{row.method} /v1{row.path}" for row in ROWS}
