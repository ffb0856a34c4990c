"""Start-up reads: what clients fetch before they do anything, in a form that holds nobody's balances.

Refusing one of them stops ccxt's ``load_markets``, so even the narrowest key is served them. ``config/getall`` mixes
what a coin is with what the account holds of it; the latter is blanked.
"""

import msgspec

_BALANCES = ("free", "locked", "freeze", "withdrawing", "ipoing", "ipoable", "storage")

_EMPTY = {
    "/sapi/v1/capital/config/getall": b"[]",
    "/sapi/v1/margin/allPairs": b"[]",
    "/sapi/v1/margin/isolated/allPairs": b"[]",
    "/sapi/v1/margin/allAssets": b"[]",
}


def without_balances(body: bytes) -> bytes:
    """The list of coins with every balance set to zero.

    Raises:
        ValueError: if the answer is not a list of objects.
    """
    coins = msgspec.json.decode(body, type=list[dict[str, object]])
    for coin in coins:
        for name in _BALANCES:
            if name in coin:
                coin[name] = "0"
    return msgspec.json.encode(coins)


def start_up_form(path: str, body: bytes | None, now_us: int) -> bytes:
    """What is answered to a start-up read at ``path``, given the venue's own answer or None.

    Raises:
        ValueError: if the venue's answer has another form than documented.
    """
    if body is not None:
        return without_balances(body) if path == "/sapi/v1/capital/config/getall" else body
    empty = _EMPTY.get(path)
    if empty is not None:
        return empty
    # A futures venue description without symbols: products that are not served are not listed.
    return (
        b'{"timezone":"UTC","serverTime":%d,"futuresType":"U_MARGINED","rateLimits":[],"exchangeFilters":[],'
        b'"assets":[],"symbols":[]}' % (now_us // 1000)
    )
