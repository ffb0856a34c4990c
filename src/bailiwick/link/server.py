"""The side that answers."""

import asyncio
import contextlib
import os
import socket
import stat
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, final

import msgspec

from bailiwick.link.wire import (
    LENGTH,
    Answer,
    Code,
    Done,
    Failed,
    LinkError,
    Peer,
    Question,
    Verbs,
    admit,
    answer_type,
    decode_secret,
    frame,
    frame_length,
    peer_of,
)
from bailiwick.logs import log, where

MOST_CONNECTIONS = 64
FRAME_S = 10.0  # until a frame that has begun must be whole

Handler = Callable[[Any, Peer], Awaitable[Answer]]
Handlers = Mapping[type[Question[Any]], Handler]


@final
class Server:
    """A socket that is being served."""

    def __init__(self, path: Path, verbs: Verbs, handlers: Handlers) -> None:
        if set(handlers) != set(verbs):
            names = sorted(verb.__name__ for verb in set(handlers) ^ set(verbs))
            raise ValueError(f"handlers: one for each verb and no other; look at {', '.join(names)}")
        self._path = path
        self._handlers = handlers
        self._decoder: msgspec.msgpack.Decoder[Question[Any]] = msgspec.msgpack.Decoder(
            _union(verbs), dec_hook=decode_secret
        )
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Take the socket.

        Raises:
            LinkError: if the directory is open to others, or somebody serves there already.
        """
        make_private_directory(self._path.parent)
        _clear_stale(self._path)
        self._server = await asyncio.start_unix_server(self._serve, self._path, limit=1 << 16)
        self._path.chmod(0o600)  # between bind and this the directory keeps others out

    async def close(self) -> None:
        """Take no further connection, end those that are open, and remove the socket."""
        if self._server is None:
            return
        self._server.close()
        with contextlib.suppress(FileNotFoundError):
            self._path.unlink()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            peer = peer_of_stream(writer)
            if len(self._connections) > MOST_CONNECTIONS:
                raise LinkError(Code.UNAVAILABLE, f"{MOST_CONNECTIONS} connections are open; try again in a moment")
            admit(peer, serving=True)
            while body := await _next_body(reader):
                writer.write(await self._answer(body, peer))
                await writer.drain()
        except LinkError as error:
            log.warning("link closed", socket=self._path.name, code=error.code, sentence=error.sentence)
            with contextlib.suppress(ConnectionError):
                writer.write(frame(Failed(error.code, error.sentence)))
                await writer.drain()
        except (ConnectionError, TimeoutError):
            log.info("link broken off", socket=self._path.name)
        except asyncio.CancelledError:
            pass  # the server is closing, and this task has nobody else to tell
        finally:
            self._connections.discard(task)
            writer.close()

    async def _answer(self, body: bytes, peer: Peer) -> bytes:
        try:
            question = self._decoder.decode(body)
        except msgspec.MsgspecError:
            # Not the library's words: they might quote a value.
            return frame(Failed(Code.MALFORMED, "no question of this version; restart after an upgrade"))
        verb = type(question)
        try:
            answer = await self._handlers[verb](question, peer)
            if not isinstance(answer, answer_type(verb)):
                raise TypeError(f"{verb.__name__} is answered with {answer_type(verb).__name__}")
            return frame(Done(answer))
        except LinkError as error:
            return frame(Failed(error.code, error.sentence))
        except Exception as error:
            # Not `log.exception`: the frame that is in hand here may hold a secret, and some renderers print locals.
            log.error("fault", verb=verb.__struct_config__.tag, fault=where(error))
            return frame(Failed(Code.FAULT, "an internal fault; the log of this moment has the rest"))


async def serve(path: Path, verbs: Verbs, handlers: Handlers) -> Server:
    """Serve the verbs on a socket; each has exactly one handler.

    Raises:
        ValueError: if a verb has no handler, or a handler no verb.
        LinkError: if the directory is open to others, or somebody serves there already.
    """
    server = Server(path, verbs, handlers)
    await server.start()
    return server


def _union(verbs: Verbs) -> Any:
    union: Any = verbs[0]
    for verb in verbs[1:]:
        union = union | verb
    return union


async def _next_body(reader: asyncio.StreamReader) -> bytes:
    """The next frame's body; empty at the end of the stream, which may come between frames alone."""
    try:
        head = await reader.readexactly(LENGTH.size)
        async with asyncio.timeout(FRAME_S):
            return await reader.readexactly(frame_length(head))
    except asyncio.IncompleteReadError:
        return b""


def peer_of_stream(writer: asyncio.StreamWriter) -> Peer:
    """Who is at the other end of a stream."""
    # A duplicate, because the loops wrap their sockets differently and a number is a number everywhere.
    with socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno())) as connection:
        return peer_of(connection)


def _clear_stale(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except FileNotFoundError:
            return
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)  # left behind by one that was killed
            return
    raise LinkError(Code.CONFLICT, f"{path}: somebody serves there already; is `bailiwick up` running?")


def make_private_directory(directory: Path) -> None:
    """Make a directory for this user alone (0700), or check that it is one.

    Raises:
        LinkError: if it cannot be made, is open to others or belongs to somebody else.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = directory.lstat()
    except OSError as error:
        raise LinkError(Code.UNAVAILABLE, f"{directory}: {error.strerror}; name another in the configuration") from None
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise LinkError(Code.STRANGER, f"{directory}: it must be a directory of uid {os.geteuid()}; chown it")
    if status.st_mode & 0o077:
        raise LinkError(Code.STRANGER, f"{directory}: its mode is {stat.S_IMODE(status.st_mode):04o}; chmod 700 it")
