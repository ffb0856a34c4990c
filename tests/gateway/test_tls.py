"""TLS on both sides, over loopback sockets."""

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
import time
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from ground import Ground

from bailiwick.gateway.process import _tls
from bailiwick.gateway.upstream import Failure, Origin, Pool
from bailiwick.model.request import Outgoing

ORDER = Outgoing(b"POST", b"/api/v3/order", b"X-MBX-APIKEY: k\r\n", b"symbol=BTCUSDT")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1, and its key."""
    directory = tmp_path_factory.mktemp("tls")
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    paths = directory / "certificate.pem", directory / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return paths


async def test_the_listening_side_speaks_tls(ground: Ground, certificate: tuple[Path, Path]) -> None:
    """With a certificate clients are answered over TLS 1.2 or newer, and plain bytes are answered with nothing."""
    settings = msgspec.structs.replace(
        ground.config,
        gateway=msgspec.structs.replace(ground.config.gateway, tls_certificate=certificate[0], tls_key=certificate[1]),
    )
    context = _tls(settings)
    assert context is not None
    assert context.minimum_version == ssl.TLSVersion.TLSv1_2
    loop = asyncio.get_running_loop()
    server = await loop.create_server(ground.listener.connection, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting)
        writer.write(b"GET /nothing HTTP/1.1\r\nHost: gateway\r\n\r\n")
        assert b"ENDPOINT_UNKNOWN" in await reader.readuntil(b"}")
        plain_reader, plain_writer = await asyncio.open_connection("127.0.0.1", port)
        plain_writer.write(b"GET /nothing HTTP/1.1\r\nHost: gateway\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            assert b"HTTP" not in await plain_reader.read()
        for each in (writer, plain_writer):
            each.close()
        ground.listener.close()
        server.close()
        await server.wait_closed()
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await writer.wait_closed()


class Venue(asyncio.Protocol):
    """A venue that answers every request, and remembers what it was sent."""

    def __init__(self) -> None:
        self.got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.got += data
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")  # type: ignore[attr-defined]  # a Transport


class Waiting:
    """Awaits one answer."""

    def __init__(self) -> None:
        self.done: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    def answered(self, status: int, head: bytes, body: bytes) -> None:
        self.done.set_result((status, body))

    def failed(self, failure: Failure) -> None:
        self.done.set_result(failure)


@pytest.mark.parametrize("case", ["trusted", "unknown issuer", "other name", "plain"])
async def test_a_venue_is_verified_before_a_byte_is_sent(certificate: tuple[Path, Path], case: str) -> None:
    """An order leaves over a verified connection; to anybody else nothing is sent, and that is known for certain."""
    loop = asyncio.get_running_loop()
    venue = Venue()
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(*certificate)
    server = await loop.create_server(lambda: venue, "127.0.0.1", 0, ssl=None if case == "plain" else serving)
    port = server.sockets[0].getsockname()[1]
    trusting = ssl.create_default_context(cafile=None if case == "unknown issuer" else str(certificate[0]))
    origin = Origin("localhost" if case == "other name" else "127.0.0.1", port, trusting, connect_s=3.0)
    pool = Pool(origin, time.monotonic)
    waiting = Waiting()
    async with asyncio.timeout(10):
        pool.send(ORDER, waiting)
        found = await waiting.done
        pool.close()
        server.close()
        await server.wait_closed()
    if case == "trusted":
        assert found == (200, b"{}")
        assert venue.got.startswith(b"POST /api/v3/order HTTP/1.1\r\n")
    else:
        assert found is Failure.NOT_SENT
        assert b"POST" not in venue.got


async def test_an_https_venue_is_reached_with_verification(ground: Ground) -> None:
    """The connections of a venue whose address begins with https check its certificate and its name."""
    from bailiwick.model.party import Venue as VenueRow

    origin = ground.house.links._origin(VenueRow("other", "Other", "binance", "https://exchange.test"), None)
    assert origin.tls is not None
    assert (origin.tls.verify_mode, origin.tls.check_hostname) == (ssl.CERT_REQUIRED, True)
