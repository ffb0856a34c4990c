"""Money in and out, between wallets and between accounts."""

import json
from decimal import Decimal

import pytest
from rehearsal import NOW, Desk

WITHDRAW = "/sapi/v1/capital/withdraw/apply"
TRANSFER = "/sapi/v1/asset/transfer"
TRON = "T" + "a" * 33
EVM = "0x" + "ab" * 20
TON = "UQ" + "a" * 46


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_withdrawal_keeps_address_and_tag_byte_for_byte(desk: Desk) -> None:
    """What was asked for is what the history shows; the fee is part of the amount."""
    made = desk.ask("POST", WITHDRAW, coin="USDT", network="TON", address=TON, addressTag="77-x", amount="50",
                    withdrawOrderId="w1")  # fmt: skip
    (row,) = desk.ask("GET", "/sapi/v1/capital/withdraw/history", coin="USDT")
    assert (row["id"], row["address"], row["addressTag"], row["network"]) == (made["id"], TON, "77-x", "TON")
    assert (row["amount"], row["transactionFee"], row["withdrawOrderId"]) == ("49.70000000", "0.30000000", "w1")
    assert desk.balance("USDT") == (99_950, 0)
    assert desk.ask("GET", "/sapi/v1/capital/withdraw/history", withdrawOrderId="w2") == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"coin": "DOGE"}, -4018),
        ({"network": "BTC"}, -4019),
        ({"address": EVM}, -4033),
        ({"address": TRON + " "}, -4033),
        ({"addressTag": "1"}, -4008),
        ({"amount": "9.99"}, -4022),
        ({"amount": "100000.01"}, -4026),
        ({"amount": "-5"}, -1100),
        ({"address": ""}, -1102),
    ],
)
def test_a_wrong_withdrawal_moves_nothing(desk: Desk, changed: dict[str, str], code: int) -> None:
    """Coin, network, address, tag and amount are each checked."""
    params = {"coin": "USDT", "network": "TRX", "address": TRON, "amount": "50", **changed}
    assert desk.refused("POST", WITHDRAW, **params)[1] == code
    assert desk.balance("USDT") == (100_000, 0)


def test_a_withdrawal_id_works_once(desk: Desk) -> None:
    """A withdrawOrderId that was used is refused."""
    params = {"coin": "USDT", "network": "TRX", "address": TRON, "amount": "50", "withdrawOrderId": "w1"}
    desk.ask("POST", WITHDRAW, **params)
    assert desk.refused("POST", WITHDRAW, **params)[1] == -4032


def test_a_withdrawal_to_an_address_of_the_exchange_arrives_there(desk: Desk) -> None:
    """Money sent to another account's deposit address is that account's at once, without fee."""
    desk.sandbox.open_account("other", NOW)
    desk.key.account = "other"
    home = desk.ask("GET", "/sapi/v1/capital/deposit/address", coin="USDT", network="TRX")
    desk.key.account = "trader"
    desk.ask("POST", WITHDRAW, coin="USDT", network="TRX", address=home["address"], amount="50")
    desk.key.account = "other"
    assert desk.balance("USDT") == (50, 0)
    (row,) = desk.ask("GET", "/sapi/v1/capital/deposit/hisrec")
    assert (row["amount"], row["transferType"], row["address"]) == ("50.00000000", 1, home["address"])
    assert desk.sandbox.ledger.imbalance() == {}


def test_an_address_belongs_to_one_account(desk: Desk) -> None:
    """Deposit addresses differ between accounts and follow from the seed."""
    own = desk.ask("GET", "/sapi/v1/capital/deposit/address", coin="BTC")
    assert Desk().ask("GET", "/sapi/v1/capital/deposit/address", coin="BTC") == own
    desk.sandbox.open_account("other", NOW)
    desk.key.account = "other"
    assert desk.ask("GET", "/sapi/v1/capital/deposit/address", coin="BTC")["address"] != own["address"]


