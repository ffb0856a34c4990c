"""How Binance and Binance.US speak: signatures, parameters, endpoints and what they can do, answers and errors."""

from bailiwick.venues.binance.dialect import BINANCE, BINANCE_US, Binance
from bailiwick.venues.binance.signature import (
    Ed25519Signer,
    Ed25519Verifier,
    HmacSigner,
    HmacVerifier,
    RsaSigner,
    RsaVerifier,
    signer_of,
    verifier_of,
)

__all__ = [
    "BINANCE",
    "BINANCE_US",
    "Binance",
    "Ed25519Signer",
    "Ed25519Verifier",
    "HmacSigner",
    "HmacVerifier",
    "RsaSigner",
    "RsaVerifier",
    "signer_of",
    "verifier_of",
]
