"""ccxt with a key that may trade and read nothing: its default start-up must still succeed."""

from run_ccxt import brief, connect
from steps import Steps, arguments


def main():
    """Take every step."""
    given, steps = arguments(), Steps()
    client = connect(given["url"], given["key"], given["secret"])
    steps.take("markets", lambda: sorted(client.load_markets()))
    steps.take("currencies", lambda: sorted(client.currencies))
    steps.take("balances seen", lambda: [c["info"].get("free") for c in client.currencies.values() if c.get("info")])
    placed = steps.take("limit", lambda: brief(client.create_order("BTC/USDT", "limit", "buy", 0.005, 63500)))
    steps.take("cancel", lambda: brief(client.cancel_order(placed["id"], "BTC/USDT")))
    steps.take("balance", client.fetch_balance)
    steps.take("trades", lambda: client.fetch_my_trades("BTC/USDT"))
    steps.end()


if __name__ == "__main__":
    main()
