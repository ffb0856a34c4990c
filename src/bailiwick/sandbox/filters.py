"""The exchange's filters: what an order of a symbol must look like.

The rules are those of ``filters.md`` of Binance's spot API documents, checked in the order it lists them.
"""

from bailiwick.sandbox.amount import value
from bailiwick.sandbox.orders import BUY, LIMIT, LIMIT_MAKER, MARKET, WITHOUT_PRICE, OrderRequest
from bailiwick.sandbox.refusal import filter_failure
from bailiwick.sandbox.symbols import Symbol


def check_order(symbol: Symbol, request: OrderRequest, last: int) -> None:
    """Check what depends on the order and the last price alone.

    Raises:
        Refusal: -1013 naming the filter.
    """
    _check_price(symbol, request, last)
    _check_quantity(symbol, request)
    _check_notional(symbol, request, last)


def check_counts(symbol: Symbol, request: OrderRequest, open_orders: int, open_algo: int) -> None:
    """Check how many orders the account would have open.

    Raises:
        Refusal: -1013 naming the filter.
    """
    if request.type == MARKET:
        return
    if open_orders >= symbol.max_orders:
        raise filter_failure("MAX_NUM_ORDERS")
    if request.stop_price and open_algo >= symbol.max_algo_orders:
        raise filter_failure("MAX_NUM_ALGO_ORDERS")


def _check_price(symbol: Symbol, request: OrderRequest, last: int) -> None:
    for price in (request.price, request.stop_price):
        if price and (price > symbol.max_price or price % symbol.tick):
            raise filter_failure("PRICE_FILTER")
    if request.type not in WITHOUT_PRICE:
        if request.price < symbol.tick:
            raise filter_failure("PRICE_FILTER")
        if request.price > last * symbol.percent_up or request.price * 10 < last * symbol.percent_down_tenths:
            raise filter_failure("PERCENT_PRICE_BY_SIDE")


def _check_quantity(symbol: Symbol, request: OrderRequest) -> None:
    quantity = request.quantity
    if not quantity and request.quote_quantity:
        return
    _check_lot(symbol, quantity)
    if request.type in WITHOUT_PRICE and quantity > symbol.max_market_quantity:
        raise filter_failure("MARKET_LOT_SIZE")
    if request.iceberg:
        if request.type not in (LIMIT, LIMIT_MAKER) and not request.stop_price:
            raise filter_failure("ICEBERG_PARTS")
        if request.iceberg > quantity or -(-quantity // request.iceberg) > symbol.iceberg_parts:
            raise filter_failure("ICEBERG_PARTS")


def check_quantity(symbol: Symbol, kind: str, quantity: int, price: int) -> None:
    """Check an open order's new quantity.

    Raises:
        Refusal: -1013 naming the filter.
    """
    _check_lot(symbol, quantity)
    _check_value(symbol, kind, value(price, quantity))


def _check_lot(symbol: Symbol, quantity: int) -> None:
    if quantity < symbol.least_quantity or quantity > symbol.max_quantity or quantity % symbol.step:
        raise filter_failure("LOT_SIZE")


def _check_notional(symbol: Symbol, request: OrderRequest, last: int) -> None:
    price = request.price or request.stop_price or last
    _check_value(symbol, request.type, request.quote_quantity or value(price, request.quantity))


def _check_value(symbol: Symbol, kind: str, notional: int) -> None:
    if notional < symbol.min_notional:
        raise filter_failure("NOTIONAL")
    if kind not in WITHOUT_PRICE and notional > symbol.max_notional:
        raise filter_failure("NOTIONAL")


def market_quantity(symbol: Symbol, budget: int, price: int) -> int:
    """How much of the base a quote budget buys or must sell at a price, in whole steps."""
    quantity = budget * 10**8 // price
    return quantity - quantity % symbol.step


def spent_asset(symbol: Symbol, side: str) -> str:
    """The asset an order of this side pays with."""
    return symbol.quote if side == BUY else symbol.base
