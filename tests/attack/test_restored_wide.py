"""A backup must bring nothing back that was taken away, whatever went wrong in between."""

from pathlib import Path

import pytest
from authority_house import House

from bailiwick.authority.acts import standing, states_after
from bailiwick.authority.verbs import Kind, Move, MoveParty
from bailiwick.link.wire import LinkError
from bailiwick.model.party import KeyState
from bailiwick.store.errors import StoreError


def restored(house: House) -> list[tuple[str, KeyState]]:
    """What a restore makes of the acts."""
    return list(states_after(standing((act.act, act.subject, act.after) for act in house.gateway.acts)))


@pytest.mark.parametrize("crashed", [False, True])
async def test_an_unfreezing_that_was_not_done_frees_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crashed: bool
) -> None:
    """A key that is frozen stays so in a restore, though its unfreezing was recorded before the store refused it."""
    house = House(tmp_path)
    await house.settle()
    key = (await house.issue()).id
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.FREEZE))

    def refused(*given: object, **named: object) -> None:
        raise KeyboardInterrupt if crashed else StoreError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(house.store.keys, "move", refused)
        with pytest.raises((LinkError, KeyboardInterrupt)):
            await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.UNFREEZE))
    house.open_desk()
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.FREEZE, reason="again"))
    assert restored(house) == [(key, KeyState.FROZEN)]
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.UNFREEZE))
    assert restored(house)[-1] == (key, KeyState.ACTIVE)
    house.store.close()
