"""The gateway's socket: what each verb answers, and that none of them gives a secret back."""

import os
from collections.abc import AsyncIterator

import msgspec
import pytest
from ground import ACCOUNT, BOT, SERVICE, UPSTREAM_SECRET, Ground

from bailiwick.gateway.verbs import handlers, health_of
from bailiwick.gateway.watchfacts import origin_of
from bailiwick.journal import record
from bailiwick.link import questions as ask
from bailiwick.link.asyncclient import AsyncClient
from bailiwick.link.exchange_questions import EXCHANGE_VERBS
from bailiwick.link.market_questions import MARKET_VERBS
from bailiwick.link.server import serve
from bailiwick.link.service_questions import SERVICE_VERBS
from bailiwick.link.watch_questions import KnownOfKey, TellSigns
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.credential import Purpose, Sealed
from bailiwick.model.grant import Where, grant_to_toml
from bailiwick.model.party import Key, KeyKind, KeyState
from bailiwick.model.secret import Secret
from bailiwick.rules.decide import RULES
from bailiwick.store.store import Store


@pytest.fixture
async def link(ground: Ground) -> AsyncIterator[AsyncClient]:
    """A client of the gateway's real socket."""
    server = await serve(ground.config.gateway_socket, ask.GATEWAY_VERBS, handlers(ground.house))
    client = AsyncClient(ground.config.gateway_socket)
    yield client
    await client.close()
    await server.close()


async def test_the_socket_is_its_owners_alone(ground: Ground, link: AsyncClient) -> None:
    """The socket has mode 0600 in a directory of mode 0700."""
    await link.ask(ask.Health())
    path = ground.config.gateway_socket
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


async def test_no_verb_unseals(ground: Ground, link: AsyncClient) -> None:
    """Whatever is asked, no answer holds a secret: neither the upstream credential's nor an issued key's."""
    bot = ground.bot()
    assert bot.key is not None
    sealed = await link.ask(ask.Seal(record="canary", purpose=Purpose.UPSTREAM_HMAC, plaintext=Secret(b"canary-text")))
    questions = [
        ask.Health(), ask.Explain(key=bot.key.id, method="GET", target="/api/v3/account"), ask.Usage(key=bot.key.id),
        ask.Wake(), ask.Checkpoint(), ask.Doctor(), ask.RotateVault(), ask.Events(),
        ask.Symbols(venue="venue", names=("BTCUSDT", "btcusdt")),
        ask.RecordAct(actor="test", act="look", subject="everything"),
        ask.Seal(record="canary", purpose=Purpose.UPSTREAM_HMAC, plaintext=Secret(sealed.envelope)),
        TellSigns(signs=()), KnownOfKey(key=bot.key.id),
    ]  # fmt: skip
    of_others = {*EXCHANGE_VERBS, *MARKET_VERBS, *SERVICE_VERBS}  # their own tests ask them
    assert {type(question) for question in questions} | of_others == set(ask.GATEWAY_VERBS)
    secrets = (b"canary-text", UPSTREAM_SECRET.encode(), bot.key.secret)
    for question in questions:
        answer = msgspec.msgpack.encode(await link.ask(question), enc_hook=repr)
        assert [secret for secret in secrets if secret in answer] == [], type(question).__name__


async def test_what_was_sealed_opens_for_its_record_alone(ground: Ground, link: AsyncClient) -> None:
    """An envelope opens as what it was sealed for, and as nothing else."""
    from bailiwick.vault.errors import VaultError

    answer = await link.ask(ask.Seal(record="key/a/one", purpose=Purpose.ISSUED_HMAC, plaintext=Secret(b"text")))
    vault = ground.house.vault
    assert vault.hmac_secret(Sealed("key/a/one", Purpose.ISSUED_HMAC, answer.envelope)).reveal() == b"text"
    for other in (
        Sealed("key/a/two", Purpose.ISSUED_HMAC, answer.envelope),
        Sealed("key/a/one", Purpose.UPSTREAM_HMAC, answer.envelope),
    ):
        with pytest.raises(VaultError):
            vault.hmac_secret(other)


async def test_an_unknown_purpose_is_refused(link: AsyncClient) -> None:
    """Nothing is sealed for a purpose that does not exist."""
    with pytest.raises(LinkError) as caught:
        await link.ask(ask.Seal(record="x", purpose="anything", plaintext=Secret(b"text")))
    assert caught.value.code is Code.REFUSED


