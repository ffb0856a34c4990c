"""Public data and start-up reads: shared, bounded, to listed networks, and never anybody's balances."""

import json

import msgspec
import pytest
from ground import BOT, UPSTREAM_KEY, Client, Failure, Ground

from bailiwick.model.harm import Harm

DEPTH, INFO, COINS = "/api/v3/depth?symbol=BTCUSDT", "/api/v3/exchangeInfo", "/sapi/v1/capital/config/getall"
PAIRS = "/sapi/v1/margin/allPairs"
NARROW = msgspec.structs.replace(BOT, what=msgspec.structs.replace(BOT.what, may=frozenset({Harm.TRADE})))
BALANCES = [{"coin": "BTC", "free": "12.5", "locked": "1", "networkList": [{"network": "BTC", "isDefault": True}]}]


def ask(ground: Ground, target: str, peer: str = "127.0.0.1") -> Client:
    """Ask without a key."""
    client = ground.client(None, peer)
    client.raw("GET", target)
    return client


async def test_equal_questions_share_one_answer(ground: Ground) -> None:
    """A hundred clients that ask the same at once cost the venue one question, and each gets its answer."""
    clients = [ask(ground, DEPTH) for _ in range(100)]
    assert len(ground.upstream.sent) == 1
    ground.upstream.take().answer(200, {"bids": []})
    assert [client.answers for client in clients] == [[(200, {"bids": []})]] * 100


async def test_another_question_is_another_answer(ground: Ground) -> None:
    """Questions that differ in a value are not confused."""
    first, second = ask(ground, DEPTH), ask(ground, "/api/v3/depth?symbol=ETHUSDT")
    one, two = ground.upstream.take(), ground.upstream.take()
    two.answer(200, {"symbol": two.params["symbol"]})
    one.answer(200, {"symbol": one.params["symbol"]})
    assert (first.answers[0][1], second.answers[0][1]) == ({"symbol": "BTCUSDT"}, {"symbol": "ETHUSDT"})


async def test_public_data_leaves_without_any_credential(ground: Ground) -> None:
    """A question for public data carries no key, whatever the client sent."""
    bot = ground.bot()
    bot.raw("GET", DEPTH, key=bot.key.id)
    assert UPSTREAM_KEY.encode() not in ground.upstream.take().outgoing.headers


@pytest.mark.parametrize("target", [DEPTH, PAIRS])
async def test_strangers_get_nothing(ground: Ground, target: str) -> None:
    """A gateway on an open address is nobody's proxy."""
    assert ask(ground, target, "203.0.113.9").reasons == ["ADDRESS_FOREIGN"]
    assert ground.upstream.sent == []


async def test_heavy_answers_are_held_for_a_while(ground: Ground) -> None:
    """A heavy answer serves ten seconds, a light one none; a failure is not held."""
    ask(ground, INFO)
    ground.upstream.take().answer(500, {})
    ask(ground, INFO)
    ground.upstream.take().answer(200, {"symbols": []})
    assert ask(ground, INFO).answers == [(200, {"symbols": []})]
    ground.pass_time(10)
    ask(ground, INFO)
    assert len(ground.upstream.sent) == 3


