"""Canary keys at the gateway: who signs with one is reported, learns nothing, and nothing of it leaves."""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from decimal import Decimal
from math import log
from typing import Any, NamedTuple

import pytest
from ground import ACCOUNT, BOT, SERVICE, VENUE, Client, Ground, Issued, Sent
from msgspec.structs import replace

from bailiwick.gateway.canary import Decoy, beside
from bailiwick.gateway.recording import Recorder
from bailiwick.journal import record
from bailiwick.link.exchange_questions import RecordShape
from bailiwick.link.wire import Code, LinkError, Peer
from bailiwick.model.credential import (
    KEY_ID_RANDOM_BYTES,
    SECRET_RANDOM_BYTES,
    Purpose,
    make_key_id,
    make_secret,
    parse_key_id,
)
from bailiwick.model.grant import Orders, grant_to_toml
from bailiwick.model.party import Account, Credential, Key, KeyKind, KeyState, credential_record, key_record
from bailiwick.model.secret import Secret
from bailiwick.model.shape import Shape, WindDown, draw, shape_from_json, shape_to_json
from bailiwick.sandbox.amount import read
from bailiwick.sandbox.exchange import Sandbox
from bailiwick.sandbox.front import Front, Request
from bailiwick.sandbox.limits import Limits
from bailiwick.sandbox.orders import OrderRequest
from bailiwick.store.canaries import Canary
from bailiwick.store.store import Store
from bailiwick.venues.binance.dialect import BINANCE

LOOKING = replace(BOT, what=replace(BOT.what, orders=Orders.ACCOUNT))
SYMBOLS = ("BTCUSDT", "ETHUSDT")
ACCOUNTS = 20
ANSWERS = 25  # of each key to each round of questions, so that 500 of either kind are learnt and 500 judged
BOUND = 0.55  # of 1,000 guesses a coin is right in at most this part, but for once in a thousand times


class Exchange:
    """The sandbox in the place of the venue, with delays like a network's, on the test's clock."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.now = ground.clock.at // 1000
        self.sandbox = Sandbox(now=self.now, limits=Limits(weight_1m=10**9, sapi_1m=10**9))
        self.front = Front(self.sandbox)
        self.random = random.Random(7)
        for symbol in SYMBOLS:
            self.sandbox.set_price(symbol, "100", self.now)
        self.sandbox.tick(self.now)
        info = self.front.answer(Request("GET", b"/api/v3/exchangeInfo", {}, b"", "127.0.0.1"), ground.clock.at)
        ground.venue.prices.set_symbols(BINANCE.symbols(info.body))
        ground.fresh_prices()
        ground.upstream.by_itself = self.answer

    def answer(self, sent: Sent) -> bool:
        outgoing = sent.outgoing
        lines = (line.partition(": ") for line in outgoing.headers.decode().splitlines())
        headers = {name.lower(): value for name, _, value in lines}
        asked = Request(sent.method, outgoing.target, headers, outgoing.body, "127.0.0.1")
        found = self.front.answer(asked, self.ground.clock.at)
        self.ground.clock.at += int(self.random.lognormvariate(8.5, 0.4))
        sent.answer(found.status, found.body, found.headers)
        return True

    def account(self, name: str) -> None:
        """An account whose money is bound in orders, with some history, known to the gateway."""
        numbers = self.random
        self.sandbox.open_account(name, self.now, {"USDT": str(numbers.randint(3_000, 90_000)), "BTC": "20"})
        for _ in range(numbers.randint(2, 12)):
            quantity = read(str(numbers.randint(1, 40) / 10))
            self.sandbox.order_as(name, OrderRequest("BTCUSDT", "BUY", "MARKET", quantity), self.now)
        for asset, side, price in (("USDT", "BUY", "95"), ("BTC", "SELL", "105")):
            free = self.sandbox.account(name).spot[asset].free
            value = Decimal(free) / read("1")
            units = (value / Decimal(price) if side == "BUY" else value).quantize(Decimal("0.001"), "ROUND_DOWN")
            order = OrderRequest("BTCUSDT", side, "LIMIT", read(str(units)), read(price))
            self.sandbox.order_as(name, order, self.now)
        key, secret = self.sandbox.issue_key(name, self.now)
        assert secret is not None
        sealed = self.ground.house.vault.seal(
            credential_record(f"of-{name}", name), Purpose.UPSTREAM_HMAC, Secret(secret.encode())
        )
        with Store.open(self.ground.config.database) as store:
            if name != ACCOUNT:
                store.accounts.add(Account(name, VENUE, name, "the tests", home_assets=("USDT",)))
            store.attach_credential(Credential(f"of-{name}", name, Purpose.UPSTREAM_HMAC, key.api_key, sealed.envelope))
        self.ground.house.registry.refresh()


def issued(ground: Ground, account: str, grant: Any = BOT, shape: str | None = None) -> Client:
    """A client with a new key of an account: a canary where a shape is given."""
    numbers = random.SystemRandom()
    key_id = make_key_id(account, numbers.randbytes(KEY_ID_RANDOM_BYTES))
    secret = make_secret(numbers.randbytes(SECRET_RANDOM_BYTES))
    sealed = ground.house.vault.seal(key_record(key_id, account), Purpose.ISSUED_HMAC, secret)
    with Store.open(ground.config.database) as store:
        if shape is not None:
            store.canaries.lay(Canary(key=key_id, label="attic", wind_down=WindDown.NOTHING, laid=1), shape)
        text = grant_to_toml(grant)
        store.keys.add(Key(key_id, account, SERVICE, KeyKind.HMAC, text, KeyState.ACTIVE, 1, secret=sealed.envelope))
    ground.house.registry.refresh()
    return ground.client(Issued(key_id, secret.reveal()))


def at_once(ground: Ground, client: Client) -> None:
    """Let the delays of a canary pass on the test's clock."""

    def later(delay_s: float, call: Callable[[], None]) -> None:
        ground.clock.at += round(delay_s * 1e6)
        call()

    ground.live(client).account.way.pool._later = later  # type: ignore[attr-defined]


