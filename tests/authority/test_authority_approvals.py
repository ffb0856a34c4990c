"""Approvals: a person answers what was held, in time, after looking, and nobody else."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from authority_house import NOW, House

from bailiwick import config
from bailiwick.authority.approval_verbs import ApproveHold, ListApprovals, RefuseHold, ShowApproval
from bailiwick.authority.desk import Desk
from bailiwick.authority.examination import examine
from bailiwick.authority.hearing import Hearing
from bailiwick.authority.verbs import Kind, Move, MoveParty
from bailiwick.link.questions import Event
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.party import KeyState
from bailiwick.store.approvals import HoldState
from bailiwick.store.store import Store

REQUEST = "POST /sapi/v1/capital/withdraw/apply\ncoin = USDT\namount = 50\naddress = home"

ANSWER_MS = 600_000  # by default
USE_MS = 300_000


class Approvals:
    """A house whose clock the test moves, with a key that was held."""

    def __init__(self, house: House, key: str) -> None:
        self.house = house
        self.key = key
        self.now = NOW
        self.desk = Desk(house.config, house.store, house.gateway, clock=lambda: self.now)
        self.handlers = self.desk._answering
        self._position = 1000

    def event(self, position: int, digest: str = "d1") -> Event:
        """The gateway has held something now."""
        detail = {
            "digest": digest,
            "what": "a withdrawal of USDT",
            "request00": REQUEST[:20],
            "request01": REQUEST[20:],
        }
        return Event(position=position, at_ms=self.now, kind="hold", key=self.key, account="main", detail=detail)

    async def hold(self, digest: str = "d1", **changed: Any) -> str:
        """The gateway tells of a hold; gives its id."""
        self._position += 1
        position = changed.pop("position", self._position)
        await self.desk.approvals.held(self.event(position, digest))
        return f"h{position}"

    async def ask(self, question: Any, actor: str = "root (uid 0)") -> Any:
        return await self.desk.answer(question, actor)

    async def approve(self, hold: str, actor: str = "root (uid 0)") -> Any:
        seen = (await self.ask(ShowApproval(id=hold))).seen
        return await self.ask(ApproveHold(id=hold, seen=seen), actor)

    def state(self, hold: str) -> HoldState:
        return self.house.store.holds.get(hold).state

    def notices(self) -> list[str]:
        return [each.notice.title for each in self.house.store.notices.list()]


@pytest.fixture
async def approvals(house: House) -> Approvals:
    return Approvals(house, (await house.issue()).id)


async def test_an_owner_is_told_and_shown_everything(approvals: Approvals) -> None:
    """A hold is a notice that names neither address nor amount; whoever looks sees the whole request."""
    hold = await approvals.hold()
    (title,) = approvals.notices()
    shown = await approvals.ask(ShowApproval(id=hold))
    assert (hold in title, "home" in title, shown.hold.request, shown.hold.state) == (True, False, REQUEST, "waiting")


async def test_an_event_told_twice_is_one_hold(approvals: Approvals) -> None:
    """Events come at least once; the same intent that still waits is not asked about again either."""
    await approvals.hold(position=7)
    await approvals.hold(position=7)
    await approvals.hold(position=8)
    rows = (await approvals.ask(ListApprovals())).rows
    assert ([row.id for row in rows], len(approvals.notices())) == (["h7"], 1)


async def test_an_approval_is_journalled_and_bounded(approvals: Approvals) -> None:
    """It says who, which and until when, and stands in the journal before it is in force."""
    hold = await approvals.hold()
    answer = await approvals.approve(hold)
    act = approvals.house.last_act()
    kept = approvals.house.store.holds.get(hold)
    assert (act.act, act.actor, act.subject, approvals.key in act.after) == ("hold.approve", "root (uid 0)", hold, True)
    assert (kept.state, kept.use_by, answer.position >= 0) == (HoldState.APPROVED, NOW + USE_MS, True)


@pytest.mark.parametrize("actor", ["rule:idle", "link:telegram", "token:ada.bot", "chat:ada", "personally"])
async def test_links_and_chat_never_approve(actor: str, approvals: Approvals) -> None:
    """Whoever is not a signed-in person approves nothing."""
    hold = await approvals.hold()
    with pytest.raises(LinkError, match="person"):
        await approvals.approve(hold, actor)
    assert approvals.state(hold) is HoldState.WAITING


async def test_nothing_is_approved_unseen(approvals: Approvals) -> None:
    """An approval brings back the mark of what was shown; another's mark, or none, approves nothing."""
    hold, other = await approvals.hold("d1"), await approvals.hold("d2")
    seen = (await approvals.ask(ShowApproval(id=other))).seen
    for mark in ("", seen):
        with pytest.raises(LinkError, match="seen") as refused:
            await approvals.ask(ApproveHold(id=hold, seen=mark))
        assert refused.value.code is Code.CONFLICT


