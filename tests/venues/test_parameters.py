"""The table of Binance's parameters, and the script that writes it."""

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "src/bailiwick/venues/binance/parameters.tsv"
HEAD = ["method", "path", "name", "required", "type", "values"]
TYPES = {"string", "integer", "decimal", "boolean", "enum", "list"}

STRATEGY = {"strategyId", "strategyType"}
PEG = {"pegPriceType", "pegOffsetType", "pegOffsetValue"}
CONDITION = {"stopPrice", "trailingDelta"}
ANSWER = {"newOrderRespType", "selfTradePreventionMode"}
SHAPE = {"symbol", "side", "type", "timeInForce", "quantity", "price", "newClientOrderId", "icebergQty"} | STRATEGY
ORDER = SHAPE | ANSWER | PEG | CONDITION | {"quoteOrderQty"}
LIST = {"symbol", "listClientOrderId"} | ANSWER


def _leg(prefix: str, names: set[str]) -> set[str]:
    return {prefix + name[0].upper() + name[1:] for name in names}


WORKING = _leg(
    "working",
    {"type", "side", "price", "quantity", "clientOrderId", "icebergQty", "timeInForce"} | STRATEGY | PEG,
)
CONTINGENT = {"type", "price", "clientOrderId", "icebergQty", "timeInForce"} | STRATEGY | PEG | CONDITION
PAIR = _leg("pendingAbove", CONTINGENT) | _leg("pendingBelow", CONTINGENT) | {"pendingSide"}
SINGLE = _leg("pending", CONTINGENT | {"side"})

ORDERS = {
    ("POST", "/api/v3/order"): ORDER,
    ("POST", "/api/v3/order/test"): ORDER | {"computeCommissionRates"},
    ("POST", "/api/v3/sor/order"): SHAPE | ANSWER,
    ("POST", "/api/v3/sor/order/test"): SHAPE | ANSWER | {"computeCommissionRates"},
    ("POST", "/api/v3/order/cancelReplace"): ORDER
    | {
        "cancelReplaceMode",
        "cancelOrderId",
        "cancelOrigClientOrderId",
        "cancelNewClientOrderId",
        "cancelRestrictions",
        "orderRateLimitExceededMode",
    },
    ("POST", "/api/v3/order/oco"): LIST
    | {"side", "quantity", "price", "stopPrice", "trailingDelta", "stopLimitPrice", "stopLimitTimeInForce"}
    | _leg("limit", {"clientOrderId", "icebergQty"} | STRATEGY)
    | _leg("stop", {"clientOrderId", "icebergQty"} | STRATEGY),
    ("POST", "/api/v3/orderList/oco"): LIST
    | {"side", "quantity"}
    | _leg("above", CONTINGENT)
    | _leg("below", CONTINGENT),
    ("POST", "/api/v3/orderList/oto"): LIST | WORKING | SINGLE | {"pendingQuantity"},
    ("POST", "/api/v3/orderList/otoco"): LIST | WORKING | PAIR | {"pendingQuantity"},
    ("POST", "/api/v3/orderList/opo"): LIST | WORKING | SINGLE,
    ("POST", "/api/v3/orderList/opoco"): LIST | WORKING | PAIR,
    ("PUT", "/api/v3/order/amend/keepPriority"): {
        "symbol",
        "orderId",
        "origClientOrderId",
        "newClientOrderId",
        "newQty",
    },
    ("DELETE", "/api/v3/order"): {
        "symbol",
        "orderId",
        "origClientOrderId",
        "newClientOrderId",
        "cancelRestrictions",
    },
    ("DELETE", "/api/v3/orderList"): {"symbol", "orderListId", "listClientOrderId", "newClientOrderId"},
    ("DELETE", "/api/v3/openOrders"): {"symbol"},
}