async def recorded(ground: Ground, account: str) -> str:
    return (await Recorder(ground.house).record(RecordShape(account=account, symbols=SYMBOLS), Peer(1, 0))).shape


@pytest.fixture
async def canary(ground: Ground) -> Client:
    """A canary after an account of the sandbox; the venue is down from then on."""
    exchange = Exchange(ground)
    exchange.account(ACCOUNT)
    laid = issued(ground, ACCOUNT, LOOKING, await recorded(ground, ACCOUNT))
    ground.upstream.sent.clear()
    ground.upstream.by_itself = lambda sent: False
    at_once(ground, laid)
    return laid


async def events(ground: Ground) -> list[str]:
    await ground.durable()
    return [each.what for each in ground.records(record.Event)]


async def test_a_valid_signature_fires(ground: Ground, canary: Client) -> None:
    """Whoever signs with a canary is reported, with the request and where it came from."""
    canary.send("GET", "/api/v3/account")
    assert await events(ground) == ["canary"]
    (event,) = ground.records(record.Event)
    assert canary.key is not None
    assert (event.key, event.account) == (canary.key.id, ACCOUNT)
    assert dict(event.detail)["request"] == "GET /api/v3/account"


@pytest.mark.parametrize("how", ["wrong signature", "no signature", "public data"])
async def test_a_bare_id_does_not_fire(how: str, ground: Ground, canary: Client) -> None:
    """Its id alone, which anybody may have read in a log, is another event: a notice and no more."""
    assert canary.key is not None
    if how == "wrong signature":
        canary.send_signed("GET", "/api/v3/account", canary.payload() + "&signature=" + "0" * 64)
    elif how == "no signature":
        canary.raw("GET", "/api/v3/account?" + canary.payload(), key=canary.key.id)
    else:
        canary.raw("GET", "/api/v3/time", key=canary.key.id)
    assert await events(ground) == ["bare_canary"]


async def test_a_real_key_raises_nothing(ground: Ground) -> None:
    """What a real key sends, signed rightly or wrongly, is no event."""
    bot = ground.bot()
    bot.send("GET", "/api/v3/account")
    assert bot.key is not None
    bot.send_signed("GET", "/api/v3/account", bot.payload() + "&signature=" + "0" * 64)
    assert await events(ground) == []


