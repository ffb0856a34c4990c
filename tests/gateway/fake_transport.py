"""A transport that keeps what is written, for connections without sockets."""

from typing import Any


class FakeTransport:
    """Remembers what was written and whether reading is paused or the connection closed."""

    def __init__(self, peer: str = "127.0.0.1") -> None:
        self.peer = peer
        self.written = b""
        self.closed = False
        self.paused = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.written += data

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return (self.peer, 40000) if name == "peername" else default