async def test_public_data_is_within_its_share(ground: Ground) -> None:
    """Strangers to every key together use their part of the weight and no more; orders go on."""
    limit = ground.venue.way.weight.limit
    asked = [ask(ground, f"{INFO}?symbol=X{number}") for number in range(limit // 20)]
    refused = [client for client in asked if client.answers]
    assert {client.reason for client in refused} == {"WEIGHT_SHARE"}
    assert len(ground.upstream.sent) == int(limit * 0.3) // 20
    ground.upstream.open.clear()
    bot = ground.bot()
    bot.buy()
    (await ground.sent()).accept()


@pytest.mark.parametrize("failure", list(Failure))
async def test_everybody_who_waits_is_told_of_a_failure(ground: Ground, failure: Failure) -> None:
    """A question without an answer is answered to all who shared it, and asked anew by the next."""
    clients = [ask(ground, DEPTH) for _ in range(3)]
    ground.upstream.take().fail(failure)
    assert [client.reasons for client in clients] == [["UPSTREAM_UNREACHABLE"]] * 3
    ask(ground, DEPTH)
    assert len(ground.upstream.open) == 1
    assert ground.house.gateway.in_hand == 1


async def test_a_parameter_nobody_knows_is_refused(ground: Ground) -> None:
    """Public questions are read as strictly as all others."""
    assert ask(ground, f"{DEPTH}&evil=1").answers[0][0] == 400
    assert ask(ground, "/api/v3/depth?s%79mbol=BTCUSDT").answers[0][0] == 400
    assert ground.upstream.sent == []


# Start-up reads


async def test_a_narrow_key_gets_the_coins_without_the_balances(ground: Ground) -> None:
    """A key that may not read is served its client's start-up read with every balance blank, from a cache."""
    bot = ground.bot(NARROW)
    bot.send("GET", COINS)
    ground.upstream.take().answer(200, BALANCES)
    bot.send("GET", COINS)
    other = ground.bot(NARROW)
    other.send("GET", COINS)
    assert len(ground.upstream.sent) == 1
    for client in (bot, other):
        assert "12.5" not in client.transport.written.decode()
        (coin,) = client.answers[-1][1]
        assert (coin["coin"], coin["free"], coin["locked"]) == ("BTC", "0", "0")


async def test_a_key_that_may_read_gets_its_own_accounts_answer(ground: Ground) -> None:
    """A reading key's answer is live, and does not become the narrow keys' one."""
    bot, narrow = ground.bot(), ground.bot(NARROW)
    bot.send("GET", COINS)
    ground.upstream.take().answer(200, BALANCES)
    assert bot.answers[0][1] == BALANCES
    narrow.send("GET", COINS)
    assert len(ground.upstream.open) == 1


@pytest.mark.parametrize(
    "body", [b"garbage", b"{}", b"[1]", b"", b'{"code":-1}', b'[{"coin":"BTC","free":"12.5"', b'["12.5"]']
)
async def test_a_start_up_read_of_another_form_is_served_empty(ground: Ground, body: bytes) -> None:
    """What cannot be blanked for certain is not passed on: the client gets the empty form."""
    bot = ground.bot(NARROW)
    bot.send("GET", COINS)
    ground.upstream.take().answer(200, body)
    assert bot.answers == [(200, [])]
    assert ground.house.gateway.in_hand == 0


@pytest.mark.parametrize("path", [COINS, PAIRS, "/fapi/v1/exchangeInfo"])
async def test_a_start_up_read_without_the_venue_is_served_empty(ground: Ground, path: str) -> None:
    """A client starts even while the venue does not answer; half a minute later the venue is asked again."""
    bot = ground.bot(NARROW)
    bot.send("GET", path)
    ground.upstream.take().fail()
    assert bot.answers[0][0] == 200
    bot.send("GET", path)
    assert len(ground.upstream.sent) == 1
    ground.pass_time(30)
    bot.send("GET", path)
    assert len(ground.upstream.sent) == 2


async def test_a_key_without_a_signature_never_leaves_with_a_credential(ground: Ground) -> None:
    """Who only names a key is served the form that belongs to nobody, and nothing is fetched for him with a key."""
    bot = ground.bot()
    for path in (COINS, PAIRS):
        bot.raw("GET", path, key=bot.key.id)
    assert [answer for answer in bot.answers if answer[0] == 200] == [(200, []), (200, [])]
    assert [sent for sent in ground.upstream.sent if UPSTREAM_KEY.encode() in sent.outgoing.headers] == []
    assert ground.live(bot).used_us == 0


async def test_many_who_wait_for_a_start_up_read_are_all_served(ground: Ground) -> None:
    """Clients that start together share one question."""
    bots = [ground.bot(NARROW) for _ in range(5)]
    for bot in bots:
        bot.send("GET", COINS)
    ground.upstream.take().answer(200, BALANCES)
    assert {json.dumps(bot.answers) for bot in bots} == {json.dumps(bots[0].answers)}
    assert len(ground.upstream.sent) == 1


async def test_a_foreign_address_gets_no_start_up_read(ground: Ground) -> None:
    """A narrow key used from elsewhere is refused before any cache is looked at."""
    from bailiwick.model.grant import Where

    bot = ground.bot(msgspec.structs.replace(NARROW, where=Where(networks=("203.0.113.0/24",))))
    bot.send("GET", COINS)
    assert bot.reasons == ["ADDRESS_FOREIGN"]
