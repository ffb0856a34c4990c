"""Leaks: the secret proves itself and winds its key down; an id proves nothing; who signs a report is checked."""

import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP384R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from notify_house import NotifyHouse
from servers import Request, Web

from bailiwick.authority import notice_verbs as verbs
from bailiwick.authority.partner import Finding, findings
from bailiwick.authority.verbs import Kind, Move, MoveParty, RotateKey
from bailiwick.link.questions import RecordAct
from bailiwick.link.wire import LinkError
from bailiwick.model.credential import make_secret
from bailiwick.model.notice import Owner
from bailiwick.model.secret import Secret
from bailiwick.notify.webhook import signature
from bailiwick.store.leaks import MOST_AN_HOUR

KEY = generate_private_key(SECP256R1())


def published(*keys: tuple[str, EllipticCurvePrivateKey]) -> bytes:
    """What the provider publishes."""
    listed = [
        {
            "key_identifier": name,
            "key": key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
            "is_current": True,
        }
        for name, key in keys
    ]
    return msgspec.json.encode({"public_keys": listed})


@pytest.fixture(autouse=True)
def provider(hook: Web) -> Web:
    """The server that publishes the keys."""
    hook.answer = lambda request: (200, {"ETag": '"1"'}, published(("k1", KEY)))
    return hook


def body_of(*tokens: str) -> bytes:
    return msgspec.json.encode(
        [
            {"token": token, "type": "bailiwick_secret", "url": "https://github.com/x/y", "source": "commit"}
            for token in tokens
        ]
    )


def signed(body: bytes, key: EllipticCurvePrivateKey = KEY, name: str = "k1") -> dict[str, str]:
    made = base64.b64encode(key.sign(body, ECDSA(SHA256()))).decode()
    return {"github-public-key-identifier": name, "github-public-key-signature": made}


async def report(house: NotifyHouse, *tokens: str) -> int:
    body = body_of(*tokens)
    return await house.desk.noticing.leaks.receive(signed(body), body)


async def issued(house: NotifyHouse) -> tuple[str, str]:
    answer = await house.issue()
    assert answer.secret is not None
    return answer.id, answer.secret.reveal().decode()


def raw_data(directory: Path) -> bytes:
    """Every byte below a directory."""
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


def kinds(house: NotifyHouse) -> list[str]:
    return [told.notice.kind for told in house.store.notices.list()]


async def test_a_leaked_secret_winds_its_key_down_at_once(house: NotifyHouse) -> None:
    """The secret alone names its key: it winds down, with one incident and one notice, and the source is journalled."""
    key, secret = await issued(house)
    other, _ = await issued(house)
    assert await report(house, f"API_SECRET={secret}\n") == 204
    assert (house.state(key)[0], house.state(other)[0]) == ("winding_down", "active")
    (incident,) = (await house.ask(verbs.ListIncidents())).rows
    assert (incident.kind, incident.keys, kinds(house)) == ("leak", (key,), ["leak"])
    assert any("github" in act.reason for act in house.gateway.acts if act.act == "key.leak")


async def test_the_same_leak_is_one_incident_and_one_notice(house: NotifyHouse) -> None:
    """Found in many files and reported again and again, it is one incident, one notice and one line in the journal."""
    key, secret = await issued(house)
    await report(house, *[secret] * 20)
    before = len(house.gateway.acts)
    for _ in range(3):
        await report(house, secret)
    assert len((await house.ask(verbs.ListIncidents(key=key))).rows) == 1
    assert (kinds(house), len(house.gateway.acts)) == (["leak"], before)


async def test_a_flood_about_one_key_fills_nothing(house: NotifyHouse) -> None:
    """Whoever reports one secret from ever new places has it kept and journalled a bounded number of times."""
    key, secret = await issued(house)
    for place in range(MOST_AN_HOUR + 5):
        body = body_of(secret).replace(b"x/y", b"x/%d" % place)
        await house.desk.noticing.leaks.receive(signed(body), body)
    assert len(house.store.leaks.of_key(key)) == MOST_AN_HOUR


async def test_a_key_id_proves_nothing(house: NotifyHouse) -> None:
    """A bare key id, which anybody can plant, stops nothing: its owner is told, and the watch has a prior."""
    key, _ = await issued(house)
    assert await report(house, key) == 204
    assert (house.state(key)[0], kinds(house), (await house.ask(verbs.ListIncidents())).rows) == (
        "active", ["leak_claim"], (),
    )  # fmt: skip
    assert [each.proof for each in house.store.leaks.of_key(key)] == ["key id"]


