"""What the gateway asks of a venue's dialect.

A dialect is pure: it reads no clock and opens nothing; ``now_us`` is a parameter. Everything that is true of one
venue and of no other stands behind this protocol.
"""

from collections.abc import Callable, Container, Mapping
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Endpoint, Intent, OrderDraft, OrderRef
from bailiwick.model.market import BookTop, Candle, OrderRates, PublicTrade, Question, SymbolInfo, TradedMinute
from bailiwick.model.order import Answer
from bailiwick.model.request import Outgoing, Refusal, Request, Signed
from bailiwick.model.secret import Secret
from bailiwick.model.usage import Usage


class Verifier(Protocol):
    """Checks signatures made with one issued key."""

    def verify(self, payload: bytes, signature: bytes) -> bool:
        """Whether ``signature``, as spelled on the wire, is this key's over ``payload``."""
        ...


class Signer(Protocol):
    """Signs with an account's upstream credential."""

    key: bytes  # what goes into the venue's key header

    def sign(self, payload: bytes) -> bytes:
        """The signature as it is spelled on the wire, percent-encoded where the venue asks for it."""
        ...


class MarketData(Protocol):
    """The public questions that keep prices fresh. Reading raises ``ValueError`` for an answer of another form."""

    def time(self) -> Question:
        """Ask for the venue's clock."""
        ...

    def symbols(self) -> Question:
        """Ask for the venue's description of its symbols, which ``Dialect.symbols`` reads."""
        ...

    def tops(self) -> Question:
        """Ask for the best bid and ask of every symbol."""
        ...

    def minutes(self, symbol: str, start_ms: int, count: int) -> Question:
        """Ask for candles of a minute, at most a thousand, beginning at a moment."""
        ...

    def days(self, symbol: str, count: int) -> Question:
        """Ask for the latest candles of a day."""
        ...

    def trades(self, symbol: str, after: int | None) -> Question:
        """Ask for public trades, at most a thousand: those behind a number, or the latest."""
        ...

    def read_time(self, body: bytes) -> int:
        """The venue's clock in microseconds since 1970."""
        ...

    def read_tops(self, body: bytes, among: Container[str] | None = None) -> list[BookTop]:
        """Best bids and asks, of these symbols alone if any are given; symbols without both sides are left out."""
        ...

    def read_candles(self, body: bytes) -> list[Candle]:
        """Candles, oldest first."""
        ...

    def read_minutes(self, body: bytes) -> list[TradedMinute]:
        """The answer to ``minutes`` in full, oldest first."""
        ...

    def read_trades(self, body: bytes) -> list[PublicTrade]:
        """Public trades, oldest first."""
        ...


class Dialect(Protocol):
    """How one venue speaks."""

    name: str
    market_data: MarketData
    key_header: bytes  # lower case
    signing_names: frozenset[str]  # parameters that only a signed request has: its time, its window, its signature
    own_names: frozenset[str]  # parameters in which a client names its own orders and withdrawals anew each time

    def hmac_verifier(self, secret: Secret) -> Verifier:
        """What checks the signatures of an issued HMAC key."""
        ...

    def public_verifier(self, public: bytes) -> Verifier:
        """What checks the signatures of an issued Ed25519 or RSA key, given as SubjectPublicKeyInfo in DER.

        Raises:
            ValueError: if the venue takes no such keys.
        """
        ...

    def hmac_signer(self, key: bytes, secret: Secret) -> Signer:
        """What signs with an upstream HMAC credential; ``key`` is the venue's name for it."""
        ...

    def private_signer(self, key: bytes, private: Ed25519PrivateKey | RSAPrivateKey) -> Signer:
        """What signs with an upstream Ed25519 or RSA credential; ``key`` is the venue's name for it."""
        ...

    def endpoint(self, method: str, path: str) -> Endpoint | None:
        """The endpoint, or None where it is unknown: unknown ones are denied."""
        ...

    def unfold(self, endpoint: Endpoint, request: Request) -> Signed | Deny:
        """Find payload, signature, timestamp and receive window in the raw bytes, decoding nothing."""
        ...

    def fresh(self, timestamp_us: int, window_us: int, now_us: int) -> Deny | None:
        """Whether the timestamp lies inside of the receive window, at both edges as the venue defines them."""
        ...

    def mark_lifetime_us(self, timestamp_us: int, window_us: int) -> int:
        """Until when, in microseconds of the venue's clock, a replay of this payload could still be accepted."""
        ...

    def weigh(self, intent: Intent) -> int:
        """The request weight that the venue counts for a request with these parameters."""
        ...

    def parse(self, endpoint: Endpoint, request: Request, signed: Signed | None) -> Intent | Deny:
        """Read the parameters strictly into an intent. Ambiguity denies. ``signed`` is None for unsigned endpoints."""
        ...

    def compose(self, intent: Intent, orders: tuple[OrderDraft, ...]) -> Intent:
        """The intent with these orders written into its parameters: as they leave, with their client order ids."""
        ...

    def keep_name(self, intent: Intent, client_id: str) -> Intent | Deny:
        """The amendment of an order under the client order id that it has; another than that is refused."""
        ...

    def narrow(self, intent: Intent, symbol: str, target: OrderRef) -> Intent:
        """The cancel of one order that stands for part of a cancel-all."""
        ...

    def countersign(self, intent: Intent, signer: Signer | None, now_us: int, window_us: int) -> Outgoing:
        """Serialise the intent canonically and sign it.

        Without a signer nothing is signed: for public data, and for an exchange's own engine that trusts a header.
        """
        ...

    def look_up(self, symbol: str, target: OrderRef) -> Intent:
        """The intent that asks for one order, to settle an unknown outcome."""
        ...

    def poll(self, symbol: str, what: str) -> Intent:
        """The intent that lists ``open`` orders or ``trades`` of a symbol, for the reconciler."""
        ...

    def asks_for_key(self, endpoint: Endpoint) -> bool:
        """Whether the venue wants its key header on this endpoint although it asks for no signature."""
        ...

    def read_usage(self, head: bytes) -> Usage:
        """What the head of an answer says of limits. It begins with the status line; its framing was checked."""
        ...

    def read_answer(self, intent: Intent, status: int, body: bytes) -> Answer:
        """What the venue's answer settles. Never raises: what cannot be read is an unknown outcome."""
        ...

    def visible(self, intent: Intent, body: bytes, owns: Callable[[str, OrderRef], bool]) -> bytes:
        """The answer to a listing, narrowed to the orders (or their trades) that ``owns`` admits."""
        ...

    def gather(self, bodies: list[bytes]) -> bytes:
        """One answer to a cancel-all, out of the answers to the cancels that stood for it."""
        ...

    def refuse(self, deny: Deny, endpoint: Endpoint | None) -> Refusal:
        """A denial in the venue's own error format: it names the rule, never the limit or what is left of it."""
        ...

    def start_up(self, endpoint: Endpoint, body: bytes | None, now_us: int) -> bytes:
        """The form of a start-up read that holds nobody's balances; an empty one where the venue gave no answer."""
        ...

    def symbols(self, exchange_info: bytes) -> Mapping[str, SymbolInfo]:
        """The venue's symbols out of its description of itself."""
        ...

    def order_limits(self, exchange_info: bytes) -> OrderRates:
        """How many orders the venue takes of one account, out of its description of itself."""
        ...
