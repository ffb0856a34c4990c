"""``bailiwick vault``: the key that everything is sealed under."""

from bailiwick.authority.verbs import RotateVaultKey
from bailiwick.cli.options import COMMON, LONG_S, Common, group
from bailiwick.cli.output import print_json, say

app = group("vault", "The vault: the key that secrets are sealed under.")


@app.command(help_epilogue="Example: bailiwick vault rotate --reason 'yearly'")
def rotate(*, reason: str = "", common: Common = COMMON) -> None:
    """Put a new vault key in use and re-wrap every secret; nothing stops meanwhile, and running it again is safe.

    Parameters
    ----------
    reason: str
        Why; it is written in the journal.
    """
    answer = common.ask(RotateVaultKey(reason=reason), timeout_s=LONG_S)
    if common.json:
        print_json(answer)
        return
    say(f"vault key {answer.vault_key} is in use; {answer.rewrapped} secrets were re-wrapped")
    say("Copy the keyring file anew to where you keep it apart: the older copy does not open what is sealed now.")