async def test_a_key_id_acts_where_its_owner_said_so(house: NotifyHouse) -> None:
    """Who chose that an id suffices has his key wound down by one."""
    house.store.owners.put(Owner(name="Ada", bare_id_acts=True))
    key, _ = await issued(house)
    await report(house, key)
    assert house.state(key)[0] == "winding_down"


@pytest.mark.parametrize("case", ["altered body", "another key", "unknown name", "another curve", "none"])
async def test_an_unsigned_claim_is_not_even_told(house: NotifyHouse, case: str, provider: Web) -> None:
    """A claim that nobody is proven to have sent is answered like any other, and does nothing."""
    key, _ = await issued(house)
    body = body_of(key)
    headers = signed(body)
    match case:
        case "altered body":
            body = body.replace(b"commit", b"Commit")
        case "another key":
            headers = signed(body, generate_private_key(SECP256R1()))
        case "unknown name":
            headers = signed(body, name="k2")
        case "another curve":
            other = generate_private_key(SECP384R1())
            provider.answer = lambda request: (200, {}, published(("k1", other)))
            headers = signed(body, other)
        case _:
            headers = {}
    assert await house.desk.noticing.leaks.receive(headers, body) == 204
    assert (kinds(house), house.store.leaks.of_key(key)) == ([], [])


async def test_a_secret_acts_whoever_sends_it(house: NotifyHouse) -> None:
    """Whoever has the secret has proven the leak: without a signature it winds the key down too."""
    key, secret = await issued(house)
    assert await house.desk.noticing.leaks.receive({}, body_of(secret)) == 204
    assert house.state(key)[0] == "winding_down"
    assert [each.source for each in house.store.leaks.of_key(key)] == ["unsigned"]


async def test_the_signature_covers_the_raw_bytes(house: NotifyHouse) -> None:
    """A body that is written otherwise than JSON libraries would, with blanks and in another order, is verified."""
    key, _ = await issued(house)
    body = b'[ {"type" : "t",\n "token":"' + key.encode() + b'", "source":"content","url":""}]\n'
    await house.desk.noticing.leaks.receive(signed(body), body)
    assert kinds(house) == ["leak_claim"]


async def test_the_providers_keys_are_fetched_seldom(house: NotifyHouse, provider: Web) -> None:
    """Keys are kept for a day; made-up names make this house ask once a minute and no more."""
    key, _ = await issued(house)
    for _ in range(5):
        await report(house, key)
    body = body_of(key)
    for number in range(50):
        await house.desk.noticing.leaks.receive(signed(body, name=f"made-up-{number}"), body)
    assert len(provider.asked) == 1
    house.now += 60_000
    for number in range(50):
        await house.desk.noticing.leaks.receive(signed(body, name=f"made-up-{number}"), body)
    assert [request.headers.get("if-none-match") for request in provider.asked] == [None, '"1"']


async def test_a_provider_that_is_down_does_not_stop_a_secret(house: NotifyHouse, provider: Web) -> None:
    """Without the provider's keys a claim is not believed, and a secret still winds its key down."""

    def down(request: Request) -> Any:
        return 500, {}, b""

    provider.answer = down
    key, secret = await issued(house)
    assert await report(house, secret) == 204
    assert house.state(key)[0] == "winding_down"


async def test_a_private_key_is_known_by_its_public_half(house: NotifyHouse) -> None:
    """A PEM whose public half is a key's winds that key down; another one, and one under a password, stop nothing."""
    private, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    key = (await house.issue(public_key=public)).id
    locked = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")).decode()
    await report(house, other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), locked)
    assert house.state(key)[0] == "active"
    await report(house, "x = '''" + private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
    assert house.state(key)[0] == "winding_down"


def locked(private: rsa.RSAPrivateKey, form: str) -> str:
    """A private key under a password, in PEM of this form."""
    if form != "OpenSSH":
        way = PrivateFormat.PKCS8 if form == "PKCS #8" else PrivateFormat.TraditionalOpenSSL
        return private.private_bytes(Encoding.PEM, way, BestAvailableEncryption(b"word")).decode()
    # As OpenSSH writes it: the names of cipher and derivation stand before the public half, which nothing covers.
    lines = private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).split(b"\n")
    raw = base64.b64decode(b"".join(lines[1:-2]))
    open_, shut = [b"none", b"none", b""], [b"aes256-ctr", b"bcrypt", b"x" * 24]
    written = [b"".join(len(each).to_bytes(4, "big") + each for each in names) for names in (open_, shut)]
    assert written[0] in raw
    body = base64.encodebytes(raw.replace(*written, 1))
    return (lines[0] + b"\n" + body + lines[-2] + b"\n").decode()


