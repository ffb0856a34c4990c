"""The days before a scenario: they teach habits, count for nothing, and stop nobody."""

from bailiwick.drill.arm import Arm, Setting
from bailiwick.drill.guard import Guard
from bailiwick.drill.play import play
from bailiwick.model.life import KeyState
from bailiwick.sandbox.market.door import Act, Ruling, Venue
from bailiwick.sandbox.market.scenario import Scenario, altered, load
from bailiwick.sandbox.market.world import World

SEED = 5
WATCHED = Setting(arm=Arm.WATCH, pipeline=False)


def small(days: int) -> Scenario:
    """A pump in a village, with so many days before it."""
    return altered(load("axs"), {"crowd.keys": 100, "crowd.services": 3, "hours": 3, "history_days": days})


class Listening:
    """A door, and who came to it with an order, and when."""

    def __init__(self, door: Guard) -> None:
        self._door = door
        self.begin, self.filled, self.granted, self.printed = door.begin, door.filled, door.granted, door.printed
        self.came: list[tuple[str, int]] = []

    def ask(self, act: Act, venue: Venue) -> Ruling:
        """Note it."""
        if act.intent.orders:
            self.came.append((act.key, act.at_us))
        return self._door.ask(act, venue)


def test_only_the_keys_that_a_theft_is_about_have_a_history_and_the_watch_knows_them_by_it() -> None:
    """Before the scenario victims and their neighbours act, from their making on at the earliest; nobody else does."""
    world, guard = World(small(4), SEED), Guard(WATCHED)
    door = Listening(guard)
    world.run(door)
    early = {key for key, at_us in door.came if at_us < world.start_us}
    victims = {member.facts.id for heist in world.heists for member in heist.victims}
    services = {member.facts.service for heist in world.heists for member in heist.victims}
    assert early & victims
    assert {world.keys[key].service for key in early} == services
    assert all(at_us >= max(world.dawn_us, world.keys[key].created_us) for key, at_us in door.came)
    assert guard.watching is not None
    assert all(guard.watching.state.find(key) is not None for key in early)


def test_the_market_of_a_scenario_is_the_same_with_days_before_it() -> None:
    """Prices from the last day before the scenario on do not depend on how much history there is."""
    bare, aged = World(small(0), SEED), World(small(4), SEED)
    times = [bare.start_us + minute * 60_000_000 for minute in range(-600, 180, 7)]
    found = [[world.floor.fair("AXSUSDT").mid(at_us) for at_us in times] for world in (bare, aged)]
    assert all(abs(one - other) <= 1 for one, other in zip(*found, strict=True))


def test_what_happens_in_the_history_is_not_counted() -> None:
    """Acts, key-days and stops are those of the scenario alone."""
    bare, aged = (play(small(days), SEED, WATCHED) for days in (0, 4))
    lived = [each.key_days + len(each.victims) * small(0).days for each in (bare, aged)]
    assert lived == [100 * small(0).days] * 2
    assert abs(aged.acts - bare.acts) < bare.acts / 2
    assert all(each.at_us >= small(4).start_us for each in (*aged.held, *aged.wound_down))


def test_whoever_is_stopped_in_the_history_is_back_when_the_scenario_begins() -> None:
    """An owner says within the hour that it was him, so that no thief finds a key that was stopped before."""
    world, door = World(small(4), SEED), Guard(WATCHED)
    for passed in world.hours(door):
        if passed == 1:
            break
    assert {live.state for live in door.keys.values()} == {KeyState.ACTIVE}
