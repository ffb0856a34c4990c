"""The door: every act of a key goes through it, honest or not, and so does all that the key's side is told.

Whoever runs a world brings a door. It sees what a gateway sees (an intent or the signed bytes of one, an address, the
market) and answers what a gateway answers. What an act truly is (``Act.theft``) stands beside it for the reckoning
afterwards; a door that decides by it proves nothing.
"""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

import msgspec

from bailiwick.model.harm import Harm
from bailiwick.model.intent import Intent, OrderDraft, OrderRef, Side
from bailiwick.model.order import Answer, OrderReport
from bailiwick.rules.market import Market


class Manner(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a client program looks like on the wire.

    Attributes:
        name: the client's, such as ``ccxt``.
        user_agent: its header of that name.
        headers: the names of its headers in their order.
        in_body: whether the parameters of a POST travel in the body.
        order: ``given``, ``alphabetical`` or ``timestamp-first``: how it orders parameters.
        prefix: what its client order ids begin with.
        window_ms: its receive window; 0: it sends none.
    """

    name: str
    user_agent: str
    headers: tuple[str, ...]
    in_body: bool
    order: str
    prefix: str
    window_ms: int


class ServiceFacts(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A service: ``networks`` are those it calls from, ``published`` whether the world may know them."""

    name: str
    networks: tuple[str, ...]
    published: bool
    manner: Manner


class KeyFacts(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What the authority knows of a key.

    Attributes:
        id: its name; ``account`` and ``service`` whose it is and who holds it.
        purpose: the preset that its grant began with, one of ``rules.presets.PRESETS``.
        kind: the kind of bot that acts through it; for reports, an authority does not know it.
        symbols: what its owner named for it when it was made; ``Door.granted`` adds to it.
        budget: what its owner lets it trade in a day, in USDT.
        worth: what its account held when the world began, in USDT.
        last_traded_us: when it last traded before the world began, as the authority's store has it; 0: never.
        signed: whether its acts are to enter as signed bytes.
    """

    id: str
    account: str
    service: str
    purpose: str
    kind: str
    symbols: frozenset[str]
    budget: Decimal
    worth: Decimal
    created_us: int
    last_traded_us: int = 0
    signed: bool = False


class Act(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One request through a key.

    Attributes:
        at_us: the venue's time at which it arrives.
        intent: what it says; ``market.wire.signed`` makes the bytes of it that its client would send.
        address: the client's address.
        theft: the name of the attack that it belongs to, empty for an honest one. Not for deciding.
    """

    key: str
    at_us: int
    intent: Intent
    address: str
    manner: Manner
    theft: str = ""


class Ruled(StrEnum):
    """What became of an act at the door."""

    PASSED = "passed"
    DENIED = "denied"  # a rule refused it
    HELD = "held"  # it did not leave, and its owner is asked


class Ruling(msgspec.Struct, frozen=True, gc=False):
    """What the sender gets: the venue's answer if the act passed, and for the reckoning the reason if it did not.

    Thieves and bots see no more than whether an order executed: a hold and a denial look alike to them.
    """

    ruled: Ruled
    answer: Answer | None = None
    reason: str = ""


class Venue(Protocol):
    """The exchange behind the door."""

    def place(self, act: Act, order: OrderDraft) -> Answer:
        """Take in an order as it leaves the door (a door may have bound it); the answer lists its fills."""
        ...

    def cancel(self, act: Act, symbol: str, target: OrderRef) -> Answer:
        """Cancel an open order of the act's account."""
        ...

    def cancel_all(self, act: Act, symbol: str) -> Answer:
        """Cancel all open orders of the act's account in a symbol."""
        ...


class Scene(Protocol):
    """What a door may know of the world: parties, and the public side of the market at this moment.

    ``start_us`` is when the scenario begins; what comes before is history, by which keys are known.
    ``market`` has symbols and reference prices, kept up to date for the symbol of the act that is asked;
    ``top(symbol, side)`` is the best price of bids (BUY) or asks (SELL) and the quantity that rests there.
    """

    seed: int
    start_us: int
    now_us: int
    market: Market

    @property
    def keys(self) -> Mapping[str, KeyFacts]:
        """All keys by name."""
        ...

    @property
    def services(self) -> Mapping[str, ServiceFacts]:
        """All services by name."""
        ...

    def top(self, symbol: str, side: Side) -> tuple[Decimal, Decimal] | None:
        """The best of one side of a book; None where it is empty."""
        ...


class Print(msgspec.Struct, frozen=True, gc=False):
    """A public trade: price and quantity as floats, for those who look at the market and do not keep books."""

    symbol: str
    at_us: int
    price: float
    quantity: float
    taker_buy: bool


class Door(Protocol):
    """What stands between keys and venue."""

    def begin(self, scene: Scene) -> None:
        """The world is made, nothing has happened."""
        ...

    def ask(self, act: Act, venue: Venue) -> Ruling:
        """Decide an act; if it may leave, put it to the venue and give its answer back.

        The scene that it was begun with has the market of this moment.
        """
        ...

    def filled(self, key: str, report: OrderReport, at_us: int) -> None:
        """An order of the key that rested was executed further: the report lists the new fills alone."""
        ...

    def granted(self, key: str, symbols: frozenset[str], at_us: int) -> None:
        """The owner, signed in, let the key trade more symbols."""
        ...

    def printed(self, trade: Print) -> None:
        """A public trade of a symbol that is played in detail."""
        ...


class OpenDoor:
    """The door of a world without a gateway: everything leaves as it is."""

    def begin(self, scene: Scene) -> None:
        """Nothing to prepare."""

    def ask(self, act: Act, venue: Venue) -> Ruling:
        """Put it to the venue."""
        return Ruling(Ruled.PASSED, pass_on(act, act.intent.orders, venue))

    def filled(self, key: str, report: OrderReport, at_us: int) -> None:
        """Nobody keeps books here."""

    def granted(self, key: str, symbols: frozenset[str], at_us: int) -> None:
        """Everything is granted already."""

    def printed(self, trade: Print) -> None:
        """Nobody watches."""


def pass_on(act: Act, orders: tuple[OrderDraft, ...], venue: Venue) -> Answer:
    """Do at the venue what an allowed act wants, with the orders as they leave. No account here may withdraw."""
    intent = act.intent
    if intent.endpoint.harm is Harm.WITHDRAW:
        return Answer(executed=False, code=-2015)
    cancelled: Answer | None = None
    symbol = intent.symbol or ""
    if intent.target is not None:
        cancelled = venue.cancel(act, symbol, intent.target)
        if not cancelled.executed and not intent.keep_on_failure and orders:
            return cancelled
    elif intent.endpoint.method == "DELETE":
        return venue.cancel_all(act, symbol)
    answers = [venue.place(act, order) for order in orders]
    if cancelled is not None:
        answers.insert(0, cancelled)
    if not answers:
        return Answer(executed=True)
    return Answer(
        executed=answers[-1].executed,
        orders=tuple(report for answer in answers for report in answer.orders),
        code=answers[-1].code,
    )
