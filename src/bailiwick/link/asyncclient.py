"""The side that asks from an event loop: for the control process."""

import asyncio
from pathlib import Path
from typing import TypeVar

from bailiwick.link.client import absent, lost
from bailiwick.link.server import peer_of_stream
from bailiwick.link.wire import (
    ANSWER_S,
    LENGTH,
    LinkError,
    Question,
    admit,
    answer_type,
    frame,
    frame_length,
    read_answer,
)

A = TypeVar("A")


class AsyncClient:
    """Asks over one connection that is kept, one question at a time: for the control process."""

    def __init__(self, path: Path, *, timeout_s: float = ANSWER_S) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._turn = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, question: Question[A], *, timeout_s: float | None = None) -> A:
        """The answer.

        Raises:
            LinkError: as the other side says, or if nobody answers.
        """
        async with self._turn:
            reader, writer = await self._connected()
            try:
                async with asyncio.timeout(self._timeout_s if timeout_s is None else timeout_s):
                    writer.write(frame(question))
                    await writer.drain()
                    body = await reader.readexactly(frame_length(await reader.readexactly(LENGTH.size)))
            except BaseException as error:
                self._drop()  # whatever ended the wait: the next answer on this connection would be this question's
                if isinstance(error, TimeoutError):
                    raise lost("no answer came in time") from None
                if isinstance(error, (ConnectionError, asyncio.IncompleteReadError)):
                    raise lost("the connection broke") from None
                raise
        return read_answer(answer_type(type(question)), body)

    async def close(self) -> None:
        """Close the connection."""
        self._drop()

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            self._drop()
        if self._streams is None:
            try:
                streams = await asyncio.open_unix_connection(self._path)
            except OSError:
                raise absent(self._path) from None
            self._streams = streams
            try:
                admit(peer_of_stream(streams[1]), serving=False)
            except LinkError:
                self._drop()
                raise
        return self._streams

    def _drop(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None
