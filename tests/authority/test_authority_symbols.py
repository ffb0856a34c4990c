"""A grant names symbols as the venue spells them: one that is spelt otherwise would never match an order."""

import pytest
from authority_house import GRANT, House

from bailiwick.gateway.verbs import absent_symbols
from bailiwick.link.wire import LinkError


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("BTC/USDT", "symbols: binance has no BTC/USDT; did you mean BTCUSDT?"),
        ("btcusdt", "symbols: binance has no btcusdt; did you mean BTCUSDT?"),
        ("ETHUSD", "symbols: binance has no ETHUSD; did you mean ETHUSDT?"),
    ],
)
async def test_a_symbol_that_the_venue_does_not_have_is_refused(house: House, written: str, sentence: str) -> None:
    """No key is issued for it, and the nearest that the venue has is named."""
    house.gateway.symbols = {"BTCUSDT", "ETHUSDT"}
    with pytest.raises(LinkError) as refused:
        await house.issue(GRANT.replace("BTCUSDT", written))
    assert refused.value.sentence == sentence
    assert house.store.keys.list() == []


async def test_while_the_table_is_not_loaded_it_is_said(house: House) -> None:
    """A key can be issued while the venue is down; that its symbols were not looked at is a note."""
    house.gateway.symbols_loaded = False
    answer = await house.issue()
    assert [note for note in answer.notes if "not loaded yet" in note] != []


def test_the_nearest_is_named_only_where_one_is_near() -> None:
    """What resembles nothing gets no advice."""
    assert absent_symbols({"BTCUSDT"}, ["BTCUSDT", "ZZZZZZZZZ"]) == {"ZZZZZZZZZ": ""}
