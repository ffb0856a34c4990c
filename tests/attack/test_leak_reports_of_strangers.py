"""Reports of leaks come from anybody: one must not stop the house, nor a key with what is not its secret."""

import base64
import textwrap
import time
from pathlib import Path

from authority_house import House
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from bailiwick.authority.partner import Finding
from bailiwick.authority.verbs import Kind, Move, MoveParty
from bailiwick.model.credential import make_secret
from bailiwick.model.leaked import Sort, find
from bailiwick.model.party import KeyState

PKCS8 = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_report_of_nothing_but_beginnings_is_read_in_a_moment() -> None:
    """A MiB of PEM beginnings without an end took eleven seconds, in which no key could be frozen."""
    began = time.perf_counter()
    assert list(find(b"-----BEGIN PRIVATE KEY-----" * 37_000)) == []
    assert time.perf_counter() - began < 3


def test_a_private_key_behind_a_torn_one_is_still_found() -> None:
    """What has a beginning and no end hides nothing that follows it."""
    whole = generate_private_key(65537, 2048).private_bytes(*PKCS8)
    found = list(find(b"-----BEGIN PRIVATE KEY-----\nMIIE\n" + whole + b"-----BEGIN PRIVATE KEY-----"))
    assert [(each.sort, each.text.reveal()) for each in found] == [(Sort.PRIVATE_KEY, whole.strip())]


async def test_many_strange_private_keys_are_read_in_a_moment(tmp_path: Path) -> None:
    """Three hundred private keys of strangers in one report took a minute and a half; whose they are costs nothing."""
    house = House(tmp_path)
    await house.settle()
    text = generate_private_key(65537, 4096).private_bytes(*PKCS8).decode()
    began = time.perf_counter()
    assert await house.desk.noticing.leaks.take([Finding(token=text * 300)], "") == []
    assert time.perf_counter() - began < 5
    house.store.close()


async def test_a_public_half_alone_stops_no_key(tmp_path: Path) -> None:
    """A key's public half with a secret half that somebody made up proves nothing; the true one does."""
    house = House(tmp_path)
    await house.settle()
    private = generate_private_key(65537, 2048)
    public = private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    key = (await house.issue(public_key=pem)).id
    true = private.private_numbers()
    der = private.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    for number in (true.d, true.p, true.q, true.dmp1, true.dmq1, true.iqmp):
        size = (number.bit_length() + 7) // 8
        der = der.replace(number.to_bytes(size), (number ^ 2).to_bytes(size))
    lines = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    forged = f"-----BEGIN RSA PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----\n"
    assert [each.sort for each in find(forged.encode())] == [Sort.PRIVATE_KEY]
    await house.desk.noticing.leaks.take([Finding(token=forged * 20)], "")
    assert house.store.keys.get(key).state is KeyState.ACTIVE
    await house.desk.noticing.leaks.take([Finding(token=private.private_bytes(*PKCS8).decode())], "")
    assert house.store.keys.get(key).state is KeyState.WINDING_DOWN
    house.store.close()


async def test_a_key_is_never_stopped_without_a_word(tmp_path: Path) -> None:
    """A report that was heard of within the hour, and stops a key that its owner gave back meanwhile, is told again."""
    house = House(tmp_path)
    await house.settle()
    issued = await house.issue()
    assert issued.secret is not None
    report = [Finding(token=issued.secret.reveal().decode(), url="https://example.com/paste")]
    leaks = house.desk.noticing.leaks
    assert len(await leaks.take(report, "")) == 2
    assert "reported already" in (await leaks.take(report, ""))[0]
    await house.ask(MoveParty(kind=Kind.KEY, id=issued.id, to=Move.UNFREEZE))
    said = await leaks.take(report, "")
    assert (said[0], "incident" in said[1]) == (f"key {issued.id} winds down", True)
    house.store.close()


async def test_many_words_that_look_like_secrets_are_read_in_a_moment(tmp_path: Path) -> None:
    """Twelve thousand secrets of nobody in one report took eight seconds; the true one among them is found."""
    house = House(tmp_path)
    await house.settle()
    issued = await house.issue()
    assert issued.secret is not None
    words = [make_secret(number.to_bytes(32)).reveal().decode() for number in range(12_000)]
    report = [Finding(token=" ".join(words[:6_000])), *(Finding(token=word) for word in words[6_000:])]
    report.insert(3_000, Finding(token=issued.secret.reveal().decode()))
    began = time.perf_counter()
    said = await house.desk.noticing.leaks.take(report, "")
    assert time.perf_counter() - began < 4
    assert said[0] == f"key {issued.id} winds down"
    house.store.close()
