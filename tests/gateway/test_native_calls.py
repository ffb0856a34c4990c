"""What is asked of an exchange about its own keys: only what it says afterwards counts."""

import json
from typing import Any, cast

import pytest

from bailiwick.gateway.nativecalls import NativeCalls
from bailiwick.link.exchange_questions import Doing, NativeCall
from bailiwick.model.life import KeyState
from bailiwick.model.native import Native, Origin
from bailiwick.venues.binance import subkeys

API_KEY = "k" * 64
ROW = Native(
    id="n", account="main", email="sub@example.com", service="bot", origin=Origin.ISSUED,
    state=KeyState.WINDING_DOWN, created=0, api_key=API_KEY,
)  # fmt: skip


class Yes:
    """An exchange that answers every change with what was asked for, and lists the key as it likes."""

    changing = True

    def __init__(self, **listed: bool) -> None:
        rights = ("canTrade", "canUniversalTransfer", "canMarginLoanRepay", "canFuturesTrade", "canVanillaOptions")
        row = {"apiName": "bailiwick-n", "apikey": API_KEY, **dict.fromkeys(rights, False), **listed}
        self._listing = json.dumps({"total": 1, "rows": [row]}).encode()
        self.asked: list[str] = []

    def ask(self, call: subkeys.Call) -> bytes:
        """The body of a good answer."""
        self.asked.append(call[0])
        if call[0] != "GET":
            return json.dumps({"apikey": API_KEY, "canTrade": False, "canUniversalTransfer": False}).encode()
        return self._listing if call == subkeys.listing(ROW) else b'{"ipRestrict": true, "ipList": []}'


@pytest.mark.parametrize("trades", [True, False])
def test_a_switch_is_answered_with_what_is_read_back(trades: bool) -> None:
    """The answer to the change itself is not believed: what the list says afterwards is what is told."""
    exchange = Yes(canTrade=trades)
    question = NativeCall(doing=Doing.SWITCH, native="n", trade=False)
    answer = NativeCalls(cast("Any", None))._managed(cast("Any", exchange), question, ROW)
    assert answer.said is not None
    assert (answer.said.trade, exchange.asked) == (trades, ["POST", "GET", "GET"])
