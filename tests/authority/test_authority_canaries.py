"""Canaries in the authority: issued like keys, and what follows when somebody uses one."""

from typing import Any

import pytest
from authority_house import GRANT, NOW, House

from bailiwick.authority.canary_verbs import CanaryAnswer, IssueCanary, ListCanaries
from bailiwick.authority.notice_verbs import ListIncidents, ReportLeak
from bailiwick.authority.verbs import AddAccount, AddService, IssueKey, Kind, ShowParty
from bailiwick.link.exchange_questions import RecordShape, ShapeAnswer
from bailiwick.link.questions import Event
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.life import KeyState
from bailiwick.model.notice import Urgency
from bailiwick.model.secret import Secret


class Recorder:
    """The gateway's slow questions: it records every account alike, or does not answer."""

    def __init__(self) -> None:
        self.asked: list[RecordShape] = []
        self.down = False

    async def ask(self, question: Any, *, timeout_s: float | None = None) -> Any:
        if self.down:
            raise LinkError(Code.UNAVAILABLE, "the exchange does not answer; try again when it does")
        self.asked.append(question)
        return ShapeAnswer(shape='{"latencies":[1000]}')


@pytest.fixture
def recorder(house: House) -> Recorder:
    """The house with a gateway that can record."""
    recorder = Recorder()
    house.desk.canaries._exchange = recorder
    return recorder


async def lay(house: House, **fields: Any) -> CanaryAnswer:
    given = {"label": "laptop backup", "account": "main", "grant": GRANT, **fields}
    answer: CanaryAnswer = await house.ask(IssueCanary(**given))
    return answer


async def use(house: House, key: str, *, kind: str = "canary", position: int = 900) -> None:
    """The gateway tells of a use."""
    detail = {"request": "GET /api/v3/account", "source": "203.0.113.9"}
    event = Event(position=position, at_ms=NOW, kind=kind, key=key, account="main", detail=detail)
    for handler in house.desk.hearing._handlers[kind]:
        await handler(event)


def notices(house: House) -> list[tuple[str, str, Urgency]]:
    return [(each.notice.kind, each.notice.title, each.notice.urgency) for each in house.store.notices.list()]


async def incidents(house: House) -> list[Any]:
    return list((await house.ask(ListIncidents())).rows)


def state(house: House, key: str) -> KeyState:
    return house.store.keys.get(key).state


async def test_a_canary_is_a_key(house: House, recorder: Recorder) -> None:
    """It is issued with a secret like any key, after the account was recorded with the symbols of its grant."""
    laid = await lay(house)
    key = house.store.keys.get(laid.id)
    shown = await house.ask(ShowParty(kind=Kind.KEY, id=laid.id))
    assert laid.secret is not None
    assert laid.secret.reveal().startswith(b"bws_")
    assert (key.state, key.service, recorder.asked[0].symbols) == (KeyState.ACTIVE, "canaries", ("BTCUSDT", "ETHUSDT"))
    assert any("canary" in note and "laptop backup" in note for note in shown.notes)


async def test_it_is_none_before_it_is_a_canary(house: House, recorder: Recorder) -> None:
    """A canary is written down before its key is there: at no moment is it a real key."""
    seen: list[bool] = []
    add = house.store.keys.add

    def adding(key: Any) -> None:
        seen.append(house.store.canaries.find(key.id) is not None)
        add(key)

    house.store.keys.add = adding  # type: ignore[method-assign]
    await lay(house)
    assert seen == [True]


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"label": " "}, "label"),
        ({"label": "x" * 101}, "label"),
        ({"wind_down": "everything"}, "wind_down"),
        ({"wind_down": "service-keys"}, "wind_down"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    changed: dict[str, str], named: str, house: House, recorder: Recorder
) -> None:
    """A wrong field is named, and nothing is recorded or issued."""
    with pytest.raises(LinkError, match=named):
        await lay(house, **changed)
    assert (recorder.asked, house.store.canaries.list()) == ([], [])


async def test_without_the_exchange_nothing_is_issued(house: House, recorder: Recorder) -> None:
    """Where the account cannot be recorded there is no canary, and no service is made for one."""
    recorder.down = True
    with pytest.raises(LinkError, match="try again"):
        await lay(house)
    assert [service.id for service in house.store.services.list()] == ["bot"]


