"""Canaries, end to end: laid by command, used over the wire, answered with the exchange down, and reported."""

from collections.abc import Iterator
from typing import Any

import pytest
from bot import ORDER, Bot, eventually
from house import FUNDS, Issued

from bailiwick.demo.stage import Stage

PRESET = ("--preset", "signal-bot", "--symbol", "BTCUSDT", "--budget", "1000")


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Exchange, gateway and control process, set up by command."""
    with Stage(tmp_path_factory.mktemp("canaries"), lambda words: None) as stage:
        stage.open_exchange(dict(FUNDS))
        stage.command("init", str(stage.config), "--port", "0", "--health", "")
        stage.up()
        stage.command("venue", "add", "sandbox", "--url", stage.exchange["url"])
        stage.command(
            "account", "add", "main", "--venue", "sandbox", "--owner", "Ada", "--api-key", stage.exchange["apiKey"],
            "--secret-file", "-", given=stage.exchange["secret"],
        )  # fmt: skip
        stage.command("service", "add", "bot", "--name", "A bot")
        yield stage


def test_a_canary_is_laid_and_found(stage: Stage) -> None:
    """Whoever signs with it reads an account, places nothing, and its owner's incident names where it lay."""
    real = stage.command("key", "issue", "--account", "main", "--service", "bot", *PRESET)
    laid = stage.command(
        "key", "canary", "--label", "laptop backup", "--account", "main", "--wind-down", "account-keys"
    )
    thief = Bot(int(stage.url.rpartition(":")[2]), Issued(laid["id"], laid["secret"]))
    found = thief.ask("GET", "/api/v3/account")
    assert (found.status, "balances" in found.body) == (200, True)
    refused = thief.ask(
        "POST", ORDER, symbol="BTCUSDT", side="BUY", type="LIMIT", timeInForce="GTC", quantity="0.001", price="64000"
    )
    assert (refused.status, refused.body["code"]) == (400, -2010), refused.body

    def used() -> Any:
        (row,) = stage.command("key", "canaries")["rows"]
        return row["incident"]

    incident = stage.command("incident", "show", eventually(used, bool))
    assert (incident["kind"], "laptop backup" in incident["title"]) == ("canary", True)
    state = eventually(
        lambda: stage.command("key", "show", real["id"])["values"]["state"], lambda state: bool(state != "active")
    )
    assert state == "winding_down"
    assert stage.command("key", "show", laid["id"])["values"]["state"] == "active"
