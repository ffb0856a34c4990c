"""Who is let in: keys, signatures, addresses, proxies, and what the unproven may cost."""

import asyncio
import hashlib
import hmac

import msgspec
import pytest
from ground import ACCOUNT, BOT, UPSTREAM_KEY, UPSTREAM_SECRET, VENUE, Ground

from bailiwick.journal import record
from bailiwick.model.grant import Where
from bailiwick.store.store import Store
from bailiwick.venues import trusted

ACCOUNT_PATH = "/api/v3/account"
PROXIED = msgspec.structs.replace(BOT, where=Where(networks=("203.0.113.0/24",)))


def by_proxy(ground: Ground, *networks: str) -> None:
    """Believe proxies in these networks."""
    import ipaddress

    ground.house.gateway._proxies = tuple(ipaddress.ip_network(network) for network in networks)


# Unproven requests


async def test_who_is_not_proven_is_told_what_the_venue_would_say(ground: Ground) -> None:
    """An unknown key, a missing one, a wrong signature and an unknown endpoint each have their reason."""
    bot = ground.bot()
    bot.raw("GET", f"{ACCOUNT_PATH}?timestamp=1&signature=00", key="bwk_unknown")
    bot.raw("GET", f"{ACCOUNT_PATH}?timestamp=1&signature=00")
    bot.raw("GET", f"{ACCOUNT_PATH}?{bot.payload()}&signature={'0' * 64}", key=bot.key.id)
    bot.raw("GET", f"{ACCOUNT_PATH}?{bot.payload()}", key=bot.key.id)
    bot.raw("GET", "/api/v3/%6frder", key=bot.key.id)
    bot.raw("GET", "/sapi/v9/nothing", key=bot.key.id)
    assert bot.reasons == [
        "KEY_UNKNOWN", "KEY_MISSING", "SIGNATURE_WRONG", "SIGNATURE_MISSING", "ENDPOINT_UNKNOWN", "ENDPOINT_UNKNOWN",
    ]  # fmt: skip
    assert ground.upstream.sent == []


async def test_another_keys_signature_is_no_signature(ground: Ground) -> None:
    """What one key signed does not pass under the id of another."""
    bot, other = ground.bot(), ground.bot()
    bot.raw("GET", f"{ACCOUNT_PATH}?{other.key.sign(bot.payload())}", key=bot.key.id)
    assert bot.reasons == ["SIGNATURE_WRONG"]


async def test_a_hundred_thousand_failures_are_counted_and_not_recorded(ground: Ground) -> None:
    """A flood of unproven requests from one address costs one record and no memory, whatever keys it names."""
    client = ground.client()
    before = ground.house.journal.position
    head = b"GET /api/v3/account?timestamp=1&signature=00 HTTP/1.1\r\nHost: gateway\r\nX-MBX-APIKEY: k%05d\r\n\r\n"
    for start in range(0, 100_000, 1000):
        client.connection.data_received(b"".join(head % number for number in range(start, start + 1000)))
        client.transport.written = b""
    assert ground.house.journal.position == before
    assert len(ground.house.gateway.chronicle._failures) == 1
    assert ground.house.registry.live() == []
    ground.house.gateway.chronicle.flush_failures()
    await ground.durable()
    (counted,) = ground.records(record.Failures)
    assert (counted.count, counted.cause, counted.key) == (100_000, "KEY_UNKNOWN", "k00000")
    assert ground.house.gateway.in_hand == 0


async def test_failures_from_everywhere_are_bounded(ground: Ground) -> None:
    """A flood from more addresses than are told apart is counted together from there on."""
    by_proxy(ground, "127.0.0.0/8")
    client = ground.client()
    for number in range(6000):
        address = f"2001:db8::{number:x}"
        client.raw("GET", ACCOUNT_PATH, key="k", headers=f"X-Forwarded-For: {address}\r\n")
        client.transport.written = b""
    failures = ground.house.gateway.chronicle._failures
    assert len(failures) <= 4097
    assert sum(counted.count for counted in failures.values()) == 6000


async def test_a_wrong_signature_is_no_use_of_a_key(ground: Ground) -> None:
    """A key that somebody merely names, unsigned or wrongly signed, stays unused and leaves no replay mark."""
    bot = ground.bot()
    payload = bot.payload()
    bot.raw("GET", f"{ACCOUNT_PATH}?{payload}&signature={'0' * 64}", key=bot.key.id)
    bot.raw("GET", ACCOUNT_PATH, key=bot.key.id)
    bot.raw("GET", "/sapi/v1/margin/allPairs", key=bot.key.id)
    assert ground.live(bot).used_us == 0
    assert len(ground.house.gateway.marks) == 0
    bot.send("GET", ACCOUNT_PATH)
    assert ground.live(bot).used_us == ground.clock.at


async def test_every_verified_request_has_a_record(ground: Ground) -> None:
    """A read, a refused read and a refused order of a proven key each stand in the journal."""
    bot = ground.bot()
    bot.send("GET", ACCOUNT_PATH)
    ground.upstream.take().answer(200, {})
    bot.send("GET", "/api/v3/order", symbol="BTCUSDT", orderId=1)
    bot.buy("9")
    await ground.durable()
    assert [each.decision for each in ground.records(record.Read)] == ["allow", "deny"]
    (denied,) = ground.records(record.Intent)
    assert (denied.decision, denied.reason) == ("deny", "ORDER_NOTIONAL")
    assert denied.fingerprint in {each.digest for each in ground.records(record.Fingerprint)}