async def test_a_use_opens_an_incident_that_names_the_label(house: House, recorder: Recorder) -> None:
    """Its owner is told at once, at night too, where it lay; by default nothing is stopped."""
    real = (await house.issue()).id
    laid = await lay(house)
    await use(house, laid.id)
    (incident,) = await incidents(house)
    assert (incident.kind, incident.owner, "laptop backup" in incident.title) == ("canary", "Ada", True)
    assert (incident.keys, incident.positions) == ((laid.id,), (900,))
    assert notices(house) == [("canary", "Your canary was used: laptop backup", Urgency.STOP)]
    assert (state(house, real), state(house, laid.id)) == (KeyState.ACTIVE, KeyState.ACTIVE)


async def test_a_use_told_twice_is_one(house: House, recorder: Recorder) -> None:
    """Events come at least once; later uses add to the same incident."""
    laid = await lay(house)
    for position in (900, 900, 901):
        await use(house, laid.id, position=position)
    (incident,) = await incidents(house)
    (row,) = (await house.ask(ListCanaries(account="main"))).rows
    assert (incident.positions, row.incident, row.label) == ((900, 901), incident.id, "laptop backup")


async def test_a_bare_id_is_a_notice_and_no_more(house: House, recorder: Recorder) -> None:
    """Whoever sends its id alone opens no incident and stops nothing, whatever its owner chose."""
    real = (await house.issue()).id
    laid = await lay(house, wind_down="account-keys")
    await use(house, laid.id, kind="bare_canary")
    assert (await incidents(house), state(house, real)) == ([], KeyState.ACTIVE)
    assert [(kind, urgency) for kind, _, urgency in notices(house)] == [("bare_canary", Urgency.WARNING)]


async def test_it_winds_down_what_its_owner_chose(house: House, recorder: Recorder) -> None:
    """Of one service his keys on all his accounts, or all keys of the account; never another owner's, nor a canary."""
    await house.ask(AddAccount(id="second", venue="binance", name="Second", owner="Ada"))
    await house.ask(AddAccount(id="bobs", venue="binance", name="Bob's", owner="Bob"))
    await house.ask(AddService(id="other", name="Another"))
    keys = {
        (account, service): (await house.ask(IssueKey(account=account, service=service, grant=GRANT))).id
        for account in ("main", "second", "bobs")
        for service in ("bot", "other")
    }
    other = await lay(house, label="attic")
    laid = await lay(house, service="bot", wind_down="service-keys")
    await use(house, laid.id)
    down = {place for place, key in keys.items() if state(house, key) is KeyState.WINDING_DOWN}
    assert down == {("main", "bot"), ("second", "bot")}
    third = await lay(house, wind_down="account-keys")
    await use(house, third.id, position=901)
    down = {place for place, key in keys.items() if state(house, key) is KeyState.WINDING_DOWN}
    assert down == {("main", "bot"), ("second", "bot"), ("main", "other")}
    assert {state(house, each.id) for each in (other, laid, third)} == {KeyState.ACTIVE}


async def test_its_wind_down_is_a_rules(house: House, recorder: Recorder) -> None:
    """What follows from a canary goes through the one way of states, by a rule, as suspicion."""
    real = (await house.issue()).id
    laid = await lay(house, wind_down="account-keys")
    await use(house, laid.id)
    act = next(act for act in house.gateway.acts if act.act == "key.canary")
    assert (act.actor, house.store.keys.get(real).cause) == ("rule:canary", "suspicion")


async def test_its_secret_in_a_report_fires(house: House, recorder: Recorder) -> None:
    """A report that holds a canary's secret is a use of it: an incident with the label, and the canary goes on."""
    laid = await lay(house)
    assert laid.secret is not None
    for _ in range(2):
        await house.ask(ReportLeak(found=Secret(laid.secret.reveal()), place="a paste"))
    (incident,) = await incidents(house)
    assert (incident.kind, state(house, laid.id)) == ("canary", KeyState.ACTIVE)
    assert [kind for kind, _, _ in notices(house)] == ["canary"]


async def test_to_lie_idle_is_what_it_is_for(house: House, recorder: Recorder) -> None:
    """No sweep removes a canary for lying idle."""
    laid = await lay(house)
    real = (await house.issue()).id
    sweeper = house.desk.sweeper
    later = NOW + 400 * 86_400_000
    sweeper._clock = lambda: later
    swept = await sweeper.run(dry_run=True, reason="test")
    named = {key for each in swept.swept if each.why == "idle" for key in each.keys}
    assert (real in named, laid.id in named) == (True, False)
