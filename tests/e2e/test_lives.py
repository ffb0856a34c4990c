"""Stories of keys that lapsed or were cut off, each played through to a better end over real sockets."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from bot import ORDER, Bot, eventually
from grants import BOT, WIDE
from house import FUNDS, Issued
from test_whole import LOW, Whole

from bailiwick.demo.stage import Stage
from bailiwick.model.grant import Grant, When, Where

LIFE_S = 12  # of a key that lapses: enough for it to be issued, to buy, and to place its stop


@pytest.fixture(scope="module")
def lives(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Exchange, gateway and control process, with an account and a service."""
    with Stage(tmp_path_factory.mktemp("lives"), lambda words: None) as stage:
        stage.open_exchange(dict(FUNDS))
        stage.command("init", str(stage.config), "--port", "0", "--health", "")
        stage.up()
        stage.command("venue", "add", "sandbox", "--url", stage.exchange["url"])
        stage.command(
            "account", "add", "trader", "--venue", "sandbox", "--owner", "Ada", "--api-key", stage.exchange["apiKey"],
            "--secret-file", "-", given=stage.exchange["secret"],
        )  # fmt: skip
        stage.command("service", "add", "bot")
        yield Whole(stage)


def lapsing() -> Grant:
    return msgspec.structs.replace(WIDE, when=When(expires=datetime.now(UTC) + timedelta(seconds=LIFE_S)))


def stop_of(bot: Bot, quantity: str, trigger: int) -> dict[str, str]:
    """A stop-loss, at so many percent of the market."""
    price = bot.mid() * trigger / 100
    return {
        "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_LOSS_LIMIT", "timeInForce": "GTC", "quantity": quantity,
        "stopPrice": f"{price:.2f}", "price": f"{price * 0.995:.2f}",
    }  # fmt: skip


def test_a_lapsed_key_leaves_its_stop_loss_alive(lives: Whole) -> None:
    """A key's time runs out with a position open (freqtrade #6783): the stop rests, can be raised, and can be sold.

    There the exits were dead for days, and the position was found at a loss of 89 %. Here nothing more is bought, the
    refusal is one that bots survive, and what protects can neither be cancelled nor swept away by a cancel-all.
    """
    bot = lives.issue(lapsing())
    assert bot.order("BUY", "0.01").body["status"] == "FILLED"
    stop = bot.ask("POST", ORDER, **stop_of(bot, "0.009", 95)).body["orderId"]
    eventually(lambda: lives.reason(bot, "0.001"), lambda reason: reason == "KEY_WINDING_DOWN", seconds=60)
    refused = bot.order("BUY", "0.001", LOW)
    assert (refused.status, refused.code, refused.reason) == (400, -2010, "KEY_WINDING_DOWN")
    spared = bot.ask("DELETE", ORDER, symbol="BTCUSDT", orderId=stop)
    assert (spared.status, spared.code, spared.reason) == (400, -2010, "ORDER_PROTECTS")
    bids = bot.ask("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")
    assert bids.reason in {"", "ORDER_PROTECTS"}
    assert bot.ask("GET", ORDER, symbol="BTCUSDT", orderId=stop).body["status"] == "NEW"
    raised = bot.ask(
        "POST", f"{ORDER}/cancelReplace", cancelReplaceMode="STOP_ON_FAILURE", cancelOrderId=stop,
        **stop_of(bot, "0.009", 97),
    )  # fmt: skip
    assert raised.status == 200, raised.body
    assert bot.order("SELL", "0.00098").body["status"] == "FILLED"
    assert bot.ask("GET", "/api/v3/account").status == 200
    shown = lives.act("key", "show", bot.key.id)
    assert shown["values"]["on_expiry"] == "wind-down"
    eventually(lambda: lives.act("key", "show", bot.key.id)["values"], lambda now: now["cause"] == "expiry", seconds=60)


def test_the_owner_may_have_chosen_otherwise(lives: Whole) -> None:
    """A key that was to be revoked at its expiry is gone then, stop and all still at the exchange."""
    bot = lives.issue(lapsing())
    lives.act("key", "edit", bot.key.id, "--on-expiry", "revoke", "--yes")
    answer = eventually(
        lambda: bot.ask("GET", "/api/v3/account"),
        lambda answer: answer.reason in {"KEY_EXPIRED", "KEY_REVOKED"},
        seconds=LIFE_S + 30,
    )
    assert (answer.status, answer.code) == (401, -2015)


def test_a_frozen_account_can_still_be_looked_at(lives: Whole) -> None:
    """Freezing an account stops every key of it and blinds none; winding it down, they still sell what they bought."""
    bot = lives.issue(WIDE)
    assert bot.order("BUY", "0.002").body["status"] == "FILLED"
    lives.act("account", "wind-down", "trader", "--yes")
    assert bot.order("BUY", "0.001", LOW).reason == "KEY_WINDING_DOWN"
    assert bot.order("SELL", "0.001").body["status"] == "FILLED"
    lives.act("account", "freeze", "trader", "--yes")
    assert bot.order("SELL", "0.0009").reason == "KEY_FROZEN"
    assert bot.ask("GET", "/api/v3/account").status == 200
    lives.act("account", "unfreeze", "trader", "--yes")
    assert bot.order("SELL", "0.0009").body["status"] == "FILLED"


