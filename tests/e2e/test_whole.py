"""The whole as a person runs it: ``bailiwick init``, ``bailiwick up``, and acts by command that bind what follows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bot import ORDER, Bot, eventually
from grants import BOT, WIDE
from house import FUNDS, Issued

from bailiwick.demo.stage import Stage
from bailiwick.model.grant import Grant, grant_to_toml

LOW = "64000"
OTHER_SERVICE = "other"


class Whole:
    """A stage with an account and a service, on which keys are issued by command."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.port = int(stage.url.rpartition(":")[2])
        self._count = 0

    def issue(self, grant: Grant, service: str = "bot") -> Bot:
        """A bot with a key that was issued by command, and whose orders can be judged."""
        self._count += 1
        path = self.stage.directory / f"grant-{self._count}.toml"
        path.write_text(grant_to_toml(grant))
        made = self.act("key", "issue", "--account", "trader", "--service", service, "--grant", str(path))
        bot = Bot(self.port, Issued(made["id"], made["secret"]))
        eventually(lambda: self.reason(bot, "0.0001"), lambda reason: not reason)
        return bot

    def reason(self, bot: Bot, quantity: str) -> str:
        """Why a test order of so much is refused; empty if it is not."""
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": LOW}
        return bot.ask("POST", f"{ORDER}/test", quantity=quantity, **order).reason

    def act(self, *words: str) -> dict[str, Any]:
        """A command, and its answer."""
        answer: dict[str, Any] = self.stage.command(*words)
        return answer


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """Exchange, gateway and control process, set up by command."""
    with Stage(tmp_path_factory.mktemp("whole"), lambda words: None) as stage:
        stage.open_exchange(dict(FUNDS))
        stage.command("init", str(stage.config), "--port", "0", "--health", "")
        stage.up()
        stage.command("venue", "add", "sandbox", "--url", stage.exchange["url"])
        stage.command(
            "account", "add", "trader", "--venue", "sandbox", "--owner", "Ada", "--api-key", stage.exchange["apiKey"],
            "--secret-file", "-", given=stage.exchange["secret"],
        )  # fmt: skip
        stage.command("service", "add", "bot")
        stage.command("service", "add", OTHER_SERVICE)
        yield Whole(stage)


def test_a_frozen_key_does_nothing_until_it_is_unfrozen(whole: Whole) -> None:
    """From the moment that the command returns the key orders nothing, and afterwards as before."""
    bot = whole.issue(BOT)
    assert bot.order("BUY", "0.001", LOW).status == 200
    whole.act("key", "freeze", bot.key.id, "--yes", "--reason", "a look")
    refused = bot.order("BUY", "0.001", LOW)
    assert (refused.status, refused.code, refused.reason) == (400, -2010, "KEY_FROZEN")
    whole.act("key", "unfreeze", bot.key.id, "--yes")
    assert bot.order("BUY", "0.001", LOW).status == 200


def test_a_key_that_winds_down_cancels_and_sells_what_it_bought(whole: Whole) -> None:
    """Winding down, a key opens nothing; it reads, cancels, and sells what its own fills bought, and no more."""
    bot = whole.issue(BOT)
    assert bot.order("BUY", "0.002").body["status"] == "FILLED"
    resting = bot.order("BUY", "0.001", LOW).body["orderId"]
    whole.act("key", "wind-down", bot.key.id, "--yes")
    assert bot.order("BUY", "0.001", LOW).reason == "KEY_WINDING_DOWN"
    assert bot.order("SELL", "0.003").reason == "KEY_WINDING_DOWN"
    assert bot.ask("GET", "/api/v3/account").status == 200
    assert bot.ask("DELETE", ORDER, symbol="BTCUSDT", orderId=resting).status == 200
    assert bot.order("SELL", "0.00199").body["status"] == "FILLED"


def test_a_revoked_key_is_as_any_that_never_was_allowed(whole: Whole) -> None:
    """A revoked key is refused by everything it asks, in the exchange's words for an invalid key."""
    bot = whole.issue(BOT)
    whole.act("key", "revoke", bot.key.id, "--yes")
    for answer in (bot.order("BUY", "0.001", LOW), bot.ask("GET", "/api/v3/account")):
        assert (answer.status, answer.code, answer.reason) == (401, -2015, "KEY_REVOKED")


def test_a_rotated_key_keeps_its_budget_and_its_orders(whole: Whole) -> None:
    """After a rotation the old secret signs nothing; the new one finds orders and budget as they were."""
    bot = whole.issue(BOT)
    placed = bot.order("BUY", "0.001", LOW).body["orderId"]
    before = whole.act("key", "use", bot.key.id)
    made = whole.act("key", "rotate", bot.key.id, "--yes")
    assert bot.ask("GET", "/api/v3/account").reason == "SIGNATURE_WRONG"
    renewed = Bot(whole.port, Issued(bot.key.id, made["secret"]))
    assert renewed.ask("GET", ORDER, symbol="BTCUSDT", orderId=placed).status == 200
    after = whole.act("key", "use", bot.key.id)
    assert (after["budgets"], after["open_orders"]) == (before["budgets"], before["open_orders"])


def test_a_frozen_service_stops_all_its_keys_in_one_act(whole: Whole) -> None:
    """When a service is stopped none of its keys opens anything, while the keys of others go on."""
    theirs = [whole.issue(BOT, OTHER_SERVICE) for _ in range(2)]
    ours = whole.issue(BOT)
    whole.act("service", "freeze", OTHER_SERVICE, "--yes")
    assert {bot.order("BUY", "0.001", LOW).status for bot in theirs} == {400}
    assert ours.order("BUY", "0.001", LOW).status == 200


def test_what_is_explained_is_what_happens(whole: Whole) -> None:
    """``key explain`` gives the same reason as the gateway, and tells the rule, before and instead of the request."""
    bot = whole.issue(BOT)
    for params, reason in (
        ("symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price=64000", ""),
        ("symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=64000", "ORDER_NOTIONAL"),
        ("symbol=BNBUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.1&price=600", "SYMBOL_NOT_GRANTED"),
        ("symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.001&price=70000", "BAND_NEAR"),
    ):
        words = ("key", "explain", bot.key.id, "POST", ORDER, params)
        told = whole.stage.command(*words, codes=(0, 1, 7))
        sent = dict(pair.split("=") for pair in params.split("&"))
        assert (told["reason"], told["allowed"]) == (reason, not reason)
        assert bot.ask("POST", ORDER, **sent).reason == reason


def test_an_edited_grant_binds_the_next_order(whole: Whole) -> None:
    """When the command that edits a grant returns, the change is in force."""
    bot = whole.issue(BOT)
    assert whole.reason(bot, "0.02") == "ORDER_NOTIONAL"
    path = whole.stage.directory / "wide.toml"
    path.write_text(grant_to_toml(WIDE))
    answer = whole.act("key", "edit", bot.key.id, "--grant", str(path), "--yes")
    assert whole.reason(bot, "0.02") == ""
    assert answer["in_force"] is True


def test_every_act_and_request_is_in_a_journal_that_verifies(whole: Whole) -> None:
    """After all this the journal verifies, and holds the acts of the one who gave the commands."""
    report = whole.act("journal", "verify")
    assert (report["faults"], report["records"] > 20) == ([], True)
    assert Path(whole.stage.directory / "data" / "journal").is_dir()
