"""The disk is full, perhaps because somebody filled it: what stops a key is still done, and nothing is half done."""

import errno
from pathlib import Path

import pytest
from authority_house import House

from bailiwick.authority import acts
from bailiwick.authority.verbs import EditService, Kind, Move, MoveParty
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.party import KeyState

EDIT = EditService(id="bot", contact="x")


def kept_back(house: House) -> dict[str, int]:
    """What lies beside the store for acts, with its size."""
    return {path.name: path.stat().st_size for path in house.config.data.glob("act.*")}


def fill(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nothing can be written while the reserve is there: all else of the disk is taken."""
    write = acts.replace_durably

    def replace(path: Path, data: bytes) -> None:
        if "act.reserve" in kept_back(house):
            path.with_name(path.name + ".new").touch()
            raise OSError(errno.ENOSPC, "No space left on device")
        write(path, data)

    monkeypatch.setattr(acts, "replace_durably", replace)
    monkeypatch.setattr(acts.Disk, "free", lambda disk, directory: 0)


async def test_a_key_is_frozen_on_a_full_disk(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Room that was kept back is given up for an act that stops something; any other is refused, and leaves nothing."""
    key = (await house.issue()).id
    fill(house, monkeypatch)
    recorded = len(house.gateway.acts)
    with pytest.raises(LinkError, match=r"No space left on device; nothing was done\. Make room") as refused:
        await house.ask(EDIT)
    assert (refused.value.code, len(house.gateway.acts)) == (Code.UNAVAILABLE, recorded)
    assert kept_back(house) == {"act.reserve": acts.RESERVE_BYTES}
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.FREEZE))
    assert (house.store.keys.get(key).state, kept_back(house)) == (KeyState.FROZEN, {})


async def test_the_room_is_kept_back_again(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once there is room again, the next act keeps some of it back."""
    key = (await house.issue()).id
    with monkeypatch.context() as full:
        fill(house, full)
        await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.FREEZE))
    assert kept_back(house) == {}
    await house.ask(EDIT)
    assert kept_back(house) == {"act.reserve": acts.RESERVE_BYTES}
