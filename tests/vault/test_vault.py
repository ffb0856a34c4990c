"""The vault: what was sealed opens for its record and purpose, and for nothing else."""

import base64
import pickle

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.model.credential import Purpose, Sealed
from bailiwick.model.secret import Secret
from bailiwick.vault.errors import CustodyError, UnsealError, VaultError
from bailiwick.vault.privatekey import normalise_private_key
from bailiwick.vault.sealer import Sealer
from bailiwick.vault.vault import Vault
from bailiwick.vault.vaultkey import Keyring, VaultKey

VAULT = Vault(Keyring(VaultKey(Secret(bytes(range(32))))))
SEALER = Sealer.load(VAULT.sealer().export())
PLAINTEXT = Secret(b"bws_plaintext")
BY_VAULT = VAULT.seal("one", Purpose.ISSUED_HMAC, PLAINTEXT)
BY_SEALER = SEALER.seal("one", Purpose.ISSUED_HMAC, PLAINTEXT)


def pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> Secret:
    return Secret(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@given(st.text(), st.sampled_from(Purpose), st.binary(max_size=300))
def test_what_is_sealed_opens(record: str, purpose: Purpose, plaintext: bytes) -> None:
    """Whatever the record, purpose and secret, sealing by either way is undone by unsealing."""
    for sealed in (
        VAULT.seal(record, purpose, Secret(plaintext)),
        SEALER.seal(record, purpose, Secret(plaintext)),
        VAULT.rewrap(SEALER.seal(record, purpose, Secret(plaintext))),
    ):
        assert VAULT.unseal(sealed) == Secret(plaintext)


ENVELOPES_OF_VERSION_1 = {
    "vault": (
        "AQGBEuX5sLMOvOOiKaEwHBaHVeuU/GEGiwewycxMITgzSiohY7KXnnKLyY0L8Q4DvDPJa64F4h5K3Yi7/CAHDEOGqr"
        "+TzAzsNn0QdQA8ObmioNudcCnrztH9GeZW4dmePA2hzuoTbdvfvb6bVaPj"
    ),
    "sealer": (
        "AQKBEuX5sLMOvOl6nxBzeVb0bmGbEfyZ97Nm9QjQaFve2eGJ+HQDgilT5eY8PVFcf7kl8IUoikQx4Mg6Gt1OxqmTfp"
        "tRY16ULpimXHVezuDo2cQ/QgEG5gnH9NvUHrmuWL+hD1cvW8fS1PWvGkwo7Yzl/ZyQLnWRnVR/O/ekl1sIsMV7fIh5"
        "nP2H7BomL7E="
    ),
}


@pytest.mark.parametrize("by", ENVELOPES_OF_VERSION_1)
def test_envelopes_of_the_first_version_open_for_ever(by: str) -> None:
    """What was sealed by the first release opens in every later one: these bytes never change."""
    envelope = base64.b64decode(ENVELOPES_OF_VERSION_1[by])
    assert VAULT.unseal(Sealed("one", Purpose.ISSUED_HMAC, envelope)) == PLAINTEXT


@pytest.mark.parametrize("sealed", [BY_VAULT, BY_SEALER], ids=["vault", "sealer"])
def test_any_altered_bit_is_noticed(sealed: Sealed) -> None:
    """An envelope with any one bit changed does not open."""
    for place in range(len(sealed.envelope)):
        for bit in (1, 128):
            altered = bytearray(sealed.envelope)
            altered[place] ^= bit
            with pytest.raises(UnsealError):
                VAULT.unseal(Sealed(sealed.record, sealed.purpose, bytes(altered)))


@pytest.mark.parametrize("sealed", [BY_VAULT, BY_SEALER], ids=["vault", "sealer"])
def test_any_truncation_is_noticed(sealed: Sealed) -> None:
    """An envelope cut short anywhere, or with a byte too many, does not open."""
    for length in range(len(sealed.envelope)):
        with pytest.raises(UnsealError):
            VAULT.unseal(Sealed(sealed.record, sealed.purpose, sealed.envelope[:length]))
    with pytest.raises(UnsealError):
        VAULT.unseal(Sealed(sealed.record, sealed.purpose, sealed.envelope + b"\0"))


@pytest.mark.parametrize("sealed", [BY_VAULT, BY_SEALER], ids=["vault", "sealer"])
def test_swapped_rows_do_not_open(sealed: Sealed) -> None:
    """A ciphertext moved to another record or another purpose is refused, even while its secret is in the cache."""
    assert VAULT.hmac_secret(sealed) == PLAINTEXT
    for moved in (
        Sealed("two", sealed.purpose, sealed.envelope),
        Sealed(sealed.record, Purpose.UPSTREAM_HMAC, sealed.envelope),
    ):
        with pytest.raises(UnsealError, match="altered, or belongs to another"):
            VAULT.hmac_secret(moved)
        with pytest.raises(UnsealError, match="altered, or belongs to another"):
            VAULT.rewrap(moved)


def test_halves_of_two_envelopes_do_not_fit() -> None:
    """The head of one envelope before the payload of another does not open, though both are of one record."""
    other = VAULT.seal("one", Purpose.ISSUED_HMAC, Secret(b"bws_newer one"))
    payload = len(other.envelope) - len(b"bws_newer one") - 16 - 12
    mixed = BY_VAULT.envelope[:payload] + other.envelope[payload:]
    with pytest.raises(UnsealError):
        VAULT.unseal(Sealed("one", Purpose.ISSUED_HMAC, mixed))


def test_record_and_purpose_do_not_run_together() -> None:
    """A record whose name ends as a purpose begins authenticates as itself alone."""
    sealed = VAULT.seal("a", Purpose.BACKUP, PLAINTEXT)
    with pytest.raises(UnsealError):
        VAULT.unseal(Sealed("ab", Purpose.BACKUP, sealed.envelope))


def test_a_sealer_cannot_unseal() -> None:
    """The sealer has no way to a plaintext, and what it carries does not open what it sealed."""
    assert not [name for name in dir(SEALER) if "unseal" in name or "open" in name]
    exported = SEALER.export().reveal()
    for place in range(len(exported) - 31):
        guess = Vault(Keyring(VaultKey(Secret(exported[place : place + 32]))))
        with pytest.raises(UnsealError):
            guess.unseal(BY_SEALER)


def test_who_writes_the_database_cannot_forge() -> None:
    """The public half alone, without the sealer's token, makes no envelope that opens."""
    forged = Sealer(VAULT.keyring.current.id, VAULT.keyring.current.intake.public_key().public_bytes_raw(), Secret(b""))
    with pytest.raises(UnsealError):
        VAULT.unseal(forged.seal("one", Purpose.ISSUED_HMAC, Secret(b"known to the thief")))


def test_another_vault_key_does_not_open() -> None:
    """Without the vault key the refusal says which one is missing."""
    stranger = Vault(Keyring(VaultKey.generate()))
    with pytest.raises(UnsealError, match=VAULT.keyring.current.id.hex()):
        stranger.unseal(BY_VAULT)


def test_sealing_twice_shows_nothing() -> None:
    """The same secret sealed twice gives envelopes that share nothing beyond the head."""
    again = VAULT.seal("one", Purpose.ISSUED_HMAC, PLAINTEXT)
    assert again.envelope[:10] == BY_VAULT.envelope[:10]
    assert again.envelope[10:22] != BY_VAULT.envelope[10:22]
    assert PLAINTEXT.reveal() not in again.envelope


def test_the_cache_is_bounded() -> None:
    """However many keys are used, no more secrets than the bound are in memory, and the latest used stay."""
    vault = Vault(Keyring(VaultKey.generate()), cache_records=3)
    records = [vault.seal(f"key-{number}", Purpose.ISSUED_HMAC, Secret(b"%d" % number)) for number in range(5)]
    first = vault.hmac_secret(records[0])
    for sealed in records[1:3]:
        vault.hmac_secret(sealed)
    assert vault.hmac_secret(records[0]) is first
    for sealed in records[3:]:
        vault.hmac_secret(sealed)
    assert vault.hmac_secret(records[0]) is first
    assert len(vault._secrets) == 3


def test_a_new_secret_takes_the_place_of_the_old() -> None:
    """After a rotation of a key's secret the new one is served, and the old one is not kept beside it."""
    vault = Vault(Keyring(VaultKey.generate()))
    for text in (b"old", b"new"):
        assert vault.hmac_secret(vault.seal("key", Purpose.ISSUED_HMAC, Secret(text))) == Secret(text)
    assert len(vault._secrets) == 1


def test_a_forgotten_record_is_out_of_the_cache() -> None:
    """After a revocation neither the secret nor the parsed private key of the record is kept."""
    vault = Vault(Keyring(VaultKey.generate()))
    sealed = vault.seal("gone", Purpose.ISSUED_HMAC, PLAINTEXT)
    purpose, der = normalise_private_key(pem(ed25519.Ed25519PrivateKey.generate()))
    private = vault.seal("gone", purpose, der)
    secret, key = vault.hmac_secret(sealed), vault.private_key(private)
    vault.forget("gone")
    assert vault.hmac_secret(sealed) is not secret
    assert vault.private_key(private) is not key


def test_private_keys_are_parsed_once() -> None:
    """An Ed25519 and an RSA key come back able to sign, and the same object the second time."""
    for key in (ed25519.Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)):
        purpose, der = normalise_private_key(pem(key))
        sealed = VAULT.seal("upstream", purpose, der)
        opened = VAULT.private_key(sealed)
        assert opened.public_key() == key.public_key()
        assert VAULT.private_key(sealed) is opened


