"""The act against a compromised service, and its undoing."""

from typing import Any

import msgspec
import pytest
from authority_house import House

from bailiwick.authority.compromise import following, planned, target_of
from bailiwick.authority.service_verbs import (
    CompromiseAnswer,
    CompromiseService,
    ListHeld,
    RestoreAnswer,
    RestoreService,
    ServiceReach,
)
from bailiwick.authority.verbs import (
    AddAccount,
    AddService,
    EditKey,
    EditService,
    Kind,
    Move,
    MoveParty,
    RotateKey,
    ShowParty,
)
from bailiwick.journal.verify_act import sum_of
from bailiwick.link.questions import RecordAct, Wake
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.life import Cause, KeyState, Response, Standstill
from bailiwick.model.party import Standing

WHY = "its customers report trades that were not theirs"
WINDING, FROZEN, ACTIVE = KeyState.WINDING_DOWN, KeyState.FROZEN, KeyState.ACTIVE


async def compromise(house: House, **more: Any) -> CompromiseAnswer:
    answer: CompromiseAnswer = await house.ask(CompromiseService(id="bot", **{"reason": WHY, **more}))
    await house.desk.compromises.finish()  # as the next round does
    return answer


async def restore(house: House, *keys: str, **more: Any) -> RestoreAnswer:
    answer: RestoreAnswer = await house.ask(RestoreService(id="bot", keys=keys, **{"reason": "hers", **more}))
    return answer


async def refused(house: House, question: Any) -> LinkError:
    with pytest.raises(LinkError) as found:
        await house.ask(question)
    return found.value


def states(house: House, *keys: str) -> list[KeyState]:
    return [house.store.keys.get(key).state for key in keys]


async def issued(house: House, count: int, **fields: Any) -> list[str]:
    return [(await house.issue(**fields)).id for _ in range(count)]


async def test_every_key_of_the_service_is_stopped(house: House) -> None:
    """All its keys wind down, and say that it is for their service; no other service's key is touched."""
    await house.ask(AddService(id="other", name="Other"))
    mine, (theirs,) = await issued(house, 3), await issued(house, 1, service="other")
    answer = await compromise(house)
    assert states(house, *mine, theirs) == [WINDING, WINDING, WINDING, ACTIVE]
    assert {house.store.keys.get(key).cause for key in mine} == {Cause.STANDING}
    assert house.store.services.get("bot").standing is Standing.COMPROMISED
    assert (answer.ever.keys, answer.ever.sha256) == sum_of(mine)
    assert {state: each.keys for state, each in answer.states.items()} == {"winding_down": 3}


async def test_they_can_be_frozen_instead(house: House) -> None:
    """Where the person chooses freeze, they only read."""
    (key,) = await issued(house, 1)
    await compromise(house, to="freeze")
    assert (states(house, key), house.store.services.get("bot").reaction) == ([FROZEN], FROZEN)


async def test_the_act_names_its_keys_and_from_where_it_holds(house: House) -> None:
    """One act in the journal holds the keys and the sums over them, a second record the position that binds."""
    keys = sorted(await issued(house, 2))
    answer = await compromise(house)
    acts = [act for act in house.gateway.acts if act.act.startswith("service.compromise")]
    act, said, force = (msgspec.json.decode(each.after) for each in acts)
    assert (acts[0].reason, act["standing"], act["to"]) == (WHY, "compromised", "winding_down")
    assert (said["keys"], said["state"], said["ever"]["keys"]) == (keys, "winding_down", 2)
    assert {act["id"], said["id"], force["id"]} == {act["id"]}
    assert (said["act"], force["act"], force["from"]) == (answer.position, answer.position, answer.in_force)
    assert answer.in_force > answer.position