async def test_nothing_of_a_canary_leaves(ground: Ground, canary: Client) -> None:
    """Reads, orders, cancels and trial orders are answered with the venue down, and nothing is sent."""
    asked = questions(canary, random.Random(1))
    for send in asked:
        send()
        await ground.durable()
    assert ([sent.path for sent in ground.upstream.sent], len(canary.answers)) == ([], len(asked))


async def test_orders_are_refused_in_the_venues_words(ground: Ground, canary: Client) -> None:
    """An order that the grant allows is refused for want of money, reserves nothing and leaves no doubt behind."""
    canary.buy()
    await ground.durable()
    assert canary.answers[-1] == (
        400, {"code": -2010, "msg": "Account has insufficient balance for requested action."}
    )  # fmt: skip
    assert (ground.reserved(canary), len(ground.house.reconciler._doubts)) == (Decimal(0), 0)


async def test_what_is_shown_free_pays_for_no_order(ground: Ground, canary: Client) -> None:
    """The refusal is true of the account that is shown: nothing of it is free that the least order would need."""
    canary.send("GET", "/api/v3/account", omitZeroBalances="true")
    balances = canary.answers[-1][1]["balances"]
    free = {row["asset"]: Decimal(row["free"]) for row in balances}
    assert free["USDT"] <= 2
    assert free["BTC"] * 100 <= 2


async def test_denials_are_a_real_keys(ground: Ground, canary: Client) -> None:
    """What a real key of the same grant would be refused without asking the venue, a canary is refused alike."""
    bot = issued(ground, ACCOUNT, LOOKING)
    for client in (bot, canary):
        client.buy("100")
        client.send("GET", "/api/v3/nonsense")
        client.send("GET", "/api/v3/order", symbol="BTCUSDT", orderId="x")
        client.send("POST", "/sapi/v1/capital/withdraw/apply", coin="USDT", address="a", amount="1")
        stale = client.payload()
        ground.pass_time(60)
        assert client.key is not None
        client.send_signed("GET", "/api/v3/account", client.key.sign(stale))
    assert canary.answers == bot.answers
    assert canary.transport.written == bot.transport.written


async def test_an_id_is_of_the_same_form(ground: Ground, canary: Client) -> None:
    """A canary's id has the form of every id, in the bucket of its account."""
    bot = issued(ground, ACCOUNT)
    assert canary.key is not None
    assert bot.key is not None
    assert parse_key_id(canary.key.id).bucket == parse_key_id(bot.key.id).bucket
    assert (len(canary.key.id), len(canary.key.secret)) == (len(bot.key.id), len(bot.key.secret))


async def test_the_journal_tells_reads_and_orders_of_a_canary(ground: Ground, canary: Client) -> None:
    """A canary's requests are journalled like any, and its orders as ones that were not executed."""
    canary.send("GET", "/api/v3/account")
    canary.buy()
    await ground.durable()
    await ground.durable()  # what became of the order is written after its answer
    assert [each.status for each in ground.records(record.Read)] == [200]
    assert [each.executed for each in ground.records(record.Outcome)] == [False]


async def test_the_shape_is_not_the_account(ground: Ground) -> None:
    """Neither its number, nor an order's, nor a balance of the real account stands in what is recorded."""
    exchange = Exchange(ground)
    exchange.account(ACCOUNT)
    shape = shape_from_json(await recorded(ground, ACCOUNT))
    real = exchange.sandbox.account(ACCOUNT)
    shown = shape.said["GET /api/v3/account"].body
    assert shown["uid"] != real.uid
    assert len(str(shown["uid"])) == len(str(real.uid))
    orders = {order["orderId"] for order in shape.orders["BTCUSDT"]}
    own = {order.order_id for order in exchange.sandbox.engine.records.orders.values() if order.account is real}
    assert (len(orders) >= 2, orders & own == own) == (True, False)
    assert {trade["orderId"] for trade in shape.trades["BTCUSDT"]} <= orders
    usdt = next(row for row in shown["balances"] if row["asset"] == "USDT")
    assert Decimal(usdt["free"]) + Decimal(usdt["locked"]) < Decimal(real.spot["USDT"].locked) / read("1")


