"""The wallet side of ``/sapi``: coins, deposits, withdrawals, transfers, what an account and its key may do."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final, Protocol, TypeVar

from bailiwick.sandbox.amount import BPS, SCALE, show
from bailiwick.sandbox.call import Call, Route
from bailiwick.sandbox.keys import EVERY_PERMISSION, READ, TRANSFER, WITHDRAW, ApiKey
from bailiwick.sandbox.ledger import Balance
from bailiwick.sandbox.params import Params
from bailiwick.sandbox.shapes import Row
from bailiwick.sandbox.wallet import Network, Withdrawal, networks_of, split_transfer, title_of


class _Movement(Protocol):
    @property
    def coin(self) -> str: ...
    @property
    def time(self) -> int: ...


_T = TypeVar("_T", bound=_Movement)


def coins(call: Call) -> object:
    """Every coin with its networks and what the account has of it."""
    wallet, account = call.sandbox.wallet, call.account
    return [_coin(coin, account.spot[coin]) for coin in sorted(wallet.coins)]


def _coin(coin: str, balance: Balance) -> Row:
    return {
        "coin": coin,
        "depositAllEnable": True,
        "free": show(balance.free),
        "freeze": show(0),
        "ipoable": show(0),
        "ipoing": show(0),
        "isLegalMoney": False,
        "locked": show(balance.locked),
        "name": title_of(coin),
        "networkList": [_network(coin, network, number) for number, network in enumerate(networks_of(coin))],
        "storage": show(0),
        "trading": True,
        "withdrawAllEnable": True,
        "withdrawing": show(0),
    }


def _network(coin: str, network: Network, number: int) -> Row:
    return {
        "addressRegex": network.address,
        "coin": coin,
        "contractAddress": "",
        "depositDesc": "",
        "depositEnable": True,
        "isDefault": number == 0,
        "memoRegex": network.memo,
        "minConfirm": 1,
        "name": network.title,
        "network": network.name,
        "sameAddress": bool(network.memo),
        "specialTips": "",
        "unLockConfirm": 1,
        "withdrawDesc": "",
        "withdrawEnable": True,
        "withdrawFee": show(network.fee),
        "withdrawIntegerMultiple": "0.00000001",
        "withdrawMax": show(10_000_000 * SCALE),
        "withdrawMin": show(network.least),
        "withdrawInternalMin": "0.00000001",
        "depositDust": "0.00000001",
        "estimatedArrivalTime": 1,
        "busy": False,
        "denomination": 1,
    }


def deposit_address(call: Call) -> object:
    """Where to send a coin."""
    wallet, params = call.sandbox.wallet, call.params
    coin = wallet.coin(params.need("coin"))
    address, tag = wallet.deposit_address(call.account, coin, wallet.network(coin, params.text("network")))
    return {"address": address, "coin": coin, "tag": tag, "url": f"https://sandbox.invalid/address/{address}"}


def deposits(call: Call) -> object:
    """What arrived."""
    rows = _chosen(call, reversed(call.sandbox.wallet.deposits[call.account.name]))
    return [
        {
            "id": row.deposit_id,
            "amount": show(row.amount),
            "coin": row.coin,
            "network": row.network,
            "status": 1,
            "address": row.address,
            "addressTag": row.tag,
            "txId": row.deposit_id,
            "insertTime": row.time,
            "completeTime": row.time,
            "transferType": int(row.internal),
            "confirmTimes": "1/1",
            "unlockConfirm": 1,
            "walletType": 0,
            "travelRuleStatus": 0,
        }
        for row in rows
    ]


def withdraw(call: Call) -> object:
    """Send money out."""
    params = call.params
    made = call.sandbox.wallet.withdraw(
        call.account,
        params.need("coin"),
        params.need_amount("amount"),
        call.now,
        network=params.text("network"),
        address=params.need("address"),
        tag=params.text("addressTag"),
        client_id=params.text("withdrawOrderId"),
        wallet="FUNDING" if params.integer("walletType") == 1 else "SPOT",
    )
    return {"id": made.withdrawal_id}


def withdrawals(call: Call) -> object:
    """What left."""
    client_id = call.params.text("withdrawOrderId")
    rows = _chosen(call, reversed(call.sandbox.wallet.withdrawals[call.account.name]))
    return [_withdrawal(row) for row in rows if client_id in ("", row.client_id)]


def _withdrawal(row: Withdrawal) -> Row:
    when = datetime.fromtimestamp(row.time // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return {
        "id": row.withdrawal_id,
        "amount": show(row.amount - row.fee),
        "transactionFee": show(row.fee),
        "coin": row.coin,
        "status": 6,
        "address": row.address,
        "addressTag": row.tag,
        "txId": row.withdrawal_id,
        "applyTime": when,
        "network": row.network,
        "transferType": int(row.internal),
        "withdrawOrderId": row.client_id,
        "info": "",
        "confirmNo": 1,
        "walletType": 1 if row.wallet == "FUNDING" else 0,
        "txKey": "",
        "completeTime": when,
    }


def _chosen(call: Call, rows: Iterable[_T]) -> list[_T]:
    """The rows that coin, times, offset and limit ask for."""
    params: Params = call.params
    coin = params.text("coin")
    start, end = params.integer("startTime"), params.integer("endTime")
    kept = [
        row
        for row in rows
        if coin in ("", row.coin) and (start is None or row.time >= start) and (end is None or row.time <= end)
    ]
    offset = params.integer("offset") or 0
    return kept[offset : offset + params.limit(1000, 1000)]


def transfer(call: Call) -> object:
    """Move money between the account's own wallets."""
    params, account = call.params, call.account
    kind = params.need("type")
    source, target = split_transfer(kind)
    asset, amount = params.need("asset"), params.need_amount("amount")
    made = call.sandbox.wallet.transfer(kind, (account, source), (account, target), asset, amount, call.now)
    return {"tranId": made.transfer_id}


