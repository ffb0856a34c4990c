"""Who is there: bots that differ, owners that are odd, thieves that choose where they come from and how they look."""

import ipaddress

import pytest

from bailiwick.model.intent import OrderType, Side
from bailiwick.sandbox.market.crowd import gather
from bailiwick.sandbox.market.door import Act, Answer, OpenDoor, Print, Ruled, Ruling, Venue
from bailiwick.sandbox.market.scenario import Crowd, Scenario, altered, load, scenario_from_toml
from bailiwick.sandbox.market.world import World


class Keeping(OpenDoor):
    """An open door that keeps every act, and the prices of what is played in detail."""

    def __init__(self) -> None:
        self.acts: list[Act] = []
        self.prices: list[float] = []
        self.granted_to: list[str] = []

    def ask(self, act: Act, venue: Venue) -> Ruling:
        """Keep it and pass it on."""
        self.acts.append(act)
        return super().ask(act, venue)

    def granted(self, key: str, symbols: frozenset[str], at_us: int) -> None:
        """Keep who was granted more."""
        self.granted_to.append(key)

    def printed(self, trade: Print) -> None:
        """Keep the price."""
        self.prices.append(trade.price)


def play(scenario: Scenario, seed: int) -> tuple[World, Keeping]:
    """One rehearsal through an open door."""
    world, door = World(scenario, seed), Keeping()
    world.run(door)
    return world, door


def test_the_largest_service_has_the_share_that_is_asked_for() -> None:
    """Customers fall off by rank, the largest service with 29 % of those that do not host their bots themselves."""
    people = gather(Crowd(keys=4000, services=40), 1, 0)
    at_services = [m.facts.service for m in people.members.values() if not m.hosted_by_owner]
    counts = sorted((at_services.count(name) for name in people.ranked), reverse=True)
    assert 0.25 < counts[0] / len(at_services) < 0.33
    assert counts[0] > counts[3] > counts[20]
    assert any(service.published for service in people.services.values())


def test_six_kinds_of_bots_differ_and_trackers_only_read() -> None:
    """Stops come of guardians, post-only orders of makers, buys alone of buyers at intervals, none of trackers."""
    habits = {f"crowd.habits.{name}": 0 for name in load("axs").crowd.habits.__struct_fields__}
    quiet = Scenario(name="q", title="q", hours=24, crowd=Crowd(keys=200, services=5, idle_bps=0, maker=8))
    world, door = play(altered(quiet, habits), 4)
    types: dict[str, set[OrderType]] = {}
    sides: dict[str, set[Side]] = {}
    for act in door.acts:
        kind = world.keys[act.key].kind
        types.setdefault(kind, set()).update(order.type for order in act.intent.orders)
        sides.setdefault(kind, set()).update(order.side for order in act.intent.orders)
    assert types == {
        "grid": {OrderType.LIMIT},
        "dca": {OrderType.LIMIT, OrderType.MARKET},
        "rebalancer": {OrderType.LIMIT},
        "maker": {OrderType.LIMIT_MAKER},
        "momentum": {OrderType.LIMIT, OrderType.MARKET},
        "guardian": {OrderType.STOP_LOSS_LIMIT},
        "tracker": set(),
    }
    assert sides["dca"] == {Side.BUY}
    assert sides["guardian"] == {Side.SELL}
    assert sides["grid"] == sides["momentum"] == set(Side)


def test_owners_do_odd_things_at_the_rates_that_are_set() -> None:
    """With twentyfold rates every habit shows, new coins are granted, and addresses and clients change."""
    names = [name for name in load("axs").crowd.habits.__struct_fields__ if name != "forgotten_grant"]
    scenario = Scenario(name="q", title="q", hours=36, crowd=Crowd(keys=200, services=5))
    rates = {f"crowd.habits.{name}": getattr(scenario.crowd.habits, name) * 20 + 60 for name in names}
    world, door = play(altered(scenario, rates), 2)
    assert set(world.reckoning.oddities) == set(names)
    assert door.granted_to
    met: dict[str, set[str]] = {}
    for act in door.acts:
        met.setdefault(act.key, set()).add(act.address)
    assert max(len(addresses) for addresses in met.values()) > 2
    assert world.floor.ledger.imbalance() == {}