async def test_no_canary_without_the_exchange(ground: Ground) -> None:
    """Where the exchange does not answer nothing is recorded, and who asks is told to try again."""
    ground.upstream.refuses = True
    with pytest.raises(LinkError, match="try again") as refused:
        await recorded(ground, ACCOUNT)
    assert refused.value.code is Code.UNAVAILABLE


async def test_a_damaged_shape_lets_nothing_out(ground: Ground) -> None:
    """A canary whose shape cannot be read is answered from an empty one, and still reaches no venue."""
    laid = issued(ground, ACCOUNT, BOT, "{damaged")
    at_once(ground, laid)
    laid.send("GET", "/api/v3/account")
    laid.buy()
    await ground.durable()
    assert (len(laid.answers), ground.upstream.sent) == (2, [])


async def test_a_stopped_canary_still_fires(ground: Ground, canary: Client) -> None:
    """A canary that was revoked is refused like a revoked key, and whoever uses it is reported all the same."""
    assert canary.key is not None
    with Store.open(ground.config.database) as store:
        store.keys.move(canary.key.id, KeyState.REVOKED, account=ACCOUNT)
    ground.house.registry.refresh()
    canary.send("GET", "/api/v3/account")
    assert (canary.answers[-1][1]["code"], await events(ground)) == (-2015, ["canary"])


def test_a_delay_is_one_that_was_measured() -> None:
    """Drawn delays lie within what was measured and follow its quantiles."""
    measured = (5_000, 1_000, 3_000)
    assert [draw(measured, unit) for unit in (0.0, 0.25, 0.5, 1.0)] == [1_000, 2_000, 3_000, 5_000]
    assert [draw((), 0.5), draw((7,), 0.9)] == [0, 7]


async def test_delays_follow_the_account(ground: Ground) -> None:
    """The latest answers to the account's real keys are what a canary's delays are drawn from."""
    side = ground.house.registry.side(ACCOUNT)
    decoy = beside(side, shape_to_json(Shape(latencies=(90_000,)))).way.pool
    assert isinstance(decoy, Decoy)
    before = decoy.delay_us("/api/v3/account")
    for _ in range(8):
        side.latencies["/api/v3/account"].append(4_000)
    assert (before, decoy.delay_us("/api/v3/account")) == (90_000, 4_000)


# Can it be told from a real key?


class Seen(NamedTuple):
    """What a client sees of one answer, as features with their values, and what was asked."""

    asked: str
    features: tuple[tuple[str, object], ...]
    canary: bool


def fields(body: Any) -> str:
    """The names of all fields, in their order, once for each form of row."""
    match body:
        case dict():
            return "{" + ",".join(f"{name}:{fields(value)}" for name, value in body.items()) + "}"
        case list():
            return "[" + "|".join(sorted({fields(each) for each in body})) + "]"
        case _:
            return type(body).__name__


def questions(client: Client, numbers: random.Random) -> list[Callable[[], object]]:
    """What a thief would try, in an order of his own."""
    symbol = "BTCUSDT"

    def get(path: str, **params: object) -> Callable[[], object]:
        return lambda: client.send("GET", path, **params)

    asked: list[Callable[[], object]] = [
        get("/api/v3/account"),
        get("/api/v3/account", omitZeroBalances="true"),
        get("/api/v3/openOrders", symbol=symbol),
        get("/api/v3/allOrders", symbol=symbol),
        get("/api/v3/allOrders", symbol="ETHUSDT"),
        get("/api/v3/myTrades", symbol=symbol),
        get("/api/v3/myTrades", symbol=symbol, limit=2),
        get("/api/v3/myTrades", symbol="ETHUSDT"),
        get("/api/v3/order", symbol=symbol, origClientOrderId="none"),
        get("/api/v3/account/commission", symbol=symbol),
        get("/api/v3/rateLimit/order"),
        get("/sapi/v1/account/apiRestrictions"),
        get("/sapi/v1/account/status"),
        get("/sapi/v1/asset/tradeFee", symbol=symbol),
        get("/api/v3/orderList", orderListId=7),
        get("/api/v3/nonsense"),
        get("/api/v3/myTrades", symbol="NONSENSE"),
        get("/api/v3/order", symbol=symbol, orderId="x"),
        lambda: client.send("POST", "/sapi/v3/asset/getUserAsset"),
        lambda: client.buy(f"{numbers.randint(1, 4)}", "100"),
        lambda: client.buy("1", f"{numbers.randint(90, 100)}", symbol="ETHUSDT"),
        lambda: client.buy("0.001", "100"),
        lambda: client.buy("100", "100"),
        lambda: client.send("DELETE", "/api/v3/order", symbol=symbol, origClientOrderId="none"),
        lambda: client.send("POST", "/sapi/v1/capital/withdraw/apply", coin="USDT", address="a", amount="1"),
    ]
    return asked


