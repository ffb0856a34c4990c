"""ccxt, unmodified: starts up, reads, trades, cancels, edits, and is refused what its key may not do."""

import ccxt
from steps import Steps, arguments


def connect(url, key, secret, **more):
    """A client as its documentation says, pointed at the gateway."""
    api = {"public": "/api/v3", "private": "/api/v3", "v1": "/api/v1", "sapi": "/sapi/v1", "sapiV2": "/sapi/v2",
           "sapiV3": "/sapi/v3", "sapiV4": "/sapi/v4", "fapiPublic": "/fapi/v1", "fapiPrivate": "/fapi/v1",
           "dapiPublic": "/dapi/v1"}  # fmt: skip
    urls = {"api": {name: url + path for name, path in api.items()}}
    return ccxt.binance({"apiKey": key, "secret": secret, "urls": urls, "enableRateLimit": False, **more})


def brief(order):
    """What a test asks of an order."""
    return {name: order.get(name) for name in ("id", "clientOrderId", "symbol", "side", "status", "filled", "amount")}


def trade(client, steps):
    """Everything that the key may do, as its owner would expect it."""
    steps.take("markets", lambda: sorted(client.load_markets()))
    steps.take("balance", lambda: client.fetch_balance()["total"])
    low = float(client.price_to_precision("BTC/USDT", client.fetch_ticker("BTC/USDT")["last"] * 0.97))
    placed = steps.take("limit", lambda: brief(client.create_order("BTC/USDT", "limit", "buy", 0.005, low)))
    steps.take("open", lambda: [brief(order) for order in client.fetch_open_orders("BTC/USDT")])
    steps.take("edit", lambda: brief(client.edit_order(placed["id"], "BTC/USDT", "limit", "buy", 0.004, low)))
    edited = steps.take("open after edit", lambda: [brief(order) for order in client.fetch_open_orders("BTC/USDT")])
    steps.take("look up", lambda: brief(client.fetch_order(edited[0]["id"], "BTC/USDT")))
    steps.take("cancel", lambda: brief(client.cancel_order(edited[0]["id"], "BTC/USDT")))
    for number in (1, 2):
        steps.take(f"limit {number}", lambda: brief(client.create_order("BTC/USDT", "limit", "buy", 0.002, low)))
    steps.take("cancel all", lambda: [brief(order) for order in client.cancel_all_orders("BTC/USDT")])
    steps.take("open after cancel all", lambda: [brief(order) for order in client.fetch_open_orders("BTC/USDT")])
    steps.take("market", lambda: brief(client.create_order("BTC/USDT", "market", "buy", 0.002)))
    steps.take("sell", lambda: brief(client.create_order("BTC/USDT", "market", "sell", 0.001)))
    steps.take("trades", lambda: sorted({trade["order"] for trade in client.fetch_my_trades("BTC/USDT")}))
    return low


def trespass(client, steps, low, foreign, wrong):
    """Everything that the key may not do."""
    steps.take("foreign address", foreign.fetch_balance)
    steps.take("wrong secret", wrong.fetch_balance)
    steps.take("other symbol", lambda: client.create_order("BNB/USDT", "limit", "buy", 0.1, 500))
    steps.take("too large", lambda: client.create_order("BTC/USDT", "limit", "buy", 0.05, low))
    steps.take("too far", lambda: client.create_order("BTC/USDT", "limit", "buy", 0.001, low * 1.2))
    steps.take("withdraw", lambda: client.withdraw("BTC", 0.01, "bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh"))
    steps.take("borrow", lambda: client.borrow_cross_margin("USDT", 10))
    steps.take("another's order", lambda: client.cancel_order("1", "BTC/USDT"))
    once = steps.take("once", lambda: brief(client.create_order("BTC/USDT", "limit", "buy", 0.001, low)))
    url, headers, body = client.last_request_url, client.last_request_headers, client.last_request_body
    steps.take("replay", lambda: client.fetch(url, "POST", headers, body))
    steps.take("altered", lambda: client.fetch(url, "POST", headers, body.replace("quantity=0.001", "quantity=0.009")))
    steps.take("cancel once", lambda: brief(client.cancel_order(once["id"], "BTC/USDT")))


def spend(client, steps):
    """Order until the day's budget is spent."""
    for number in range(1, 7):
        steps.take(f"spend {number}", lambda: brief(client.create_order("ETH/USDT", "limit", "buy", 0.14, 3450)))
    steps.take("reduce", lambda: brief(client.create_order("BTC/USDT", "market", "sell", 0.0009)))
    steps.take("cancel all ETH", lambda: len(client.cancel_all_orders("ETH/USDT")))
    steps.take("alive", lambda: client.fetch_balance()["total"])


def main():
    """Take every step."""
    given, steps = arguments(), Steps()
    url = given["url"]
    client = connect(url, given["key"], given["secret"])
    low = trade(client, steps)
    if "foreign" in given:
        foreign = connect(url, given["foreign"]["key"], given["foreign"]["secret"])
        trespass(client, steps, low, foreign, connect(url, given["key"], given["foreign"]["secret"]))
        spend(client, steps)
    steps.end()


if __name__ == "__main__":
    main()
