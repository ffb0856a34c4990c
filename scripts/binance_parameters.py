"""Write the table of the parameters that each Binance endpoint takes, from the official SDK packages.

The packages are read as text with ``ast``; nothing of them is imported. To make the table anew::

    python -m venv /tmp/sdk
    /tmp/sdk/bin/pip install --no-deps binance-sdk-spot==13.3.0 binance-sdk-wallet==13.8.0 \\
        binance-sdk-sub-account==8.5.0 binance-sdk-margin-trading==8.9.0
    python scripts/binance_parameters.py /tmp/sdk/lib/python3.*/site-packages

A row is method, path, name as sent on the wire, 1 where the venue demands it, type, and the values of an enum
separated by ``|``. An endpoint without rows takes no parameters. ``timestamp``, ``recvWindow`` and ``signature``
belong to the signing of a request, not to an endpoint, and are never listed: clients also sign what needs none.
"""

import argparse
import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

PACKAGES = {
    "binance_sdk_spot": "13.3.0",
    "binance_sdk_wallet": "13.8.0",
    "binance_sdk_sub_account": "8.5.0",
    "binance_sdk_margin_trading": "8.9.0",
}
TABLE = Path(__file__).parent.parent / "src/bailiwick/venues/binance/parameters.tsv"
COLUMNS = ("method", "path", "name", "required", "type", "values")
SIGNING = frozenset({"timestamp", "recvWindow", "signature"})
TYPES = {"str": "string", "int": "integer", "float": "decimal", "bool": "boolean"}


class Unreadable(Exception):
    """The SDK is not built as this script expects; a table from it would be wrong."""


@dataclass(frozen=True, order=True, slots=True)
class Parameter:
    """One parameter of one endpoint. ``values`` is empty unless ``type`` is ``enum``."""

    method: str
    path: str
    name: str
    required: bool
    type: str
    values: tuple[str, ...] = ()

    @property
    def place(self) -> tuple[str, str, str]:
        """What may stand in the table once only."""
        return (self.method, self.path, self.name)

    def row(self) -> str:
        """The parameter as a line of the table, without its end."""
        return "\t".join((*self.place, str(int(self.required)), self.type, "|".join(self.values)))


# What the SDK has wrong, by the name of the parameter wherever it occurs: the name on the wire, type, values.
CORRECTIONS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # The venue's pages spell these so; a name in snake case cannot say it.
    "spotBnbBurn": ("spotBNBBurn", "boolean", ()),
    "interestBnbBurn": ("interestBNBBurn", "boolean", ()),
    # One name or a JSON array of names: permissions=SPOT, permissions=["MARGIN","LEVERAGED"].
    "permissions": ("permissions", "string", ()),
    # An isolated pair. The SDK takes the two kinds of transfer that demand it for its values.
    "fromSymbol": ("fromSymbol", "string", ()),
    "toSymbol": ("toSymbol", "string", ()),
    # ccxt writes a boolean in lower case where the venue's pages show upper case.
    "isIsolated": ("isIsolated", "enum", ("TRUE", "FALSE", "true", "false")),
    # A sum of money is a decimal; borrow-repay has it as a string.
    "amount": ("amount", "decimal", ()),
    # A quantity is a decimal; the OCO legs have it as an integer.
    "aboveIcebergQty": ("aboveIcebergQty", "decimal", ()),
    "belowIcebergQty": ("belowIcebergQty", "decimal", ()),
    # Basis points are whole, here as on every other order; the pending legs have them as a decimal.
    "pendingTrailingDelta": ("pendingTrailingDelta", "integer", ()),
    "pendingAboveTrailingDelta": ("pendingAboveTrailingDelta", "integer", ()),
    "pendingBelowTrailingDelta": ("pendingBelowTrailingDelta", "integer", ()),
}

MOVE_POSITION = ("POST", "/sapi/v1/sub-account/futures/move-position")

# What real clients and the venue's pages have and the SDK lacks or overstates. A row here replaces the SDK's row
# of the same endpoint and name.
SUPPLEMENT: tuple[Parameter, ...] = (
    # ccxt sends it for fetch_borrow_rate_history.
    Parameter("GET", "/sapi/v1/margin/interestRateHistory", "limit", False, "integer"),
    # Demanded by the SDK, though an OTO order need not be an iceberg: the venue has the last word.
    Parameter("POST", "/sapi/v1/margin/order/oto", "workingIcebergQty", False, "decimal"),
    # The SDK sends one JSON array, the venue's page shows up to ten positions by index: neither form is demanded.
    Parameter(*MOVE_POSITION, "orderArgs", False, "list"),
    *(Parameter(*MOVE_POSITION, f"orderArgs[{place}].symbol", False, "string") for place in range(10)),
    *(Parameter(*MOVE_POSITION, f"orderArgs[{place}].quantity", False, "decimal") for place in range(10)),
    *(
        Parameter(*MOVE_POSITION, f"orderArgs[{place}].positionSide", False, "enum", ("BOTH", "LONG", "SHORT"))
        for place in range(10)
    ),
)


