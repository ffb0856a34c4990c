"""What a key sees and reaches: its own orders, nobody's balances, the band's edge; and what the journal says of it."""

import math
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace as replaced
from decimal import Decimal

import msgspec
import pytest
from bot import ORDER, Answer, Bot, eventually
from grants import BOT, NARROW, WIDE
from house import Exchange, House, Issued

from bailiwick.model.grant import HowMuch, Orders

OPEN = "/api/v3/openOrders"
LOW = "64000"
ACCOUNT_WIDE = msgspec.structs.replace(WIDE, what=msgspec.structs.replace(WIDE.what, orders=Orders.ACCOUNT))


@pytest.fixture
def two(house: House) -> tuple[Bot, Bot]:
    """Two bots with a key each, of one account."""
    return Bot(house.port, house.issue(WIDE)), Bot(house.port, house.issue(WIDE))


@pytest.fixture
def owner(exchange: Exchange) -> Bot:
    """The account's owner at the exchange itself."""
    return Bot(exchange.port, Issued(exchange.api_key, exchange.secret))


def placed(bot: Bot) -> int:
    """An order that rests; its number at the exchange."""
    answer = bot.order("BUY", "0.001", LOW)
    assert answer.status == 200, answer
    return int(answer.body["orderId"])


def listed(answer: Answer) -> list[int]:
    """The orders of a listing."""
    assert answer.status == 200, answer
    return [row["orderId"] for row in answer.body]


def test_a_key_sees_its_own_orders_alone(two: tuple[Bot, Bot], owner: Bot) -> None:
    """Of two keys of one account and the owner himself, each key lists and looks up what it placed and nothing else."""
    first, second = two
    mine, other, owners = placed(first), placed(second), placed(owner)
    for path in (OPEN, "/api/v3/allOrders"):
        assert listed(first.ask("GET", path, symbol="BTCUSDT")) == [mine]
        assert listed(second.ask("GET", path, symbol="BTCUSDT")) == [other]
    for number in (other, owners):
        hidden = first.ask("GET", ORDER, symbol="BTCUSDT", orderId=number)
        assert (hidden.status, hidden.code, hidden.reason) == (400, -2013, "ORDER_NOT_OWN")
        kept = first.ask("DELETE", ORDER, symbol="BTCUSDT", orderId=number)
        assert (kept.status, kept.code, kept.reason) == (400, -2011, "CANCEL_NOT_OWN")
    assert first.ask("GET", ORDER, symbol="BTCUSDT", orderId=mine).body["orderId"] == mine
    assert {mine, other, owners} <= set(listed(owner.ask("GET", OPEN, symbol="BTCUSDT")))


def test_a_key_sees_its_own_trades_alone(two: tuple[Bot, Bot], owner: Bot) -> None:
    """The trade list of a key holds the trades of its own orders."""
    first, second = two
    bought = first.order("BUY", "0.001").body["orderId"]
    assert owner.order("BUY", "0.001").body["status"] == "FILLED"
    assert listed(first.ask("GET", "/api/v3/myTrades", symbol="BTCUSDT")) == [bought]
    assert listed(second.ask("GET", "/api/v3/myTrades", symbol="BTCUSDT")) == []


def test_cancel_all_reaches_own_orders_alone(two: tuple[Bot, Bot], owner: Bot) -> None:
    """Cancelling all orders of a symbol cancels the key's own, and is answered as the exchange would."""
    first, second = two
    mine, other, owners = {placed(first), placed(first)}, placed(second), placed(owner)
    answer = first.ask("DELETE", OPEN, symbol="BTCUSDT")
    assert set(listed(answer)) == mine
    assert {row["status"] for row in answer.body} == {"CANCELED"}
    left = set(listed(owner.ask("GET", OPEN, symbol="BTCUSDT")))
    assert {other, owners} <= left
    assert not mine & left


def test_a_grant_may_name_the_whole_account(house: House, two: tuple[Bot, Bot], owner: Bot) -> None:
    """A key with orders = account lists and cancels what others placed."""
    whole = Bot(house.port, house.issue(ACCOUNT_WIDE))
    other, owners = placed(two[0]), placed(owner)
    assert {other, owners} <= set(listed(whole.ask("GET", OPEN, symbol="BTCUSDT")))
    assert whole.ask("DELETE", ORDER, symbol="BTCUSDT", orderId=owners).body["status"] == "CANCELED"


@pytest.mark.parametrize(("side", "factor"), [("BUY", 1.01), ("SELL", 0.99)])
def test_a_market_order_leaves_as_a_limit_at_the_bands_edge(house: House, side: str, factor: float) -> None:
    """An order without a price leaves as LIMIT IOC one per cent from the market, and the journal holds both forms."""
    bot = Bot(house.port, house.issue(WIDE))
    name, mid = f"edge-{side}", bot.mid()
    assert bot.order(side, "0.001", newClientOrderId=name).body["status"] == "FILLED"
    (row,) = [r for r in house.exchange.received() if r["parameters"].get("newClientOrderId") == name]
    left = row["parameters"]
    assert (left["type"], left["timeInForce"], left["quantity"]) == ("LIMIT", "IOC", "0.001")
    assert math.isclose(float(left["price"]), mid * factor, rel_tol=1e-3)
    (intent,) = house.intents(bot.key)
    assert "type=MARKET" in intent.sent
    assert {"type=LIMIT", "timeInForce=IOC", f"price={left['price']}"} <= set(intent.leaves.split("&"))


