"""Idle removal and expiry: whom a sweep warns, what it removes, and in which steps. Tests move the clock."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from authority_house import GRANT, NOW, House

from bailiwick.authority.desk import Desk
from bailiwick.authority.lives import DAY_MS
from bailiwick.authority.sweep_verbs import Sweep
from bailiwick.authority.verbs import EditKey, EditService, Kind, Move, MoveParty
from bailiwick.config import Config, Lives
from bailiwick.link.wire import LinkError
from bailiwick.model.credential import make_key_id
from bailiwick.model.life import Cause, KeyState, Response
from bailiwick.store.reader import StoreReader
from bailiwick.store.rows import Use

READER = """
purpose = "A tax tool"
[what]
may = ["public", "read"]
"""
BOUND = GRANT + '[where]\nnetworks = ["203.0.113.0/24"]\n'


class Years(House):
    """A house whose clock is moved by days."""

    def __init__(self, directory: Path, **lives: Any) -> None:
        self.day = 0.0
        super().__init__(directory)
        self.config = Config(data=directory, lives=Lives(**lives))
        self.open_desk()

    def open_desk(self) -> None:
        config = getattr(self, "config", None) or Config()
        self.desk = Desk(config, self.store, self.gateway, clock=lambda: NOW + int(self.day * DAY_MS))
        self._handlers = self.desk.handlers()

    async def key(self, grant: str = GRANT, **fields: Any) -> str:
        return str((await self.issue(grant, **fields)).id)

    async def sweep(self, **fields: Any) -> list[tuple[str, int | None, int]]:
        answer = await self.ask(Sweep(**fields))
        return [(each.what, each.days, each.count) for each in answer.swept]

    def use(self, key: str, *, trading: bool) -> None:
        reader = StoreReader.open(self.store.path)
        at = NOW + int(self.day * DAY_MS)
        reader.keys.record_use({key: Use(at, at if trading else 0)})
        reader.close()

    def state(self, key: str) -> KeyState:
        return self.store.keys.get(key).state

    def told(self) -> list[str]:
        """The titles of what the owner was told, in order."""
        return [each.notice.title for each in reversed(self.store.notices.list(owner="Ada"))]


@pytest.fixture
async def house(tmp_path: Path) -> Any:
    made = Years(tmp_path)
    await made.settle()
    yield made
    made.store.close()


async def test_an_idle_key_that_trades_is_removed_in_steps(house: Years) -> None:
    """Unused for 30 days, a key winds down for a week, reads for a week, and is gone: each an act with its cause."""
    key = await house.key()
    seen = []
    for day in (29.9, 30.0, 36.9, 37.1, 44.0, 44.3):
        house.day = day
        await house.sweep()
        await house.desk.sweeper.deadlines()
        seen.append(house.state(key))
    assert seen == [
        KeyState.ACTIVE, KeyState.WINDING_DOWN, KeyState.WINDING_DOWN, KeyState.FROZEN, KeyState.FROZEN,
        KeyState.EXPIRED,
    ]  # fmt: skip
    assert house.store.keys.get(key).cause is Cause.IDLENESS
    acts = [(act.actor, act.act) for act in house.gateway.acts if act.act.startswith("key.") and "issue" not in act.act]
    assert acts == [("rule:idle", "key.winding-down"), ("rule:time", "key.frozen"), ("rule:time", "key.expired")]


async def test_a_read_does_not_keep_trading_alive(house: Years) -> None:
    """A key that can trade and only reads is idle; a trade counts, and counts from then on."""
    reads, trades = await house.key(), await house.key()
    house.day = 29
    house.use(reads, trading=False)
    house.use(trades, trading=True)
    house.day = 31
    await house.sweep()
    assert (house.state(reads), house.state(trades)) == (KeyState.WINDING_DOWN, KeyState.ACTIVE)
    house.day = 59
    await house.sweep()
    assert house.state(trades) is KeyState.WINDING_DOWN


async def test_keys_bound_to_networks_are_spared(house: Years) -> None:
    """Neither a grant with networks nor a service that publishes its own lets a key be removed for idleness."""
    bound = await house.key(BOUND)
    by_service = await house.key()
    await house.ask(EditService(id="bot", networks=("203.0.113.0/24",)))
    house.day = 500
    assert await house.sweep() == []
    assert (house.state(bound), house.state(by_service)) == (KeyState.ACTIVE, KeyState.ACTIVE)


async def test_a_key_that_only_reads_may_come_once_a_year(house: Years) -> None:
    """A tax tool's key is warned at 30 idle days, and removed only after 400."""
    key = await house.key(READER)
    found = []
    for day in (29, 30, 31, 393, 399, 400):
        house.day = day
        found += [(day, *each) for each in await house.sweep()]
    assert found == [(30, "warn", 370, 1), (393, "warn", 7, 1), (399, "warn", 1, 1), (400, "wind-down", None, 1)]
    assert house.state(key) is KeyState.WINDING_DOWN