@pytest.fixture(scope="module")
def rows() -> list[list[str]]:
    head, *rest = [line.split("\t") for line in TABLE.read_text("utf-8").removesuffix("\n").split("\n")]
    assert head == HEAD
    return rest


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("binance_parameters", ROOT / "scripts/binance_parameters.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def _names(rows: list[list[str]], method: str, path: str) -> set[str]:
    return {row[2] for row in rows if row[:2] == [method, path]}


def _row(rows: list[list[str]], method: str, path: str, name: str) -> list[str]:
    (found,) = [row[3:] for row in rows if row[:3] == [method, path, name]]
    return found


def test_every_row_has_the_known_shape(rows: list[list[str]]) -> None:
    """A row is six fields: a method, a path, a name, whether it is required, a known type, and values."""
    for row in rows:
        method, path, name, required, kind, values = row
        assert method in {"GET", "POST", "PUT", "DELETE"}, row
        assert re.fullmatch(r"/(api/v3|sapi/v[1-4])(/[A-Za-z0-9-]+)+", path), row
        assert re.fullmatch(r"[a-z][A-Za-z]*(\[[0-9]\]\.[a-z][A-Za-z]*)?", name), row
        assert required in {"0", "1"}, row
        assert kind in TYPES, row
        assert (kind == "enum") == (values != ""), row


def test_the_rows_are_sorted_and_no_parameter_stands_twice(rows: list[list[str]]) -> None:
    """One endpoint has one row for one name, so that no row can contradict another."""
    places = [tuple(row[:3]) for row in rows]
    assert places == sorted(set(places))


def test_the_values_of_an_enum_are_distinct_words(rows: list[list[str]]) -> None:
    """No enum allows an empty value or names one twice."""
    for row in rows:
        values = row[5].split("|") if row[5] else []
        assert len(values) == len(set(values)), row
        assert all(re.fullmatch(r"[A-Za-z0-9_]+", value) for value in values), row


def test_what_signs_a_request_is_no_parameter_of_an_endpoint(rows: list[list[str]]) -> None:
    """Timestamp, window and signature belong to the dialect and stand in no row."""
    assert {row[2] for row in rows} & {"timestamp", "recvWindow", "signature"} == set()


@pytest.mark.parametrize("endpoint", ORDERS, ids=" ".join)
def test_an_order_endpoint_has_exactly_the_parameters_known(rows: list[list[str]], endpoint: tuple[str, str]) -> None:
    """An order endpoint of spot has each parameter that the venue reads, and none that policy has not heard of."""
    assert _names(rows, *endpoint) == ORDERS[endpoint]


def test_no_endpoint_that_places_orders_is_left_unexamined(rows: list[list[str]]) -> None:
    """Every spot endpoint that changes orders is one of those whose parameters are pinned above."""
    changing = {(row[0], row[1]) for row in rows if row[1].startswith("/api/v3/") and row[0] != "GET"}
    assert changing == set(ORDERS)


def test_money_and_prices_of_orders_are_decimals(rows: list[list[str]]) -> None:
    """Every quantity, price and amount that changes state is a decimal, never text or a whole number."""
    money = re.compile(r"(^|.*[a-z])(quantity|Quantity|Qty|price|Price|amount)$")
    wrong = [row for row in rows if row[0] != "GET" and money.fullmatch(row[2]) and row[4] != "decimal"]
    assert wrong == []


def test_basis_points_and_numbers_of_orders_are_whole(rows: list[list[str]]) -> None:
    """Trailing deltas, order numbers and strategy numbers are integers on every endpoint."""
    whole = re.compile(r"(.*T|t)railingDelta|orderId|cancelOrderId|orderListId|.*[sS]trategy(Id|Type)")
    assert [row for row in rows if whole.fullmatch(row[2]) and row[4] != "integer"] == []


def test_an_order_may_ask_to_transfer_to_another_account_and_policy_can_see_it(rows: list[list[str]]) -> None:
    """The self-trade mode that moves value is among the values, so that it is judged by what it does."""
    required, kind, values = _row(rows, "POST", "/api/v3/order", "selfTradePreventionMode")
    assert (required, kind) == ("0", "enum")
    assert "TRANSFER" in values.split("|")


@pytest.mark.parametrize(
    ("method", "path", "name", "expected"),
    [
        ("POST", "/api/v3/order", "symbol", ["1", "string", ""]),
        ("POST", "/api/v3/order", "side", ["1", "enum", "BUY|SELL"]),
        ("POST", "/api/v3/order", "price", ["0", "decimal", ""]),
        ("POST", "/api/v3/order/cancelReplace", "cancelReplaceMode", ["1", "enum", "STOP_ON_FAILURE|ALLOW_FAILURE"]),
        ("GET", "/api/v3/exchangeInfo", "symbols", ["0", "list", ""]),
        ("GET", "/api/v3/exchangeInfo", "permissions", ["0", "string", ""]),
        ("GET", "/sapi/v1/margin/allPairs", "symbol", ["0", "string", ""]),
        ("GET", "/sapi/v1/margin/interestRateHistory", "limit", ["0", "integer", ""]),
        ("POST", "/sapi/v1/margin/order", "isIsolated", ["0", "enum", "TRUE|FALSE|true|false"]),
        ("POST", "/sapi/v1/margin/borrow-repay", "amount", ["1", "decimal", ""]),
        ("POST", "/sapi/v1/bnbBurn", "spotBNBBurn", ["0", "boolean", ""]),
        ("POST", "/sapi/v1/asset/transfer", "fromSymbol", ["0", "string", ""]),
        ("POST", "/sapi/v1/capital/withdraw/apply", "address", ["1", "string", ""]),
        ("POST", "/sapi/v1/sub-account/futures/move-position", "orderArgs[9].quantity", ["0", "decimal", ""]),
    ],
)
def test_a_row_says_what_the_wire_carries(
    rows: list[list[str]], method: str, path: str, name: str, expected: list[str]
) -> None:
    """Spelling, demand, type and values are those of the wire, also where the SDK is corrected."""
    assert _row(rows, method, path, name) == expected


def test_the_withdrawal_takes_what_a_withdrawal_policy_matches(rows: list[list[str]]) -> None:
    """Coin, network, address and tag can all be sent, and coin and address must be."""
    path = "/sapi/v1/capital/withdraw/apply"
    assert {"coin", "network", "address", "addressTag", "amount"} <= _names(rows, "POST", path)
    assert [_row(rows, "POST", path, name)[0] for name in ("coin", "address", "amount")] == ["1", "1", "1"]


SDK = '''
class TradeApi:
    def new_order(
        self,
        symbol: Union[str, None],
        side: Union[NewOrderSideEnum, None],
        iceberg_qty: Optional[float] = None,
        symbols: Optional[List[str]] = None,
        recv_window: Optional[float] = None,
    ) -> ApiResponse[object]:
        """Says more than is read."""
        request_body = {"symbols": symbols}
        payload = {"symbol": symbol, "side": side, "iceberg_qty": iceberg_qty, "recv_window": recv_window}
        return send_request(self._session, method="POST", path="/api/v3/order", payload=payload, body=request_body)
'''


def test_the_script_reads_a_method_of_the_sdk(script: ModuleType) -> None:
    """Names are those sent in query and body, what has no default is required, and enums have their values."""
    values = script.enums('class NewOrderSideEnum(Enum):\n    BUY = "BUY"\n    SELL = "SELL"\n')
    found = [parameter.row() for parameter in sorted(script.parameters(SDK, values))]
    assert found == [
        "POST\t/api/v3/order\ticebergQty\t0\tdecimal\t",
        "POST\t/api/v3/order\trecvWindow\t0\tdecimal\t",
        "POST\t/api/v3/order\tside\t1\tenum\tBUY|SELL",
        "POST\t/api/v3/order\tsymbol\t1\tstring\t",
        "POST\t/api/v3/order\tsymbols\t0\tlist\t",
    ]


def test_the_script_refuses_an_argument_that_is_not_sent(script: ModuleType) -> None:
    """A method whose argument goes missing on the way is not guessed at."""
    source = SDK.replace('"iceberg_qty": iceberg_qty, ', "")
    with pytest.raises(script.Unreadable, match="does not send"):
        list(script.parameters(source, {"NewOrderSideEnum": ("BUY", "SELL")}))


def test_the_script_refuses_a_type_that_it_does_not_know(script: ModuleType) -> None:
    """An enum that is nowhere defined stops the script."""
    with pytest.raises(script.Unreadable, match="NewOrderSideEnum is unknown"):
        list(script.parameters(SDK, {}))


def test_the_script_refuses_contradicting_descriptions(script: ModuleType) -> None:
    """Two rows that differ about one parameter are not settled by their order."""
    one = script.Parameter("GET", "/api/v3/order", "symbol", True, "string")
    other = script.Parameter("GET", "/api/v3/order", "symbol", False, "string")
    with pytest.raises(script.Unreadable, match="described twice"):
        script.amend([one, other])


def test_the_script_refuses_packages_that_are_not_there(script: ModuleType, tmp_path: Path) -> None:
    """Another version of the SDK is not read as if it were the one that was examined."""
    with pytest.raises(script.Unreadable, match=r"binance_sdk_spot 13\.3\.0 is not in"):
        script.read(tmp_path)


def test_the_supplement_has_no_parameter_twice_and_none_of_the_signing(script: ModuleType) -> None:
    """A hand-kept row cannot be overridden by another hand-kept row."""
    places = [parameter.place for parameter in script.SUPPLEMENT]
    assert len(places) == len(set(places))
    assert {place[2] for place in places} & script.SIGNING == set()
