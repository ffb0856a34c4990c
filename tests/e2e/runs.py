"""What every client's run must show, whatever the client calls it."""

from typing import Any

Found = dict[str, Any]


def value(found: Found, step: str) -> Any:
    """What a step that must have succeeded gave."""
    assert "value" in found[step], (step, found[step])
    return found[step]["value"]


def refusal(found: Found, step: str) -> tuple[str, str]:
    """The client's own exception class for a step that must have been refused, and the reason in its text."""
    assert "error" in found[step], (step, found[step])
    text = found[step]["text"]
    return found[step]["error"], text.partition("[bailiwick ")[2].partition("]")[0]


def check_trades(found: Found) -> None:
    """What a client did with its own orders went as it would before the exchange."""
    assert {"BTCUSDT", "ETHUSDT"} <= {name.replace("/", "") for name in value(found, "markets")}
    assert value(found, "balance")["USDT"] > 0
    placed = value(found, "limit")
    assert (placed["symbol"], placed["side"], placed["status"], placed["filled"]) == ("BTC/USDT", "buy", "open", 0.0)
    assert [order["id"] for order in value(found, "open")] == [placed["id"]]
    (edited,) = value(found, "open after edit")
    assert (edited["amount"], edited["id"] != placed["id"]) == (0.004, True)
    assert value(found, "look up")["id"] == edited["id"]
    assert value(found, "cancel")["status"] == "canceled"
    both = {value(found, "limit 1")["id"], value(found, "limit 2")["id"]}
    assert {order["id"] for order in value(found, "cancel all")} == both
    assert value(found, "open after cancel all") == []
    bought, sold = value(found, "market"), value(found, "sell")
    assert (bought["filled"], sold["filled"]) == (0.002, 0.001)
    assert value(found, "trades") == sorted([bought["id"], sold["id"]])


def check_spent(found: Found, error: str) -> None:
    """Orders beyond the day's budget were refused, what was bought could still be sold, and the client lives on."""
    outcomes = ["value" in found[f"spend {number}"] for number in range(1, 7)]
    allowed = outcomes.index(False)
    assert outcomes == [True] * allowed + [False] * (6 - allowed)
    assert refusal(found, f"spend {allowed + 1}") == (error, "DAY_NOTIONAL")
    assert value(found, "reduce")["filled"] == 0.0009
    assert value(found, "cancel all ETH") == allowed
    assert value(found, "alive")["USDT"] > 0
