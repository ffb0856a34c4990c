"""Killed under load at random moments, the gateway neither loses an order nor lets a budget be exceeded."""

import asyncio
import contextlib
import os
import random
import sys
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from bot import Bot, eventually, owner_of
from grants import BOT, WIDE
from house import Exchange, House, Issued
from load import Swarm

from bailiwick.link.questions import UsageAnswer
from bailiwick.model.grant import HowMuch

CONNECTIONS = 8
ENOUGH = Decimal(10**9)
TIGHT = Decimal(3000)  # the budget of a key that soon spends it
RESTART_S = 20.0  # the bench measures the time; here nothing may hang


@pytest.fixture
def crashing(tmp_path: Path) -> Iterator[House]:
    """A gateway to be killed, before an exchange that takes any number of orders."""
    exchange = Exchange(tmp_path, "--max-orders", "1000000", funds={"USDT": "1000000000"})
    made = House(tmp_path / "house", exchange, settings={"snapshot_s": "1"})
    made.issue(BOT)
    made.start()
    yield made
    made.close()
    exchange.process.stop()


async def test_a_few_kills_lose_no_order(crashing: House) -> None:
    """Four SIGKILLs under load: every order at the exchange is in the journal, and every budget is right."""
    assert await lost(crashing, rounds=4) == set()


@pytest.mark.slow
async def test_a_hundred_kills_lose_no_order(crashing: House) -> None:
    """A hundred SIGKILLs under load: every order at the exchange is in the journal, and every budget is right."""
    assert await lost(crashing, rounds=100) == set()


async def lost(house: House, *, rounds: int) -> set[str]:
    """Kill and restart so many times, then say which orders the exchange has and the journal has not.

    On the way it holds the budgets to the exchange, and the time of each restart to a bound.
    """
    seed = int.from_bytes(os.urandom(4))
    sys.stdout.write(f"seed {seed}\n")
    moments = random.Random(seed)
    grants = [
        msgspec.structs.replace(WIDE, how_much=HowMuch(day_notional=budget)) for budget in (ENOUGH, ENOUGH, TIGHT)
    ]
    keys = [house.issue(grant) for grant in grants]
    mid = Bot(house.port, keys[0]).mid()
    swarm = Swarm(keys, moments, low=f"{mid * 0.98:.2f}", high=f"{mid * 1.001:.2f}")
    restarts: list[float] = []
    for _ in range(rounds):
        swarm.port = house.port
        load = asyncio.create_task(swarm.run(CONNECTIONS))
        await asyncio.sleep(moments.uniform(0.1, 1.6))
        assert house.gateway is not None
        await asyncio.to_thread(house.gateway.kill)
        load.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await load
        await asyncio.to_thread(house.start)
        restarts.append(house.started_s)
    assert swarm.answered > rounds, "there was no load"
    missing = await asyncio.to_thread(unrecorded, house, keys)
    sys.stdout.write(f"{swarm.answered} answers; restarts {min(restarts):.1f} to {max(restarts):.1f} s\n")
    assert max(restarts) < RESTART_S, restarts
    return missing


def unrecorded(house: House, keys: list[Issued]) -> set[str]:
    """The orders at the exchange that the journal does not hold; what it holds counts in its budget to the cent."""
    orders = at_exchange(house)
    sys.stdout.write(f"{len(orders)} orders at the exchange: {Counter(row['status'] for row in orders.values())}\n")
    allowed = {key.id: charges(house, key) for key in keys}
    received = Counter(house.exchange.received_ids())
    assert orders
    assert {name for name, times in received.items() if times > 1} == set()
    recorded = {name for each in allowed.values() for name in each}
    for key in keys:
        mine = {name: orders[name] for name in allowed[key.id] if name in orders}
        usage = eventually(lambda key=key, mine=mine: settled(house, key, mine), bool, 30.0)
        assert usage is not None
        compare(usage, mine, allowed[key.id])
    spent = [value(row, allowed[keys[2].id][name]) for name, row in orders.items() if name in allowed[keys[2].id]]
    assert sum(spent) <= TIGHT
    return set(received) - recorded


def compare(usage: UsageAnswer, mine: dict[str, Any], charged: dict[str, Decimal]) -> None:
    """What the gateway says is used and reserved is what the exchange's own record comes to."""
    budget = usage.budgets[0]
    executed = sum((Decimal(row["executedQty"]) * charged[name] for name, row in mine.items()), Decimal(0))
    resting = sum((value(row, charged[name]) for name, row in mine.items()), Decimal(0)) - executed
    # What may still be under way, as far as the gateway can know, stays reserved.
    doubted = [order for order in usage.open_orders if order.client_order_id not in mine]
    assert {order.state for order in doubted} <= {"unknown"}
    doubt = sum((Decimal(order.quantity) * charged[order.client_order_id] for order in doubted), Decimal(0))
    assert Decimal(budget.used) == executed
    assert Decimal(budget.reserved) == resting + doubt


def settled(house: House, key: Issued, mine: dict[str, Any]) -> UsageAnswer | None:
    """What a key has used, once the gateway has looked up every order of it that is at the exchange."""
    usage = house.usage(key)
    unknown = {order.client_order_id for order in usage.open_orders if order.state != "open"}
    resting = {name for name, row in mine.items() if row["status"] in {"NEW", "PARTIALLY_FILLED"}}
    known = {order.client_order_id for order in usage.open_orders if order.state == "open"}
    return usage if not unknown & set(mine) and known == resting else None


def value(row: dict[str, Any], unit: Decimal) -> Decimal:
    """What an order at the exchange has spent and may still spend, as its key's budget counts it."""
    open_ = row["status"] in {"NEW", "PARTIALLY_FILLED"}
    return Decimal(row["origQty"] if open_ else row["executedQty"]) * unit


def charges(house: House, key: Issued) -> dict[str, Decimal]:
    """What a unit of each allowed order was counted at, by client order id, as the journal has it."""
    return {
        order.client_id: charge.unit
        for intent in house.intents(key)
        if intent.decision == "allow"
        for order, charge in zip(intent.orders, intent.charges, strict=True)
        if order.client_id is not None
    }


def at_exchange(house: House) -> dict[str, dict[str, Any]]:
    """Every order of the account at the exchange, as its owner sees it there, by client order id."""
    owner = owner_of(house)
    found: dict[str, dict[str, Any]] = {}
    number = 0
    while rows := owner.ask("GET", "/api/v3/allOrders", symbol="BTCUSDT", orderId=number, limit=1000).body:
        found |= {row["clientOrderId"]: row for row in rows}
        number = rows[-1]["orderId"] + 1
    return found
