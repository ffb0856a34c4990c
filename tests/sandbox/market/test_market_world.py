"""A rehearsal: the same by seed, no money made or lost, and an open door lets the recorded thefts happen."""

from decimal import Decimal

from bailiwick.sandbox.market.door import Act, Answer, OpenDoor, Print, Ruled, Ruling, Venue
from bailiwick.sandbox.market.reckoning import Reckoning
from bailiwick.sandbox.market.scenario import Crowd, Scenario, altered, load
from bailiwick.sandbox.market.world import World

QUIET = Scenario(name="quiet", title="nothing happens", hours=12, crowd=Crowd(keys=200, services=8))


class Noting(OpenDoor):
    """An open door that writes down what passed it."""

    def __init__(self) -> None:
        self.acts: list[tuple[str, int, str, str, bool | None]] = []
        self.prices: list[float] = []

    def ask(self, act: Act, venue: Venue) -> Ruling:
        """Pass it on, and note it with its outcome."""
        ruling = super().ask(act, venue)
        answer = ruling.answer or Answer(executed=None)
        self.acts.append((act.key, act.at_us, act.address, repr(act.intent.orders), answer.executed))
        return ruling

    def printed(self, trade: Print) -> None:
        """Note the price."""
        self.prices.append(trade.price)


def play(scenario: Scenario, seed: int) -> tuple[World, Noting, Reckoning]:
    """One rehearsal through an open door."""
    world, door = World(scenario, seed), Noting()
    return world, door, world.run(door)


def test_a_rehearsal_is_the_same_for_the_same_seed() -> None:
    """Scenario and seed decide everything, and another seed is another world."""
    first, second, other = (play(QUIET, seed)[1].acts for seed in (7, 7, 8))
    assert first == second
    assert first != other
    assert len(first) > 150


def test_no_money_is_made_or_lost() -> None:
    """All balances together are what was deposited, after a theft too."""
    world, _, _ = play(altered(load("axs"), {"crowd.keys": 300, "hours": 3}), 3)
    assert world.floor.ledger.imbalance() == {}


def test_axs_rises_threefold_at_most_and_victims_lose_a_tenth() -> None:
    """Through an open door the coin rises by 60 % to 300 % within minutes, and the accounts lose about a tenth."""
    world, door, reckoning = play(altered(load("axs"), {"hours": 3}), 1)
    fair = world.floor.fair("AXSUSDT").mid(world.heists[0].begin_us) / 1e8
    before = sum((victim.worth_before for victim in reckoning.victims.values()), Decimal(0))
    assert 1.6 < max(door.prices) / fair < 4.0
    assert Decimal("0.04") < reckoning.lost / before < Decimal("0.25")
    assert reckoning.gains["pump AXSUSDT"] > 50_000


class Shut(OpenDoor):
    """A door that holds every order of a thief."""

    def __init__(self) -> None:
        self.honest: list[tuple[str, int, str]] = []

    def ask(self, act: Act, venue: Venue) -> Ruling:
        """Hold theft, pass the rest on."""
        if act.theft:
            return Ruling(Ruled.HELD)
        self.honest.append((act.key, act.at_us, act.address))
        return super().ask(act, venue)


def test_what_is_held_costs_nothing_and_shifts_nobody_elses_luck() -> None:
    """With every order of the thief held nothing is lost, and hardly any honest act differs from a world of its own."""
    scenario = altered(load("axs"), {"crowd.keys": 300, "hours": 3})
    door = Shut()
    reckoning = World(scenario, 3).run(door)
    _, open_door, _ = play(scenario, 3)
    assert reckoning.lost == 0
    robbed = {key for key, _ in reckoning.victims}
    others = {act for act in door.honest if act[0] not in robbed}
    same = others & {(key, at, address) for key, at, address, *_ in open_door.acts}
    assert len(same) > 0.98 * len(others)