async def seen(ground: Ground, client: Client, numbers: random.Random, *, canary: bool) -> list[Seen]:
    """Ask everything once, and look at each answer."""
    found = []
    for number, ask in enumerate(questions(client, numbers)):
        before, already = ground.clock.at, len(client.transport.written)
        ask()
        await ground.durable()
        raw = client.transport.written[already:]
        head, _, body = raw.partition(b"\r\n\r\n")
        names = tuple(line.split(b":")[0] for line in head.split(b"\r\n")[1:])
        status = int(head.split(b" ")[1])
        length = len(body)
        form = fields(json.loads(body))
        features = (
            ("status", status),
            ("headers", names),
            ("length", length if length < 400 else length // 40),
            ("fields", form),
            ("all", (status, names, form)),
            ("delay", (ground.clock.at - before) // 500),
        )
        found.append(Seen(str(number), features, canary))
    return found


def learnt(answers: list[Seen]) -> Callable[[Seen], bool]:
    """A naive classifier: for each question, how much oftener each value of each feature was a canary's."""
    counts: dict[bool, Counter[tuple[object, ...]]] = {True: Counter(), False: Counter()}
    for each in answers:
        counts[each.canary].update((each.asked, *feature) for feature in each.features)

    def judge(each: Seen) -> bool:
        odds = sum(
            log((counts[True][each.asked, *feature] + 1) / (counts[False][each.asked, *feature] + 1))
            for feature in each.features
        )
        return odds > 0 if odds else int(each.asked) % 2 == 0

    return judge


def right(judge: Callable[[Seen], bool], answers: list[Seen]) -> float:
    """How often it is right."""
    return sum(judge(each) is each.canary for each in answers) / len(answers)


async def gathered(ground: Ground) -> tuple[list[Seen], list[Seen]]:
    """A thousand answers of either kind: from half of the accounts to learn, and from the others to judge."""
    exchange = Exchange(ground)
    halves: tuple[list[Seen], list[Seen]] = ([], [])
    for number in range(ACCOUNTS):
        name = f"account-{number}"
        exchange.account(name)
        real = issued(ground, name, LOOKING)
        laid = issued(ground, name, LOOKING, await recorded(ground, name))
        at_once(ground, laid)
        for _ in range(2):
            for client, is_canary in ((real, False), (laid, True)):
                ground.pass_time(61)
                numbers = random.Random(number)
                halves[number % 2].extend(await seen(ground, client, numbers, canary=is_canary))
    return halves


async def test_a_classifier_cannot_tell(ground: Ground) -> None:
    """By status, headers, fields, length and delay of 1,000 answers of either kind it guesses no better than a coin."""
    learning, judging = await gathered(ground)
    assert Counter(each.canary for each in learning + judging) == {True: 1000, False: 1000}
    found = right(learnt(learning), judging)
    assert found <= BOUND


async def test_the_classifier_can_tell_what_differs(ground: Ground) -> None:
    """The same classifier finds out answers that differ in a field, a header or their delay: it is not blind."""
    bot = ground.bot()
    numbers = random.Random(3)

    def like(canary: bool, **changed: object) -> Iterator[Seen]:
        for number in range(400):
            values: dict[str, object] = {"status": 200, "headers": 1, "delay": numbers.randint(4, 9)} | changed
            yield Seen(str(number // 2 % 20), tuple(values.items()), canary)

    for changed in ({"headers": 2}, {"status": 201}, {"delay": 12}):
        answers = [*like(False), *like(True, **changed)]
        assert right(learnt(answers[::2]), answers[1::2]) > 0.9
    assert bot.answers == []
