"""Who lived before the world began, and since when: those whom attacks and events are about, and their neighbours."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bailiwick.sandbox.market.world import World


def begins_of(world: "World") -> dict[str, int]:
    """By key, when it began to act: at the world's dawn, or when it was made, if that was later.

    Beside each victim one more key of the same service is among them, as what a service's keys have in common is known.
    Nobody is, where the scenario has no history; nor are keys that lie still.
    """
    if world.dawn_us >= world.start_us:
        return {}
    members = world.people.members
    found = {member.facts.id for happening in world.happenings for member in happening.joining()}
    for heist in world.heists:
        victims = {member.facts.id for member in heist.victims}
        services = {member.facts.service for member in heist.victims}
        beside = [key for key, each in members.items() if each.facts.service in services and each.orders_a_day > 0]
        found |= victims | set([key for key in beside if key not in victims][: len(victims)])
    return {
        key: max(world.dawn_us, member.facts.created_us)
        for key, member in members.items()
        if key in found and member.orders_a_day > 0
    }
