"""Symbols out of Binance's description of itself (``exchangeInfo``)."""

from decimal import Decimal

import msgspec

from bailiwick.model.market import OrderRates, SymbolInfo
from bailiwick.model.money import ZERO


class _Filter(msgspec.Struct, gc=False):
    filterType: str  # noqa: N815  (the venue's spelling, here and below)
    tickSize: Decimal = ZERO  # noqa: N815
    stepSize: Decimal = ZERO  # noqa: N815
    minQty: Decimal = ZERO  # noqa: N815
    minNotional: Decimal = ZERO  # noqa: N815


class _Symbol(msgspec.Struct, gc=False):
    symbol: str
    status: str
    baseAsset: str  # noqa: N815
    quoteAsset: str  # noqa: N815
    isSpotTradingAllowed: bool = True  # noqa: N815
    filters: list[_Filter] = []


class _Rate(msgspec.Struct, gc=False):
    rateLimitType: str  # noqa: N815
    interval: str
    intervalNum: int  # noqa: N815
    limit: int


class _ExchangeInfo(msgspec.Struct, gc=False):
    symbols: list[_Symbol]


class _Rates(msgspec.Struct, gc=False):
    rateLimits: list[_Rate] = []  # noqa: N815


_read = msgspec.json.Decoder(_ExchangeInfo).decode
_read_rates = msgspec.json.Decoder(_Rates).decode
_NONE = _Filter("")


def read_symbols(exchange_info: bytes) -> dict[str, SymbolInfo]:
    """The symbols by name.

    Raises:
        ValueError: if this is no answer to ``exchangeInfo``.
    """
    return {symbol.symbol: _info(symbol) for symbol in _read(exchange_info).symbols}


def read_order_rates(exchange_info: bytes) -> OrderRates:
    """How many orders an account may place in ten seconds and in a day.

    Raises:
        ValueError: if this is no answer to ``exchangeInfo``.
    """
    rates = _read_rates(exchange_info).rateLimits
    spans = {(rate.interval, rate.intervalNum): rate.limit for rate in rates if rate.rateLimitType == "ORDERS"}
    return OrderRates(ten_seconds=spans.get(("SECOND", 10), 0), day=spans.get(("DAY", 1), 0))


def _info(symbol: _Symbol) -> SymbolInfo:
    filters = {entry.filterType: entry for entry in symbol.filters}
    lot = filters.get("LOT_SIZE", _NONE)
    notional = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL", _NONE)
    return SymbolInfo(
        symbol=symbol.symbol,
        base=symbol.baseAsset,
        quote=symbol.quoteAsset,
        trading=symbol.status == "TRADING" and symbol.isSpotTradingAllowed,
        tick=filters.get("PRICE_FILTER", _NONE).tickSize,
        step=lot.stepSize,
        least_quantity=lot.minQty,
        least_notional=notional.minNotional,
    )