async def test_what_nobody_answers_lapses(approvals: Approvals) -> None:
    """At its time a hold is denied for good: no later approval revives it, before the round comes by or after."""
    hold = await approvals.hold()
    approvals.now = NOW + ANSWER_MS - 1
    await approvals.desk.approvals.lapse()
    assert approvals.state(hold) is HoldState.WAITING
    approvals.now += 1
    with pytest.raises(LinkError, match="lapsed"):
        await approvals.approve(hold)
    await approvals.desk.approvals.lapse()
    assert approvals.state(hold) is HoldState.LAPSED


async def test_an_approval_is_answered_once(approvals: Approvals) -> None:
    """What is refused, used or approved is not approved again; an unused approval can be taken back."""
    hold = await approvals.hold()
    await approvals.approve(hold)
    with pytest.raises(LinkError, match="approved"):
        await approvals.approve(hold)
    await approvals.ask(RefuseHold(id=hold), "token:ada.bot")
    assert approvals.state(hold) is HoldState.REFUSED
    with pytest.raises(LinkError, match="refused already"):
        await approvals.ask(RefuseHold(id=hold))


async def test_a_use_is_remembered(approvals: Approvals) -> None:
    """The gateway's word that it passed closes the hold, told once or twice."""
    hold = await approvals.hold()
    await approvals.approve(hold)
    detail = {"hold": hold, "digest": "d1"}
    for _ in range(2):
        event = Event(position=2000, at_ms=NOW + 5, kind="hold_used", key=approvals.key, account="main", detail=detail)
        await approvals.desk.approvals.used(event)
    assert (approvals.state(hold), approvals.house.store.holds.get(hold).used_at) == (HoldState.USED, NOW + 5)


async def test_three_unanswered_wind_the_key_down(approvals: Approvals) -> None:
    """The third unanswered hold within ten minutes is not asked about: the key winds down, by a rule, and all lapse."""
    ids = [await approvals.hold(f"d{number}") for number in range(3)]
    key = approvals.house.store.keys.get(approvals.key)
    act = next(act for act in reversed(approvals.house.gateway.acts) if act.act.startswith("key."))
    assert (key.state, act.actor) == (KeyState.WINDING_DOWN, "rule:holds")
    assert [approvals.state(each) for each in ids] == [HoldState.LAPSED] * 3
    assert sum("approval" in title and "waits" in title for title in approvals.notices()) == 2


async def test_answered_holds_do_not_count(approvals: Approvals) -> None:
    """Who answers is there: a third request after two answers is asked about as the first was."""
    for number in range(2):
        await approvals.approve(await approvals.hold(f"d{number}"))
    third = await approvals.hold("d3")
    assert approvals.state(third) is HoldState.WAITING
    assert approvals.house.store.keys.get(approvals.key).state is KeyState.ACTIVE


async def test_three_unanswered_after_answered_ones_count(approvals: Approvals) -> None:
    """Answers to earlier requests do not hide three later ones that nobody answers; the owner is told once."""
    await approvals.approve(await approvals.hold("d0"))
    for number in range(1, 6):
        await approvals.hold(f"d{number}")
    assert approvals.house.store.keys.get(approvals.key).state is KeyState.WINDING_DOWN
    assert sum("too many" in title for title in approvals.notices()) == 1


async def test_old_holds_do_not_count(approvals: Approvals) -> None:
    """Three within ten minutes, not three ever."""
    for number in range(4):
        await approvals.hold(f"d{number}")
        approvals.now += ANSWER_MS // 2 + 1
        await approvals.desk.approvals.lapse()
    assert approvals.house.store.keys.get(approvals.key).state is KeyState.ACTIVE


