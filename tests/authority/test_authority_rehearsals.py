"""What the control process says of a rehearsal: what the player says, or that there is none."""

import asyncio
from pathlib import Path

import pytest

from bailiwick.authority.rehearsal_verbs import REHEARSAL_VERBS, PlayRehearsal, RehearsalAnswer, ShowRehearsal
from bailiwick.authority.rehearsals import Rehearsals
from bailiwick.link.asyncclient import AsyncClient
from bailiwick.link.server import serve
from bailiwick.link.wire import Code, LinkError, Peer

ACTOR = "person:ada"


def rehearsals(place: Path) -> tuple[Path, AsyncClient, Rehearsals]:
    """The socket, the connection to it, and who asks there."""
    place.chmod(0o700)
    socket = place / "play.sock"
    client = AsyncClient(socket)
    return socket, client, Rehearsals(socket, client)


def test_without_a_player_nothing_is_rehearsed(tmp_path: Path) -> None:
    """Where there is no socket, or a dead one, nothing is there to play, and asking for it says how to have it."""
    socket, _, asked = rehearsals(tmp_path)
    answering = asked.answering()

    async def ask() -> tuple[object, object]:
        absent = await answering[ShowRehearsal](ShowRehearsal(), ACTOR)
        with pytest.raises(LinkError) as refused:
            await answering[PlayRehearsal](PlayRehearsal(), ACTOR)
        assert (refused.value.code, "make demo STAY=1" in refused.value.sentence) == (Code.CONFLICT, True)
        socket.touch()  # as a killed player leaves it
        return absent, await answering[ShowRehearsal](ShowRehearsal(), ACTOR)

    assert asyncio.run(ask()) == (RehearsalAnswer(here=False), RehearsalAnswer(here=False))


def test_the_player_is_asked(tmp_path: Path) -> None:
    """What the player says is passed on as it is, refusals too."""
    socket, client, asked = rehearsals(tmp_path)
    answering = asked.answering()
    told = RehearsalAnswer(here=True, playing=True, key="bwk_1")

    async def show(question: ShowRehearsal, peer: Peer) -> RehearsalAnswer:
        return told

    async def play(question: PlayRehearsal, peer: Peer) -> RehearsalAnswer:
        raise LinkError(Code.CONFLICT, "a theft is being played")

    async def ask() -> object:
        server = await serve(socket, REHEARSAL_VERBS, {ShowRehearsal: show, PlayRehearsal: play})
        try:
            with pytest.raises(LinkError, match="a theft is being played"):
                await answering[PlayRehearsal](PlayRehearsal(), ACTOR)
            return await answering[ShowRehearsal](ShowRehearsal(), ACTOR)
        finally:
            await client.close()
            await server.close()

    assert asyncio.run(ask()) == told
