"""Write the table of routes in docs/api.md anew, out of the table that mounts them."""

from pathlib import Path

from bailiwick.api.row import Row
from bailiwick.api.table import ROWS
from bailiwick.api.whose import nobodys
from bailiwick.model.token import Role

PAGE = Path(__file__).parents[1] / "docs/api.md"
BEGIN, END = "<!-- routes -->\n", "<!-- end of routes -->\n"


def line(row: Row) -> str:
    """One route as the page shows it."""
    theirs = row.narrowed is not None or row.whose is not nobodys
    owner = "" if Role.OWNER not in row.roles else "theirs" if theirs else "yes"
    marks = ["yes" if role in row.roles else "" for role in (Role.OPERATOR, Role.AUDITOR)]
    text = row.summary or (row.verb.__doc__ or "").strip().splitlines()[0].rstrip(".")
    person = "a person's" if row.person else "an owner's is a person's" if row.owner_in_person else ""
    return f"| `{row.method} /v1{row.path}` | {text} | {row.subject} | {owner} | {' | '.join(marks)} | {person} |"


def table() -> str:
    """All routes."""
    head = "| route | does | scope | owner | operator | auditor | token |\n|---|---|---|---|---|---|---|\n"
    return BEGIN + head + "\n".join(line(row) for row in ROWS) + "\n" + END


if __name__ == "__main__":
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(before + table() + rest.partition(END)[2])