async def test_an_act_is_durable_and_signed_when_it_is_answered(ground: Ground, link: AsyncClient) -> None:
    """An administrative act stands in the journal, whole, before its verb answers."""
    answer = await link.ask(
        ask.RecordAct(actor="ann", act="key frozen", subject="bwk_1", before="a", after="b", reason="because")
    )
    assert ground.house.journal.durable > answer.position
    (act,) = ground.records(record.Act)
    assert (act.actor, act.verb, act.subject, act.before, act.after, act.reason) == (
        "ann", "key frozen", "bwk_1", "a", "b", "because",
    )  # fmt: skip
    signed = await link.ask(ask.Checkpoint())
    assert signed.size > answer.position
    assert signed.note.endswith("\n")


async def test_an_act_that_cannot_be_recorded_is_refused(ground: Ground, link: AsyncClient) -> None:
    """While the journal has stopped an administrative act is told that nothing was done."""
    import errno

    ground.disk.let_go(errno.EIO)
    for _ in range(2):
        with pytest.raises(LinkError) as caught:
            await link.ask(ask.RecordAct(actor="ann", act="x", subject="y"))
        assert caught.value.code is Code.UNAVAILABLE


async def test_explain_says_what_decides_and_changes_nothing(ground: Ground, link: AsyncClient) -> None:
    """Explain answers as the gateway would, names the rule, and neither reserves, nor marks, nor sends."""
    bot = ground.bot(msgspec.structs.replace(BOT, where=Where(networks=("127.0.0.0/8",))))
    assert bot.key is not None
    key = bot.key.id
    target = "/api/v3/order"

    async def would(body: str, source: str = "127.0.0.1") -> ask.ExplainAnswer:
        return await link.ask(ask.Explain(key=key, method="POST", target=target, body=body.encode(), source=source))

    order = "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&price=100&quantity="
    fine, large = await would(order + "1"), await would(order + "9")
    assert (fine.allowed, large.allowed, large.reason) == (True, False, "ORDER_NOTIONAL")
    after = {each.name: (each.used, each.reserved) for each in fine.budgets}
    assert (fine.worth, after["day_notional"], after["open_orders"][0]) == ("100", ("0", "100"), "1")
    assert (large.rule, large.budgets) == ("order notional", ())
    assert [step.rule for step in fine.steps] == [rule.name for rule in RULES]
    assert [step.rule for step in large.steps if step.outcome == "denied"] == ["order notional"]
    assert (await would(order.replace("BTCUSDT", "BNBUSDT") + "1")).reason == "SYMBOL_NOT_GRANTED"
    assert (await would("symbol=BTCUSDT")).reason == "PARAMETER_MISSING"
    assert ground.reserved(bot) == 0
    assert ground.upstream.sent == []
    assert len(ground.house.gateway.marks) == 0
    assert ground.live(bot).used_us == 0
    assert (await would(order + "1", "nowhere")).reason == "ADDRESS_FOREIGN"
    with pytest.raises(LinkError) as caught:
        await link.ask(ask.Usage(key="bwk_nobody"))
    assert caught.value.code is Code.NOT_FOUND


async def test_known_names_which_addresses_and_programs_are_habits(ground: Ground, link: AsyncClient) -> None:
    """Of addresses and fingerprints that are asked about, those are named that the watch has learnt, and no others."""
    bot = ground.bot()
    assert bot.key is not None
    bot.buy()
    (await ground.sent()).accept("1")
    question = KnownOfKey(key=bot.key.id, sources=("127.0.0.1", "10.0.0.1", "nowhere"), fingerprints=("ab" * 8, "zz"))
    fresh = await link.ask(question)
    assert (fresh.known, fresh.usual_sources, fresh.usual_fingerprints) == (True, (), ())
    watched = ground.house.watching.state.find(bot.key.id)
    assert watched is not None
    learnt = origin_of("127.0.0.9", "ab" * 8, ())
    watched.profile.networks.append(learnt.network)
    watched.profile.fingerprints.append(learnt.fingerprint)
    known = await link.ask(question)
    assert (known.usual_sources, known.usual_fingerprints) == (("127.0.0.1",), ("ab" * 8,))


