"""No act escapes the journal, and none is said to be done that is not."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from authority_house import GRANT, House

from bailiwick.authority import verbs
from bailiwick.authority.acts import states_after
from bailiwick.authority.verbs import (
    ACTS,
    AddService,
    EditAccount,
    EditKey,
    EditService,
    EditVenue,
    IssueKey,
    Kind,
    MakeBackup,
    Move,
    MoveParty,
    NewCredential,
    RotateAccount,
    RotateKey,
    RotateVaultKey,
    ShowParty,
)
from bailiwick.link.questions import RecordAct, Wake
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.party import KeyState
from bailiwick.model.secret import Secret


async def every_act(house: House, tmp_path: Path) -> list[Any]:
    """One of each act that changes something."""
    key = (await house.issue()).id
    credential = NewCredential(api_key="other", secret=Secret(b"canary-other"))
    return [
        verbs.AddVenue(id="us", name="US", base_url="https://api.binance.us", dialect="binance-us"),
        EditVenue(id="binance", name="Renamed"),
        verbs.AddAccount(id="second", venue="binance", name="Second", owner="Ada"),
        EditAccount(id="main", owner="Bob"),
        RotateAccount(id="main", credential=credential),
        AddService(id="other", name="Other"),
        EditService(id="bot", contact="a@b"),
        IssueKey(account="main", service="bot", grant=GRANT),
        EditKey(id=key, name="named"),
        RotateKey(id=key),
        verbs.SuspectKey(id=key, reason="a test"),
        MoveParty(kind=Kind.KEY, id=key, to=Move.FREEZE),
        MakeBackup(path=str(tmp_path / "b.backup"), passphrase=Secret(b"several words here")),
        RotateVaultKey(),
    ]


def files_in(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.iterdir() if path.is_file())


async def test_every_act_leaves_an_event(house: House, tmp_path: Path) -> None:
    """Whatever changes something or takes something out of the house has a record with who did it."""
    acts = await every_act(house, tmp_path)
    assert {type(act) for act in acts} == set(ACTS)
    for act in acts:
        before = len(house.gateway.acts)
        await house.ask(act)
        events = house.gateway.acts[before:]
        assert [event.actor for event in events] == ["root (uid 0)"], act


async def test_an_act_is_recorded_before_it_is_done(house: House) -> None:
    """When the journal is asked, the store has not changed yet: a crash cannot leave a change without its record."""
    seen: list[int] = []

    def look(question: Any) -> None:
        if isinstance(question, RecordAct):
            seen.append(len(house.store.services.list()))

    house.gateway.before_answer = look
    await house.ask(AddService(id="new", name="New"))
    assert (seen, len(house.store.services.list())) == ([1], 2)


async def test_nothing_is_done_that_cannot_be_recorded(house: House) -> None:
    """Without the gateway the store stays as it is, and the person is told that nothing was done."""
    house.gateway.down = True
    with pytest.raises(LinkError) as refused:
        await house.ask(AddService(id="new", name="New"))
    assert (refused.value.code, len(house.store.services.list())) == (Code.UNAVAILABLE, 1)


async def test_an_act_of_uncertain_record_is_settled_first(house: House) -> None:
    """If it is not known whether an act was recorded, it is not done, and the next act tells the journal."""
    house.gateway.fails = RecordAct
    with pytest.raises(LinkError):
        await house.ask(AddService(id="new", name="New"))
    house.gateway.fails = None
    await house.ask(EditService(id="bot", contact="x"))
    assert [act.act for act in house.gateway.acts[-2:]] == ["service.add.undone", "service.edit"]


async def test_a_crash_before_the_change_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between record and change, the next start tells the journal that the act was not done."""

    def die(service: object) -> None:
        raise SystemExit

    monkeypatch.setattr(house.store.services, "add", die)
    with pytest.raises(SystemExit):
        await house.ask(AddService(id="new", name="New"))
    house.open_desk()
    async with house.desk.acts.turn():
        pass
    assert [act.act for act in house.gateway.acts[-2:]] == ["service.add", "service.add.undone"]


