"""Sub-accounts: opening and listing them, moving money between them, and managing their API keys.

The key endpoints are those of Binance's sub-account key management of July 2026, and of its older IP restrictions.
"""

from typing import Final

from bailiwick.sandbox.amount import show
from bailiwick.sandbox.call import Call, Route
from bailiwick.sandbox.keys import FUTURES, INTERNAL, MARGIN, READ, TRADE, TRANSFER, ApiKey, load_public_key
from bailiwick.sandbox.ledger import Account
from bailiwick.sandbox.params import Params
from bailiwick.sandbox.refusal import Refusal
from bailiwick.sandbox.shapes import Row
from bailiwick.sandbox.wallet import Transfer, sub_wallet

_FLAGS: Final = {
    "canTrade": TRADE,
    "canMarginLoanRepay": MARGIN,
    "canFuturesTrade": FUTURES,
    "canUniversalTransfer": TRANSFER,
    "canVanillaOptions": "enableVanillaOptions",
    "canFixApiTrading": "enableFixApiTrade",
    "canFixApiReading": "enableFixReadOnly",
}
_MOST_ADDRESSES: Final = 30


def _sub(call: Call) -> Account:
    return call.sandbox.wallet.sub(call.account, call.params.need("email"))


def open_sub(call: Call) -> object:
    """Open a virtual sub-account."""
    return {"email": call.sandbox.wallet.open_sub(call.account, call.params.need("subAccountString"), call.now).email}


def subs(call: Call) -> object:
    """The master's sub-accounts."""
    wanted = call.params.text("email")
    return {
        "subAccounts": [
            {
                "subUserId": account.uid,
                "email": account.email,
                "remark": "",
                "isFreeze": not account.can_trade,
                "createTime": account.created,
                "isManagedSubAccount": False,
                "isAssetManagementSubAccount": False,
            }
            for account in call.sandbox.wallet.subs[call.account.name]
            if wanted in ("", account.email)
        ]
    }


def sub_assets(call: Call) -> object:
    """What a sub-account holds."""
    return {
        "balances": [
            {"asset": asset, "free": show(balance.free), "locked": show(balance.locked)}
            for asset, balance in sorted(_sub(call).spot.items())
            if balance.free or balance.locked
        ]
    }


def _party(call: Call, parameter: str) -> Account:
    email = call.params.text(parameter)
    return call.sandbox.wallet.sub(call.account, email) if email else call.account


def universal_transfer(call: Call) -> object:
    """Move money between the master and its sub-accounts."""
    params = call.params
    source = (_party(call, "fromEmail"), sub_wallet(params.need("fromAccountType"), "fromAccountType"))
    target = (_party(call, "toEmail"), sub_wallet(params.need("toAccountType"), "toAccountType"))
    name = params.text("clientTranId")
    made = call.sandbox.wallet.transfer(
        "SUB", source, target, params.need("asset"), params.need_amount("amount"), call.now, client_id=name
    )
    return {"tranId": made.transfer_id, "clientTranId": name}


def universal_transfers(call: Call) -> object:
    """Moves between the master and its sub-accounts."""
    emails = {account.name: account.email for account in call.sandbox.wallet.subs[call.account.name]}
    rows = [row for row in reversed(_transfers(call)) if row.kind == "SUB"]
    return {
        "result": [
            {
                "tranId": row.transfer_id,
                "fromEmail": emails.get(row.source, call.account.email),
                "toEmail": emails.get(row.target, call.account.email),
                "asset": row.coin,
                "amount": show(row.amount),
                "createTimeStamp": row.time,
                "fromAccountType": row.source_wallet,
                "toAccountType": row.target_wallet,
                "status": "SUCCESS",
                "clientTranId": row.client_id,
            }
            for row in rows[: call.params.limit(500, 500)]
        ],
        "totalCount": len(rows),
    }