async def test_a_key_that_was_handed_on_is_stopped(house: House) -> None:
    """A key that the service handed on is stopped too: the service still knows its secret."""
    await house.ask(AddService(id="other", name="Other"))
    (key,) = await issued(house, 1)
    await house.ask(EditKey(id=key, service="other"))
    answer = await compromise(house)
    assert (answer.left, answer.spared, states(house, key)) == ((key,), (), [WINDING])


async def test_the_keys_of_a_service_are_told_page_by_page(house: House) -> None:
    """Each key that was ever a service's stands on one page, in order, those that it handed on among its own."""
    await house.ask(AddService(id="other", name="Other"))
    keys = sorted(await issued(house, 5))
    for key in keys[1::2]:
        await house.ask(EditKey(id=key, service="other"))
    found: list[str] = []
    more = True
    while more:
        page = await house.ask(ListHeld(id="bot", after=found[-1] if found else "", limit=2))
        found += [row.key for row in page.rows]
        more = page.more
    assert found == keys


async def test_a_key_with_another_secret_since_is_spared_and_named(house: House) -> None:
    """Rotated after it left, a key is nothing that the service could use: it goes on, and the proof names it."""
    await house.ask(AddService(id="other", name="Other"))
    (key,) = await issued(house, 1)
    await house.ask(EditKey(id=key, service="other"))
    await house.ask(RotateKey(id=key))
    answer = await compromise(house)
    assert (answer.spared, states(house, key)) == ((key,), [ACTIVE])
    rows = (await house.ask(ListHeld(id="bot"))).rows
    assert [(row.key, row.service, row.spared) for row in rows] == [(key, "other", True)]


async def test_a_rotation_before_it_left_spares_nothing(house: House) -> None:
    """The service knows the secret that it had when the key left."""
    await house.ask(AddService(id="other", name="Other"))
    (key,) = await issued(house, 1)
    await house.ask(RotateKey(id=key))
    await house.ask(EditKey(id=key, service="other"))
    await compromise(house)
    assert states(house, key) == [WINDING]


async def test_it_gets_nothing_more(house: House) -> None:
    """A compromised service gets no key, no wider grant, no other secret and none of another's keys."""
    await house.ask(AddService(id="other", name="Other"))
    (key,), (theirs,) = await issued(house, 1), await issued(house, 1, service="other")
    await compromise(house)
    for question in (RotateKey(id=key), EditKey(id=theirs, service="bot"), EditKey(id=key, service="other")):
        assert (await refused(house, question)).code is Code.CONFLICT
    with pytest.raises(LinkError, match="compromised"):
        await house.issue()


async def test_only_its_own_undoing_undoes_it(house: House) -> None:
    """Neither the service nor a key of it is unfrozen past the act."""
    (key,) = await issued(house, 1)
    await compromise(house)
    for question in (
        MoveParty(kind=Kind.KEY, id=key, to=Move.UNFREEZE),
        MoveParty(kind=Kind.SERVICE, id="bot", to=Move.UNFREEZE),
    ):
        assert "service restore" in (await refused(house, question)).sentence


@pytest.mark.parametrize("actor", ["rule:watch", "link:telegram"])
async def test_no_rule_stops_a_whole_service(house: House, actor: str) -> None:
    """An automatic lock that hits too much is worse than none: a rule stops one key, a person a service."""
    await issued(house, 1)
    for question in (CompromiseService(id="bot", reason=WHY), RestoreService(id="bot", everything=True, reason=WHY)):
        with pytest.raises(LinkError, match="only a signed-in person"):
            await house.desk.answer(question, actor)


async def test_both_want_a_reason(house: House) -> None:
    """Without a reason nothing is done, and nothing undone."""
    (key,) = await issued(house, 1)
    assert "reason" in (await refused(house, CompromiseService(id="bot"))).sentence
    await compromise(house)
    assert "reason" in (await refused(house, RestoreService(id="bot", keys=(key,)))).sentence
    assert states(house, key) == [WINDING]


