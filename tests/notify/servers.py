"""Servers on loopback that stand in for Telegram, a mail server, and whoever receives webhooks or publishes keys."""

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Reply = tuple[int, dict[str, str], bytes]


class Request(msgspec.Struct):
    """What a server was asked."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Web:
    """An HTTP server that answers as the test says."""

    def __init__(self, answer: Callable[[Request], Reply] = lambda request: (200, {}, b"{}")) -> None:
        self.answer = answer
        self.asked: list[Request] = []
        self._server: asyncio.Server | None = None

    async def start(self, context: ssl.SSLContext | None = None) -> str:
        """Serve; the base address."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        port = self._server.sockets[0].getsockname()[1]
        return f"{'https' if context else 'http'}://127.0.0.1:{port}"

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        request = Request(method, path, headers, body)
        self.asked.append(request)
        status, more, answer = self.answer(request)
        lines = "".join(f"{name}: {value}\r\n" for name, value in more.items())
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(answer)}\r\n{lines}\r\n".encode() + answer)
        await writer.drain()
        writer.close()


class Bot:
    """Telegram's side: what was sent to whom, and the updates that wait."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.answered: list[dict[str, Any]] = []
        self.updates: list[dict[str, Any]] = []
        self.refusal: tuple[int, dict[str, Any]] | None = None

    def answer(self, request: Request) -> Reply:
        method = request.path.rpartition("/")[2]
        if self.refusal is not None:
            return self.refusal[0], {}, msgspec.json.encode({"ok": False, **self.refusal[1]})
        match method:
            case "sendMessage":
                self.sent.append(request.json)
            case "answerCallbackQuery":
                self.answered.append(request.json)
            case "getUpdates":
                offset = request.json["offset"]
                behind = [update for update in self.updates if update["update_id"] >= offset]
                return 200, {}, msgspec.json.encode({"ok": True, "result": behind})
        return 200, {}, msgspec.json.encode({"ok": True, "result": True})

    def press(self, data: str, *, user: int, chat: int) -> None:
        """Somebody presses a button."""
        query = {"id": "q", "from": {"id": user}, "message": {"chat": {"id": chat, "type": "private"}}, "data": data}
        self.updates.append({"update_id": len(self.updates) + 1, "callback_query": query})

    def hear(self, text: str, *, user: int, chat: int, kind: str = "private") -> None:
        """Somebody says something."""
        message = {"from": {"id": user}, "chat": {"id": chat, "type": kind}, "text": text}
        self.updates.append({"update_id": len(self.updates) + 1, "message": message})

    @property
    def button(self) -> str:
        """The data of the last message's button."""
        found: str = self.sent[-1]["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
        return found


class MailServer:
    """A mail server that offers STARTTLS, unless it is told not to, and keeps what it is given."""

    def __init__(self, context: ssl.SSLContext, *, offers_tls: bool = True, refuses: str = "") -> None:
        self.mails: list[str] = []
        self.logins: list[str] = []
        self.encrypted: list[bool] = []
        self._context = context
        self._offers = offers_tls
        self._refuses = refuses
        self._server: asyncio.Server | None = None

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        secure = False
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            word = line.split()[0].upper() if line.split() else b""
            if word == b"EHLO":
                offers = b"250-STARTTLS\r\n" if self._offers and not secure else b""
                writer.write(b"250-here\r\n" + offers + b"250 AUTH PLAIN\r\n")
            elif word == b"STARTTLS":
                writer.write(b"220 go\r\n")
                await writer.drain()
                try:
                    await writer.start_tls(self._context)
                except (ssl.SSLError, ConnectionError):
                    return
                secure = True
            elif word == b"AUTH":
                self.logins.append(line.decode().strip())
                writer.write(b"235 in\r\n")
            elif word == b"RCPT" and self._refuses:
                writer.write(f"{self._refuses} no\r\n".encode())
            elif word == b"DATA":
                writer.write(b"354 go\r\n")
                self.mails.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                self.encrypted.append(secure)
                writer.write(b"250 kept\r\n")
            elif word == b"QUIT":
                writer.write(b"221 bye\r\n")
                break
            else:
                writer.write(b"250 ok\r\n")
            await writer.drain()
        writer.close()


def certificate(directory: Path, name: str = "127.0.0.1") -> tuple[Path, ssl.SSLContext]:
    """A certificate for this machine, signed by itself: its file, and a server's context with it."""
    key = generate_private_key(SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    import ipaddress

    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(name))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    file, private = directory / "ca.pem", directory / "key.pem"
    file.write_bytes(made.public_bytes(Encoding.PEM))
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, private)
    return file, context
