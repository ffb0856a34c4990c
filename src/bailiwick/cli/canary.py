"""``bailiwick key canary`` and ``bailiwick key canaries``: keys that nobody uses, laid where a thief would look."""

from typing import Literal

from bailiwick.authority.canary_verbs import IssueCanary, ListCanaries
from bailiwick.cli.grant import NO_PRESET, Preset, grant_text
from bailiwick.cli.options import COMMON, LONG_S, Common, InputFile
from bailiwick.cli.output import print_json, print_table, remark, say

BAIT = Preset(preset="signal-bot", symbol=("BTCUSDT",), budget="1000")


def canary(
    *,
    label: str,
    account: str,
    service: str = "",
    grant: InputFile = None,
    preset: Preset = NO_PRESET,
    wind_down: Literal["nothing", "service-keys", "account-keys"] = "nothing",
    reason: str = "",
    common: Common = COMMON,
) -> None:
    """Issue a canary. Lay its id and secret where nobody should look, and use it nowhere.

    The account is read once at its exchange, to be able to answer like it; so the exchange must answer now. Whoever
    signs with the canary is told what such an account would tell, places nothing, and you hear of it.

    Parameters
    ----------
    label: str
        Where it will lie, such as "laptop backup": what you are told when somebody uses it.
    account: str
        The account after which it is drawn.
    service: str
        The service whose keys lie where it will lie; without one it is of a service of its own, `canaries`.
    grant: Path
        A file (- for standard input) with the grant that it seems to have, in TOML; without one and without a preset
        it seems to be a signal bot's for BTCUSDT.
    wind_down: str
        What its use winds down: nothing, service-keys (your keys of its service) or account-keys (all keys of the
        account).
    reason: str
        Why; it is written in the journal.
    """
    seeming = BAIT if grant is None and not preset.preset else preset
    question = IssueCanary(
        label=label,
        account=account,
        service=service,
        grant=grant_text(grant, seeming),
        wind_down=wind_down,
        reason=reason,
    )
    answer = common.ask(question, timeout_s=LONG_S)
    if common.json:
        print_json(answer)
        return
    say(f"canary issued: {answer.label}")
    for note in answer.notes:
        remark(note)
    say()
    say(f"key     {answer.id}")
    if answer.secret is not None:
        say(f"secret  {answer.secret.reveal().decode()}")
    remark("The secret is shown this once. Lay both there, as a program would keep them, and use them nowhere.")


def canaries(*, account: str = "", common: Common = COMMON) -> None:
    """List canaries: where each lies, and whether somebody used it.

    Parameters
    ----------
    account: str
        Only those of this account.
    """
    answer = common.ask(ListCanaries(account=account))
    if common.json:
        print_json(answer)
        return
    print_table(
        ("key", "label", "account", "service", "state", "winds down", "laid", "used", "incident"),
        [
            (row.key, row.label, row.account, row.service, row.state, row.wind_down, row.laid, row.used, row.incident)
            for row in answer.rows
        ],
    )