# Where from


async def test_a_foreign_address_is_refused_on_every_path(ground: Ground) -> None:
    """A grant's networks hold for reads, orders and cancels alike."""
    bot = ground.client(ground.issue(PROXIED))
    bot.send("GET", ACCOUNT_PATH)
    bot.buy()
    bot.send("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")
    assert bot.reasons == ["ADDRESS_FOREIGN"] * 3


@pytest.mark.parametrize(
    ("peer", "forwarded", "reason"),
    [
        ("127.0.0.1", "203.0.113.7", None),
        ("127.0.0.1", "198.51.100.1, 203.0.113.7", None),
        ("127.0.0.1", "203.0.113.7, 198.51.100.1", "ADDRESS_FOREIGN"),
        ("127.0.0.1", "", "ADDRESS_FOREIGN"),
        ("127.0.0.1", "nonsense", "FAULT"),
        ("127.0.0.1", "203.0.113.7:4444", "FAULT"),
        ("198.51.100.9", "203.0.113.7", "ADDRESS_FOREIGN"),
    ],
)
async def test_a_claimed_address_counts_from_a_proxy_alone(
    ground: Ground, peer: str, forwarded: str, reason: str | None
) -> None:
    """X-Forwarded-For is believed from configured proxies, and of it only what the nearest of them added."""
    by_proxy(ground, "127.0.0.0/8")
    key = ground.issue(PROXIED)
    client = ground.client(key, peer)
    headers = f"X-Forwarded-For: {forwarded}\r\n" if forwarded else ""
    client.raw("GET", f"{ACCOUNT_PATH}?{key.sign(client.payload())}", key=key.id, headers=headers)
    if reason is None:
        assert len(ground.upstream.sent) == 1
    else:
        assert client.reasons == [reason]


async def test_without_proxies_a_claimed_address_is_nothing(ground: Ground) -> None:
    """Where no proxy is configured a client cannot say where it comes from."""
    key = ground.issue(PROXIED)
    client = ground.client(key)
    client.raw(
        "GET", f"{ACCOUNT_PATH}?{key.sign(client.payload())}", key=key.id, headers="X-Forwarded-For: 203.0.113.7\r\n"
    )
    assert client.reasons == ["ADDRESS_FOREIGN"]


# What leaves


async def test_what_leaves_is_signed_with_the_accounts_credential_alone(ground: Ground) -> None:
    """The venue sees its own key and a signature of its own; of the client's key, signature and headers nothing."""
    bot = ground.bot()
    bot.buy()
    sent = await ground.sent()
    payload, _, signature = sent.outgoing.body.decode().rpartition("&signature=")
    assert signature == hmac.new(UPSTREAM_SECRET.encode(), payload.encode(), hashlib.sha256).hexdigest()
    assert sent.outgoing.headers.startswith(f"X-MBX-APIKEY: {UPSTREAM_KEY}\r\n".encode())
    assert bot.key.id.encode() not in sent.outgoing.headers + sent.outgoing.body + sent.outgoing.target


@pytest.mark.parametrize("name", [*trusted.HEADERS, "x-bailiwick-anything"])
async def test_a_client_sends_no_header_of_ours(ground: Ground, name: str) -> None:
    """A header that only the gateway may write is a 400 and the end of the connection."""
    bot = ground.bot()
    bot.raw("GET", f"{ACCOUNT_PATH}?{bot.key.sign(bot.payload())}", key=bot.key.id, headers=f"{name}: x\r\n")
    assert bot.answers[0][0] == 400
    assert bot.transport.closed
    assert ground.upstream.sent == []


async def test_an_engine_is_told_everything_under_one_mac(ground: Ground) -> None:
    """Before an exchange's own engine a request leaves unsigned, vouched for by headers that cover all of it."""
    with Store.open(ground.config.database) as store:
        store.venues.update(msgspec.structs.replace(store.venues.get(VENUE), mode="trusted"))
    await ground.restart()
    bot = ground.bot()
    bot.buy()
    order = await ground.sent()
    bot2 = ground.client(bot.key)
    bot2.send("GET", ACCOUNT_PATH)
    for sent in (order, ground.upstream.take()):
        headers = dict(line.split(": ", 1) for line in sent.outgoing.headers.decode().splitlines())
        out = sent.outgoing
        assert "signature" not in sent.params
        assert "X-MBX-APIKEY" not in headers
        assert headers[trusted.MAC] == trusted.mac(
            UPSTREAM_SECRET.encode(), out.method, out.target, out.body, ACCOUNT, bot.key.id,
            int(headers[trusted.POSITION]), int(headers[trusted.TIME]), headers[trusted.DECISION],
        )  # fmt: skip
        assert (headers[trusted.DECISION], headers[trusted.KEY]) == ("allow", bot.key.id)
        assert int(headers[trusted.TIME]) == ground.clock.at // 1000 or sent is order
    intent = ground.records(record.Intent)[0]
    assert intent.key == bot.key.id


async def test_without_a_credential_nothing_leaves(ground: Ground) -> None:
    """An account whose credential does not open is refused, and nothing is reserved."""
    bot = ground.bot()
    ground.live(bot).account.signer = None
    bot.buy()
    bot.send("GET", ACCOUNT_PATH)
    await asyncio.sleep(0)
    assert bot.reasons == ["CREDENTIAL_SEALED"] * 2
    assert ground.reserved(bot) == 0
