"""Private keys of upstream credentials: read from what a venue's user has, kept in one form."""

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

from bailiwick.model.credential import Purpose
from bailiwick.model.secret import Secret
from bailiwick.vault.errors import UnsealError, VaultError

PrivateKey = Ed25519PrivateKey | RSAPrivateKey
LEAST_RSA_BITS = 2048


def normalise_private_key(pem: Secret, password: Secret | None = None) -> tuple[Purpose, Secret]:
    """The purpose and the PKCS#8 DER form of a private key, ready to be sealed.

    Args:
        pem: an Ed25519 or RSA private key in PEM.
        password: of an encrypted PEM.

    Raises:
        VaultError: if it is not such a key, or an RSA key shorter than 2048 bits. The message carries nothing of it.
    """
    try:
        key = load_pem_private_key(pem.reveal(), None if password is None else password.reveal())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise VaultError("private key: not a PEM private key, or its password is missing or wrong") from None
    der = Secret(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    if isinstance(key, Ed25519PrivateKey):
        return Purpose.UPSTREAM_ED25519, der
    if isinstance(key, RSAPrivateKey):
        if key.key_size < LEAST_RSA_BITS:
            raise VaultError(f"private key: RSA of {key.key_size} bits; make one of at least {LEAST_RSA_BITS}")
        return Purpose.UPSTREAM_RSA, der
    raise VaultError("private key: neither Ed25519 nor RSA; make one of these at the venue")


def parse_private_key(purpose: Purpose, der: Secret) -> PrivateKey:
    """The private key of an unsealed record.

    An RSA key is not checked for primality again: it was when it was sealed, and the seal says that it is the same;
    the check takes tens of milliseconds.

    Raises:
        UnsealError: if the record does not hold the kind of key that its purpose names.
    """
    try:
        key = load_der_private_key(der.reveal(), None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise UnsealError(f"{purpose}: the sealed record holds no private key; seal the credential again") from None
    if purpose is Purpose.UPSTREAM_ED25519 and isinstance(key, Ed25519PrivateKey):
        return key
    if purpose is Purpose.UPSTREAM_RSA and isinstance(key, RSAPrivateKey):
        return key
    raise UnsealError(f"{purpose}: the sealed record holds another kind of key; seal the credential again")
