"""``bailiwick reasons``: every reason for a denial, what it means, and what to do about it."""

from typing import Annotated

from cyclopts import Parameter

from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.output import print_json, print_table, say
from bailiwick.model.reason import Reason

HEAD = """\
# Why a request was refused

Made by `bailiwick reasons --markdown` from `src/bailiwick/model/reason.py`; a test sees to it that the two agree.

The client is told the reason's sentence in its venue's own error format, and never a limit, what is left of it, or a
suspicion. What to do is for the owner of the key. `bailiwick key explain` says which reason a request would meet.
"""


def reasons(
    code: str = "",
    /,
    *,
    markdown: Annotated[bool, Parameter(negative="")] = False,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> None:
    """List every reason for a denial, or say what one means and what to do.

    Example: bailiwick reasons BAND_ANCHOR

    Parameters
    ----------
    code: str
        One reason.
    markdown: bool
        Print docs/reasons.md.
    json: bool
        Print JSON for a program.
    """
    if markdown:
        say(document().rstrip("\n"))
        return
    chosen = list(Reason) if not code else [_find(code)]
    if json:
        print_json([_values(reason) for reason in chosen])
    elif code:
        say(f"{chosen[0].name}: {chosen[0].sentence}\n{chosen[0].remedy}")
    else:
        print_table(("reason", "what it means"), [(reason.name, reason.sentence) for reason in chosen])


def document() -> str:
    """The text of docs/reasons.md."""
    entries = (
        f"## {reason.name}\n\n{reason.sentence}\n\n**What to do.** {reason.remedy}\n\n"
        f"The client is told it as: {reason.reaction.value}{_under(reason)}.\n"
        for reason in Reason
    )
    return "\n".join((HEAD, *entries))


def _under(reason: Reason) -> str:
    return "" if reason.told == reason.name else f", by the name {reason.told}"


def _find(code: str) -> Reason:
    try:
        return Reason[code.strip().upper()]
    except KeyError:
        raise Stop(f"reason {code}: there is none; `bailiwick reasons` lists them", Exit.NOT_FOUND) from None


def _values(reason: Reason) -> dict[str, str]:
    return {
        "reason": reason.name,
        "reaction": reason.reaction.value,
        "sentence": reason.sentence,
        "remedy": reason.remedy,
    }
