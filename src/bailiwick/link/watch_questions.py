"""What the gateway is told and asked about the watch: what the market does, and what is known of a key."""

import msgspec

from bailiwick.link.wire import Answer, Question, Verbs

MOST_SIGNS = 1000  # in one question


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """What the pump detector says of a symbol at a moment: a log-likelihood ratio, in thousandths of nats."""

    symbol: str
    at_us: int  # the venue's clock
    score: int
    why: str = ""


class SignsAnswer(Answer, frozen=True, kw_only=True):
    """How many of the signs were fresh enough to count."""

    taken: int


class TellSigns(Question[SignsAnswer], frozen=True, kw_only=True, tag="tell_signs"):
    """The market moves abnormally in these symbols, or no longer. What is older than five seconds does not count."""

    signs: tuple[Sign, ...]


class HabitView(msgspec.Struct, frozen=True, kw_only=True):
    """What a key does in a symbol. ``usual`` and ``largest`` are amounts to three digits, as the watch knows them."""

    symbol: str
    orders: int
    usual: str
    largest: str


class KnownAnswer(Answer, frozen=True, kw_only=True):
    """What the watch knows of a key. ``known`` is False of one that has never traded here.

    ``settled`` says that it has habits one can be surprised by; ``score`` is the sum of what speaks against it now, in
    thousandths of nats. Of the addresses and fingerprints that were asked about, ``usual_…`` are habits of the key.
    """

    known: bool
    orders: int = 0
    days: int = 0
    settled: bool = False
    habits: tuple[HabitView, ...] = ()
    networks: int = 0
    clients: int = 0
    score: int = 0
    usual_sources: tuple[str, ...] = ()
    usual_fingerprints: tuple[str, ...] = ()


class KnownOfKey(Question[KnownAnswer], frozen=True, kw_only=True, tag="known_of_key"):
    """What does the watch know of this key? And which of these addresses and fingerprints are its habits?"""

    key: str
    sources: tuple[str, ...] = ()
    fingerprints: tuple[str, ...] = ()


WATCH_VERBS: Verbs = (TellSigns, KnownOfKey)
"""Everything about the watch."""
