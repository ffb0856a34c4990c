"""November 2022, played to a better end.

"We will try to disable all API keys that was used by Skyrex, figuring out how to identify them now." Here which keys a
service holds is known, one act stops them all, and whoever trusts nobody can work that act out again.
"""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from bot import ORDER, Bot, eventually
from grants import BOT
from house import FUNDS, Issued

from bailiwick.demo.stage import Stage
from bailiwick.model.grant import grant_to_toml

LOW = "64000"
WHY = "its customers report trades that were not theirs"


class Skyrex:
    """A house with two services: one that leaks, and one that does not."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.port = int(stage.url.rpartition(":")[2])
        self.grant = stage.directory / "grant.toml"
        self.grant.write_text(grant_to_toml(BOT))
        self.position = -1

    def issue(self, service: str) -> Bot:
        """A bot with a key of a service, in force."""
        made = self.act("key", "issue", "--account", "trader", "--service", service, "--grant", str(self.grant))
        bot = Bot(self.port, Issued(made["id"], made["secret"]))
        order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": LOW}
        eventually(
            lambda: bot.ask("POST", f"{ORDER}/test", quantity="0.001", **order).reason, lambda reason: not reason
        )
        return bot

    def act(self, *words: str, codes: tuple[int, ...] = (0,)) -> Any:
        """A command, and its answer."""
        return self.stage.command(*words, codes=codes)

    def proven(self) -> tuple[int, str]:
        """What somebody says who has the journal and its public key, and nothing else."""
        journal = self.stage.directory / "data" / "journal"
        command = [sys.executable, "-m", "bailiwick.journal.verify_act", str(journal), str(self.position)]
        done = subprocess.run(
            [*command, "--key", str(journal / "verifier")], capture_output=True, text=True, timeout=60, check=False
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def skyrex(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Skyrex]:
    """Exchange, gateway and control process, set up by command."""
    with Stage(tmp_path_factory.mktemp("skyrex"), lambda words: None) as stage:
        stage.open_exchange(dict(FUNDS))
        stage.command("init", str(stage.config), "--port", "0", "--health", "")
        stage.up()
        stage.command("venue", "add", "sandbox", "--url", stage.exchange["url"])
        stage.command(
            "account", "add", "trader", "--venue", "sandbox", "--owner", "Carlos", "--api-key",
            stage.exchange["apiKey"], "--secret-file", "-", given=stage.exchange["secret"],
        )  # fmt: skip
        stage.command("service", "add", "skyrex", "--contact", "security@skyrex.example")
        stage.command("service", "add", "gridbot")
        yield Skyrex(stage)


def test_all_keys_used_by_skyrex_are_known_and_stopped_in_one_act(skyrex: Skyrex) -> None:
    """Every key that Skyrex ever had is stopped in one act, the one that moved on too; nobody else's is touched."""
    first, second, moved, other = (skyrex.issue(name) for name in ("skyrex", "skyrex", "skyrex", "gridbot"))
    skyrex.act("key", "edit", moved.key.id, "--service", "gridbot", "--yes")
    assert first.order("BUY", "0.002").body["status"] == "FILLED"
    resting = first.order("BUY", "0.001", LOW).body["orderId"]
    stop = first.ask(
        "POST", ORDER, symbol="BTCUSDT", side="SELL", type="LIMIT", timeInForce="GTC", quantity="0.001", price="68000"
    )
    assert stop.status == 200

    done = skyrex.act("service", "compromise", "skyrex", "--yes", "--reason", WHY)
    skyrex.position = done["position"]

    assert {row["key"] for row in done["keys"]} == {first.key.id, second.key.id, moved.key.id}
    assert {row["state"] for row in done["keys"]} == {"winding_down"}
    assert done["in_force"] > done["position"]
    for bot in (first, second, moved):
        refused = bot.order("BUY", "0.001", LOW)
        assert (refused.status, refused.code, refused.reason) == (400, -2010, "KEY_WINDING_DOWN")
    assert other.order("BUY", "0.001", LOW).status == 200
    # What it bought it can sell, what it opened it can cancel: its owner is not left with the thief's position.
    assert first.ask("DELETE", ORDER, symbol="BTCUSDT", orderId=resting).status == 200
    assert first.order("SELL", "0.0009").status == 200


def test_the_act_is_worked_out_again_by_somebody_who_trusts_nobody(skyrex: Skyrex) -> None:
    """Journal and public key alone lead to the same keys, and to no opening behind the position that the act names."""
    eventually(skyrex.proven, lambda found: found[0] == 0)
    code, text = skyrex.proven()
    assert (code, text.splitlines()[0].partition(":")[0]) == (0, "PROVEN")
    assert "3 keys ever belonged to it; 1 of them were handed to another service" in text
    verdict = skyrex.act("journal", "verify-act", str(skyrex.position))
    assert (verdict["proven"], verdict["ever"], verdict["states"]) == (True, 3, {"winding_down": 3})


def test_nothing_is_issued_to_a_compromised_service(skyrex: Skyrex) -> None:
    """It gets no key, no other secret, and none of another's keys; and nobody unfreezes its keys one by one."""
    rows = skyrex.act("service", "keys", "skyrex")
    own = next(row["key"] for row in rows if row["service"] == "skyrex")
    theirs = skyrex.act("key", "list", "--service", "gridbot", "--state", "active")["rows"][0]["id"]
    for words in (
        ("key", "issue", "--account", "trader", "--service", "skyrex", "--grant", str(skyrex.grant)),
        ("key", "rotate", own, "--yes"),
        ("key", "edit", theirs, "--service", "skyrex", "--yes"),
        ("key", "unfreeze", own, "--yes"),
        ("service", "unfreeze", "skyrex", "--yes"),
    ):
        with pytest.raises(Exception, match="compromised"):
            skyrex.act(*words)


def test_the_owner_is_told_what_happened_and_what_to_do(skyrex: Skyrex) -> None:
    """A notice waits for the owner of each account that is concerned."""
    from bailiwick.store.store import Store

    def told() -> int:
        with Store.open(skyrex.stage.directory / "data" / "bailiwick.db") as store, store.reading() as connection:
            return len(connection.exec_driver_sql("SELECT id FROM notice WHERE owner = 'Carlos'").fetchall())

    assert eventually(told, lambda count: count == 1) == 1


def test_a_key_is_given_back_with_a_reason_and_the_proof_still_holds(skyrex: Skyrex) -> None:
    """A person restores one key, which opens again; the others stay stopped, and the act stays proven."""
    rows = skyrex.act("service", "keys", "skyrex")
    own = [row["key"] for row in rows if row["service"] == "skyrex"]
    with pytest.raises(Exception, match="reason"):
        skyrex.act("service", "restore", "skyrex", "--key", own[0], "--yes")
    answer = skyrex.act("service", "restore", "skyrex", "--key", own[0], "--yes", "--reason", "Carlos knows its trades")
    assert (answer["count"], answer["standing"], answer["in_force"]) == (1, "compromised", True)
    states = {row["key"]: row["state"] for row in skyrex.act("service", "keys", "skyrex")}
    assert (states[own[0]], states[own[1]]) == ("active", "winding_down")
    code, text = eventually(skyrex.proven, lambda found: found[0] == 0)
    assert (code, text.splitlines()[0].partition(":")[0]) == (0, "PROVEN")
    skyrex.act("service", "restore", "skyrex", "--all", "--yes", "--reason", "the leak was elsewhere")
    assert {row["state"] for row in skyrex.act("service", "keys", "skyrex")} == {"active"}
