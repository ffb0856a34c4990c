"""``bailiwick grant``: presets, and what a grant would come to."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bailiwick.authority.verbs import CheckGrant
from bailiwick.cli.asking import read_text
from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.options import COMMON, Common, group
from bailiwick.cli.output import print_json, print_show, say

app = group("grant", "Grants: what a key may do, in TOML.")


@Parameter(name="*")
@dataclass(frozen=True)
class Preset:
    """A grant to begin with, and what it needs.

    Attributes
    ----------
    preset: str
        What kind of client: see `bailiwick grant presets`.
    symbol: tuple[str, ...]
        What a trading client trades; may be given several times.
    currency: str
        What amounts are counted in.
    budget: str
        What a trading client may buy and sell in a day.
    """

    preset: str = ""
    symbol: tuple[str, ...] = ()
    currency: str = "USDT"
    budget: str = "0"

    def text(self) -> str:
        """The grant in TOML."""
        from bailiwick.model.grant import grant_to_toml  # noqa: PLC0415
        from bailiwick.model.money import parse_amount  # noqa: PLC0415
        from bailiwick.rules.presets import preset  # noqa: PLC0415

        try:
            return grant_to_toml(preset(self.preset, self.symbol, self.currency, parse_amount(self.budget)))
        except ValueError as error:
            raise Stop(str(error), Exit.USAGE) from None


NO_PRESET = Preset()


def grant_text(file: Path | None, preset: Preset) -> str:
    """The grant that a command names: of a file, or of a preset."""
    if (file is None) == (not preset.preset):
        raise Stop("grant: name a file with --grant, or a kind of client with --preset", Exit.USAGE)
    return read_text("grant", file) if file is not None else preset.text()


@app.command(help_epilogue="Example: bailiwick grant presets --json")
def presets(*, common: Common = COMMON) -> None:
    """List the kinds of client that there is a grant to begin with for."""
    from bailiwick.rules.presets import PRESETS  # noqa: PLC0415

    if common.json:
        print_json(list(PRESETS))
        return
    for name in PRESETS:
        say(name)


@app.command(help_epilogue="Example: bailiwick grant new --preset dca --symbol BTCUSDT --budget 100 > grant.toml")
def new(*, preset: Preset = NO_PRESET) -> None:
    """Print the grant of a preset, to be edited and then issued."""
    if not preset.preset:
        raise Stop("--preset: name a kind of client; `bailiwick grant presets` lists them", Exit.USAGE)
    say(preset.text().rstrip("\n"))


@app.command(help_epilogue="Example: bailiwick grant check grant.toml --account main --service gridbot")
def check(
    file: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    account: str = "",
    service: str = "",
    common: Common = COMMON,
) -> None:
    """Say in sentences what a grant permits; with an account or service, what would be left within their limits.

    Parameters
    ----------
    file: Path
        The grant in TOML; - for standard input.
    account: str
        The account whose limits narrow it.
    service: str
        The service whose limits narrow it.
    """
    from bailiwick.model.grant import grant_from_toml, grant_to_toml  # noqa: PLC0415
    from bailiwick.rules.describe import describe  # noqa: PLC0415

    text = read_text("grant", file)
    grant = grant_from_toml(text)
    if account or service:
        answer = common.ask(CheckGrant(grant=text, account=account, service=service))
        print_show(answer, json=common.json)
        return
    if common.json:
        print_json({"grant": grant_to_toml(grant), "sentences": describe(grant)})
        return
    for line in describe(grant):
        say(line)
