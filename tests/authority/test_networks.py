"""From where the keys of a service may be used: published by it, narrowed by a rule, widened by a person alone."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from authority_house import NOW, House

from bailiwick.authority import publishing
from bailiwick.authority.networks import EVERY_MS, ROUND_ACTOR
from bailiwick.authority.publishing import PublishingError, joined, meeting, parsed, read
from bailiwick.authority.service_verbs import NetworksAnswer, ServiceNetworks
from bailiwick.authority.verbs import AddService, EditService
from bailiwick.link.wire import LinkError

A, B, C = "203.0.113.0/24", "198.51.100.7/32", "192.0.2.0/24"


@pytest.fixture
def listed(tmp_path: Path) -> Path:
    """A file in which a service publishes its networks."""
    path = tmp_path / "networks.txt"
    path.write_text(f"# ours\n{A}\n{B}  # the office\n")
    return path


def publish(place: Path, text: str) -> None:
    """Let the service publish another list."""
    place.write_text(text)


async def look(house: House, **more: Any) -> NetworksAnswer:
    answer: NetworksAnswer = await house.ask(ServiceNetworks(id="pub", **more))
    return answer


async def published(house: House, listed: Path) -> None:
    await house.ask(AddService(id="pub", name="Pub", networks_from=str(listed)))


async def test_they_are_read_from_where_a_person_says(house: House, listed: Path) -> None:
    """A list that a person names is taken as it is, and shown with its place and its age."""
    await published(house, listed)
    found = await look(house)
    assert (found.networks, found.source, found.age_s, found.offered) == ((B, A), str(listed), 0, ())


async def test_a_network_that_is_gone_is_taken_away_by_itself(house: House, listed: Path) -> None:
    """A refresh by a rule narrows: nobody need be asked to allow less, and the act is journalled."""
    await published(house, listed)
    publish(listed, A)
    await house.desk.networks.refresh("pub", ROUND_ACTOR)
    assert (await look(house)).networks == (A,)
    assert (house.last_act().act, house.last_act().actor) == ("service.networks", ROUND_ACTOR)


async def test_a_network_that_was_added_waits_for_a_person(house: House, listed: Path) -> None:
    """Whoever can write the list cannot let himself in: what is added is offered, until a person accepts it."""
    await published(house, listed)
    publish(listed, f"{A}\n{B}\n{C}\n")
    found = await look(house, refresh=True)
    assert (found.networks, found.offered) == ((B, A), (C,))
    with pytest.raises(LinkError, match="only a signed-in person"):
        await house.desk.answer(ServiceNetworks(id="pub", accept=True), ROUND_ACTOR)
    found = await look(house, accept=True, reason="they told us by telephone")
    assert (found.networks, found.offered) == ((C, B, A), ())


async def test_a_list_that_shares_nothing_changes_nothing(house: House, listed: Path) -> None:
    """A list of strangers' networks would leave none, and none would mean any: it is a failure, and told."""
    await published(house, listed)
    publish(listed, C)
    found = await look(house, refresh=True)
    assert (found.networks, found.offered) == ((B, A), ())
    assert "none of the networks in force" in found.failure


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "0.0.0.0/0\n", "::/0", "example.com", "203.0.113.1/24", "[1]", "{}"]
)
async def test_a_list_that_makes_no_sense_changes_nothing(house: House, listed: Path, text: str) -> None:
    """Empty, of the whole internet, or no list at all: what was in force stays."""
    await published(house, listed)
    publish(listed, text)
    found = await look(house, refresh=True)
    assert (found.networks, bool(found.failure), found.age_s) == ((B, A), True, 0)


async def test_a_list_is_read_again_when_it_is_old(house: House, listed: Path) -> None:
    """The round reads a list once an hour, and not before."""
    await published(house, listed)
    publish(listed, A)
    await house.desk.networks.refresh_due()
    assert (await look(house)).networks == (B, A)
    house.desk.networks._clock = lambda: NOW + EVERY_MS
    await house.desk.networks.refresh_due()
    assert (await look(house)).networks == (A,)


async def test_networks_named_by_hand_end_the_reading(house: House, listed: Path) -> None:
    """Who names networks himself means these and no list; both at once are refused."""
    await published(house, listed)
    with pytest.raises(LinkError, match="not both"):
        await house.ask(EditService(id="pub", networks=(C,), networks_from=str(listed)))
    await house.ask(EditService(id="pub", networks=(C,)))
    found = await look(house)
    assert (found.networks, found.source) == ((C,), "")


@pytest.mark.parametrize(
    ("current", "listed_", "kept", "offered"),
    [
        ([A, B], [A, B], (B, A), ()),
        ([A], ["203.0.113.0/25"], ("203.0.113.0/25",), ()),
        ([A], ["203.0.112.0/23"], (A,), ("203.0.112.0/23",)),
        (["2001:db8::/32"], [A, "2001:db8:1::/48"], ("2001:db8:1::/48",), (A,)),
    ],
)
def test_only_what_lies_within_narrows(
    current: list[str], listed_: list[str], kept: tuple[str, ...], offered: tuple[str, ...]
) -> None:
    """A smaller network narrows; a wider one leaves what is in force, and waits."""
    assert meeting(current, listed_) == (kept, offered)


def test_accepted_networks_join_those_in_force() -> None:
    """What another one holds already is not named twice."""
    assert joined([A], ["203.0.113.0/25", C]) == (C, A)


@pytest.mark.parametrize("text", [f"{A}\n{B}", f'["{A}", "{B}"]', f'{{"networks": ["{B}", "{A}"]}}'])
def test_text_and_json_are_read_alike(text: str) -> None:
    """A list is lines, or JSON."""
    assert parsed(text.encode()) == (B, A)


@pytest.mark.parametrize(
    "source",
    ["http://example.com/n", "https://user:pw@example.com/n", "ftp://example.com/n", "networks.txt", "https://"],
)
def test_what_could_be_forged_on_the_way_is_refused(source: str) -> None:
    """Neither plain http beyond this machine, nor another scheme, nor a file relative to nobody knows what."""
    with pytest.raises(PublishingError):
        read(source)


class Pages(http.server.BaseHTTPRequestHandler):
    """Answers with a list, a redirect, too much, or an error."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/list")
            self.end_headers()
            return
        body = {"/list": A.encode(), "/long": b"#" * (publishing.MOST_BYTES + 1)}.get(self.path)
        self.send_response(404 if body is None else 200)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def pages() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_list_is_fetched_and_nothing_else(pages: str) -> None:
    """A list is fetched; a redirect, an error, a list without end and a silent port are failures."""
    assert read(f"{pages}/list") == (A,)
    for path in ("/moved", "/missing", "/long"):
        with pytest.raises(PublishingError):
            read(f"{pages}{path}")
    with pytest.raises(PublishingError, match="cannot be fetched"):
        read("http://127.0.0.1:9/list")


def test_a_certificate_is_verified(tmp_path: Path) -> None:
    """Over https, a server that nobody vouches for is not believed."""
    import datetime
    import ssl

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    start = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(start).not_valid_after(start + datetime.timedelta(days=3))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        with pytest.raises(PublishingError, match="cannot be fetched"):
            read(f"https://localhost:{server.server_address[1]}/list")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