def test_an_encrypted_private_key_needs_its_password() -> None:
    """A PEM under a password is taken with it and refused without."""
    key = ed25519.Ed25519PrivateKey.generate()
    locked = Secret(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass")))
    assert normalise_private_key(locked, Secret(b"pass")) == normalise_private_key(pem(key))
    for password in (None, Secret(b"fail")):
        with pytest.raises(VaultError, match="password"):
            normalise_private_key(locked, password)


def test_other_private_keys_are_refused() -> None:
    """A short RSA key, an elliptic-curve key and no key at all are each refused with what to do."""
    with pytest.raises(VaultError, match="at least 2048"):
        normalise_private_key(pem(rsa.generate_private_key(65537, 1024)))
    with pytest.raises(VaultError, match="neither Ed25519 nor RSA"):
        normalise_private_key(pem(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(VaultError, match="not a PEM"):
        normalise_private_key(Secret(b"-----BEGIN NOTHING-----"))


def test_a_record_opens_only_as_what_it_was_sealed_for() -> None:
    """An HMAC secret is not handed out as a private key, nor one kind of private key as the other."""
    _, der = normalise_private_key(pem(ed25519.Ed25519PrivateKey.generate()))
    with pytest.raises(UnsealError, match="not for HMAC"):
        VAULT.hmac_secret(VAULT.seal("x", Purpose.UPSTREAM_ED25519, der))
    with pytest.raises(UnsealError, match="another kind"):
        VAULT.private_key(VAULT.seal("x", Purpose.UPSTREAM_RSA, der))
    with pytest.raises(UnsealError, match="another kind"):
        VAULT.private_key(VAULT.seal("x", Purpose.ISSUED_HMAC, der))
    with pytest.raises(UnsealError, match="no private key"):
        VAULT.private_key(VAULT.seal("x", Purpose.UPSTREAM_RSA, PLAINTEXT))


def test_nothing_of_the_vault_shows_itself() -> None:
    """No repr of a vault, ring, key or sealer carries key material, and none of them can be pickled."""
    material = VAULT.keyring.current.material.reveal()
    for thing in (VAULT, VAULT.keyring, VAULT.keyring.current, SEALER):
        assert material.hex() not in repr(thing)
        assert repr(material) not in repr(thing)
        with pytest.raises(TypeError):
            pickle.dumps(thing)


def test_damaged_material_is_refused() -> None:
    """Keys and sealers of a wrong length, and envelopes of an unknown form, say so."""
    with pytest.raises(CustodyError, match="32 bytes, not 5"):
        VaultKey(Secret(b"short"))
    with pytest.raises(CustodyError, match="ask the gateway"):
        Sealer.load(Secret(b"short"))
    with pytest.raises(UnsealError, match="newer program"):
        VAULT.unseal(Sealed("one", Purpose.ISSUED_HMAC, b"\x02" + BY_VAULT.envelope[1:]))
    with pytest.raises(UnsealError, match="wrap 9"):
        VAULT.unseal(Sealed("one", Purpose.ISSUED_HMAC, b"\x01\x09" + BY_VAULT.envelope[2:]))