def transfers(call: Call) -> object:
    """Moves between the account's own wallets."""
    kind = call.params.need("type")
    kept = call.sandbox.wallet.transfers[call.account.name]
    rows = [row for row in _chosen(call, reversed(kept)) if row.kind == kind]
    size, page = call.params.integer("size") or 10, call.params.integer("current") or 1
    return {
        "total": len(rows),
        "rows": [
            {
                "asset": row.coin,
                "amount": show(row.amount),
                "type": row.kind,
                "status": "CONFIRMED",
                "tranId": row.transfer_id,
                "timestamp": row.time,
            }
            for row in rows[(page - 1) * size : page * size]
        ],
    }


def funding_assets(call: Call) -> object:
    """What the funding wallet holds."""
    return _assets(call, "FUNDING")


def user_assets(call: Call) -> object:
    """What the spot wallet holds."""
    return _assets(call, "SPOT")


def _assets(call: Call, wallet: str) -> list[Row]:
    wanted = call.params.text("asset")
    return [
        {
            "asset": asset,
            "free": show(balance.free),
            "locked": show(balance.locked),
            "freeze": show(0),
            "withdrawing": show(0),
            "ipoable": show(0),
            "btcValuation": show(0),
        }
        for asset, balance in sorted(call.account.wallets[wallet].items())
        if (balance.free or balance.locked) and wanted in ("", asset)
    ]


