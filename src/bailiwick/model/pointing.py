"""Which clients can be given another API address: those hold a key of the gateway, the others need a native one.

What stands here was read in the clients' own sources and settings, or in what their makers publish, in November 2026.
Of whoever is not listed nothing is known, and that is what is said.
"""

import re
from enum import StrEnum

import msgspec


class Pointing(StrEnum):
    """Whether a client can be given another API address."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Known(msgspec.Struct, frozen=True):
    """What is known of one client."""

    pointing: Pointing
    sentence: str


_CALLS_ITSELF = "calls the exchange from its own servers and has no setting for another address."
_KNOWN = {
    "ccxt": Known(Pointing.YES, "ccxt takes the gateway's address in its urls."),
    "freqtrade": Known(Pointing.YES, "freqtrade hands ccxt_config to ccxt, which takes the gateway's address."),
    "pythonbinance": Known(Pointing.YES, "python-binance takes the gateway's address as API_URL."),
    "binanceconnector": Known(Pointing.YES, "The official connector takes the gateway's address as base_url."),
    "binancesdk": Known(Pointing.YES, "The official connector takes the gateway's address as base_path."),
    "hummingbot": Known(
        Pointing.NO, "hummingbot has no setting for it: its addresses stand in its source (binance_constants.py)."
    ),
    "3commas": Known(Pointing.NO, f"3Commas {_CALLS_ITSELF}"),
    "skyrex": Known(Pointing.NO, f"Skyrex {_CALLS_ITSELF}"),
    "waltio": Known(Pointing.NO, f"Waltio {_CALLS_ITSELF}"),
}
_UNKNOWN = Known(
    Pointing.UNKNOWN,
    "Whether it can be given another API address is not known here. A program on a machine of yours often has a "
    "setting for it (API address, base URL, custom endpoint); a platform on the web that calls the exchange from its "
    "own servers seldom has. Look in its settings, or ask its support.",
)


def pointing_of(service_id: str, name: str) -> Known:
    """What is known of a service, by its id or its name."""
    for text in (service_id, name):
        found = _KNOWN.get(re.sub(r"[^a-z0-9]", "", text.lower()))
        if found is not None:
            return found
    return _UNKNOWN
