"""Native keys, end to end: made at the exchange by command, used there directly, stopped there, deleted there."""

import contextlib
import http.client
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from bot import ORDER, Bot, eventually
from house import FUNDS, Issued

from bailiwick.cli import main
from bailiwick.demo.stage import Stage

LOW = "64000"
STOP = {"type": "STOP_LOSS_LIMIT", "stopPrice": "60000", "price": "59900", "timeInForce": "GTC"}


class Native:
    """A stage with a master account, a sub-account with money, and a service with an address."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.port = int(stage.exchange["url"].rpartition(":")[2])
        self.master = Bot(self.port, Issued(stage.exchange["apiKey"], stage.exchange["secret"]))

    def act(self, *words: str, given: str = "") -> Any:
        """A command, and its answer."""
        return self.stage.command(*words, given=given)

    def sub(self, name: str) -> str:
        """A sub-account that holds bitcoin and dollars; its address."""
        email: str = self.master.ask("POST", "/sapi/v1/sub-account/virtualSubAccount", subAccountString=name).body[
            "email"
        ]
        for asset, amount in (("BTC", "1"), ("USDT", "100000")):
            moved = self.master.ask(
                "POST", "/sapi/v1/sub-account/universalTransfer", toEmail=email, fromAccountType="SPOT",
                toAccountType="SPOT", asset=asset, amount=amount,
            )  # fmt: skip
            assert moved.status == 200, moved.body
        return email

    def issue(self, id_: str, email: str, *more: str) -> tuple[dict[str, Any], Bot]:
        """A native key, and a bot of its service that calls the exchange directly with it."""
        made = self.act(
            "native", "issue", id_, "--account", "main", "--email", email, "--service", "skyrex", "--symbol", "BTCUSDT",
            *more,
        )  # fmt: skip
        return made, Bot(self.port, Issued(made["values"]["api_key"], made["secret"]))


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Native]:
    """Exchange, gateway and control process, set up by command."""
    with Stage(tmp_path_factory.mktemp("native"), lambda words: None) as stage:
        stage.open_exchange(dict(FUNDS))
        stage.command("init", str(stage.config), "--port", "0", "--health", "")
        stage.up()
        stage.command("venue", "add", "sandbox", "--url", stage.exchange["url"])
        stage.command(
            "account", "add", "main", "--venue", "sandbox", "--owner", "Ada", "--api-key", stage.exchange["apiKey"],
            "--secret-file", "-", given=stage.exchange["secret"],
        )  # fmt: skip
        stage.command("service", "add", "skyrex", "--network", "127.0.0.1/32")
        yield Native(stage)


def test_a_native_key_lives_and_dies_at_the_exchange(there: Native) -> None:
    """Issued, it trades past the gateway; wound down, it cannot and its stop lives on; revoked, it is gone."""
    made, bot = there.issue("signals", there.sub("signals"))
    assert (made["values"]["protection"], made["values"]["addresses"]) == ("detects, does not hold", ["127.0.0.1"])
    assert made["values"]["at_exchange"] == "trades; bound to 127.0.0.1"

    assert bot.order("BUY", "0.001", LOW).status == 200
    stop = bot.ask("POST", ORDER, symbol="BTCUSDT", side="SELL", quantity="0.5", **STOP)
    assert stop.status == 200, stop.body

    wound = there.act("native", "wind-down", "signals", "--reason", "the service leaked")
    assert wound["values"]["at_exchange"] == "trading off; bound to 127.0.0.1"
    assert bot.order("BUY", "0.001", LOW).code == -2015
    resting = bot.ask("GET", "/api/v3/openOrders", symbol="BTCUSDT").body
    assert stop.body["orderId"] in [order["orderId"] for order in resting]

    revoked = there.act("native", "revoke", "signals", "--yes")
    assert revoked["values"]["at_exchange"] == "deleted"
    assert bot.ask("GET", "/api/v3/openOrders", symbol="BTCUSDT").code == -2015


def test_a_native_key_can_move_no_money(there: Native) -> None:
    """The exchange made it without transfers: the sub-account's money does not leave by it."""
    _, bot = there.issue("poor", there.sub("poor"))

    assert bot.ask("POST", "/sapi/v1/sub-account/transfer/subToMaster", asset="USDT", amount="1").code == -2015


def test_a_native_key_is_bound_to_its_services_addresses(there: Native) -> None:
    """From another address the exchange refuses it."""
    _, bot = there.issue("bound", there.sub("bound"))
    elsewhere = Bot(there.port, bot.key, source="127.0.0.2")

    assert elsewhere.ask("GET", "/api/v3/account").code == -2015
    assert bot.ask("GET", "/api/v3/account").status == 200


def test_what_a_native_key_trades_is_read_afterwards_and_recorded(there: Native) -> None:
    """Its trades are in the journal once they were read, with what that is worth; each is there once."""
    _, bot = there.issue("watched", there.sub("watched"))
    bot.ask("POST", ORDER, symbol="BTCUSDT", side="SELL", quantity="0.01", type="MARKET")

    told = there.act("native", "read", "watched")
    again = there.act("native", "read", "watched")

    assert "1 new trades, recorded" in told["notes"]
    assert "0 new trades, recorded" in again["notes"]
    assert told["values"]["watched"] == "its trades are read afterwards"