def _transfers(call: Call) -> list[Transfer]:
    owners = [call.account, *call.sandbox.wallet.subs[call.account.name]]
    found = {row.transfer_id: row for owner in owners for row in call.sandbox.wallet.transfers[owner.name]}
    return [found[number] for number in sorted(found)]


def _master(call: Call) -> Account:
    if call.account.master is None:
        raise Refusal(-12022, "Only a sub-account may do this.")
    return call.sandbox.account(call.account.master)


def to_master(call: Call) -> object:
    """A sub-account sends money to its master."""
    return _send(call, _master(call))


def to_sub(call: Call) -> object:
    """A sub-account sends money to a sibling."""
    return _send(call, call.sandbox.wallet.sub(_master(call), call.params.need("toEmail")))


def _send(call: Call, target: Account) -> Row:
    params = call.params
    made = call.sandbox.wallet.transfer(
        "SUB", (call.account, "SPOT"), (target, "SPOT"), params.need("asset"), params.need_amount("amount"), call.now
    )
    return {"txnId": str(made.transfer_id)}


def sub_history(call: Call) -> object:
    """A sub-account's own transfers."""
    own, master = call.account.name, call.account.master
    return [
        {
            "counterParty": "master" if master in (row.source, row.target) else "sub",
            "email": call.account.email,
            "type": 2 if row.source == own else 1,
            "asset": row.coin,
            "qty": show(row.amount),
            "fromAccountType": row.source_wallet,
            "toAccountType": row.target_wallet,
            "status": "SUCCESS",
            "tranId": row.transfer_id,
            "time": row.time,
        }
        for row in reversed(call.sandbox.wallet.transfers[own])
    ]


def _flags(params: Params, before: frozenset[str] = frozenset()) -> frozenset[str]:
    kept = set(before)
    for name, permission in _FLAGS.items():
        if name in params:
            (kept.add if params.flag(name) else kept.discard)(permission)
    return frozenset(kept)


def _addresses(text: str) -> frozenset[str]:
    found = frozenset(part.strip() for part in text.split(",") if part.strip())
    if len(found) > _MOST_ADDRESSES:
        raise Refusal(-12034, f"At most {_MOST_ADDRESSES} addresses can be set for a key.")
    return found


def create_key(call: Call) -> object:
    """Make an API key for a sub-account; with a public key no secret comes back."""
    params, account = call.params, _sub(call)
    status = params.integer("status") or 1
    addresses = _addresses(params.text("ipAddress"))
    permissions = _flags(params) | {READ}
    if status == 2 and not addresses:
        raise Refusal(-1102, "Mandatory parameter 'ipAddress' was not sent, was empty/null, or malformed.")
    public = params.text("publicKey") or None
    try:
        if public is not None:
            load_public_key(public)
    except ValueError:
        raise Refusal(-1130, "Data sent for parameter 'publicKey' is not valid.") from None
    key, secret = call.sandbox.keys.issue(
        account.name, permissions, call.now, public_key=public, addresses=addresses, name=params.need("apiName")
    )
    key.status, key.third_party = status, params.text("thirdPartyName")
    answer = {"apiName": key.name, "apiKey": key.api_key, **_rights(key), "status": key.status}
    answer["ipList"] = sorted(key.addresses)
    return answer if secret is None else {**answer, "secretKey": secret}


def _key(call: Call, account: Account) -> ApiKey:
    api_key = call.params.need("subAccountApiKey" if "subAccountApiKey" in call.params else "apiKey")
    key = call.sandbox.keys.keys.get(api_key)
    if key is None or key.account != account.name:
        raise Refusal(-12035, "The API key does not exist or is not of this sub-account.")
    return key


def _rights(key: ApiKey) -> Row:
    return {name: permission in key.permissions for name, permission in _FLAGS.items() if "Fix" not in name}


def _key_row(key: ApiKey) -> Row:
    # The exchange spells it apikey here and apiKey where a key is made (its own SDK's models, version 8.5.0).
    return {"apiName": key.name, "apikey": key.api_key, **_rights(key), "timestamp": key.updated}