def test_a_market_that_misbehaves_robs_nobody() -> None:
    """OSMO's rise of December 2022 is as steep as a theft, honest keys take part, and no act of it is one."""
    text = """
name = "osmo"
title = "as on 11 December 2022"
hours = 4
[crowd]
keys = 400
services = 6
[detail]
tick_ms = 3000
[[event]]
kind = "market-behaviour"
symbols = ["OSMOUSDT"]
at_minutes = 60
minutes = 8
fade_minutes = 60
move_bps = 46000
stays_bps = 1000
volume_times = 60
joins = 20
"""
    world, door = play(scenario_from_toml(text), 1)
    joined = {act.key for act in door.acts if act.intent.symbol == "OSMOUSDT"}
    assert max(door.prices) > 3 * door.prices[0]
    assert len(joined) >= 15
    assert (world.reckoning.victims, [act for act in door.acts if act.theft]) == ({}, [])


def test_contra_trading_takes_most_of_an_account() -> None:
    """Small trades to and fro against the thief's own orders leave victims a fraction, and most of it is his."""
    changes = {"hours": 6, "attack.0.minutes": 200, "attack.0.order_worth": 6000, "attack.0.pace_ms": 10000}
    world, _ = play(altered(load("dmg"), {**changes, "crowd.keys": 300}), 1)
    victims = world.reckoning.victims.values()
    before = sum(float(victim.worth_before) for victim in victims)
    after = sum(float(victim.worth_after) for victim in victims)
    lost = float(world.reckoning.lost)
    assert after < 0.4 * before
    assert abs(before - after - lost) < 0.1 * before
    assert world.reckoning.gains["contra DMGUSDT"] > 0.6 * lost
    assert sum(victim.sent for victim in victims) > 300


@pytest.mark.parametrize(
    ("source", "dress"), [("new", "own"), ("new", "victim"), ("service", "victim"), ("fresh-account", "own")]
)
def test_a_thief_comes_from_where_and_looks_as_the_scenario_says(source: str, dress: str) -> None:
    """From the service's own networks or not, as the victim's client or as a script of his own."""
    changes = {"attack.0.source": source, "attack.0.dress": dress, "attack.0.orders": 2, "hours": 3}
    world, door = play(altered(load("axs"), {**changes, "crowd.keys": 250, "crowd.services": 4}), 5)
    stolen = [act for act in door.acts if act.theft]
    assert stolen
    for act in stolen:
        member = world.people.members[act.key]
        networks = [ipaddress.ip_network(each) for each in world.services[member.facts.service].networks]
        inside = any(ipaddress.ip_address(act.address) in network for network in networks)
        assert inside == (source != "new")
        assert (act.manner == member.manner) == (dress == "victim")
    if source == "fresh-account":
        assert len({act.address for act in stolen}) == 1
    assert {act.key for act in stolen} <= {key for key, facts in world.keys.items() if facts.signed}


class Refusing(OpenDoor):
    """A door that refuses every order of a thief, and keeps what he tried."""

    def __init__(self) -> None:
        self.tried: list[tuple[str, float]] = []

    def ask(self, act: Act, venue: Venue) -> Ruling:
        """Refuse him."""
        if not act.theft:
            return super().ask(act, venue)
        for order in act.intent.orders:
            self.tried.append((order.symbol, float((order.quantity or 0) * (order.price or 0))))
        return Ruling(Ruled.DENIED, Answer(executed=False))


def test_a_thief_who_is_refused_tries_smaller_and_then_elsewhere() -> None:
    """After a refusal sizes shrink, after some more the coin changes, and in the end he gives up."""
    changes = {"attack.0.other_symbols": ["BANDUSDT"], "attack.0.victims": 1, "attack.0.retries": 2}
    door = Refusing()
    World(altered(load("axs"), {**changes, "crowd.keys": 250, "crowd.services": 4, "hours": 3}), 5).run(door)
    symbols = [symbol for symbol, _ in door.tried]
    first = [worth for symbol, worth in door.tried if symbol == "AXSUSDT"]
    assert first[0] > 1.8 * first[1] > 3.2 * first[2]
    assert symbols == ["AXSUSDT"] * 3 + ["BANDUSDT"] * (len(symbols) - 3)
    assert 4 <= len(symbols) <= 7
