"""Binance's spot dialect, as the gateway asks for it. Binance.US is the same dialect on another host."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Endpoint
from bailiwick.model.request import Refusal
from bailiwick.model.secret import Secret
from bailiwick.venues.binance.answer import read_answer
from bailiwick.venues.binance.clock import fresh, mark_lifetime_us
from bailiwick.venues.binance.compose import compose, keep_name, look_up, narrow, poll
from bailiwick.venues.binance.countersign import countersign
from bailiwick.venues.binance.endpoints import ENDPOINTS
from bailiwick.venues.binance.form import unfold
from bailiwick.venues.binance.listing import gather, visible
from bailiwick.venues.binance.marketdata import BinanceMarketData
from bailiwick.venues.binance.parse import SIGNING, parse
from bailiwick.venues.binance.refusal import refuse
from bailiwick.venues.binance.signature import HmacSigner, HmacVerifier, signer_of, verifier_of
from bailiwick.venues.binance.startup import start_up_form
from bailiwick.venues.binance.symbols import read_order_rates, read_symbols
from bailiwick.venues.binance.usage import read_usage
from bailiwick.venues.binance.weights import weigh
from bailiwick.venues.dialect import Dialect, MarketData, Signer, Verifier


class Binance:
    """The dialect of Binance and of those that speak it."""

    key_header = b"x-mbx-apikey"
    signing_names = SIGNING
    own_names = frozenset(
        {
            "newClientOrderId", "listClientOrderId", "limitClientOrderId", "stopClientOrderId", "aboveClientOrderId",
            "belowClientOrderId", "workingClientOrderId", "pendingClientOrderId", "pendingAboveClientOrderId",
            "pendingBelowClientOrderId", "cancelNewClientOrderId", "withdrawOrderId", "clientTranId",
        }
    )  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        self.market_data: MarketData = BinanceMarketData()

    def endpoint(self, method: str, path: str) -> Endpoint | None:
        """The endpoint, or None where it is unknown. The path is compared as it came, byte for byte."""
        return ENDPOINTS.get((method, path))

    # The functions themselves stand here: one call less for each step of each request.
    unfold = staticmethod(unfold)
    fresh = staticmethod(fresh)
    mark_lifetime_us = staticmethod(mark_lifetime_us)
    parse = staticmethod(parse)
    weigh = staticmethod(weigh)
    compose = staticmethod(compose)
    keep_name = staticmethod(keep_name)
    narrow = staticmethod(narrow)
    countersign = staticmethod(countersign)
    look_up = staticmethod(look_up)
    poll = staticmethod(poll)
    read_usage = staticmethod(read_usage)
    read_answer = staticmethod(read_answer)
    visible = staticmethod(visible)
    gather = staticmethod(gather)
    symbols = staticmethod(read_symbols)
    order_limits = staticmethod(read_order_rates)

    def asks_for_key(self, endpoint: Endpoint) -> bool:
        """Every endpoint of the wallet, sub-account and margin families wants a key."""
        return endpoint.path.startswith("/sapi")

    def hmac_verifier(self, secret: Secret) -> Verifier:
        """Checks the HMAC signatures of a key issued with this secret."""
        return HmacVerifier(secret)

    def public_verifier(self, public: bytes) -> Verifier:
        """Checks the Ed25519 or RSA signatures of a key whose public half is this PEM or DER.

        Raises:
            ValueError: if it is neither.
        """
        return verifier_of(public)

    def hmac_signer(self, key: bytes, secret: Secret) -> Signer:
        """Signs with the venue's own HMAC key."""
        return HmacSigner(key, secret)

    def private_signer(self, key: bytes, private: Ed25519PrivateKey | RSAPrivateKey) -> Signer:
        """Signs with a private key registered at the venue under ``key``.

        Raises:
            ValueError: for an RSA key of fewer than 2048 bits.
        """
        return signer_of(key, private)

    def start_up(self, endpoint: Endpoint, body: bytes | None, now_us: int) -> bytes:
        """The form of a start-up read that holds nobody's balances.

        Raises:
            ValueError: if the venue's answer has another form than documented.
        """
        return start_up_form(endpoint.path, body, now_us)

    def refuse(self, deny: Deny, endpoint: Endpoint | None) -> Refusal:
        """A denial in Binance's own error format."""
        return refuse(deny)


BINANCE: Dialect = Binance("binance")
BINANCE_US: Dialect = Binance("binance-us")