def find_keys(call: Call) -> object:
    """The API keys of a sub-account."""
    account = _sub(call)
    wanted = call.params.text("subAccountApiKey")
    rows = [
        {"email": account.email, **_key_row(key)}
        for key in call.sandbox.keys.keys.values()
        if key.account == account.name and wanted in ("", key.api_key)
    ]
    return {"total": len(rows), "rows": rows}


def delete_key(call: Call) -> object:
    """Withdraw a key; it is dead at once."""
    account = _sub(call)
    key = _key(call, account)
    call.sandbox.keys.delete(key.api_key)
    return {}


def set_permissions(call: Call) -> object:
    """Change what a key may do."""
    account = _sub(call)
    key = _key(call, account)
    key.permissions = _flags(call.params, key.permissions)
    key.updated = call.now
    return _key_row(key)


def ip_restriction(call: Call) -> object:
    """The addresses a key may come from."""
    return _restriction(_key(call, _sub(call)))


def _restriction(key: ApiKey) -> Row:
    return {
        "status": key.status,
        "ipRestrict": str(bool(key.addresses)).lower(),
        "ipList": sorted(key.addresses),
        "updateTime": key.updated,
        "apiKey": key.api_key,
    }


def set_ip_restriction(call: Call) -> object:
    """Set or add addresses; status 1 lifts the restriction."""
    key = _key(call, _sub(call))
    status = call.params.integer("status") or 1
    added = _addresses(call.params.text("ipAddress"))
    key.addresses = frozenset() if status == 1 else _addresses(",".join(key.addresses | added))
    if status != 1 and not key.addresses:
        raise Refusal(-1102, "Mandatory parameter 'ipAddress' was not sent, was empty/null, or malformed.")
    key.status, key.updated = status, call.now
    return _restriction(key)


def delete_addresses(call: Call) -> object:
    """Take addresses out of a key's list; the last one stays, since without it the key would be open to all."""
    key = _key(call, _sub(call))
    left = key.addresses - _addresses(call.params.need("ipAddress"))
    if not left:
        raise Refusal(-12036, "The last address of a restricted key cannot be deleted.")
    key.addresses, key.updated = left, call.now
    return _restriction(key)


_V1: Final = "/sapi/v1/sub-account/"
_V2: Final = "/sapi/v2/sub-account/"

ROUTES: Final[dict[tuple[str, str], Route]] = {
    ("POST", _V1 + "virtualSubAccount"): Route(open_sub, 1, INTERNAL),
    ("GET", _V1 + "list"): Route(subs, 1, READ),
    ("GET", "/sapi/v3/sub-account/assets"): Route(sub_assets, 60, READ),
    ("GET", "/sapi/v4/sub-account/assets"): Route(sub_assets, 60, READ),
    ("POST", _V1 + "universalTransfer"): Route(universal_transfer, 1, INTERNAL),
    ("GET", _V1 + "universalTransfer"): Route(universal_transfers, 1, READ),
    ("POST", _V1 + "transfer/subToMaster"): Route(to_master, 1, INTERNAL),
    ("POST", _V1 + "transfer/subToSub"): Route(to_sub, 1, INTERNAL),
    ("GET", _V1 + "transfer/subUserHistory"): Route(sub_history, 1, READ),
    **{
        (method, version + "subAccountApi"): Route(handler, 10, permission)
        for version in (_V1, _V2)
        for method, handler, permission in (
            ("POST", create_key, INTERNAL),
            ("GET", find_keys, READ),
            ("DELETE", delete_key, INTERNAL),
        )
    },
    **{
        (method, version + "subAccountApi" + path): Route(handler, 10, permission)
        for version in (_V1, _V2)
        for method, path, handler, permission in (
            ("POST", "Permission", set_permissions, INTERNAL),
            ("GET", "/ipRestriction", ip_restriction, READ),
            ("POST", "/ipRestriction", set_ip_restriction, INTERNAL),
            ("DELETE", "/ipRestriction/ipList", delete_addresses, INTERNAL),
        )
    },
}