@pytest.mark.parametrize("form", ["PKCS #8", "OpenSSL", "OpenSSH"])
async def test_a_key_under_a_password_is_an_incident(form: str, house: NotifyHouse) -> None:
    """It stops nothing, since nobody can see whose it is; but it is told of once, with what to do about it."""
    private = rsa.generate_private_key(65537, 2048)
    public = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    key = (await house.issue(public_key=public)).id
    text = locked(private, form)
    leaks = house.desk.noticing.leaks
    for _ in range(2):
        await leaks.take([Finding(token=text, url="https://example.com/x")], "GitHub")
    (opened,) = house.store.incidents.list(limit=10)
    readable = form == "OpenSSH"  # it leaves its public half outside of the password
    assert (opened.kind, opened.keys, house.state(key)[0]) == ("leak_locked", (key,) if readable else (), "active")
    assert "rotate" in opened.title
    assert kinds(house) == (["leak_locked"] if readable else [])


async def test_an_id_beside_a_key_under_a_password_says_whom_to_tell(house: NotifyHouse) -> None:
    """Where the report holds a key's id beside it, that key's owner is told; of an unproven report nothing is made."""
    key = (await house.issue()).id
    private = rsa.generate_private_key(65537, 2048)
    text = locked(private, "PKCS #8")
    finding = Finding(token=f"id={key}\n{text}", url="https://example.com/x")
    assert await house.desk.noticing.leaks.take([finding], "") == []
    assert house.store.incidents.list(limit=10) == []
    await house.desk.noticing.leaks.take([finding], "GitHub")
    (opened,) = house.store.incidents.list(limit=10)
    assert (opened.keys, opened.owner, sorted(kinds(house))) == ((key,), "Ada", ["leak_claim", "leak_locked"])


async def test_made_up_keys_under_passwords_fill_nothing(house: NotifyHouse) -> None:
    """A sender who makes up one after another opens so many incidents an hour and no more."""
    body = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n{}\n-----END ENCRYPTED PRIVATE KEY-----"
    report = [Finding(token=body.format(f"AAAA{number}"), url="x") for number in range(MOST_AN_HOUR + 10)]
    await house.desk.noticing.leaks.take(report, "GitHub")
    assert len(house.store.incidents.list(limit=200)) == MOST_AN_HOUR


async def test_a_public_key_is_no_leak(house: NotifyHouse) -> None:
    """The public half may stand anywhere."""
    public = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    key = (await house.issue(public_key=public)).id
    await report(house, public.decode())
    assert (house.state(key)[0], kinds(house)) == ("active", [])


async def test_a_secret_that_was_given_up_stops_nothing(house: NotifyHouse) -> None:
    """The secret of a revoked key, or one from before a rotation, is told as news; the key of today goes on."""
    key, secret = await issued(house)
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.REVOKE))
    await report(house, secret)
    assert (house.state(key)[0], kinds(house)) == ("revoked", ["leak_old"])


async def test_the_new_secret_of_a_rotated_key_is_known(house: NotifyHouse) -> None:
    """After a rotation a leak of the new secret names the key too."""
    key, _ = await issued(house)
    house.now += 1000
    rotated = await house.ask(RotateKey(id=key))
    assert rotated.secret is not None
    await report(house, rotated.secret.reveal().decode())
    assert house.state(key)[0] == "winding_down"


async def test_a_rotation_that_failed_makes_no_secret_old(house: NotifyHouse) -> None:
    """Where a rotation could not be recorded the key's secret is the one before, and its leak winds the key down."""
    key, secret = await issued(house)
    house.now += 1000
    house.gateway.fails = RecordAct
    with pytest.raises(LinkError):
        await house.ask(RotateKey(id=key))
    house.gateway.fails = None
    await report(house, secret)
    assert house.state(key)[0] == "winding_down"


async def test_an_older_secret_counts_while_it_is_believed(house: NotifyHouse) -> None:
    """In an overlap the older secret still signs, so its leak winds the key down; afterwards it is news."""
    (key, secret), (other, old) = await issued(house), await issued(house)
    house.now += 1000
    for each in (key, other):
        await house.ask(RotateKey(id=each, overlap_s=3600))
    await report(house, secret)
    house.now += 3_600_000
    await report(house, old)
    assert (house.state(key)[0], house.state(other)[0]) == ("winding_down", "active")


