"""Events: each handled, in order, from where the control process left off."""

from authority_house import House

from bailiwick.authority.hearing import MOST_TRIES, Hearing
from bailiwick.link.questions import Event


def event(position: int, kind: str = "hold") -> Event:
    return Event(position=position, at_ms=0, kind=kind, key="bwk_1", account="main")


async def test_what_was_missed_is_heard_once_by_the_next_process(house: House) -> None:
    """Events are heard in order; a new process goes on behind the last that was handled."""
    heard: list[int] = []

    async def handler(event: Event) -> None:
        heard.append(event.position)

    house.gateway.events = [event(3), event(5)]
    for _ in range(2):  # two processes, one after the other, over the same store
        hearing = Hearing(house.store, house.gateway)
        hearing.on("hold", handler)
        await hearing.listen()
        house.gateway.events.append(event(9))
    await hearing.listen()
    assert heard == [3, 5, 9]


async def test_an_event_whose_handler_fails_is_heard_again_and_holds_back_the_rest(house: House) -> None:
    """What could not be handled is tried again before anything behind it; after some tries the rest is heard."""
    heard: list[int] = []

    async def handler(event: Event) -> None:
        heard.append(event.position)
        if event.position == 3:
            raise ValueError("not now")

    house.gateway.events = [event(3), event(5)]
    hearing = Hearing(house.store, house.gateway)
    hearing.on("hold", handler)
    for _ in range(MOST_TRIES):
        await hearing.listen()
    assert heard == [3] * MOST_TRIES + [5]


async def test_a_kind_that_nobody_wants_is_passed_over(house: House) -> None:
    """An event without a handler does not stop the others."""
    house.gateway.events = [event(1, "of a newer program")]
    hearing = Hearing(house.store, house.gateway)
    await hearing.listen()
    assert house.store.notices.heard("gateway") == 1
