"""python-binance, unmodified: starts up, reads, trades, cancels, replaces, and is refused what its key may not do."""

from binance.client import Client
from steps import Steps, arguments, brief


def connect(url, key, secret):
    """A client pointed at the gateway; its constructor pings, and has no argument for an address."""
    Client.API_URL = url + "/api"
    credential = {"private_key": secret} if secret.startswith("-----") else {"api_secret": secret}
    client = Client(key, **credential)
    client.MARGIN_API_URL = url + "/sapi"
    return client


def again(client, change=None):
    """Send the last request once more, byte for byte, or changed."""
    request = client.response.request.copy()
    if change is not None:
        request.body = change(request.body)
    client._handle_response(client.session.send(request))


def cancel_all(client, symbol):
    """The call has no name of its own in some versions; this is how its own methods make it."""
    return client._delete("openOrders", True, data={"symbol": symbol})


def trade(client, steps):
    """Everything that the key may do, as its owner would expect it."""
    steps.take("markets", lambda: [each["symbol"] for each in client.get_exchange_info()["symbols"]])
    balances = steps.take("balance", lambda: {b["asset"]: float(b["free"]) for b in client.get_account()["balances"]})
    assert balances is not None
    low = f"{float(client.get_symbol_ticker(symbol='BTCUSDT')['price']) * 0.97:.2f}"

    def buy(quantity, price=low):
        return brief(client.order_limit_buy(symbol="BTCUSDT", quantity=quantity, price=price))

    def listed():
        return [brief(order) for order in client.get_open_orders(symbol="BTCUSDT")]

    placed = steps.take("limit", lambda: buy("0.005"))
    steps.take("open", listed)
    steps.take(
        "edit",
        lambda: client.cancel_replace_order(
            symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.004", price=low,
            cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=placed["id"],
        )["newOrderResult"],
    )  # fmt: skip
    edited = steps.take("open after edit", listed)
    number = edited[0]["id"]
    steps.take("look up", lambda: brief(client.get_order(symbol="BTCUSDT", orderId=number)))
    steps.take("cancel", lambda: brief(client.cancel_order(symbol="BTCUSDT", orderId=number)))
    steps.take("limit 1", lambda: buy("0.002"))
    steps.take("limit 2", lambda: buy("0.002"))
    steps.take("cancel all", lambda: [brief(order) for order in cancel_all(client, "BTCUSDT")])
    steps.take("open after cancel all", listed)
    steps.take("market", lambda: brief(client.order_market_buy(symbol="BTCUSDT", quantity="0.002")))
    steps.take("sell", lambda: brief(client.order_market_sell(symbol="BTCUSDT", quantity="0.001")))
    steps.take("trades", lambda: sorted({str(row["orderId"]) for row in client.get_my_trades(symbol="BTCUSDT")}))
    return low


def trespass(client, steps, low, foreign, wrong):
    """Everything that the key may not do."""
    high = f"{float(low) * 1.2:.2f}"
    steps.take("foreign address", foreign.get_account)
    steps.take("wrong secret", wrong.get_account)
    steps.take("other symbol", lambda: client.order_limit_buy(symbol="BNBUSDT", quantity="0.1", price="500"))
    steps.take("too large", lambda: client.order_limit_buy(symbol="BTCUSDT", quantity="0.05", price=low))
    steps.take("too far", lambda: client.order_limit_buy(symbol="BTCUSDT", quantity="0.001", price=high))
    steps.take("withdraw", lambda: client.withdraw(coin="BTC", amount=0.01, address="bc1qxy2kgdygjrsqtzq2n0yrf2493p"))
    steps.take("borrow", lambda: client.create_margin_loan(asset="USDT", amount="10"))
    steps.take("another's order", lambda: client.cancel_order(symbol="BTCUSDT", orderId=1))
    once = steps.take("once", lambda: brief(client.order_limit_buy(symbol="BTCUSDT", quantity="0.001", price=low)))
    steps.take("replay", lambda: again(client))
    steps.take("altered", lambda: again(client, lambda body: body.replace("quantity=0.001", "quantity=0.009")))
    steps.take("cancel once", lambda: brief(client.cancel_order(symbol="BTCUSDT", orderId=once["id"])))


def spend(client, steps):
    """Order until the day's budget is spent."""

    def buy():
        return brief(client.order_limit_buy(symbol="ETHUSDT", quantity="0.14", price="3450"))

    for number in range(1, 7):
        steps.take(f"spend {number}", buy)
    steps.take("reduce", lambda: brief(client.order_market_sell(symbol="BTCUSDT", quantity="0.0009")))
    steps.take("cancel all ETH", lambda: len(cancel_all(client, "ETHUSDT")))
    steps.take("alive", lambda: {b["asset"]: float(b["free"]) for b in client.get_account()["balances"]})


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