async def test_a_key_that_was_given_back_begins_anew(approvals: Approvals) -> None:
    """What wound a key down counts no more once a person gave it back: its next request is asked about again."""
    for number in range(3):
        await approvals.hold(f"d{number}")
    approvals.now = approvals.house.store.keys.get(approvals.key).since or 0
    await approvals.ask(MoveParty(kind=Kind.KEY, id=approvals.key, to=Move.UNFREEZE, reason="it was me"))
    approvals.now = (approvals.house.store.keys.get(approvals.key).since or 0) + 1
    asked = await approvals.hold("d3")
    key = approvals.house.store.keys.get(approvals.key)
    assert (approvals.state(asked), key.state) == (HoldState.WAITING, KeyState.ACTIVE)
    for number in range(4, 6):
        await approvals.hold(f"d{number}")
    assert approvals.house.store.keys.get(approvals.key).state is KeyState.WINDING_DOWN


async def test_a_hold_of_an_hour_ago_is_told_as_what_it_is(approvals: Approvals) -> None:
    """What was held while the control process was down for an hour is told as lapsed; nobody can approve it."""
    raised = approvals.now
    approvals.house.gateway.events = [approvals.event(7), approvals.event(9, "d2")]
    approvals.now = raised + 3_600_000
    hearing = Hearing(approvals.house.store, approvals.house.gateway)
    hearing.on("hold", approvals.desk.approvals.held)
    await hearing.listen()
    await approvals.desk.approvals.lapse()
    assert [approvals.state(each) for each in ("h7", "h9")] == [HoldState.LAPSED] * 2
    assert ["has lapsed" in title for title in approvals.notices()] == [True, True]
    with pytest.raises(LinkError, match="lapsed"):
        await approvals.approve("h7")


async def test_holds_survive_a_restart(approvals: Approvals, tmp_path: Path) -> None:
    """What waits and what was approved is in the store, and reads the same to the next process."""
    hold = await approvals.hold()
    await approvals.approve(hold)
    with Store.open(tmp_path / "bailiwick.db") as again:
        assert again.holds.get(hold) == approvals.house.store.holds.get(hold)


async def test_the_times_of_approvals_are_the_operators(house: House) -> None:
    """How long a hold may be answered, and an approval used, is what the configuration says, and doctor says it."""
    chosen = config.Approvals(answer_minutes=2, use_minutes=1)
    house.config = msgspec.structs.replace(house.config, approvals=chosen)
    approvals = Approvals(house, (await house.issue()).id)
    hold = await approvals.hold()
    await approvals.approve(hold)
    kept = house.store.holds.get(hold)
    assert (kept.answer_by, kept.use_by) == (NOW + 120_000, NOW + 60_000)
    late = await approvals.hold("d2")
    approvals.now += 120_000
    with pytest.raises(LinkError, match="lapsed"):
        await approvals.approve(late)
    said = {each.subject: each.sentence for each in examine(house.config)}["approvals"]
    assert said == "a held request may be answered for 2 minutes, and once approved be sent again for 1 minute"


@pytest.mark.parametrize("wrong", [{"answer_minutes": 0}, {"answer_minutes": 61}, {"use_minutes": 31}])
def test_no_approval_can_be_made_to_last(wrong: dict[str, int]) -> None:
    """Times beyond the bounds are refused when the configuration is read."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, config.Approvals)


async def test_a_clock_that_is_set_back_gives_no_more_time(approvals: Approvals, house: House) -> None:
    """What has lapsed stays so, and an approval ends no later, when the clock goes back; after a restart as well."""
    hold = await approvals.hold()
    approvals.now += ANSWER_MS
    await approvals.desk.approvals.lapse()
    approvals.now -= 3_600_000
    with pytest.raises(LinkError, match="lapsed"):
        await approvals.approve(hold)
    approvals.now = NOW + ANSWER_MS
    raised = approvals.now
    later = await approvals.hold("d2")
    approvals.now -= 3_600_000
    approvals.desk = Desk(house.config, house.store, house.gateway, clock=lambda: approvals.now)
    await approvals.approve(later)
    assert house.store.holds.get(later).use_by == raised + USE_MS