async def test_a_crash_after_the_change_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed between the change and its end, the next start tells the journal that the act was done."""
    add = house.store.services.add

    def die(service: Any) -> None:
        add(service)
        raise SystemExit

    monkeypatch.setattr(house.store.services, "add", die)
    with pytest.raises(SystemExit):
        await house.ask(AddService(id="new", name="New"))
    house.open_desk()
    async with house.desk.acts.turn():
        pass
    assert [act.act for act in house.gateway.acts[-2:]] == ["service.add", "service.add.completed"]


async def test_a_refusal_of_the_store_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """An act that was recorded and then refused by the store is recorded as failed."""

    def refuse(service: object, *, was: object) -> None:
        raise ValueError("contact: no")

    monkeypatch.setattr(house.store.services, "update", refuse)
    with pytest.raises(LinkError, match="contact: no"):
        await house.ask(EditService(id="bot", contact="x"))
    assert house.last_act().act == "service.edit.failed"


async def test_an_act_is_in_force_when_the_gateway_says_so(house: House) -> None:
    """The answer says whether the gateway acts on the change, and a lost wake-up is not a failed act."""
    assert (await house.ask(EditService(id="bot", contact="x"))).in_force is True
    house.gateway.fails = Wake
    answer = await house.ask(EditService(id="bot", contact="y"))
    assert (answer.in_force, house.store.services.get("bot").contact) == (False, "y")
    assert "has not confirmed" in answer.notes[-1]


async def test_an_edit_without_a_difference_is_no_act(house: House) -> None:
    """Editing something into what it is already leaves no record and no numbered change."""
    before = (len(house.gateway.acts), house.store.last_change())
    answer = await house.ask(EditService(id="bot", name="A bot"))
    assert (answer.nothing, (len(house.gateway.acts), house.store.last_change())) == (True, before)


async def test_a_preview_does_nothing(house: House, tmp_path: Path) -> None:
    """A preview tells the difference and changes neither store nor journal, nor has it anything sealed."""
    acts = [act for act in await every_act(house, tmp_path) if hasattr(act, "preview")]
    before = (len(house.gateway.acts), house.store.last_change(), len(house.gateway.sealed))
    for act in acts:
        await house.ask(msgspec.structs.replace(act, preview=True))
    assert (len(house.gateway.acts), house.store.last_change(), len(house.gateway.sealed)) == before


async def test_an_edit_is_of_what_was_seen(house: House) -> None:
    """An edit that was previewed is refused if somebody changed the thing in between."""
    preview = await house.ask(EditService(id="bot", contact="mine", preview=True))
    await house.ask(EditService(id="bot", contact="theirs"))
    with pytest.raises(LinkError) as refused:
        await house.ask(EditService(id="bot", contact="mine", seen=preview.seen))
    assert (refused.value.code, house.store.services.get("bot").contact) == (Code.CONFLICT, "theirs")


async def test_the_difference_is_shown(house: House) -> None:
    """An edit answers with each field before and after."""
    answer = await house.ask(EditAccount(id="main", owner="Bob", name="Main"))
    assert [(each.field, each.before, each.after) for each in answer.difference] == [("owner", "Ada", "Bob")]


async def test_a_reason_is_written_down_and_bounded(house: House) -> None:
    """The person's reason stands in the journal; a text that would not fit is refused, not cut."""
    await house.ask(EditService(id="bot", contact="x", reason="they moved"))
    assert house.last_act().reason == "they moved"
    with pytest.raises(LinkError, match="reason"):
        await house.ask(EditService(id="bot", contact="y", reason="x" * 501))


async def test_no_secret_reaches_journal_or_answers(house: House, tmp_path: Path) -> None:
    """Secrets go to be sealed and nowhere else: not into acts, answers, lists, or the store's file."""
    answers = []
    for act in await every_act(house, tmp_path):
        answers.append(repr(await house.ask(act)))
        assert "canary-" not in repr(act)
    answers += [repr(await house.ask(verbs.ListParties(kind=kind))) for kind in Kind]
    answers.append(repr(await house.ask(ShowParty(kind=Kind.ACCOUNT, id="main"))))
    assert "canary-" not in house.told() + "".join(answers)
    assert b"canary-" not in files_in(tmp_path)
    assert any(plain == b"canary-venue-secret" for _, _, plain in house.gateway.sealed.values())


async def test_a_restore_follows_the_acts(house: House) -> None:
    """What was revoked, frozen or allowed again after a backup is read from the acts, in order."""
    key = (await house.issue()).id
    start = len(house.tails())
    for move in (Move.FREEZE, Move.UNFREEZE, Move.WIND_DOWN, Move.REVOKE):
        await house.ask(MoveParty(kind=Kind.KEY, id=key, to=move))
    states = [KeyState.FROZEN, KeyState.ACTIVE, KeyState.WINDING_DOWN, KeyState.REVOKED]
    assert list(states_after(house.tails()[start:])) == [(key, state) for state in states]


@pytest.mark.parametrize("change", ["rotate", "edit", "account", "service"])
async def test_a_restored_key_with_an_old_secret_or_grant_is_frozen(house: House, change: str) -> None:
    """A key that was rotated or narrowed after a backup comes back frozen, even if it was unfrozen later."""
    key = (await house.issue()).id
    start = len(house.tails())
    narrower = '[what]\nsymbols = ["BTCUSDT"]\n'
    act: Any = {
        "rotate": RotateKey(id=key),
        "edit": EditKey(id=key, grant=GRANT.replace("2000", "100")),
        "account": EditAccount(id="main", limits=narrower),
        "service": EditService(id="bot", networks=("10.0.0.0/8",)),
    }[change]
    await house.ask(act)
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.FREEZE))
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.UNFREEZE))
    assert list(states_after(house.tails()[start:])) == [(key, KeyState.FROZEN)] * 3