async def test_warnings_go_out_once_and_anew_after_use(house: Years) -> None:
    """Seven days and one day before, one notice each, however often it is swept; use begins the count again."""
    key = await house.key()
    found = []
    for day in (22.9, 23, 23.5, 25, 29, 29.5):
        house.day = day
        found += [(day, *each) for each in await house.sweep()]
    assert found == [(23, "warn", 7, 1), (29, "warn", 1, 1)]
    assert house.told() == [f"key {key} will be stopped in 7 days", f"key {key} will be stopped tomorrow"]
    house.use(key, trading=True)
    house.day = 53
    assert await house.sweep() == [("warn", 7, 1)]
    house.day = 54
    assert await house.sweep() == []


async def test_a_dry_run_changes_nothing(house: Years) -> None:
    """It tells what a sweep would do; nothing is moved, written in the journal or told to anybody."""
    key = await house.key()
    house.day = 30
    before = len(house.gateway.acts)
    answer = await house.ask(Sweep(dry_run=True))
    assert [(each.what, each.keys) for each in answer.swept] == [("wind-down", (key,))]
    assert answer.policies[0] == "keys that can trade: remove keys idle 30 days unless bound to networks"
    assert (house.state(key), len(house.gateway.acts), house.told()) == (KeyState.ACTIVE, before, [])


@pytest.mark.parametrize(
    ("choice", "state"),
    [
        (Response.NOTICE, KeyState.ACTIVE),
        (Response.WIND_DOWN, KeyState.WINDING_DOWN),
        (Response.FREEZE, KeyState.FROZEN),
        (Response.REVOKE, KeyState.REVOKED),
    ],
)
async def test_the_owner_chooses_what_idleness_does(house: Years, choice: Response, state: KeyState) -> None:
    """A notice alone, a wind-down, a freeze or a revocation, as chosen for the key; and it is told once."""
    key = await house.key()
    await house.ask(EditKey(id=key, on_idle=choice))
    house.day = 31
    for _ in range(3):
        await house.sweep()
    assert house.state(key) is state
    assert len(house.told()) == 1


async def test_what_a_person_restored_is_not_removed_again_at_once(house: Years) -> None:
    """A key that was unfrozen counts as used then: the next sweep leaves it alone for another 30 days."""
    key = await house.key()
    house.day = 31
    await house.sweep()
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.UNFREEZE))
    house.day = 50
    await house.sweep()
    assert house.state(key) is KeyState.ACTIVE
    house.day = 62
    await house.sweep()
    assert house.state(key) is KeyState.WINDING_DOWN


async def test_expiry_passes_through_a_wind_down(house: Years) -> None:
    """A key whose time runs out is warned before and winds down then, with its expiry as the cause."""
    expires = '[when]\nexpires = "2026-10-01T00:00:00Z"\n'
    grant = GRANT + expires.replace('"', "") + '[where]\nnetworks = ["203.0.113.0/24"]\n'
    key = await house.key(grant)
    until = (house.store.keys.get(key).expires or 0) - NOW
    house.day = until / DAY_MS - 0.5
    assert await house.sweep() == [("warn", 1, 1)]
    house.day = until / DAY_MS + 0.01
    await house.desk.sweeper.deadlines()
    stopped = house.store.keys.get(key)
    assert (stopped.state, stopped.cause) == (KeyState.WINDING_DOWN, Cause.EXPIRY)


@pytest.mark.parametrize(
    ("choice", "state"),
    [
        (Response.WIND_DOWN, KeyState.WINDING_DOWN),
        (Response.FREEZE, KeyState.FROZEN),
        (Response.REVOKE, KeyState.REVOKED),
    ],
)
async def test_the_owner_chooses_what_expiry_does(house: Years, choice: Response, state: KeyState) -> None:
    """When its time runs out a key winds down, is frozen or is revoked, as was chosen for it."""
    key = await house.key(GRANT + "[when]\nexpires = 2026-10-01T00:00:00Z\n")
    await house.ask(EditKey(id=key, on_expiry=choice))
    house.day = ((house.store.keys.get(key).expires or 0) - NOW) / DAY_MS + 0.01
    await house.desk.sweeper.deadlines()
    assert house.state(key) is state