async def test_restore_gives_back_what_is_named_and_nothing_more(house: House) -> None:
    """One key is in force again; the others stay, and the service stays compromised."""
    first, second = await issued(house, 2)
    await compromise(house)
    answer = await restore(house, first)
    assert (answer.keys, states(house, first, second)) == ((first,), [ACTIVE, WINDING])
    assert house.store.services.get("bot").standing is Standing.COMPROMISED
    assert house.store.holders.restored() == {first}


async def test_restore_undoes_this_act_and_no_other(house: House) -> None:
    """A key that somebody froze for another reason is not thawed on the way."""
    first, second = await issued(house, 2)
    await house.ask(MoveParty(kind=Kind.KEY, id=second, to=Move.FREEZE))
    await compromise(house)
    assert (await refused(house, RestoreService(id="bot", keys=(second,), reason="hers"))).code is Code.CONFLICT
    await restore(house, everything=True)
    assert states(house, first, second) == [ACTIVE, FROZEN]
    assert house.store.services.get("bot").standing is Standing.TRUSTED


async def test_the_act_again_stops_what_was_given_back(house: House) -> None:
    """A second act holds for all keys again, those too that were restored after the first."""
    (key,) = await issued(house, 1)
    await compromise(house)
    await restore(house, key)
    await compromise(house)
    assert (states(house, key), house.store.holders.restored()) == ([WINDING], frozenset())


async def test_a_previewed_compromise_stops_nothing(house: House) -> None:
    """What is only looked at changes nothing, and is done only if nothing changed in between."""
    (key,) = await issued(house, 1)
    seen = (await compromise(house, preview=True)).seen
    assert (states(house, key), house.last_act().act) == ([ACTIVE], "key.issue")
    await house.ask(EditService(id="bot", contact="new"))
    assert (await refused(house, CompromiseService(id="bot", reason=WHY, seen=seen))).code is Code.CONFLICT


