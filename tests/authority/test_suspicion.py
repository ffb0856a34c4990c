"""A person suspects a key: what becomes of it, and of what its owner chose for other events."""

from typing import Any

import pytest
from authority_house import GRANT, NOW, House

from bailiwick.authority.lives import DAY_MS
from bailiwick.authority.notice_verbs import ListNotices
from bailiwick.authority.verbs import ActAnswer, Kind, Move, MoveParty, SuspectKey
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.life import Cause, KeyState
from bailiwick.model.party import Key

WHY = "it bids against an empty book"


async def suspect(house: House, key: str, *symbols: str, **more: Any) -> ActAnswer:
    answer: ActAnswer = await house.ask(SuspectKey(id=key, symbols=symbols, **{"reason": WHY, **more}))
    return answer


async def refused(house: House, question: Any) -> LinkError:
    with pytest.raises(LinkError) as found:
        await house.ask(question)
    return found.value


def life(key: Key) -> tuple[KeyState, Cause | None, tuple[str, ...], int | None]:
    return key.state, key.cause, key.suspected, key.until


async def test_a_suspect_key_winds_down_without_its_symbols(house: House) -> None:
    """One act: the key winds down by suspicion, without the named symbols, for a day, and the journal has why."""
    key = (await house.issue()).id
    answer = await suspect(house, key, "ETHUSDT", "BTCUSDT")
    assert life(house.store.keys.get(key)) == (
        KeyState.WINDING_DOWN, Cause.SUSPICION, ("BTCUSDT", "ETHUSDT"), NOW + DAY_MS,
    )  # fmt: skip
    act = house.last_act()
    assert (act.act, act.subject, act.reason) == ("key.suspect", key, WHY)
    assert (answer.keys, answer.position >= 0, answer.in_force) == ((key,), True, True)


async def test_its_owner_is_told_why(house: House) -> None:
    """A stop is told at once, with the reason and the symbols, whatever the hour."""
    key = (await house.issue()).id
    await suspect(house, key, "BTCUSDT")
    told = (await house.ask(ListNotices(owner="Ada"))).rows
    assert [(row.kind, row.key, WHY in row.text, "BTCUSDT" in row.text) for row in told] == [
        ("suspected", key, True, True)
    ]


async def test_a_second_suspicion_adds_symbols(house: House) -> None:
    """Symbols of two suspicions add up; the same word again does nothing; an idle key that is suspected is suspect."""
    key = (await house.issue()).id
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.WIND_DOWN))
    await suspect(house, key, "BTCUSDT")
    await suspect(house, key, "ETHUSDT")
    assert life(house.store.keys.get(key))[:3] == (KeyState.WINDING_DOWN, Cause.SUSPICION, ("BTCUSDT", "ETHUSDT"))
    before = len(house.gateway.acts)
    again = await suspect(house, key, "BTCUSDT")
    assert (again.nothing, len(house.gateway.acts)) == (True, before)


@pytest.mark.parametrize("to", [Move.FREEZE, Move.REVOKE])
async def test_a_suspicion_never_widens(house: House, to: Move) -> None:
    """A frozen key does not come to sell by being suspected, nor does a revoked one come back."""
    key = (await house.issue()).id
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=to))
    before = life(house.store.keys.get(key))
    error = await refused(house, SuspectKey(id=key, reason=WHY))
    assert (error.code, life(house.store.keys.get(key))) == (Code.CONFLICT, before)


async def test_a_preview_suspects_nobody(house: House) -> None:
    """A preview tells the difference and does nothing."""
    key = (await house.issue()).id
    before = len(house.gateway.acts)
    shown = await suspect(house, key, "BTCUSDT", preview=True)
    changed = {each.field: each.after for each in shown.difference}
    assert (changed["state"], changed["cause"], changed["suspected"]) == ("winding_down", "suspicion", '["BTCUSDT"]')
    assert (house.store.keys.get(key).state, len(house.gateway.acts)) == (KeyState.ACTIVE, before)


async def test_it_is_a_persons_word_and_has_a_reason(house: House) -> None:
    """No rule and no program suspects by this verb, and nobody without saying why."""
    key = (await house.issue()).id
    assert "reason" in (await refused(house, SuspectKey(id=key, reason=" "))).sentence
    with pytest.raises(LinkError, match="signed-in person"):
        await house.desk.answer(SuspectKey(id=key, reason=WHY), "token:bot")
    assert house.store.keys.get(key).state is KeyState.ACTIVE


async def test_a_person_gives_it_back(house: House) -> None:
    """Unfrozen by a person the key is as before, and no symbol is suspected any more."""
    key = (await house.issue(GRANT)).id
    await suspect(house, key, "BTCUSDT")
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.UNFREEZE, reason="it was her own test"))
    assert life(house.store.keys.get(key)) == (KeyState.ACTIVE, None, (), None)