async def test_usage_tells_budgets_holdings_and_open_orders(ground: Ground, link: AsyncClient) -> None:
    """Usage shows what is spent, what is reserved, what is held and what is open."""
    bot = ground.bot()
    assert bot.key is not None
    bot.buy()
    (await ground.sent()).accept("1")
    bot.buy("2", newClientOrderId="open")
    (await ground.sent()).accept("0.5", status="PARTIALLY_FILLED")
    usage = await link.ask(ask.Usage(key=bot.key.id))
    day = next(budget for budget in usage.budgets if budget.name == "day_notional")
    assert (day.limit, day.used, day.reserved) == ("2000", "150", "150")
    assert [(each.asset, each.quantity) for each in usage.holdings] == [("BTCUSDT", "1.5")]
    assert [(each.client_order_id, each.quantity, each.executed) for each in usage.open_orders] == [
        ("open", "2", "0.5")
    ]


async def test_wake_puts_a_change_in_force(ground: Ground, link: AsyncClient) -> None:
    """When wake is answered a key frozen just before is frozen."""
    bot = ground.bot()
    assert bot.key is not None
    with Store.open(ground.config.database) as store:
        store.keys.move(bot.key.id, KeyState.FROZEN, account=ACCOUNT)
        newest = store.last_change()
    ground.house.feeds[ground.venue.id] = _Followed(ground)  # type: ignore[assignment]  # stands in for a feed
    assert (await link.ask(ask.Wake())).change == newest
    bot.buy()
    assert bot.reasons == ["KEY_FROZEN"]


class _Followed:
    """A venue's feed that follows nothing."""

    def __init__(self, ground: Ground) -> None:
        self.venue = ground.venue
        self.failed: dict[str, str] = {}

    def want(self, symbol: str, currency: str) -> None:
        pass


async def test_rotation_goes_on_while_orders_pass(ground: Ground, link: AsyncClient) -> None:
    """A rotation of the vault re-wraps every record, and keys sealed before and after it both serve."""
    bot = ground.bot()
    before = ground.house.vault.keyring.current.id.hex()
    answer = await link.ask(ask.RotateVault())
    assert answer.rewrapped == 2
    assert answer.vault_key != before
    later = ground.bot()
    await ground.restart()
    for key in (bot.key, later.key):
        client = ground.client(key)
        client.buy()
        (await ground.sent()).accept()


async def test_doctor_finds_what_is_wrong(ground: Ground, link: AsyncClient) -> None:
    """A stopped journal, a full disk, a stale store and a venue's rest are each found, with a remedy."""
    import errno

    ground.house.feeds[ground.venue.id] = _Followed(ground)  # type: ignore[assignment]  # stands in for a feed
    ground.venue.way.weight.pause(30, ground.clock.at)
    ground.house.registry._read_at -= 10_000
    ground.disk.let_go(errno.EIO)
    ground.bot().buy()
    await ground.durable()
    ground.house.registry._read_at -= 10_000
    findings = {each.subject: each for each in (await link.ask(ask.Doctor())).findings if each.severity == "error"}
    assert {"journal", "store", f"venue {ground.venue.id}"} <= set(findings)
    assert all(finding.remedy for finding in findings.values())
    ready, body = health_of(ground.house)
    assert not ready
    assert b"journal has stopped" in body


async def test_a_key_whose_secret_is_another_records_does_not_serve(ground: Ground) -> None:
    """A sealed secret copied into another key's row opens nothing: the swap is refused as a fault."""
    from bailiwick.model.credential import KEY_ID_RANDOM_BYTES, make_key_id

    bot = ground.bot()
    assert bot.key is not None
    thief = make_key_id(ACCOUNT, os.urandom(KEY_ID_RANDOM_BYTES))
    with Store.open(ground.config.database) as store:
        stolen = store.keys.get(bot.key.id).secret
        store.keys.add(
            Key(thief, ACCOUNT, SERVICE, KeyKind.HMAC, grant_to_toml(BOT), KeyState.ACTIVE, 1, secret=stolen)
        )
    ground.house.registry.refresh()
    bot.raw("GET", f"/api/v3/account?{bot.key.sign(bot.payload())}", key=thief)
    assert bot.answers[0][0] == 400
    assert ground.upstream.sent == []
