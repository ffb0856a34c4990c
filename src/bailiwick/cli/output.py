"""How answers are printed: for people, or as JSON for a program."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from bailiwick.authority.verbs import ActAnswer, Difference, ListAnswer, ShowAnswer, Values
from bailiwick.model.secret import Secret

GAP = 3  # between two columns, at most
LEAST_PROSE = 24  # narrower columns of prose are harder to read than lines that go on below
MANY = 1_000  # rows that are laid out with care; more are written as they are, a hundred times faster


def print_json(value: object) -> None:
    """One JSON value; an issued secret stands in it, which is why it was asked for."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value, enc_hook=_told), indent=2).decode() + "\n")


def _told(value: object) -> object:
    if isinstance(value, Secret):
        return value.reveal().decode()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def say(text: str = "") -> None:
    """One line for people."""
    sys.stdout.write(text + "\n")


def remark(text: str) -> None:
    """One line for people that is no part of the answer."""
    sys.stderr.write(text + "\n")


def print_act(answer: ActAnswer, *, json: bool, what: str) -> None:
    """What an act did."""
    if json:
        print_json(answer)
        return
    if answer.position < 0:
        say(f"{what}: nothing to change")
    else:
        number = f"journal {answer.position}, change {answer.change}"
        say(f"{what} ({number}{', in force' if answer.in_force else ''})")
        print_differences(answer.difference)
    for note in answer.notes:
        remark(f"note: {note}")


def print_differences(differences: Iterable[Difference]) -> None:
    """Each field that differs, before and after; of longer texts the lines that differ."""
    for each in differences:
        if "\n" in each.before or "\n" in each.after:
            say(f"  {each.field}:")
            for line in _changed_lines(each.before, each.after):
                say(f"    {line}")
        elif each.before:
            say(f"  {each.field}: {each.before} -> {each.after or '(none)'}")
        elif each.after:
            say(f"  {each.field}: {each.after}")


def _changed_lines(before: str, after: str) -> Iterable[str]:
    from difflib import unified_diff  # noqa: PLC0415

    lines = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=1)
    return [line for line in lines if not line.startswith(("---", "+++", "@@"))]


def print_show(answer: ShowAnswer, *, json: bool) -> None:
    """A party in full."""
    if json:
        print_json(answer)
        return
    print_values(answer.values)
    if answer.effective:
        say("\nWhat it may really do, within the limits of account and service:")
        print_values(answer.effective)
    for note in answer.notes:
        say(f"note: {note}")


def print_values(values: Values) -> None:
    """Names and values in two columns; longer texts below their name."""
    width = max((len(name) for name in values), default=0)
    for name, value in values.items():
        if isinstance(value, str) and "\n" in value:
            say(f"{name}:")
            for line in value.rstrip("\n").splitlines():
                say(f"    {line}")
        elif value not in (None, "", []):
            say(f"{name:{width}}  {_plain(value)}")


def print_list(answer: ListAnswer, columns: Sequence[str], *, json: bool) -> None:
    """Parties, one a line."""
    if json:
        print_json(answer)
        return
    print_table(columns, [[_plain(row.get(column)) for column in columns] for row in answer.rows])
    if answer.more:
        remark(f"there are more: --after {answer.rows[-1]['id']}")


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table in columns as wide as they need to be; columns that say nothing are left out.

    On a terminal a last column of prose is wrapped into the room that is left. Nothing else is ever cut or folded:
    where a table is wider than the terminal, its lines go on below, and ids can be copied.
    """
    if not rows:
        remark("none")
        return
    told = [place for place in range(len(columns)) if any(row[place] for row in rows)]
    widths = [max(len(columns[place]), *(len(row[place]) for row in rows)) for place in told]
    if len(rows) > MANY:
        for row in (columns, *rows):
            say("  ".join(row[place].ljust(width) for place, width in zip(told, widths, strict=True)).rstrip())
        return
    from rich import box  # noqa: PLC0415
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    terminal = sys.stdout.isatty()
    table = Table(box=box.SIMPLE_HEAD if terminal else None, pad_edge=False)
    for place in told:
        table.add_column(columns[place], no_wrap=place != told[-1], overflow="fold")
    for row in rows:
        table.add_row(*(row[place] for place in told))
    console = Console(highlight=False, markup=False)
    needed = sum(widths) + GAP * len(widths)
    room = console.width - (needed - widths[-1])
    prose = terminal and widths[-1] > room >= LEAST_PROSE
    console.width = console.width if prose else max(needed, console.width)
    console.print(table, soft_wrap=not prose)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return " ".join(str(each) for each in value)
    return str(value)
