"""Runs a text that people are given to begin with, as it stands, and then what a test wants to know of it."""

import contextlib
import io
import json
import os
import tempfile
from pathlib import Path

from steps import Steps, arguments

ORDERED = {
    "ccxt": lambda found: found["exchange"].create_order("BTC/USDT", "limit", "buy", 0.001, 64000)["status"],
    "python-binance": lambda found: found["client"].order_limit_buy(
        symbol="BTCUSDT", quantity="0.001", price="64000"
    )["status"],
    "Official connector": lambda found: found["client"].rest_api.new_order(
        "BTCUSDT", "BUY", "LIMIT", "GTC", quantity=0.001, price=64000
    ).data().status,
}  # fmt: skip


def run(text):
    """The text as a program; the names that it leaves."""
    found = {"__name__": "snippet"}
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(text, "snippet", "exec"), found)
    return found, said.getvalue()


def as_freqtrade(text):
    """What freqtrade makes of its configuration: ccxt's own arguments, with those of ccxt_config over them."""
    import ccxt

    exchange = json.loads(text)["exchange"]
    made = {"apiKey": exchange["key"], "secret": exchange["secret"], **exchange["ccxt_config"]}
    return {"exchange": getattr(ccxt, exchange["name"])(made), "pairs": exchange["pair_whitelist"]}


def main():
    """Take every step."""
    given, steps = arguments(), Steps()
    if "pem" in given:  # where the text reads it
        os.chdir(tempfile.mkdtemp())
        Path("private.pem").write_text(given["pem"], encoding="utf-8")
    if given["of"] == "freqtrade":
        made = as_freqtrade(given["text"])
        steps.take("begun", lambda: made["pairs"])
        steps.take("said", lambda: str(made["exchange"].fetch_balance()["total"]))
        steps.take("ordered", lambda: ORDERED["ccxt"](made))
    else:
        made, said = run(given["text"])
        steps.take("said", lambda: said)
        steps.take("ordered", lambda: ORDERED[given["of"]](made))
    if "exchange" in made:
        steps.take("addresses", lambda: sorted(made["exchange"].urls["api"].values()))
    steps.end()


if __name__ == "__main__":
    main()
