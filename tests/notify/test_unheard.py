"""What doctor says of notices: whoever would hear of nothing is named before it matters."""

from notify_house import NotifyHouse

from bailiwick.authority import verbs
from bailiwick.authority.unheard import FAILED_WITHIN_MS, LATE_MS
from bailiwick.authority.verbs import Kind, Move, MoveParty
from bailiwick.link.questions import Severity
from bailiwick.model.notice import Channel, Notice, Urgency, Way
from bailiwick.store.notices import State

STOP = Notice(kind="leak", title="A secret leaked", text="It winds down.", urgency=Urgency.STOP, account="main")


async def findings(house: NotifyHouse) -> list[tuple[bool, str]]:
    """What is said of notices, and whether it is good."""
    found = (await house.ask(verbs.Examine())).findings
    return [(each.severity is Severity.FINE, each.sentence) for each in found if each.subject == "notices"]


async def test_an_owner_who_would_hear_of_nothing_is_named(house: NotifyHouse) -> None:
    """A key that trades and no channel that works is a finding; with a channel, or once the key is frozen, none is."""
    house.channels()
    key = (await house.issue()).id
    assert await findings(house) == [
        (False, "Ada owns keys that can trade and would hear of nothing: no channel is chosen")
    ]
    house.channels(Channel(Way.EMAIL, "ada@example.com"))
    ((fine, said),) = await findings(house)
    assert (fine, "email: it is not set up here" in said) == (False, True)
    house.channels(Channel(Way.TELEGRAM, "77:5"))
    assert [fine for fine, _ in await findings(house)] == [True]
    house.channels()
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.FREEZE))
    assert [fine for fine, _ in await findings(house)] == [True]


async def test_notices_that_never_arrived_are_counted(house: NotifyHouse) -> None:
    """What was given up in the last week is told with its fault and its owner, and so is what waits for long."""
    house.channels(Channel(Way.TELEGRAM, "77:5"))
    house.desk.notices.tell("Ada", STOP)
    due = house.store.notices.due(house.now, 10)
    house.store.notices.put_off([each.id for each in due], house.now + LATE_MS, error="it is down")
    assert [fine for fine, _ in await findings(house)] == [True]
    house.now += LATE_MS + 1
    assert await findings(house) == [(False, "1 notice could not be delivered yet, and wait for another attempt")]
    house.store.notices.settle([each.id for each in due], State.FAILED, now=house.now, error="chat not found")
    ((_, said),) = await findings(house)
    assert said == "1 notice to Ada over telegram never arrived in the last 7 days: chat not found"
    house.now += FAILED_WITHIN_MS
    assert [fine for fine, _ in await findings(house)] == [True]