def test_a_service_that_is_suspended_loses_its_native_keys_too(there: Native) -> None:
    """The act against the service is all it takes: within seconds the exchange refuses the native key's orders."""
    there.act("service", "add", "other", "--network", "127.0.0.1/32")
    email = there.sub("mass")
    made = there.act("native", "issue", "mass", "--account", "main", "--email", email, "--service", "other")
    bot = Bot(there.port, Issued(made["values"]["api_key"], made["secret"]))
    assert bot.order("BUY", "0.001", LOW).status == 200

    there.act("service", "freeze", "other", "--reason", "their platform was broken into")

    eventually(lambda: bot.order("BUY", "0.001", LOW).code, lambda code: code == -2015)
    assert there.act("native", "show", "mass")["values"]["state"] == "winding_down"


def test_the_act_against_a_service_is_proven_for_its_native_keys_too(there: Native) -> None:
    """Compromised: trading is off at the exchange, read back, in the journal and worked out again; restored, on."""
    made, bot = there.issue("leaky", there.sub("leaky"))
    answer = there.act("service", "compromise", "skyrex", "--reason", "its keys leaked", "--yes")
    stops = {each["id"]: (each["state"], each["confirmed"]) for each in answer["natives"]}
    assert stops["leaky"] == ("winding_down", True)
    assert bot.order("BUY", "0.001", LOW).status != 200

    verdict = eventually(lambda: verified(there, answer["position"]), lambda found: found.get("proven") is True, 75.0)
    assert verdict["unconfirmed"] == 0
    assert any("native key leaky: winding_down" in line and "confirmed it" in line for line in verdict["natives"])

    there.act("service", "restore", "skyrex", "--all", "--reason", "all clear", "--yes")
    assert bot.order("BUY", "0.001", LOW).status == 200
    said = there.act("key", "not-me", "leaky", "--reason", "I slept")["said"]
    assert "trading is to be off; trading off" in said[0]
    assert bot.order("BUY", "0.001", LOW).status != 200
    assert made["secret"] not in str(answer)


def test_a_key_made_by_hand_is_registered_and_loses_what_it_should_not_have(there: Native) -> None:
    """A registered key with a right to transfer has it taken away, and from then on follows the same rules."""
    email = there.sub("hand")
    byhand = there.master.ask(
        "POST", "/sapi/v1/sub-account/subAccountApi", email=email, apiName="mine", status=1, canTrade="true",
        canUniversalTransfer="true",
    ).body  # fmt: skip

    entered = there.act(
        "native", "register", "hand", "--account", "main", "--email", email, "--service", "skyrex", "--api-key",
        byhand["apiKey"],
    )  # fmt: skip
    assert "CAN TRANSFER" in entered["values"]["at_exchange"]

    def said() -> str:
        return str(there.act("native", "show", "hand")["values"]["at_exchange"])

    eventually(said, lambda text: "CAN TRANSFER" not in text)
    assert said().startswith("trades; bound to no address")


def test_a_public_key_that_the_exchange_does_not_list_is_not_registered(there: Native) -> None:
    """A mistyped public half is told at once, and leaves no key behind that would seem to be watched."""
    email = there.sub("typo")
    with pytest.raises(Exception, match="no such key"):
        there.act(
            "native", "register", "typo", "--account", "main", "--email", email, "--service", "skyrex", "--api-key",
            "x" * 64,
        )  # fmt: skip


def verified(there: Native, position: int) -> dict[str, Any]:
    """The act worked out again; what was found, or nothing while no signed checkpoint covers it."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        main(["journal", "verify-act", str(position), "--json", "--config", str(there.stage.config)])
    found: dict[str, Any] = json.loads(printed.getvalue() or "{}")
    return found


def audited(there: Native, *words: str) -> tuple[int, dict[str, Any]]:
    """An audit by command: its exit code, and its report."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = main(["audit", *words, "--json", "--config", str(there.stage.config)])
    (report,) = json.loads(printed.getvalue())
    return code, report


def test_the_sealed_master_key_is_audited_by_the_exchanges_own_word(there: Native) -> None:
    """`audit` has the gateway sign: the sandbox's first key may withdraw and serves from anywhere."""
    connection = http.client.HTTPConnection("127.0.0.1", there.port, timeout=10)
    connection.request("POST", "/sandbox/keys", json.dumps({"account": "trader", "permissions": ["enableReading"]}))
    narrow = json.loads(connection.getresponse().read())
    connection.close()
    code, report = audited(there, "main")
    assert (code, report["grade"]) == (7, "danger")

    there.stage.command(
        "account", "add", "reader", "--venue", "sandbox", "--owner", "Ada", "--api-key", narrow["apiKey"],
        "--secret-file", "-", given=narrow["secret"],
    )  # fmt: skip
    code, report = audited(there, "reader", "--need", "read")
    verdicts = {each["subject"]: each["grade"] for each in report["verdicts"]}

    assert (code, verdicts["withdrawal"], verdicts["trading"]) == (8, "good", "good")
    assert verdicts["addresses"] == "warning"