async def test_claims_are_limited_and_secrets_are_not(house: NotifyHouse) -> None:
    """Beyond the limit of a minute ids are not looked up any more; a secret behind them is still acted upon."""
    keys = [await issued(house) for _ in range(3)]
    house.desk.noticing.leaks._per_minute = 2
    await report(house, *[key for key, _ in keys], keys[2][1])
    assert [len(house.store.leaks.of_key(key)) for key, _ in keys] == [1, 1, 1]
    assert [house.state(key)[0] for key, _ in keys] == ["active", "active", "winding_down"]


async def test_a_form_is_signed_with_time(house: NotifyHouse) -> None:
    """The plain form is believed with the shared secret and a time of now; not five minutes later."""
    key, _ = await issued(house)
    body = body_of(key)
    at_s = house.now // 1000
    headers = {
        "bailiwick-timestamp": str(at_s),
        "bailiwick-signature": signature(Secret(b"form key"), at_s, body),
    }
    house.now += 301_000
    await house.desk.noticing.leaks.receive(headers, body)
    before = kinds(house)
    house.now -= 301_000
    await house.desk.noticing.leaks.receive(headers, body)
    assert (before, kinds(house)) == ([], ["leak_claim"])


async def test_a_leak_that_cannot_be_acted_upon_is_asked_for_again(house: NotifyHouse) -> None:
    """While nothing can be recorded the answer is no 204, so that the report comes again."""
    key, secret = await issued(house)
    house.gateway.down = True
    assert await report(house, secret) == 503
    house.gateway.down = False
    assert (await report(house, secret), house.state(key)[0]) == (204, "winding_down")


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b'[{"type":"x"}]', b"\xff", b"[" * 100_000])
async def test_what_is_no_report_is_answered_and_forgotten(house: NotifyHouse, body: bytes) -> None:
    """Nonsense is a 204 like everything else, signed or not."""
    assert findings(body) == []
    assert await house.desk.noticing.leaks.receive(signed(body), body) == 204


async def test_a_made_up_secret_is_nobodys(house: NotifyHouse) -> None:
    """A well-formed secret that was never issued does nothing and tells nothing."""
    await issued(house)
    assert await report(house, make_secret(b"x" * 32).reveal().decode()) == 204
    assert kinds(house) == []


async def test_a_person_reports_what_he_found(house: NotifyHouse) -> None:
    """By the command line a secret is reported with where it was found; what holds none is refused."""
    key, secret = await issued(house)
    answer = await house.ask(verbs.ReportLeak(found=Secret(secret.encode()), place="a screenshot"))
    assert (house.state(key)[0], answer.said[0]) == ("winding_down", f"key {key} winds down")
    (row,) = (await house.ask(verbs.ListLeaks(key=key))).rows
    assert (row.proof, row.place) == ("secret", "a screenshot")
    with pytest.raises(Exception, match="it holds no secret"):
        await house.ask(verbs.ReportLeak(found=Secret(b"hello")))


async def test_nothing_that_is_kept_holds_the_secret(house: NotifyHouse) -> None:
    """Neither journal, notices nor database hold a reported secret."""
    _, secret = await issued(house)
    await report(house, secret)
    assert secret.encode() not in raw_data(house.config.data)


def test_the_published_example_of_the_protocol_is_verified() -> None:
    """The provider's own published example of body, key and signature verifies here, and no other body does."""
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    from bailiwick.authority.partner import _signed

    pem = (
        b"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9MJJHnMfn2+H4xL4YaPDA4RpJqUq\n"
        b"kCmRCBnYERxZanmcpzQSXs1X/AljlKkbJ8qpVIW4clayyef9gWhFbNHWAA==\n-----END PUBLIC KEY-----\n"
    )
    body = b'[{"token":"some_token","type":"some_type","url":"some_url"}]'
    made = "MEUCIQDKZokqnCjrRtw0tni+2Ltvl/uiMJ1EGumEsp1BsNr32AIgQY1YXD2nlj+XNfGK4rBfkMJ1JDOQcYXxa2sY8FNkrKc="
    key: Any = load_pem_public_key(pem)
    assert (_signed(key, made, body), _signed(key, made, body + b"\n")) == (True, False)
