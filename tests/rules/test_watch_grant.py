"""What a grant says of the watch: how far it may go by itself, and what sort of client the key is for."""

from decimal import Decimal
from itertools import product

import pytest

from bailiwick.model.grant import (
    ClientKind,
    GrantError,
    Most,
    bound_from_toml,
    bound_to_toml,
    grant_from_toml,
    grant_to_toml,
)
from bailiwick.rules.authority import authority
from bailiwick.rules.describe import describe
from bailiwick.rules.presets import PRESETS, preset

BEFORE = 'purpose = "written before there was a watch"\n'


def test_a_grant_from_before_is_watched_in_full() -> None:
    """A grant that says nothing of the watch is held and wound down by it, and declares no kind of client."""
    found = authority(grant_from_toml(BEFORE))
    assert (found.watch_most, found.kind) == (Most.WIND_DOWN, "")


def test_what_a_grant_says_of_the_watch_survives_its_text() -> None:
    """What is written of the watch is read again, and what is as usual is left out of a bound."""
    text = BEFORE + 'kind = "grid-bot"\n[watch]\nmost = "alert"\n'
    grant = grant_from_toml(text)
    bound = bound_from_toml('[watch]\nmost = "hold"\n')
    assert (
        grant.kind,
        grant.watch.most,
        grant_from_toml(grant_to_toml(grant)),
        bound_from_toml(bound_to_toml(bound)),
        "watch" in bound_to_toml(bound_from_toml("")),
    ) == (ClientKind.GRID_BOT, Most.ALERT, grant, bound, False)


@pytest.mark.parametrize(("own", "account", "service"), [*product(Most, [None, *Most], [None, *Most])])
def test_the_strictest_of_all_parts_holds(own: Most, account: Most | None, service: Most | None) -> None:
    """An account or a service lets the watch do more to its keys, and never less."""
    grant = grant_from_toml(f'{BEFORE}[watch]\nmost = "{own}"\n')
    bounds = [bound_from_toml("" if most is None else f'[watch]\nmost = "{most}"\n') for most in (account, service)]
    said = [most for most in (own, account, service) if most is not None]
    assert authority(grant, *bounds).watch_most == max(said, key=list(Most).index)


def test_every_preset_declares_its_kind() -> None:
    """A key of a preset is judged by its kind before it has a history."""
    kinds = {name: preset(name, ["BTCUSDT"], "USDT", Decimal(100)).kind for name in PRESETS}
    assert kinds == {name: ClientKind(name) for name in PRESETS}


@pytest.mark.parametrize("text", ['kind = "miner"\n', '[watch]\nmost = "revoke"\n', '[watch]\nleast = "note"\n'])
def test_what_makes_no_sense_is_refused_by_name(text: str) -> None:
    """An unknown kind, an unknown measure and an unknown field are refused, with the field's name."""
    with pytest.raises(GrantError) as refused:
        grant_from_toml(BEFORE + text)
    assert text.partition(" =")[0].rpartition("\n")[2] in str(refused.value)


def test_every_measure_is_said_in_words() -> None:
    """Whoever answers for a grant reads how far the watch may go; a key that only reads is not watched so."""
    trading = BEFORE + '[what]\nmay = ["trade"]\n'
    said = [[line for line in describe(grant_from_toml(f'{trading}[watch]\nmost = "{most}"\n')) if "thief" in line]
            for most in Most]  # fmt: skip
    assert ([len(lines) for lines in said], len({lines[0] for lines in said})) == ([1] * 4, 4)
