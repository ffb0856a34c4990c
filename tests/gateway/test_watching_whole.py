"""The whole of it: gateway and authority over one store and one journal, from the first strange order to the answer."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from ground import ACCOUNT, Client, Ground, Issued, Sent
from msgspec.structs import replace
from test_watching import ALL, THIN, gone, habit, left, thin_market

from bailiwick.authority.approval_verbs import ApproveHold, ShowApproval
from bailiwick.authority.desk import Desk
from bailiwick.authority.notice_verbs import ListIncidents, NotMe
from bailiwick.authority.verbs import Kind, Move, MoveParty
from bailiwick.authority.watch_verbs import ListAlerts, ShowAlert, ShowWatchedKey, VouchAlert
from bailiwick.gateway.verbs import handlers
from bailiwick.link.wire import Peer
from bailiwick.model.grant import Most, Watched
from bailiwick.model.life import KeyState
from bailiwick.store.store import Store, epoch_ms

ADA = "ada (uid 1000)"


class Both:
    """A gateway and the authority over it, in one process."""

    def __init__(self, ground: Ground, store: Store) -> None:
        self.ground = ground
        self.store = store
        self.ahead_ms = 0  # of this machine's clock
        self.desk = Desk(ground.config, store, self, events=self, clock=lambda: epoch_ms() + self.ahead_ms)

    async def ask(self, question: Any, *, timeout_s: float | None = None) -> Any:
        """The gateway's answer."""
        return await handlers(self.ground.house)[type(question)](question, Peer(1, 0))

    async def say(self, question: Any, actor: str = ADA) -> Any:
        return await self.desk.answer(question, actor)

    async def hear(self) -> None:
        """Let the authority hear what there is."""
        await self.ground.durable()
        while await self.desk.hearing.listen(0.0):
            pass
        await self.ground.house.refresh()

    async def alert(self) -> Any:
        """The newest alert."""
        await self.hear()
        rows = (await self.say(ListAlerts())).rows
        return rows[0]

    async def vouch(self, alert: str) -> Any:
        seen = (await self.say(ShowAlert(id=alert))).seen
        return await self.say(VouchAlert(id=alert, seen=seen))

    def state(self, bot: Client) -> KeyState:
        return self.store.keys.get(self.ground.live(bot).id).state


@pytest.fixture
async def both(ground: Ground) -> AsyncIterator[Both]:
    with Store.open(ground.config.database) as store:
        yield Both(ground, store)


async def with_a_past(both: Both) -> tuple[Client, Sent]:
    """A key with a habit in one deep market, which holds some and protects it by a stop."""
    ground = both.ground
    bot = ground.bot(ALL)
    await habit(ground, bot)
    bot.buy("2", newClientOrderId="bot-held")
    (await left(ground)).accept("2")
    bot.send(
        "POST", "/api/v3/order", symbol="BTCUSDT", side="SELL", type="STOP_LOSS_LIMIT", timeInForce="GTC", quantity="1",
        price="90", stopPrice="91", newClientOrderId="bot-stop",
    )  # fmt: skip
    stop = await left(ground)
    stop.accept()
    ground.pass_time(3600)
    thin_market(ground)
    return bot, stop


def steal(bot: Client) -> None:
    """What a thief does: all of it into a thin coin."""
    bot.place("BUY", "50", "105", symbol=THIN)


async def test_a_stolen_key_is_stopped_and_its_owner_asked(both: Both) -> None:
    """Nothing leaves; there is an incident and a notice; whoever looks reads why, and what is known of the key."""
    bot, _ = await with_a_past(both)
    before = gone(both.ground)
    steal(bot)
    alert = await both.alert()
    (incident,) = (await both.say(ListIncidents())).rows
    (notice,) = both.store.notices.list(owner="the tests")
    known = await both.say(ShowWatchedKey(key=alert.key))
    assert (bot.reason, gone(both.ground) - before, alert.symbol, incident.kind) == ("HELD", 0, THIN, "watch")
    assert (notice.notice.kind, alert.id in notice.notice.text, len(alert.why) > 0) == ("watch", True, True)
    assert known.sentences[1].startswith("It trades BTCUSDT")


async def test_that_was_me(both: Both) -> None:
    """After a person's word, and with the key given back where it wound down, the same order leaves."""
    bot, _ = await with_a_past(both)
    steal(bot)
    alert = await both.alert()
    await both.vouch(alert.id)
    if both.state(bot) is not KeyState.ACTIVE:
        await both.say(MoveParty(kind=Kind.KEY, id=alert.key, to=Move.UNFREEZE))
    await both.hear()
    steal(bot)
    sent = await left(both.ground)
    assert (sent.params["symbol"], both.ground.live(bot).state) == (THIN, KeyState.ACTIVE)


async def test_not_me(both: Both) -> None:
    """The key winds down, the coin is out of its reach, and its stop lives on and cannot be taken away."""
    bot, stop = await with_a_past(both)
    both.ahead_ms = both.ground.clock.at // 1000 - epoch_ms()
    steal(bot)
    alert = await both.alert()
    await both.say(NotMe(key=alert.key))
    await both.hear()
    steal(bot)
    bot.send("DELETE", "/api/v3/order", symbol="BTCUSDT", origClientOrderId="bot-stop")
    cancels = [each for each in both.ground.upstream.sent if each.method == "DELETE"]
    order = both.ground.live(bot).ledger.orders["bot-stop"]
    assert (both.state(bot), bot.reasons[-2:], cancels) == (
        KeyState.WINDING_DOWN,
        ["KEY_WINDING_DOWN", "ORDER_PROTECTS"],
        [],
    )
    assert (order.order_id is not None, order.state.name, stop.params["type"]) == (True, "OPEN", "STOP_LOSS_LIMIT")


async def test_an_approval_of_what_the_watch_held(both: Both) -> None:
    """Where the watch may hold and no more, its owner lets the one order pass, and the key stays as it is."""
    ground = both.ground
    bot = ground.bot(replace(ALL, watch=Watched(most=Most.HOLD)))
    await habit(ground, bot)
    ground.pass_time(3600)
    thin_market(ground)
    steal(bot)
    hold = (await both.alert()).hold
    seen = (await both.say(ShowApproval(id=hold))).seen
    await both.say(ApproveHold(id=hold, seen=seen))
    await ground.house.refresh()
    steal(bot)
    (await left(ground)).accept()
    steal(bot)
    await both.hear()
    assert (bot.reasons[-3:], both.state(bot)) == (["HELD", None, "HELD"], KeyState.ACTIVE)
    assert both.store.holds.get(hold).state.value == "used"


async def test_the_authority_was_down(both: Both) -> None:
    """What happened while it was down it hears afterwards; until then the gateway alone holds the key back."""
    bot, _ = await with_a_past(both)
    steal(bot)
    await both.ground.durable()
    await both.ground.restart(crash=True)
    thin_market(both.ground)
    held_back = both.ground.live(bot).state
    alert = await both.alert()
    assert isinstance(bot.key, Issued) and alert.account == ACCOUNT
    if alert.kind == "suspect":
        assert (held_back, both.state(bot)) == (KeyState.WINDING_DOWN, KeyState.WINDING_DOWN)
    assert both.ground.house.watching.doubts == {}
