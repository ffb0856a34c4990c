"""Signatures: published vectors, and every way in which one must not pass."""

import base64
from urllib.parse import quote

import pytest
from binance_requests import KEY, SECRET, SIGNER, VERIFIER
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_curve_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bailiwick.model.secret import Secret
from bailiwick.venues.binance import HmacSigner, HmacVerifier, signer_of, verifier_of

REST = b"symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC"
REST_REST = b"quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559"
UNICODE = b"symbol=%EF%BC%91%EF%BC%92%EF%BC%93%EF%BC%94%EF%BC%95%EF%BC%96&side=BUY&type=LIMIT&timeInForce=GTC"

# Binance's REST documentation: a request, one with a symbol beyond ASCII, and one in both query and body.
PUBLISHED = [
    (REST + b"&" + REST_REST, b"c8db56825ae71d6d79447849e617115f4a920fa2acdcab2b053c4b2838bd6b71"),
    (UNICODE + b"&" + REST_REST, b"e1353ec6b14d888f1164ae9af8228a3dbd508bc82eb867db8ab6046442f33ef3"),
    (REST + REST_REST, b"0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"),
]

# RFC 8032, section 7.1: public key, message, signature.
RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.fixture(scope="module")
def rsa() -> RSAPrivateKey:
    """An RSA key made for this run."""
    return generate_private_key(65537, 2048)


def pem(public: Ed25519PublicKey | RSAPublicKey) -> bytes:
    """A public key as Binance's page takes it."""
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@pytest.mark.parametrize(("payload", "signature"), PUBLISHED)
def test_published_hmac_vectors_verify_and_are_signed_alike(payload: bytes, signature: bytes) -> None:
    """Each of Binance's published vectors verifies in hex of either case, and our own signature is the same."""
    assert VERIFIER.verify(payload, signature)
    assert VERIFIER.verify(payload, signature.upper())
    assert SIGNER.sign(payload) == signature


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        PUBLISHED[0][1][:-1],
        PUBLISHED[0][1] + b"0",
        PUBLISHED[0][1][:-1] + b"g",
        b" " + PUBLISHED[0][1][1:],
        b"0x" + PUBLISHED[0][1][2:],
        PUBLISHED[1][1],
        PUBLISHED[0][1].replace(b"c8", b"%638"),
    ],
)
def test_other_hex_does_not_verify(signature: bytes) -> None:
    """A signature of another length, alphabet, escape or message is no signature."""
    assert not VERIFIER.verify(PUBLISHED[0][0], signature)


def test_long_secret_is_hashed_as_hmac_defines() -> None:
    """A secret longer than the block signs as RFC 4231, case 6, says."""
    signer = HmacSigner(b"key", Secret(b"\xaa" * 131))
    expected = b"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    assert signer.sign(b"Test Using Larger Than Block-Size Key - Hash Key First") == expected


def test_empty_secret_is_refused() -> None:
    """Nobody can be issued a key whose secret is the empty text."""
    with pytest.raises(ValueError, match="empty"):
        HmacVerifier(Secret(b""))


@pytest.mark.parametrize("key", [b"", b"a b", b"key\r\nX-Evil: 1", "schlüssel".encode()])
def test_api_key_cannot_end_a_header(key: bytes) -> None:
    """An upstream API key with a line end, a space or a byte beyond ASCII is refused before it can be sent."""
    with pytest.raises(ValueError, match="api key"):
        HmacSigner(key, SECRET)


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_ed25519_vectors_verify(public: str, message: str, signature: str) -> None:
    """RFC 8032's vectors verify in base64, plain, percent-encoded and encoded twice."""
    verifier = verifier_of(pem(Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))))
    encoded = base64.b64encode(bytes.fromhex(signature)).decode()
    once = quote(encoded, safe="")
    for spelling in (encoded, once, once.replace("%2B", "%2b"), quote(once, safe="")):
        assert verifier.verify(bytes.fromhex(message), spelling.encode())


@pytest.mark.parametrize(("public", "message", "signature"), RFC_8032)
def test_altered_ed25519_does_not_verify(public: str, message: str, signature: str) -> None:
    """Another message, a flipped bit, hex, a lost padding or a longer text does not verify."""
    verifier = verifier_of(pem(Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))))
    raw = bytes.fromhex(signature)
    good = base64.b64encode(raw)
    flipped = base64.b64encode(bytes([raw[0] ^ 1]) + raw[1:])
    assert not verifier.verify(bytes.fromhex(message) + b"x", good)
    for bad in (flipped, signature.encode(), good.rstrip(b"="), good + b"=", good + b"\n", b"", b"%", b"A" * 5000):
        assert not verifier.verify(bytes.fromhex(message), bad)


def test_ed25519_signature_stands_on_the_wire_percent_encoded() -> None:
    """An upstream Ed25519 signature has no raw character of base64 that a query would misread, and verifies."""
    private = Ed25519PrivateKey.generate()
    signer = signer_of(KEY, private)
    for number in range(20):
        payload = b"symbol=BTCUSDT&timestamp=%d" % number
        signature = signer.sign(payload)
        assert not set(b"+/=") & set(signature)
        assert verifier_of(pem(private.public_key())).verify(payload, signature)


def test_rsa_is_pkcs1_over_sha256(rsa: RSAPrivateKey) -> None:
    """An RSA signature is PKCS #1 v1.5 over SHA-256 both when signing and when verifying, and PEM and DER both load."""
    payload = b"symbol=BTCUSDT&timestamp=1"
    signature = signer_of(KEY, rsa).sign(payload)
    expected = base64.b64encode(rsa.sign(payload, PKCS1v15(), SHA256())).decode()
    assert signature == quote(expected, safe="").encode()
    der = rsa.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for verifier in (verifier_of(pem(rsa.public_key())), verifier_of(der)):
        assert verifier.verify(payload, signature)
        assert not verifier.verify(payload + b"0", signature)
        assert not verifier.verify(payload, signature[:-6])
        assert not verifier.verify(payload, b"!")


def test_short_rsa_keys_are_refused() -> None:
    """An RSA key under 2048 bits is refused on both sides."""
    short = generate_private_key(65537, 1024)
    with pytest.raises(ValueError, match="2048"):
        signer_of(KEY, short)
    with pytest.raises(ValueError, match="2048"):
        verifier_of(pem(short.public_key()))


def test_other_kinds_of_keys_are_refused() -> None:
    """A key of a kind that Binance does not take is refused with the kinds that it does."""
    public = generate_curve_key(SECP256R1()).public_key()
    with pytest.raises(ValueError, match="Ed25519 and RSA"):
        verifier_of(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
