"""The exchange's own connector, unmodified: starts up, reads, trades, cancels, replaces, is refused what is not its."""

from binance_common.configuration import ConfigurationRestAPI
from binance_common.utils import send_request
from binance_sdk_spot.spot import Spot
from steps import Steps, arguments, brief


class Refused(Exception):
    """The answer to a request that was sent again by hand, outside the connector's own calls."""


class Kept:
    """A client, and the last request that left it."""

    def __init__(self, url, key, secret):
        credential = {"private_key": secret} if secret.startswith("-----") else {"api_secret": secret}
        made = ConfigurationRestAPI(api_key=key, base_path=url, timeout=20_000, retries=0, **credential)
        self.rest = Spot(config_rest_api=made).rest_api
        self.last = None
        self.rest._session.hooks["response"].append(self._keep)

    def _keep(self, response, **_more):
        self.last = response.request

    def post(self, path, params):
        """What the connector's packages for other products send, by the function that they share."""
        rest = self.rest
        return send_request(
            rest._session, rest.configuration, "POST", path, params, is_signed=True, signer=rest._signer
        )

    def again(self, change=None):
        """Send the last request once more, byte for byte, or changed."""
        request = self.last.copy()
        request.hooks = {}
        if change is not None:
            request.url = change(request.url)
        answer = self.rest._session.send(request)
        if answer.status_code != 200:
            raise Refused(answer.text)


def plain(response):
    """The answer as the exchange wrote it: names in its own spelling, whatever model the connector made of it."""
    found = response.data()
    return _plain(found)


def _plain(found):
    if isinstance(found, list):
        return [_plain(each) for each in found]
    if hasattr(found, "actual_instance") and found.actual_instance is not None:
        return _plain(found.actual_instance)
    return found.to_dict() if hasattr(found, "to_dict") else found


def trade(client, steps):
    """Everything that the key may do, as its owner would expect it."""
    rest = client.rest
    steps.take("markets", lambda: [each["symbol"] for each in plain(rest.exchange_info())["symbols"]])

    def balances():
        return {each["asset"]: float(each["free"]) for each in plain(rest.get_account())["balances"]}

    steps.take("balance", balances)
    low = round(float(plain(rest.ticker_price(symbol="BTCUSDT"))["price"]) * 0.97, 2)

    def buy(quantity):
        return brief(plain(rest.new_order("BTCUSDT", "BUY", "LIMIT", "GTC", quantity=quantity, price=low)))

    def listed():
        return [brief(order) for order in plain(rest.get_open_orders(symbol="BTCUSDT"))]

    placed = steps.take("limit", lambda: buy(0.005))
    steps.take("open", listed)
    steps.take(
        "edit",
        lambda: plain(
            rest.order_cancel_replace(
                "BTCUSDT", "BUY", "LIMIT", "STOP_ON_FAILURE", "GTC", quantity=0.004, price=low,
                cancel_order_id=int(placed["id"]),
            )
        ),
    )  # fmt: skip
    edited = steps.take("open after edit", listed)
    number = int(edited[0]["id"])
    steps.take("look up", lambda: brief(plain(rest.get_order("BTCUSDT", order_id=number))))
    steps.take("cancel", lambda: brief(plain(rest.delete_order("BTCUSDT", order_id=number))))
    steps.take("limit 1", lambda: buy(0.002))
    steps.take("limit 2", lambda: buy(0.002))
    steps.take("cancel all", lambda: [brief(order) for order in plain(rest.delete_open_orders("BTCUSDT"))])
    steps.take("open after cancel all", listed)
    steps.take("market", lambda: brief(plain(rest.new_order("BTCUSDT", "BUY", "MARKET", quantity=0.002))))
    steps.take("sell", lambda: brief(plain(rest.new_order("BTCUSDT", "SELL", "MARKET", quantity=0.001))))
    steps.take("trades", lambda: sorted({str(row["orderId"]) for row in plain(rest.my_trades("BTCUSDT"))}))
    return low


def trespass(client, steps, low, foreign, wrong):
    """Everything that the key may not do."""
    rest, high = client.rest, round(low * 1.2, 2)

    def limit(symbol, quantity, price):
        return brief(plain(rest.new_order(symbol, "BUY", "LIMIT", "GTC", quantity=quantity, price=price)))

    steps.take("foreign address", foreign.rest.get_account)
    steps.take("wrong secret", wrong.rest.get_account)
    steps.take("other symbol", lambda: limit("BNBUSDT", 0.1, 500))
    steps.take("too large", lambda: limit("BTCUSDT", 0.05, low))
    steps.take("too far", lambda: limit("BTCUSDT", 0.001, high))
    taken = {"coin": "BTC", "amount": "0.01", "address": "bc1qxy2kgdygjrsqtzq2n0yrf2493p"}
    steps.take("withdraw", lambda: client.post("/sapi/v1/capital/withdraw/apply", taken))
    loan = {"asset": "USDT", "amount": "10", "isIsolated": "FALSE", "symbol": "BTCUSDT", "type": "BORROW"}
    steps.take("borrow", lambda: client.post("/sapi/v1/margin/borrow-repay", loan))
    steps.take("another's order", lambda: rest.delete_order("BTCUSDT", order_id=1))
    once = steps.take("once", lambda: limit("BTCUSDT", 0.001, low))
    steps.take("replay", client.again)
    steps.take("altered", lambda: client.again(lambda url: url.replace("quantity=0.001", "quantity=0.009")))
    steps.take("cancel once", lambda: brief(plain(rest.delete_order("BTCUSDT", order_id=int(once["id"])))))


def spend(client, steps):
    """Order until the day's budget is spent."""
    rest = client.rest

    def buy():
        return brief(plain(rest.new_order("ETHUSDT", "BUY", "LIMIT", "GTC", quantity=0.14, price=3450)))

    for number in range(1, 7):
        steps.take(f"spend {number}", buy)
    steps.take("reduce", lambda: brief(plain(rest.new_order("BTCUSDT", "SELL", "MARKET", quantity=0.0009))))
    steps.take("cancel all ETH", lambda: len(plain(rest.delete_open_orders("ETHUSDT"))))
    steps.take("alive", lambda: {b["asset"]: float(b["free"]) for b in plain(rest.get_account())["balances"]})


def main():
    """Take every step."""
    given, steps = arguments(), Steps()
    url = given["url"]
    client = Kept(url, given["key"], given["secret"])
    low = trade(client, steps)
    if "foreign" in given:
        foreign = Kept(url, given["foreign"]["key"], given["foreign"]["secret"])
        trespass(client, steps, low, foreign, Kept(url, given["key"], given["foreign"]["secret"]))
        spend(client, steps)
    steps.end()


if __name__ == "__main__":
    main()