async def test_rows_that_had_not_followed_follow_later(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupted between the standing and the keys' rows, the standing holds, and the next round finishes."""
    (key,) = await issued(house, 1)

    def die(*args: object) -> None:
        raise SystemExit

    monkeypatch.setattr(house.store.holders, "follow_in", die)
    with pytest.raises(SystemExit):
        await compromise(house)
    monkeypatch.undo()
    (row,) = (await house.ask(ListHeld(id="bot"))).rows
    assert row.state == "winding_down"
    service = house.store.services.get("bot")
    assert (states(house, key), service.holds_back(ACTIVE)) == ([ACTIVE], WINDING)
    await house.desk.compromises.finish()
    assert states(house, key) == [WINDING]


async def test_it_is_not_done_if_it_cannot_be_recorded(house: House) -> None:
    """Without a journal there is no act: no key stopped that no record explains."""
    (key,) = await issued(house, 1)
    house.gateway.fails = RecordAct
    await refused(house, CompromiseService(id="bot", reason=WHY))
    assert (states(house, key), house.store.services.get("bot").standing) == ([ACTIVE], Standing.TRUSTED)


async def test_a_gateway_that_does_not_confirm_is_said(house: House) -> None:
    """Where the gateway says nothing, the keys are stopped, and no position is claimed."""
    (key,) = await issued(house, 1)
    house.gateway.fails = Wake
    answer = await compromise(house)
    assert (answer.in_force, states(house, key)) == (-1, [WINDING])
    assert "not confirmed" in answer.notes[-1]


async def test_every_owner_is_told_once(house: House) -> None:
    """Each owner of an account that the service had keys of gets one notice, whatever was interrupted."""
    await house.ask(AddAccount(id="second", venue="binance", name="Second", owner="Bob"))
    await house.ask(AddAccount(id="third", venue="binance", name="Third", owner="Eve"))
    await issued(house, 2)
    await issued(house, 1, account="second")
    await compromise(house)
    await house.desk.compromises.finish()
    await house.desk.compromises.finish()
    with house.store.reading() as connection:
        found = connection.exec_driver_sql("SELECT owner, count FROM notice WHERE kind = 'service'").fetchall()
    assert sorted(found) == [("Ada", 1), ("Bob", 1)]


@pytest.mark.parametrize("to", ["wind-down", "freeze"])
async def test_a_key_comes_to_the_stricter_of_act_and_wish(house: House, to: str) -> None:
    """In one act each key comes to what the act says or its owner chose, whichever leaves it less."""
    wishes = (Response.WIND_DOWN, Response.FREEZE, Response.REVOKE)
    keys = await issued(house, len(wishes))
    for key, wish in zip(keys, wishes, strict=True):
        await house.ask(EditKey(id=key, on_compromise=wish))
    await compromise(house, to=to)
    assert states(house, *keys) == [FROZEN if to == "freeze" else WINDING, FROZEN, KeyState.REVOKED]


def test_the_stricter_of_act_and_owner_binds() -> None:
    """A key whose owner chose freeze or revoke for this case gets that; what is over stays over."""
    assert target_of(ACTIVE, WINDING, Response.FREEZE) is FROZEN
    assert target_of(ACTIVE, FROZEN, Response.WIND_DOWN) is FROZEN
    assert target_of(ACTIVE, WINDING, Response.REVOKE) is KeyState.REVOKED
    assert target_of(FROZEN, WINDING, Response.WIND_DOWN) is FROZEN
    assert target_of(KeyState.PENDING, WINDING, Response.WIND_DOWN) is FROZEN
    assert target_of(KeyState.EXPIRED, FROZEN, Response.REVOKE) is KeyState.EXPIRED


@pytest.mark.parametrize("to", [WINDING, FROZEN])
def test_rows_follow_to_where_the_plan_says(to: KeyState) -> None:
    """For every state and choice, the rows come to what the act has recorded of them."""
    steps = {
        (state, choice): life.state
        for life, states_, choice in following(to, lambda state: Standstill())
        for state in states_
    }
    for choice in (Response.WIND_DOWN, Response.FREEZE, Response.REVOKE):
        for state in KeyState:
            plan = planned({(state, choice.value): ["k"]}, [], to)
            assert {steps.get((state, choice.value), state): ["k"]} == plan.after


async def test_the_blast_radius_counts_what_could_be_lost(house: House) -> None:
    """Two keys of 2,000 a day inside a band of 3 % lose, with fees, twice 124 at worst; stopped, nothing."""
    await issued(house, 2)
    reach = await house.ask(ServiceReach(id="bot"))
    assert (reach.keys, reach.accounts, reach.open_orders) == ({"active": 2}, ("main",), 2)
    assert [(each.most, each.currency) for each in reach.worst] == [("248", "USDT")]
    await compromise(house)
    reach = await house.ask(ServiceReach(id="bot"))
    assert (reach.keys, reach.worst) == ({"winding_down": 2}, ())


async def test_a_key_without_bounds_makes_it_unbounded(house: House) -> None:
    """One key that sets neither a budget nor a loss per day makes the whole unbounded, and is counted."""
    from authority_house import GRANT

    await house.issue()
    await house.issue(GRANT.replace("day_notional = 2000\n", ""))
    (worst,) = (await house.ask(ServiceReach(id="bot"))).worst
    assert (worst.most, worst.unbounded_keys) == ("unbounded", 1)


async def test_a_handed_over_key_shows_its_new_service(house: House) -> None:
    """The hand-over is journalled with both services, and a second one of the same key is kept beside the first."""
    await house.ask(AddService(id="other", name="Other"))
    (key,) = await issued(house, 1)
    await house.ask(EditKey(id=key, service="other"))
    act = house.last_act()
    assert (act.act, act.subject, msgspec.json.decode(act.before)) == ("key.hand-over", key, {"service": "bot"})
    assert msgspec.json.decode(act.after)["service"] == "other"
    assert (await house.ask(ShowParty(kind=Kind.KEY, id=key))).values["service"] == "other"