def test_start_up_reads_show_nobodys_balance(house: House) -> None:
    """Coins and their balances: blank for a key that reads nothing, and the account's own for one that may."""
    path = "/sapi/v1/capital/config/getall"
    narrow = Bot(house.port, house.issue(NARROW)).ask("GET", path)
    assert {coin[name] for coin in narrow.body for name in ("free", "locked")} == {"0"}
    own = Bot(house.port, house.issue(WIDE)).ask("GET", path)
    assert any(Decimal(coin["free"]) > 0 for coin in own.body)


def test_a_key_alone_proves_nothing(house: House) -> None:
    """What is sent with a key and no signature is answered from what belongs to nobody, or refused."""
    key = house.issue(WIDE)
    bot = Bot(house.port, key)
    blank = bot.send("GET", "/sapi/v1/capital/config/getall")
    assert {coin["free"] for coin in blank.body} == {"0"}
    refused = bot.send("GET", "/api/v3/account")
    assert (refused.status, refused.reason) == (400, "SIGNATURE_MISSING")
    assert house.usage(key).last_used_ms is None


@pytest.mark.parametrize("symbol", ["AXSUSDT", "ETHBTC"])
def test_a_market_is_followed_once_it_was_missed(house: House, symbol: str) -> None:
    """A key of all symbols may be refused its first order in a market; moments later that market is followed."""
    bot = Bot(house.port, house.issue(WIDE))
    low = f"{bot.mid(symbol) * 0.99:.{3 if symbol == 'AXSUSDT' else 5}f}"
    answers: list[Answer] = []

    def order() -> Answer:
        answers.append(bot.order("BUY", "2", low, symbol))
        return answers[-1]

    assert eventually(order, lambda answer: answer.status == 200).body["status"] == "NEW"
    assert {answer.reason for answer in answers[:-1]} <= {"UNPRICEABLE"}


def test_two_hundred_orders_at_once_keep_the_budget(house: House) -> None:
    """Two hundred orders sent at once over forty connections never exceed the day's budget by a cent."""
    grant = msgspec.structs.replace(WIDE, how_much=HowMuch(day_notional=Decimal(1000)))
    bot = Bot(house.port, house.issue(grant))
    with ThreadPoolExecutor(40) as threads:
        answers = list(threads.map(lambda n: bot.order("BUY", "0.0005", LOW, newClientOrderId=f"n{n}"), range(200)))
    reasons = {answer.reason for answer in answers if answer.status != 200}
    allowed = sum(answer.status == 200 for answer in answers)
    assert reasons == {"DAY_NOTIONAL"}
    budget = house.usage(bot.key).budgets[0]
    assert Decimal(budget.used) + Decimal(budget.reserved) <= 1000
    each = Decimal(budget.reserved) / allowed
    assert Decimal(budget.reserved) + each > 1000, "there was room for one more"


def test_no_secret_is_written_or_told_anywhere(house: House) -> None:
    """Neither the exchange's secret nor one that was issued stands in any file, log or answer."""
    bot = Bot(house.port, house.issue(WIDE))
    told = [bot.order("BUY", "0.001", LOW), bot.ask("GET", "/api/v3/account"), bot.ask("GET", ORDER, symbol="no")]
    wrong = replaced(bot.key, secret="wrong")
    told.append(Bot(house.port, wrong).order("BUY", "0.001", LOW))
    answers = str([(answer.body, answer.headers) for answer in told])
    canaries = [text.encode() for text in house.canaries]
    assert len(canaries) > 2
    pattern = re.compile(b"|".join(map(re.escape, canaries)))
    assert not pattern.search(answers.encode())
    found = [path for path in house.files() if pattern.search(path.read_bytes())]
    assert found == []


def test_the_grant_of_a_bot_is_what_its_exchange_sees(house: House) -> None:
    """Nothing that a key was refused ever reaches the exchange."""
    bot = Bot(house.port, house.issue(BOT))
    refused = [
        bot.order("BUY", "1", LOW, newClientOrderId="too-large"),
        bot.order("BUY", "1", "500", "BNBUSDT", newClientOrderId="other-symbol"),
        bot.order("BUY", "0.001", "90000", newClientOrderId="too-far"),
    ]
    assert [answer.reason for answer in refused] == ["ORDER_NOTIONAL", "SYMBOL_NOT_GRANTED", "BAND_NEAR"]
    assert not {"too-large", "other-symbol", "too-far"} & set(house.exchange.received_ids())
    told = [answer.reason for answer in refused]
    eventually(lambda: [intent.reason for intent in house.intents(bot.key)], lambda found: found == told)