def test_transfers_move_between_the_wallets_of_an_account(desk: Desk) -> None:
    """A universal transfer takes from one wallet what it gives to another, and is found again by its type."""
    made = desk.ask("POST", TRANSFER, type="MAIN_FUNDING", asset="USDT", amount="40")
    found = desk.ask("GET", TRANSFER, type="MAIN_FUNDING")
    assert [(row["tranId"], row["amount"]) for row in found["rows"]] == [(made["tranId"], "40.00000000")]
    assert desk.ask("GET", TRANSFER, type="FUNDING_MAIN")["total"] == 0
    (row,) = desk.ask("POST", "/sapi/v1/asset/get-funding-asset")
    assert (row["asset"], row["free"]) == ("USDT", "40.00000000")
    desk.ask("POST", TRANSFER, type="FUNDING_MARGIN", asset="USDT", amount="40")
    (row,) = desk.ask("GET", "/sapi/v1/margin/account")["userAssets"]
    assert row["free"] == "40.00000000"
    assert desk.refused("POST", TRANSFER, type="FUNDING_MAIN", asset="USDT", amount="1")[1] == -4026
    assert desk.refused("POST", TRANSFER, type="MAIN_MOON", asset="USDT", amount="1")[1] == -1130


def test_a_withdrawal_can_draw_on_the_funding_wallet(desk: Desk) -> None:
    """walletType 1 is the funding wallet."""
    params = {"coin": "USDT", "network": "TRX", "address": TRON, "amount": "40", "walletType": "1"}
    assert desk.refused("POST", WITHDRAW, **params)[1] == -4026
    desk.ask("POST", TRANSFER, type="MAIN_FUNDING", asset="USDT", amount="40")
    desk.ask("POST", WITHDRAW, **params)
    assert desk.ask("POST", "/sapi/v1/asset/get-funding-asset") == []


@pytest.mark.parametrize(
    "path",
    [
        "/sapi/v1/capital/config/getall",
        "/sapi/v1/asset/tradeFee",
        "/sapi/v1/asset/assetDetail",
        "/sapi/v1/account/status",
        "/sapi/v1/account/info",
        "/sapi/v1/account/apiTradingStatus",
        "/sapi/v1/margin/allAssets",
        "/sapi/v1/margin/isolated/allPairs",
        "/sapi/v1/system/status",
    ],
)
def test_what_clients_read_when_they_start_is_there(desk: Desk, path: str) -> None:
    """None of the start-up reads is empty."""
    assert desk.ask("GET", path)


def test_coins_show_the_callers_own_balances(desk: Desk) -> None:
    """capital/config/getall carries the account's free and locked amounts."""
    desk.limit("BUY", "0.01", "60000")
    rows = {row["coin"]: row for row in desk.ask("GET", "/sapi/v1/capital/config/getall")}
    assert (rows["USDT"]["free"], rows["USDT"]["locked"]) == ("99400.00000000", "600.00000000")


def test_a_key_can_ask_what_it_may_do(desk: Desk) -> None:
    """apiRestrictions names every permission, and whether addresses are bound."""
    desk.key.permissions = frozenset({"enableReading", "enableWithdrawals"})
    found = desk.ask("GET", "/sapi/v1/account/apiRestrictions")
    allowed = {name for name, value in found.items() if value is True}
    assert allowed == {"enableReading", "enableWithdrawals"}
    assert (found["ipRestrict"], found["createTime"], len(found)) == (False, NOW, 13)


SUB = "/sapi/v1/sub-account"


def sub(desk: Desk) -> str:
    email: str = desk.ask("POST", f"{SUB}/virtualSubAccount", subAccountString="bot")["email"]
    return email


def test_money_moves_between_master_and_sub_account(desk: Desk) -> None:
    """A universal transfer reaches the sub-account's spot wallet and comes back."""
    email = sub(desk)
    wallets = {"fromAccountType": "SPOT", "toAccountType": "SPOT"}
    desk.ask("POST", f"{SUB}/universalTransfer", **wallets, toEmail=email, asset="USDT", amount="70")
    found = desk.ask("GET", "/sapi/v4/sub-account/assets", email=email)
    assert found == {"balances": [{"asset": "USDT", "free": "70.00000000", "locked": "0.00000000"}]}
    desk.ask("POST", f"{SUB}/universalTransfer", **wallets, fromEmail=email, asset="USDT", amount="30")
    assert desk.balance("USDT") == (99_960, 0)
    rows = desk.ask("GET", f"{SUB}/universalTransfer")
    assert [(row["fromEmail"], row["amount"]) for row in rows["result"][:1]] == [(email, "30.00000000")]
    assert [row["email"] for row in desk.ask("GET", f"{SUB}/list")["subAccounts"]] == [email]