def test_a_bot_moves_to_its_new_secret_without_a_pause(lives: Whole) -> None:
    """During the overlap both secrets spend one budget and find one set of orders; one that leaked stops at once."""
    bot = lives.issue(BOT)
    first = bot.order("BUY", "0.001", LOW).body["orderId"]
    made = lives.act("key", "rotate", bot.key.id, "--overlap", "1h", "--yes")
    renewed = Bot(lives.port, Issued(bot.key.id, made["secret"]))
    assert bot.ask("GET", ORDER, symbol="BTCUSDT", orderId=first).status == 200
    second = renewed.order("BUY", "0.001", LOW).body["orderId"]
    assert bot.ask("GET", ORDER, symbol="BTCUSDT", orderId=second).status == 200
    assert renewed.ask("DELETE", ORDER, symbol="BTCUSDT", orderId=first).status == 200
    leaked = lives.act("key", "rotate", bot.key.id, "--leaked", "--yes")
    for old in (bot, renewed):
        assert old.ask("GET", "/api/v3/account").reason == "SIGNATURE_WRONG"
    assert Bot(lives.port, Issued(bot.key.id, leaked["secret"])).order("BUY", "0.001", LOW).status == 200


def test_what_was_bought_with_bitcoin_comes_home(lives: Whole) -> None:
    """A suspect key sells for dollars what it bought as ETHBTC: a quarter, near the market, not where it is doubted.

    The exchange executes it, and the ledger counts each unit once.
    """
    lives.act("account", "edit", "trader", "--home-asset", "USDT", "--yes")
    bot = lives.issue(WIDE)
    for symbol in ("ETHBTC", "ETHUSDT"):  # the first request of a symbol has its prices fetched
        eventually(lambda symbol=symbol: tried(bot, "BUY", "0.1", symbol), lambda reason: not reason, seconds=60)
    assert bot.order("BUY", "0.4", symbol="ETHBTC").body["status"] == "FILLED"
    told = lives.act("key", "suspect", bot.key.id, "--symbol", "ETHBTC", "--reason", "it buys against the book")
    assert (told["values"]["state"], told["values"]["suspected"]) == ("winding_down", ["ETHBTC"])
    price = f"{bot.mid('ETHUSDT') * 0.998:.2f}"
    refused = [bot.order("SELL", "0.05", symbol="ETHBTC"), bot.order("SELL", "0.05", symbol="ETHUSDT")]
    refused += [bot.order("SELL", "0.11", price, symbol="ETHUSDT"), bot.order("BUY", "0.05", price, symbol="ETHUSDT")]
    assert {(each.status, each.code, each.reason) for each in refused} == {(400, -2010, "KEY_WINDING_DOWN")}
    assert bot.order("SELL", "0.09", price, symbol="ETHUSDT").body["status"] == "FILLED"
    assert bot.order("SELL", "0.09", price, symbol="ETHUSDT").reason == "KEY_WINDING_DOWN"
    held = {each["asset"]: float(each["quantity"]) for each in lives.act("key", "use", bot.key.id)["holdings"]}
    assert 0.3 < sum(held.values()) <= 0.31


def tried(bot: Bot, side: str, quantity: str, symbol: str) -> str:
    """Why a test order at the market is refused; empty if it is not."""
    order = {"symbol": symbol, "side": side, "type": "MARKET", "quantity": quantity}
    return bot.ask("POST", f"{ORDER}/test", **order).reason


def test_a_sweep_says_what_it_would_do(lives: Whole) -> None:
    """By command, dry and in earnest; keys that were just issued are left alone, and a trade is noted as a use."""
    bot = lives.issue(msgspec.structs.replace(BOT, where=Where(networks=("127.0.0.0/8",))))
    bot.order("BUY", "0.001", LOW)
    told = lives.act("sweep", "--dry-run")
    assert told["policies"][0] == "keys that can trade: remove keys idle 30 days unless bound to networks"
    assert not [each for each in told["swept"] if each["why"] == "idle"]
    assert lives.act("sweep")["dry_run"] is False
    eventually(lambda: lives.act("key", "show", bot.key.id)["values"]["last_traded"], bool)


def test_the_words_for_a_state_stand_where_it_is_chosen(lives: Whole, tmp_path: Path) -> None:
    """The preview of each act says what the state means, and a stopped key says why it is one."""
    bot = lives.issue(BOT)
    lives.act("key", "wind-down", bot.key.id, "--yes", "--reason", "a look")
    notes = " ".join(lives.act("key", "show", bot.key.id)["notes"])
    assert "winding down because a person said so, until" in notes
    assert "orders that protect can only be replaced" in notes