def camel(name: str) -> str:
    """The wire spelling that the SDK makes of a Python name when it sends a request."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def enums(source: str) -> dict[str, tuple[str, ...]]:
    """The values of every enum class in the source, in their order."""
    return {
        node.name: tuple(
            str(ast.literal_eval(statement.value)) for statement in node.body if isinstance(statement, ast.Assign)
        )
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef)
    }


def parameters(source: str, values: dict[str, tuple[str, ...]]) -> Iterator[Parameter]:
    """Every parameter of every endpoint that the source's methods send a request to."""
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef):
            for call in _requests(function):
                yield from _of_endpoint(function, call, values)


def amend(found: Iterable[Parameter]) -> list[Parameter]:
    """The parameters corrected, supplemented, sorted, and without those of the signing.

    Raises:
        Unreadable: two methods of the SDK contradict each other about one parameter.
    """
    table: dict[tuple[str, str, str], Parameter] = {}
    for raw in found:
        name, kind, values = CORRECTIONS.get(raw.name, (raw.name, raw.type, raw.values))
        parameter = replace(raw, name=name, type=kind, values=values)
        if parameter.name in SIGNING:
            continue
        if table.setdefault(parameter.place, parameter) != parameter:
            raise Unreadable(f"{parameter.place} is described twice, differently")
    table.update({parameter.place: parameter for parameter in SUPPLEMENT})
    return sorted(table.values())


def read(site_packages: Path) -> list[Parameter]:
    """The amended parameters of all four packages.

    Raises:
        Unreadable: a package is absent, of another version, or not built as expected.
    """
    found: list[Parameter] = []
    for package, version in PACKAGES.items():
        if not (site_packages / f"{package}-{version}.dist-info").is_dir():
            raise Unreadable(f"{package} {version} is not in {site_packages}: install it there with pip --no-deps")
        rest = site_packages / package / "rest_api"
        values = enums((rest / "models" / "enums.py").read_text("utf-8"))
        for module in sorted((rest / "api").glob("*_api.py")):
            found.extend(parameters(module.read_text("utf-8"), values))
    return amend(found)


def _requests(function: ast.FunctionDef) -> Iterator[ast.Call]:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "send_request":
            yield node


def _of_endpoint(function: ast.FunctionDef, call: ast.Call, values: dict[str, tuple[str, ...]]) -> Iterator[Parameter]:
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    method, path = ast.literal_eval(keywords["method"]), ast.literal_eval(keywords["path"])
    sent = {
        camel(ast.literal_eval(key)): value.id
        for name in ("payload", "body")
        for key, value in _entries(function, keywords.get(name))
    }
    described = _arguments(function, values)
    if unsent := described.keys() - set(sent.values()):
        raise Unreadable(f"{method} {path}: {function.name} does not send {sorted(unsent)}")
    for name, argument in sent.items():
        required, kind, allowed = described[argument]
        yield Parameter(method, path, name, required, kind, allowed)


def _entries(function: ast.FunctionDef, sent: ast.expr | None) -> Iterator[tuple[ast.expr, ast.Name]]:
    """The entries of the dictionary of this name, which the method assigns once, before it sends."""
    for statement in function.body:
        if not (isinstance(sent, ast.Name) and isinstance(statement, ast.Assign)):
            continue
        if ast.unparse(statement.targets[0]) != sent.id or not isinstance(statement.value, ast.Dict):
            continue
        for key, value in zip(statement.value.keys, statement.value.values, strict=True):
            if key is None or not isinstance(value, ast.Name):
                raise Unreadable(f"{function.name}: {ast.unparse(statement)} is not of names alone")
            yield key, value


def _arguments(
    function: ast.FunctionDef, values: dict[str, tuple[str, ...]]
) -> dict[str, tuple[bool, str, tuple[str, ...]]]:
    """Of each argument but ``self``: whether it is required, its type and the values of its enum."""
    arguments = function.args.args[1:]
    required = len(arguments) - len(function.args.defaults)
    return {
        argument.arg: (place < required, *_type(function, argument.annotation, values))
        for place, argument in enumerate(arguments)
    }


def _type(
    function: ast.FunctionDef, annotation: ast.expr | None, values: dict[str, tuple[str, ...]]
) -> tuple[str, tuple[str, ...]]:
    """The type within ``Optional[X]`` or ``Union[X, None]``."""
    if not isinstance(annotation, ast.Subscript):
        raise Unreadable(f"{function.name}: an argument has no type that says whether it may be absent")
    inner = annotation.slice.elts[0] if isinstance(annotation.slice, ast.Tuple) else annotation.slice
    name = ast.unparse(inner)
    if name in TYPES:
        return TYPES[name], ()
    if name in values:
        return "enum", values[name]
    if name.startswith("List["):
        return "list", ()
    raise Unreadable(f"{function.name}: type {name} is unknown")


def main() -> int:
    """Write the table; say how large it is."""
    parser = argparse.ArgumentParser(description="Write the table of Binance's parameters from its SDK packages.")
    parser.add_argument("site_packages", type=Path, help="the directory that the four packages are installed in")
    parser.add_argument("--output", type=Path, default=TABLE, help="the table to write (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        found = read(arguments.site_packages)
    except Unreadable as fault:
        print(f"binance_parameters: {fault}", file=sys.stderr)
        return 1
    lines = ["\t".join(COLUMNS), *(parameter.row() for parameter in found)]
    arguments.output.write_text("\n".join(lines) + "\n", "utf-8")
    endpoints = {(parameter.method, parameter.path) for parameter in found}
    print(f"{len(found)} parameters of {len(endpoints)} endpoints in {arguments.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
