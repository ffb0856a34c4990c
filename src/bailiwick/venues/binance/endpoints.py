"""Every endpoint of Binance that is known, and the worst each can do.

``endpoints.tsv`` has one row a method and path: its product family, whether it is signed, its request weight, its harm
class and how two readers, who did not see each other's reading, classed it; where they differed, why the class is
what it is. ``weights.tsv`` has the weights that depend on parameters, and where each is from. ``parameters.tsv`` has
what each takes. What stands in neither is not known, and is refused.
"""

from bailiwick.model.harm import BIT, Harm
from bailiwick.model.intent import Act, Endpoint
from bailiwick.venues.binance.table import rows
from bailiwick.venues.binance.weights import CASES

SERVED_FAMILIES = frozenset({"spot", "wallet", "sub_account"})

_ACTS: dict[tuple[str, str], Act] = {
    ("GET", "/api/v3/account"): Act.BALANCES,
    ("GET", "/api/v3/order"): Act.LOOK_UP,
    ("GET", "/api/v3/orderList"): Act.LOOK_UP_LIST,
    ("GET", "/api/v3/openOrders"): Act.LIST_OPEN,
    ("GET", "/api/v3/allOrders"): Act.LIST_ORDERS,
    ("GET", "/api/v3/allOrderList"): Act.LIST_LISTS,
    ("GET", "/api/v3/openOrderList"): Act.LIST_LISTS,
    ("GET", "/api/v3/myTrades"): Act.LIST_TRADES,
    ("GET", "/api/v3/myAllocations"): Act.LIST_CHANGES,
    ("GET", "/api/v3/order/amendments"): Act.LIST_CHANGES,
    ("GET", "/api/v3/myPreventedMatches"): Act.LIST_MATCHES,
    ("POST", "/api/v3/order"): Act.PLACE,
    ("POST", "/api/v3/sor/order"): Act.PLACE,
    ("POST", "/api/v3/order/test"): Act.TRY,
    ("POST", "/api/v3/sor/order/test"): Act.TRY,
    ("POST", "/api/v3/order/oco"): Act.PLACE_LIST,
    ("POST", "/api/v3/orderList/oco"): Act.PLACE_LIST,
    ("POST", "/api/v3/orderList/oto"): Act.PLACE_LIST,
    ("POST", "/api/v3/orderList/otoco"): Act.PLACE_LIST,
    ("POST", "/api/v3/orderList/opo"): Act.PLACE_LIST,
    ("POST", "/api/v3/orderList/opoco"): Act.PLACE_LIST,
    ("POST", "/api/v3/order/cancelReplace"): Act.REPLACE,
    ("PUT", "/api/v3/order/amend/keepPriority"): Act.AMEND,
    ("DELETE", "/api/v3/order"): Act.CANCEL,
    ("DELETE", "/api/v3/orderList"): Act.CANCEL_LIST,
    ("DELETE", "/api/v3/openOrders"): Act.CANCEL_ALL,
    ("POST", "/sapi/v1/capital/withdraw/apply"): Act.WITHDRAW,
    ("POST", "/sapi/v1/localentity/withdraw/apply"): Act.WITHDRAW,
    ("POST", "/sapi/v1/localentity/broker/withdraw/apply"): Act.WITHDRAW,
    ("GET", "/sapi/v1/system/status"): Act.MARKET_DATA,
    # Clients read these before they do anything else, and give up where one is refused.
    ("GET", "/sapi/v1/capital/config/getall"): Act.START_UP,
    ("GET", "/sapi/v1/margin/allPairs"): Act.START_UP,
    ("GET", "/sapi/v1/margin/isolated/allPairs"): Act.START_UP,
    ("GET", "/sapi/v1/margin/allAssets"): Act.START_UP,
    ("GET", "/fapi/v1/exchangeInfo"): Act.START_UP,
    ("GET", "/dapi/v1/exchangeInfo"): Act.START_UP,
}

_TELLING = frozenset({Harm.PUBLIC, Harm.READ})

# A grant bounds these by symbol, amount or destination. Where an endpoint's parameters are not read into such terms
# (dust conversions, payments into managed sub-accounts), nothing could hold it to them, and it is not served.
_BOUNDED = frozenset({Harm.CANCEL, Harm.TRADE, Harm.BORROW, Harm.WITHDRAW, Harm.BEARER})


def _parameters() -> dict[tuple[str, str], dict[str, tuple[bool, str, tuple[str, ...]]]]:
    """By endpoint and name: whether it is mandatory, its type, and the values of an enumeration."""
    table: dict[tuple[str, str], dict[str, tuple[bool, str, tuple[str, ...]]]] = {}
    for method, path, name, required, kind, values in rows("parameters.tsv"):
        entry = (required == "1", kind, tuple(values.split("|")) if values else ())
        table.setdefault((method, path), {})[name] = entry
    return table


def _endpoint(row: list[str]) -> Endpoint:
    method, path, family, signed, weight, harm_name = row[:6]
    harm = Harm(harm_name)
    act = _ACTS.get((method, path))
    if act is None:
        act = Act.MARKET_DATA if harm is Harm.PUBLIC and family == "spot" else Act.PLAIN
    served = family in SERVED_FAMILIES and not (harm in _BOUNDED and act is Act.PLAIN)
    taken = PARAMETERS.get((method, path), {})
    return Endpoint(
        method=method,
        path=path,
        harm=harm,
        act=act,
        served=served or act is Act.START_UP,
        signed=signed == "1",
        weight=int(weight),
        varies=len(CASES.get((method, path), ())) > 1,
        parameters={name: required for name, (required, _, _) in taken.items()},
        bit=BIT[harm],
        changes=harm not in _TELLING and act is not Act.TRY,
    )


PARAMETERS = _parameters()
ENDPOINTS: dict[tuple[str, str], Endpoint] = {(row[0], row[1]): _endpoint(row) for row in rows("endpoints.tsv")}
