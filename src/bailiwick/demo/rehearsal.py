"""Plays the theft when the console's button asks for it: run by ``company.py``, given its cast as JSON.

It serves the verbs of a rehearsal on a socket beside those of the gateway and the control process, until it is ended.
"""

import asyncio
import contextlib
import signal
import sys
import time
from pathlib import Path
from typing import final

import msgspec

from bailiwick.authority.rehearsal_verbs import REHEARSAL_VERBS, PlayRehearsal, RehearsalAnswer, Said, ShowRehearsal
from bailiwick.link.server import serve
from bailiwick.link.wire import Code, LinkError, Peer

THIEF = Path(__file__).with_name("thief.py")
LONGEST_S = 120.0


class Victim(msgspec.Struct, frozen=True):
    """A key that will be stolen. ``name`` is the bot's, for people."""

    name: str
    key: str
    secret: str


class Cast(msgspec.Struct, frozen=True):
    """Who plays where: the socket to serve, ccxt's interpreter, the addresses of gateway and exchange, the victims."""

    socket: str
    python: str
    url: str
    exchange: str
    victims: tuple[Victim, ...]


class _Line(msgspec.Struct):
    text: str
    outcome: str = ""


@final
class Player:
    """Plays one theft at a time, each with the next victim's key."""

    def __init__(self, cast: Cast) -> None:
        self._cast = cast
        self._said: list[Said] = []
        self._plays = 0
        self._victim: Victim | None = None
        self._play: asyncio.Task[None] | None = None

    async def show(self, question: ShowRehearsal, peer: Peer) -> RehearsalAnswer:
        """How it goes."""
        return self._answer()

    async def play(self, question: PlayRehearsal, peer: Peer) -> RehearsalAnswer:
        """Begin.

        Raises:
            LinkError: if one is being played.
        """
        if self._play is not None and not self._play.done():
            raise LinkError(Code.CONFLICT, "a theft is being played; wait until it is over")
        self._victim = self._cast.victims[self._plays % len(self._cast.victims)]
        self._plays += 1
        self._said = [self._line(f"somebody has stolen the key of {self._victim.name}")]
        self._play = asyncio.create_task(self._steal(self._victim))
        return self._answer()

    def end(self) -> None:
        """Break off what is being played."""
        if self._play is not None:
            self._play.cancel()

    def _answer(self) -> RehearsalAnswer:
        playing = self._play is not None and not self._play.done()
        key = self._victim.key if self._victim else ""
        return RehearsalAnswer(here=True, playing=playing, key=key, said=tuple(self._said))

    async def _steal(self, victim: Victim) -> None:
        thief = await asyncio.create_subprocess_exec(
            self._cast.python, "-W", "ignore", str(THIEF),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        given = {"url": self._cast.url, "exchange": self._cast.exchange, "key": victim.key, "secret": victim.secret}
        assert thief.stdin is not None
        assert thief.stdout is not None
        assert thief.stderr is not None
        errors = asyncio.create_task(thief.stderr.read())
        try:
            async with asyncio.timeout(LONGEST_S):
                thief.stdin.write(msgspec.json.encode(given))
                thief.stdin.close()
                async for line in thief.stdout:
                    said = msgspec.json.decode(line, type=_Line)
                    self._said.append(self._line(said.text, said.outcome))
                if await thief.wait():
                    self._said.append(self._line(f"the play broke off: {(await errors).decode()[-300:].strip()}"))
        except TimeoutError:
            self._said.append(self._line(f"the play broke off: it was not over after {LONGEST_S:.0f} s"))
        finally:
            errors.cancel()
            with contextlib.suppress(ProcessLookupError):
                thief.kill()
            await thief.wait()

    def _line(self, text: str, outcome: str = "") -> Said:
        return Said(at=time.time_ns() // 1_000_000, text=text, outcome=outcome)


async def run(cast: Cast) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    player = Player(cast)
    server = await serve(Path(cast.socket), REHEARSAL_VERBS, {ShowRehearsal: player.show, PlayRehearsal: player.play})
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await stop.wait()
    player.end()
    await server.close()


if __name__ == "__main__":
    asyncio.run(run(msgspec.json.decode(sys.stdin.buffer.read(), type=Cast)))
