"""Plays many drills at once, one in each of a few processes, and tells how far it is."""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

import msgspec

from bailiwick.drill.arm import Setting
from bailiwick.drill.play import Outcome, play
from bailiwick.sandbox.market.scenario import Scenario

PROCESSES = max(1, min(2, len(os.sched_getaffinity(0))))


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One playing. ``name`` says what it is for, and changes nothing; ``drawn`` keeps the minutes of the market."""

    scenario: Scenario
    seed: int
    setting: Setting
    name: str = ""
    drawn: bool = False


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """A task, and what became of it."""

    task: Task
    outcome: Outcome


def run(task: Task) -> Played:
    """Play one task."""
    outcome = play(task.scenario, task.seed, task.setting)
    return Played(task=task, outcome=outcome if task.drawn else msgspec.structs.replace(outcome, minutes={}))


def run_all(tasks: Sequence[Task], done: Callable[[Played], None], *, processes: int = PROCESSES) -> list[Played]:
    """Play all, in the order in which processes come free; give them in the order that they were named.

    Raises:
        Exception: whatever a playing raises; those that have not begun are left.
    """
    if processes <= 1 or len(tasks) == 1:
        found = []
        for task in tasks:
            found.append(run(task))
            done(found[-1])
        return found
    results: dict[int, Played] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        for place, played in _as_done(pool, tasks, processes):
            results[place] = played
            done(played)
    return [results[place] for place in range(len(tasks))]


def _as_done(pool: ProcessPoolExecutor, tasks: Sequence[Task], processes: int) -> Iterator[tuple[int, Played]]:
    """A few are handed out at a time, so that Ctrl-C, and what fails, ends the whole soon."""
    waiting = list(enumerate(tasks))[::-1]
    running: dict[Future[Played], int] = {}
    while waiting or running:
        while waiting and len(running) < processes:
            place, task = waiting.pop()
            running[pool.submit(run, task)] = place
        finished, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in finished:
            yield running.pop(future), future.result()