def test_a_sub_account_sends_to_its_master_and_nowhere_else(desk: Desk) -> None:
    """subToMaster needs no address; a master cannot call it, a stranger's sub-account cannot be named."""
    email = sub(desk)
    assert desk.refused("POST", f"{SUB}/transfer/subToMaster", asset="USDT", amount="1")[1] == -12022
    desk.ask("POST", f"{SUB}/universalTransfer", fromAccountType="SPOT", toAccountType="SPOT", toEmail=email,
             asset="USDT", amount="70")  # fmt: skip
    desk.key.account = "trader.bot"
    desk.ask("POST", f"{SUB}/transfer/subToMaster", asset="USDT", amount="20")
    assert desk.balance("USDT") == (50, 0)
    assert [row["counterParty"] for row in desk.ask("GET", f"{SUB}/transfer/subUserHistory")] == ["master", "master"]
    desk.sandbox.open_account("other", NOW)
    desk.key.account = "other"
    assert desk.refused("GET", "/sapi/v4/sub-account/assets", email=email)[1] == -12002


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_sub_accounts_key_is_made_narrowed_and_withdrawn(desk: Desk, version: str) -> None:
    """A native key works as its flags say, from its addresses, until it is deleted."""
    email = sub(desk)
    path = f"/sapi/{version}/sub-account/subAccountApi"
    made = desk.ask("POST", path, email=email, apiName="bot", status=2, ipAddress="127.0.0.1", canTrade="true")
    assert (made["canTrade"], made["canUniversalTransfer"], len(made["secretKey"])) == (True, False, 64)
    (listed,) = desk.ask("GET", path, email=email)["rows"]
    assert "secretKey" not in listed
    master = desk.key, desk.secret
    desk.key, desk.secret = desk.sandbox.keys.keys[made["apiKey"]], made["secretKey"].encode()
    order = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"}
    assert desk.refused("POST", "/api/v3/order", **order)[1] == -2010
    assert desk.refused("POST", TRANSFER, type="MAIN_FUNDING", asset="USDT", amount="1")[1] == -2015
    bot = desk.key, desk.secret
    desk.key, desk.secret = master
    changed = desk.ask("POST", f"{path}Permission", email=email, subAccountApiKey=made["apiKey"], canTrade="false")
    assert changed["canTrade"] is False
    desk.key, desk.secret = bot
    assert desk.refused("POST", "/api/v3/order", **order)[1] == -2015
    assert desk.answer("GET", "/api/v3/account").status == 200
    desk.key, desk.secret = master
    desk.ask("DELETE", path, email=email, subAccountApiKey=made["apiKey"])
    desk.key, desk.secret = bot
    assert desk.refused("GET", "/api/v3/account")[:2] == (401, -2015)


def test_the_addresses_of_a_key_are_set_and_never_emptied_by_deletion(desk: Desk) -> None:
    """A restricted key keeps at least one address; lifting the restriction takes a word of its own."""
    email = sub(desk)
    path = f"{SUB}/subAccountApi"
    key = desk.ask("POST", path, email=email, apiName="bot")["apiKey"]
    named = {"email": email, "subAccountApiKey": key}
    assert desk.ask("POST", f"{path}/ipRestriction", **named, status=2, ipAddress="192.0.2.1,192.0.2.2")["ipList"] == [
        "192.0.2.1",
        "192.0.2.2",
    ]
    left = desk.ask("DELETE", f"{path}/ipRestriction/ipList", **named, ipAddress="192.0.2.1")
    assert left["ipList"] == ["192.0.2.2"]
    last = desk.refused("DELETE", f"{path}/ipRestriction/ipList", **named, ipAddress="192.0.2.2")
    assert last[1] == -12036
    assert desk.ask("POST", f"{path}/ipRestriction", **named, status=1)["ipRestrict"] == "false"


def test_a_key_with_a_public_key_has_no_secret_here(desk: Desk) -> None:
    """For Ed25519 and RSA keys nothing secret is made; what is no public key is refused."""
    email = sub(desk)
    path = f"{SUB}/subAccountApi"
    public = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    made = desk.ask("POST", path, email=email, apiName="bot", publicKey=public)
    assert "secretKey" not in made
    assert desk.refused("POST", path, email=email, apiName="bot", publicKey="nonsense")[1] == -1130


def test_account_answers_carry_the_keys_own_rights(desk: Desk) -> None:
    """canWithdraw in the account's answer is what the calling key may do."""
    assert desk.ask("GET", "/api/v3/account")["canWithdraw"] is True
    desk.key.permissions = frozenset({"enableReading"})
    found = json.loads(desk.answer("GET", "/api/v3/account", omitZeroBalances="true").body)
    assert found["canWithdraw"] is False
    assert {row["asset"]: Decimal(row["free"]) for row in found["balances"]} == {"BTC": 10, "USDT": 100_000}
