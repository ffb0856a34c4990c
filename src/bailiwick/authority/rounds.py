"""Work that is done again and again beside the answering of questions: sweeps, deadlines, queues.

A round that fails is written to the log and tried again at its next time; it never ends the process.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import final

from bailiwick.logs import log


@final
class Rounds:
    """The rounds of a process. Add them all, then ``start``."""

    def __init__(self) -> None:
        self._works: list[tuple[str, float, Callable[[], Awaitable[object]]]] = []
        self._tasks: list[asyncio.Task[None]] = []

    def add(self, name: str, period_s: float, work: Callable[[], Awaitable[object]]) -> None:
        """Do ``work`` now and ``period_s`` after each time that it has ended."""
        self._works.append((name, period_s, work))

    def start(self) -> None:
        """Begin."""
        self._tasks += [asyncio.create_task(_again(*work), name=f"round {work[0]}") for work in self._works]
        self._works.clear()

    async def stop(self) -> None:
        """End: what is in the midst of its work is cancelled, and waited for."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()


async def _again(name: str, period_s: float, work: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await work()
        except Exception as error:  # whatever it is, the other rounds go on
            log.warning("a round failed and is tried again", round=name, again_s=period_s, why=str(error))
        await asyncio.sleep(period_s)
