"""A venue that answers nonsense may make an outcome unknown, and nothing worse."""

import pytest
from ground import Ground

ABSURD = ("NaN", "sNaN", "Infinity", "-Infinity", "-1", "1E+900000", "1" + "0" * 40)


@pytest.mark.parametrize("field", ["executedQty", "origQty", "cummulativeQuoteQty"])
@pytest.mark.parametrize("amount", ABSURD)
async def test_an_absurd_amount_leaves_everything_reserved(ground: Ground, field: str, amount: str) -> None:
    """Whatever number an answer has, nothing is released or gained by it, and the order can be settled afterwards."""
    bot = ground.bot()
    bot.buy("2", newClientOrderId="mine")
    sent = await ground.sent()
    row = sent.order("0")
    sent.answer(200, row | {field: amount})
    ledger = ground.live(bot).ledger
    assert (ledger.reserved, ledger.free("BTCUSDT"), ledger.spent.rolling(ground.clock.at)) == (200, 0, 0)
    ground.pass_time(1)
    bot.send("GET", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="mine")
    (await ground.sent()).answer(200, row | {"executedQty": "2", "status": "FILLED", "cummulativeQuoteQty": "200"})
    assert (ledger.reserved, ledger.free("BTCUSDT"), ledger.spent.rolling(ground.clock.at)) == (0, 2, 200)
