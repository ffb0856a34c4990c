"""Rounds: what is done again and again beside the answering of questions."""

import asyncio

from bailiwick.authority.rounds import Rounds


async def test_a_round_that_fails_is_tried_again_and_stops_no_other() -> None:
    """A fault in one round ends neither it nor the others; stopped, none of them goes on."""
    faulty, steady = 0, 0
    enough = asyncio.Event()

    async def fails() -> None:
        nonlocal faulty
        faulty += 1
        raise RuntimeError("no")

    async def works() -> None:
        nonlocal steady
        steady += 1
        if steady >= 3 and faulty >= 3:
            enough.set()

    rounds = Rounds()
    rounds.add("faulty", 0.0, fails)
    rounds.add("steady", 0.0, works)
    rounds.start()
    async with asyncio.timeout(10):
        await enough.wait()
    await rounds.stop()
    seen = (faulty, steady)
    await asyncio.sleep(0)
    assert (faulty, steady) == seen