def trade_fees(call: Call) -> object:
    """What trades of each symbol cost."""
    wanted = call.params.text("symbol")
    if wanted:
        call.sandbox.engine.market(wanted)
    account = call.account
    return [
        {
            "symbol": name,
            "makerCommission": show(account.maker_bps * SCALE // BPS),
            "takerCommission": show(account.taker_bps * SCALE // BPS),
        }
        for name in call.sandbox.engine.markets
        if wanted in ("", name)
    ]


def asset_details(call: Call) -> object:
    """What withdrawing each coin costs at least."""
    return {
        coin: {
            "minWithdrawAmount": show(networks_of(coin)[0].least),
            "depositStatus": True,
            "withdrawFee": show(networks_of(coin)[0].fee),
            "withdrawStatus": True,
        }
        for coin in sorted(call.sandbox.wallet.coins)
    }


def api_restrictions(call: Call) -> object:
    """What the calling key may do."""
    return restrictions(call.key)


def restrictions(key: ApiKey | None) -> Row:
    """The permissions of a key, every one that the exchange names."""
    has = key.permissions if key is not None else frozenset[str]()
    return {
        "ipRestrict": bool(key and key.addresses),
        "createTime": key.created if key else 0,
        **{name: name in has for name in EVERY_PERMISSION},
    }


def account_status(call: Call) -> object:
    """All is well."""
    return {"data": "Normal"}


def account_info(call: Call) -> object:
    """The account's standing."""
    return {
        "vipLevel": 0,
        "isMarginEnabled": True,
        "isFutureEnabled": True,
        "isOptionsEnabled": False,
        "isPortfolioMarginRetailEnabled": False,
    }


def trading_status(call: Call) -> object:
    """Whether the account may trade by API."""
    return {
        "data": {
            "isLocked": not call.account.can_trade,
            "plannedRecoverTime": 0,
            "triggerCondition": {"GCR": 150, "IFER": 150, "UFR": 300},
            "updateTime": 0,
        }
    }


def system_status(call: Call) -> object:
    """The exchange is up."""
    return {"status": 0, "msg": "normal"}


def margin_pairs(call: Call) -> object:
    """The pairs that can be traded on margin."""
    return [
        {
            "base": market.symbol.base,
            "id": number,
            "isBuyAllowed": True,
            "isMarginTrade": True,
            "isSellAllowed": True,
            "quote": market.symbol.quote,
            "symbol": market.symbol.name,
        }
        for number, market in enumerate(call.sandbox.engine.markets.values(), 1)
        if market.symbol.margin
    ]


def isolated_pairs(call: Call) -> object:
    """The pairs that have isolated margin: those of cross margin."""
    return [
        {
            "base": market.symbol.base,
            "isBuyAllowed": True,
            "isMarginTrade": True,
            "isSellAllowed": True,
            "quote": market.symbol.quote,
            "symbol": market.symbol.name,
        }
        for market in call.sandbox.engine.markets.values()
        if market.symbol.margin
    ]


def margin_assets(call: Call) -> object:
    """The assets of cross margin."""
    return [
        {
            "assetFullName": title_of(coin),
            "assetName": coin,
            "isBorrowable": False,
            "isMortgageable": True,
            "userMinBorrow": show(0),
            "userMinRepay": show(0),
        }
        for coin in sorted(call.sandbox.wallet.coins)
    ]


def margin_account(call: Call) -> object:
    """The cross margin wallet: nothing can be borrowed here."""
    rows = [
        {
            "asset": asset,
            "borrowed": show(0),
            "free": show(balance.free),
            "interest": show(0),
            "locked": show(balance.locked),
            "netAsset": show(balance.free + balance.locked),
        }
        for asset, balance in sorted(call.account.wallets["MARGIN"].items())
    ]
    return {
        "created": True,
        "borrowEnabled": False,
        "marginLevel": "999.00000000",
        "collateralMarginLevel": "999.00000000",
        "totalAssetOfBtc": show(0),
        "totalLiabilityOfBtc": show(0),
        "totalNetAssetOfBtc": show(0),
        "TotalCollateralValueInUSDT": show(0),
        "totalOpenOrderLossInUSDT": show(0),
        "tradeEnabled": True,
        "transferInEnabled": True,
        "transferOutEnabled": True,
        "accountType": "MARGIN_1",
        "userAssets": rows,
    }


ROUTES: Final[dict[tuple[str, str], Route]] = {
    ("GET", "/sapi/v1/system/status"): Route(system_status),
    ("GET", "/sapi/v1/capital/config/getall"): Route(coins, 10, READ),
    ("GET", "/sapi/v1/capital/deposit/address"): Route(deposit_address, 10, READ),
    ("GET", "/sapi/v1/capital/deposit/hisrec"): Route(deposits, 1, READ),
    ("POST", "/sapi/v1/capital/withdraw/apply"): Route(withdraw, 1, WITHDRAW),
    ("GET", "/sapi/v1/capital/withdraw/history"): Route(withdrawals, 1, READ),
    ("POST", "/sapi/v1/asset/transfer"): Route(transfer, 1, TRANSFER),
    ("GET", "/sapi/v1/asset/transfer"): Route(transfers, 1, READ),
    ("POST", "/sapi/v1/asset/get-funding-asset"): Route(funding_assets, 1, READ),
    ("POST", "/sapi/v3/asset/getUserAsset"): Route(user_assets, 5, READ),
    ("GET", "/sapi/v1/asset/tradeFee"): Route(trade_fees, 1, READ),
    ("GET", "/sapi/v1/asset/assetDetail"): Route(asset_details, 1, READ),
    ("GET", "/sapi/v1/account/apiRestrictions"): Route(api_restrictions, 1, READ),
    ("GET", "/sapi/v1/account/status"): Route(account_status, 1, READ),
    ("GET", "/sapi/v1/account/info"): Route(account_info, 1, READ),
    ("GET", "/sapi/v1/account/apiTradingStatus"): Route(trading_status, 1, READ),
    ("GET", "/sapi/v1/margin/allPairs"): Route(margin_pairs, 1, ""),
    ("GET", "/sapi/v1/margin/isolated/allPairs"): Route(isolated_pairs, 10, ""),
    ("GET", "/sapi/v1/margin/allAssets"): Route(margin_assets, 1, ""),
    ("GET", "/sapi/v1/margin/account"): Route(margin_account, 10, READ),
}
