"""``bailiwick leak``: report a secret that was found somewhere, and see what was reported."""

from bailiwick.authority.notice_verbs import ListLeaks, ReportLeak
from bailiwick.cli.asking import read_secret
from bailiwick.cli.options import COMMON, Common, InputFile, group
from bailiwick.cli.output import print_json, print_table, say

app = group("leak", "Leaks: report a secret that was found, and list what was reported.")


@app.command(help_epilogue="Example: bailiwick leak report --found found.txt --place 'a screenshot in the forum'")
def report(*, found: InputFile = None, place: str = "", common: Common = COMMON) -> None:
    """Report a secret that was found somewhere: its key winds down at once. A bare key id is only told to its owner.

    Parameters
    ----------
    found: Path
        A file (- for standard input) that holds what was found; without one it is asked for.
    place: str
        Where it was found.
    """
    answer = common.ask(ReportLeak(found=read_secret("what was found", file=found), place=place))
    if common.json:
        print_json(answer)
        return
    for line in answer.said:
        say(line)


@app.command(name="list", help_epilogue="Example: bailiwick leak list bwk_…")
def rows(key: str, /, *, common: Common = COMMON) -> None:
    """List the reports about a key.

    Parameters
    ----------
    key: str
        Which key.
    """
    answer = common.ask(ListLeaks(key=key))
    if common.json:
        print_json(answer)
        return
    print_table(
        ("at", "held", "from", "incident", "place"),
        [(each.at, each.proof, each.source, each.incident, each.place) for each in answer.rows],
    )
