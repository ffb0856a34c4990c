"""One HTTP request to a server of the configuration or an owner's: bounded in time and size, following no redirect.

Written on the parser that the gateway has anyway, because a wait for Telegram must end at once when the process ends,
which a request in a thread does not.
"""

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httptools

from bailiwick.notify.fault import ChannelFault

MOST_BYTES = 4 << 20


class Reply(NamedTuple):
    """A server's answer."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


def trust(ca_file: Path | None) -> ssl.SSLContext:
    """Whom an encrypted connection is made to: whoever the system trusts, or this authority alone."""
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Parsed:
    """Collects an answer."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, data: bytes) -> None:
        self.body += data
        if len(self.body) > MOST_BYTES:
            raise ValueError("too long")

    def on_message_complete(self) -> None:
        self.complete = True


async def request(
    method: str,
    url: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    context: ssl.SSLContext | None = None,
    timeout_s: float = 15.0,
) -> Reply:
    """Send one request and read the answer.

    Raises:
        ChannelFault: if there is no whole answer. It names the host alone: an address may hold a secret.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        async with asyncio.timeout(timeout_s):
            return await _exchange(method, url, body, headers or {}, context)
    except TimeoutError:
        raise ChannelFault(f"{host}: no answer in {timeout_s:.0f} s") from None
    except ssl.SSLCertVerificationError as error:
        raise ChannelFault(f"{host}: its certificate is not trusted: {error.verify_message}") from None
    except (OSError, EOFError, ValueError, httptools.HttpParserError) as error:
        raise ChannelFault(f"{host}: it cannot be reached: {type(error).__name__}") from None


async def _exchange(
    method: str, url: str, body: bytes, headers: Mapping[str, str], context: ssl.SSLContext | None
) -> Reply:
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    reader, writer = await asyncio.open_connection(
        parts.hostname, port, ssl=(context or trust(None)) if secure else None
    )
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        named = {
            "Host": parts.netloc,
            "User-Agent": "bailiwick",
            "Accept": "application/json",
            "Content-Length": str(len(body)),
            "Connection": "close",
            **headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        writer.write(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body)
        await writer.drain()
        found = _Parsed()
        parser = httptools.HttpResponseParser(found)
        while not found.complete:
            data = await reader.read(65536)
            if not data:
                break  # a body without a length ends with the connection
            parser.feed_data(data)
        status = parser.get_status_code()
        if not status:
            raise EOFError("no answer")
        return Reply(status, found.headers, bytes(found.body))
    finally:
        writer.close()
