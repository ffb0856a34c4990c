"""A writer that is killed: every record that was told to be durable is there."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from journals import VERIFIER, Begin

from bailiwick.journal.reader import read
from bailiwick.journal.verify import verify

# Writes records as fast as it can, and tells over a pipe which are durable.
WRITER = """
import asyncio, os, sys, time
from pathlib import Path
sys.path.insert(0, {helpers!r})
from journals import KEY, ORIGIN, fixed_clock
from bailiwick.journal.log import Journal
from bailiwick.journal.writer import Limits

async def main():
    limits = Limits(reserve_bytes=0, low_water_bytes=0, segment_bytes=60_000, checkpoint_records=100)
    journal = Journal.open(Path({place!r}), origin=ORIGIN, signer=KEY, clock=fixed_clock,
                           loop=asyncio.get_running_loop(), limits=limits)
    def told(position):
        def word(failure):
            if failure is None:
                os.write(1, position.to_bytes(8, "little"))
            one()
        return word
    def one():
        position = journal.append(b"record %d" % journal.position + b"x" * 200, retention=1)
        journal.when_durable(position, told(position))
    for _ in range(16):
        one()
    await asyncio.get_running_loop().create_future()

asyncio.run(main())
"""


def told_until_killed(place: Path, count: int) -> list[int]:
    """Run a writer, kill it after it told of so many records, and give all that it told of."""
    source = WRITER.format(helpers=str(Path(__file__).parent), place=str(place))
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        words = process.stdout.read(8 * count)
        process.send_signal(signal.SIGKILL)
        words += process.stdout.read()
        process.wait()
    return [int.from_bytes(words[at : at + 8], "little") for at in range(0, len(words) // 8 * 8, 8)]


def check_rounds(begin: Begin, place: Path, rounds: int) -> None:
    """Kill a writer again and again, and check the journal after each time."""
    chance = random.Random(4)
    for _ in range(rounds):
        told = told_until_killed(place, chance.randrange(1, 1_500))
        held = {entry.position: entry.record for entry in read(place)}
        assert [position for position in told if position not in held] == []
        assert all(held[position] == b"record %d" % position + b"x" * 200 for position in told)
        with begin():
            pass
        assert verify(place, VERIFIER).faults == ()


def test_every_record_told_to_be_durable_survives_a_kill(begin: Begin, tmp_path: Path) -> None:
    """Killed at random moments, the journal opens again, holds all that it told of, and verifies."""
    check_rounds(begin, tmp_path / "journal", 5)


@pytest.mark.slow
def test_every_record_told_to_be_durable_survives_many_kills(begin: Begin, tmp_path: Path) -> None:
    """The same, fifty times on one journal."""
    check_rounds(begin, tmp_path / "journal", 50)
