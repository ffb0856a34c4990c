"""What was stopped stays stopped, whichever other act is tried in the place of the one that would give it back."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from authority_house import House

from bailiwick.authority.service_verbs import CompromiseService, RestoreService
from bailiwick.authority.verbs import AddService, EditKey, Kind, Move, MoveParty, RotateKey
from bailiwick.link.wire import LinkError
from bailiwick.model.life import Cause, KeyState
from bailiwick.model.party import Standing

PROGRAM = "token:ada.bot"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """A house with an account and a service."""
    made = House(tmp_path)
    await made.settle()
    yield made
    made.store.close()


async def test_a_program_does_not_widen_a_frozen_account_by_winding_it_down(house: House) -> None:
    """A frozen account reads; to let its keys sell again is a person's act, however it is called."""
    await house.issue()
    await house.ask(MoveParty(kind=Kind.ACCOUNT, id="main", to=Move.FREEZE))
    for kind, id_ in ((Kind.ACCOUNT, "main"), (Kind.VENUE, "binance")):
        with pytest.raises(LinkError, match="only a signed-in person"):
            await house.desk._moves.move(MoveParty(kind=kind, id=id_, to=Move.WIND_DOWN), PROGRAM)
    assert house.store.accounts.get("main").state is KeyState.FROZEN
    await house.ask(MoveParty(kind=Kind.ACCOUNT, id="main", to=Move.WIND_DOWN))
    assert house.store.accounts.get("main").state is KeyState.WINDING_DOWN


async def test_a_key_that_was_handed_on_is_given_back_by_the_same_act_as_all(house: House) -> None:
    """What a compromise stopped, `key unfreeze` does not undo, though another service holds the key by now."""
    await house.ask(AddService(id="other", name="Other"))
    key = (await house.issue()).id
    await house.ask(EditKey(id=key, service="other", reason="it moves"))
    await house.ask(CompromiseService(id="bot", reason="it leaks"))
    await house.desk.compromises.finish()
    with pytest.raises(LinkError, match="service restore bot --key"):
        await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.UNFREEZE))
    assert house.store.keys.get(key).state is KeyState.WINDING_DOWN
    await house.ask(RestoreService(id="bot", keys=(key,), reason="each trade was hers"))
    assert house.store.keys.get(key).state is KeyState.ACTIVE


async def test_a_compromised_service_is_not_made_a_suspended_one(house: House) -> None:
    """Suspending a service that was revoked changes nothing: it would get new secrets for its keys again."""
    await house.issue()
    await house.ask(MoveParty(kind=Kind.SERVICE, id="bot", to=Move.REVOKE))
    for to in (Move.FREEZE, Move.WIND_DOWN):
        await house.desk._moves.move(MoveParty(kind=Kind.SERVICE, id="bot", to=to), PROGRAM)
    assert house.store.services.get("bot").standing is Standing.COMPROMISED


async def test_a_leaked_secret_gets_no_overlap(house: House) -> None:
    """After a proven leak a rotation ends the old secret at once, whether its author says that it leaked or not."""
    key = (await house.issue()).id
    await house.desk.lives.move([key], KeyState.WINDING_DOWN, cause=Cause.LEAK, actor="rule:leak", reason="found")
    with pytest.raises(LinkError, match="leaked"):
        await house.ask(RotateKey(id=key, overlap_s=3600))
    await house.ask(RotateKey(id=key))
    assert house.store.keys.get(key).previous_until is None