@pytest.mark.parametrize(("policy", "last"), [("kucoin-30d", KeyState.FROZEN), ("okx-14d", KeyState.EXPIRED)])
async def test_presets_end_as_their_venues_do(tmp_path: Path, policy: str, last: KeyState) -> None:
    """Where a venue takes the trading permission alone, the key goes on reading; where it deletes, it is gone."""
    house = Years(tmp_path, trading=policy)
    await house.settle()
    key = await house.key()
    for day in range(10, 90):
        house.day = day
        await house.sweep()
        await house.desk.sweeper.deadlines()
    assert house.state(key) is last
    house.store.close()


async def test_no_policy_removes_nothing(tmp_path: Path) -> None:
    """Where the configuration says none, no key is removed for idleness."""
    house = Years(tmp_path, trading="none", reading="none")
    await house.settle()
    await house.key()
    house.day = 3000
    assert await house.sweep() == []
    house.store.close()


async def test_an_account_that_winds_down_is_frozen_in_the_end(house: Years) -> None:
    """After the same bounded time the account is frozen, and a person can still unfreeze it."""
    await house.ask(MoveParty(kind=Kind.ACCOUNT, id="main", to=Move.WIND_DOWN))
    house.day = 8
    await house.desk.sweeper.deadlines()
    assert house.store.accounts.get("main").state is KeyState.FROZEN
    assert house.gateway.acts[-1].actor == "rule:time"
    await house.ask(MoveParty(kind=Kind.ACCOUNT, id="main", to=Move.UNFREEZE))
    assert house.store.accounts.get("main").state is KeyState.ACTIVE


async def test_a_rule_widens_nothing(house: Years) -> None:
    """The one way to move keys passes over every key that a rule's step would widen; a person's passes."""
    key = await house.key()
    lives = house.desk.lives
    await lives.move([key], KeyState.FROZEN, cause=Cause.SUSPICION, actor="rule:test", reason="r")
    for actor in ("rule:idle", "link:telegram", "sweep", "token:robot", "telegram:person"):
        for to in (KeyState.ACTIVE, KeyState.WINDING_DOWN):
            moved = await lives.move([key], to, cause=Cause.OWNER, actor=actor, reason="r")
            assert (moved.keys, moved.done) == ((), None)
        with pytest.raises(LinkError, match="only a signed-in person"):
            await house.desk.answer(MoveParty(kind=Kind.KEY, id=key, to=Move.UNFREEZE), actor)
        with pytest.raises(LinkError, match="only a signed-in person"):
            await house.desk.answer(EditKey(id=key, name="wider"), actor)
    assert house.state(key) is KeyState.FROZEN
    moved = await lives.move([key], KeyState.ACTIVE, cause=Cause.OWNER, actor="person:ada", reason="looked at it")
    assert (moved.keys, house.state(key)) == ((key,), KeyState.ACTIVE)


async def test_suspicion_falls_on_a_key_that_winds_down_already(house: Years) -> None:
    """A key that winds down for idleness becomes a suspect one, and no lenient cause makes it less of one."""
    key = await house.key()
    lives = house.desk.lives
    await lives.move([key], KeyState.WINDING_DOWN, cause=Cause.IDLENESS, actor="rule:idle", reason="r")
    await lives.move(
        [key], KeyState.WINDING_DOWN, cause=Cause.SUSPICION, actor="rule:watch", reason="r", suspected=["AXSUSDT"]
    )
    await lives.move([key], KeyState.WINDING_DOWN, cause=Cause.STANDING, actor="rule:service", reason="r")
    found = house.store.keys.get(key)
    assert (found.cause, found.suspected) == (Cause.SUSPICION, ("AXSUSDT",))
    assert found.until == NOW + DAY_MS


async def test_a_sweep_names_many_keys_in_one_act(house: Years) -> None:
    """A hundred keys that lie idle are one act of the journal, which names them all, and one notice to their owner."""
    one = house.store.keys.get(await house.key())
    many = [msgspec.structs.replace(one, id=make_key_id("main", n.to_bytes(16, "big"))) for n in range(100)]
    house.store.keys.add_many(many)
    house.day = 40
    before = len(house.gateway.acts)
    assert await house.sweep() == [("wind-down", None, 101)]
    (act,) = house.gateway.acts[before:]
    assert (act.subject, len(msgspec.json.decode(act.after)["keys"])) == ("keys", 101)
    assert house.told() == ["101 keys are being wound down"]
