"""Compare signing gateways on the same work in one run; README.md says what is measured and how."""

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import keyfile
from processes import EXCHANGE_PORT, HERE, cores, cpu_seconds, exchange, nginx, resident_mib, spawn, stop

Row = dict[str, float]
Figures = dict[str, dict[str, Row]]

DIRECT = "direct"  # the load straight at the stub exchange: what latency is added to
BASE = "nginx-lua"
PORTS = {DIRECT: EXCHANGE_PORT, "floor": 8101, "nginx": 8102, BASE: 8103}
MEDIANS = ("cpu", "rps", "p50", "p99", "non2xx", "sockerr")


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway to be started beside the peers: it listens on `port` and forwards to the stub exchange."""

    name: str
    port: int
    command: list[str]
    keys: Path | None = None  # its own keys, where it does not know those of the peers


@dataclass(frozen=True, slots=True)
class Contestant:
    """One that is running: whose processor time is taken, where the load goes, and with which keys."""

    port: int
    keys: Path
    process: subprocess.Popen[bytes] | None  # none for the direct way

    def used(self) -> float:
        return cpu_seconds(self.process.pid) if self.process else 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long to measure: for each number of connections so many rounds of so many seconds."""

    connections: tuple[int, ...] = (1, 16, 64)
    rounds: int = 5
    seconds: int = 4


DEFAULT_PLAN = Plan()


def load_command(port: int, connections: int, seconds: int, core: str) -> list[str]:
    """The command that puts the load on a port of the loopback; it reads its keys from the file named by KEYS."""
    script, url = str(HERE / "load.lua"), f"http://127.0.0.1:{port}"
    return ["taskset", "-c", core, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script, url]


def load_environment(keys: Path) -> dict[str, str]:
    """The environment for that command."""
    return {**os.environ, "KEYS": str(keys), "LUA_PATH": f"{HERE}/?.lua;;"}


def wrk(port: int, connections: int, seconds: int, keys: Path, core: str) -> Row:
    """One run of the load: requests and their latency in µs, refused answers (`non2xx`), connection errors."""
    said = subprocess.run(
        load_command(port, connections, seconds, core), capture_output=True, text=True, env=load_environment(keys)
    )
    for line in said.stdout.splitlines():
        if line.startswith("figures "):
            row: Row = json.loads(line.removeprefix("figures "))
            return row
    sys.exit(f"wrk gave no figures; it said:\n{(said.stdout + said.stderr)[-2000:]}")


def sampled(contestant: Contestant, connections: int, seconds: int) -> Row:
    """One run of the load with the contestant's own processor time per request, µs."""
    mine, load = cores()
    before = contestant.used()
    row = wrk(contestant.port, connections, seconds, contestant.keys, load if contestant.process else mine)
    row["cpu"] = (contestant.used() - before) / max(row["req"], 1) * 1e6
    row["rps"] = row["req"] / row["dur_us"] * 1e6
    return row


@contextmanager
def peer(name: str, run: Path, keys: Path) -> Iterator[Contestant]:
    """One of the peers, running."""
    if name == DIRECT:
        yield Contestant(PORTS[name], keys, None)
        return
    directory = run / name
    shutil.copytree(HERE / "peers", directory)
    if name == "floor":
        program = directory / "floor"
        subprocess.run(["cc", "-O2", "-o", program, directory / "floor.c", "-lcrypto"], check=True)
        command = [str(program)]
    else:
        shutil.copy(HERE / "hmac.lua", directory)
        command = nginx(directory, f"{name}.conf")
    process = spawn(command, cores()[0], PORTS[name], run / f"{name}.log", env={"KEYS": str(keys)})
    try:
        yield Contestant(PORTS[name], keys, process)
    finally:
        stop(process)


@contextmanager
def gateway(wanted: Gateway, run: Path, keys: Path) -> Iterator[Contestant]:
    """A gateway, running; it finds its port and the exchange's in PORT and UPSTREAM_PORT if it wants to."""
    env = {"PORT": str(wanted.port), "UPSTREAM_PORT": str(EXCHANGE_PORT)}
    process = spawn(wanted.command, cores()[0], wanted.port, run / f"{wanted.name}.log", env=env, patience=120)
    try:
        yield Contestant(wanted.port, wanted.keys or keys, process)
    finally:
        stop(process)


@contextmanager
def run_directory(parent: Path | None = None) -> Iterator[Path]:
    """A directory for one run; nginx's workers, which run as another user, may pass through it but not list it."""
    run = Path(tempfile.mkdtemp(prefix="bench-", dir=parent))
    run.chmod(0o711)
    try:
        yield run
    finally:
        shutil.rmtree(run, ignore_errors=True)


def compare(peers: list[str], gateways: list[Gateway], keys: Path, plan: Plan, show: bool = True) -> Figures:
    """Medians by contestant and number of connections; the rounds go A B C A B C, so that all share the noise."""
    figures: Figures = {}
    with run_directory() as run, exchange(run), ExitStack() as stack:
        running = {name: stack.enter_context(peer(name, run, keys)) for name in peers}
        running |= {each.name: stack.enter_context(gateway(each, run, keys)) for each in gateways}
        for contestant in running.values():
            sampled(contestant, 8, 2)  # a warming-up that does not count
        for connections in plan.connections:
            samples: dict[str, list[Row]] = {name: [] for name in running}
            for _ in range(plan.rounds):
                for name, contestant in running.items():
                    samples[name].append(sampled(contestant, connections, plan.seconds))
            for name, rows in samples.items():
                middle = {field: statistics.median(row[field] for row in rows) for field in MEDIANS}
                # one refusal in any round is enough for the row not to count
                middle["refused"] = sum(row["non2xx"] + row["sockerr"] for row in rows)
                figures.setdefault(name, {})[str(connections)] = middle
            if show:
                print(table(figures, connections), flush=True)
        for name, contestant in running.items():
            if contestant.process:
                figures[name]["resident_mib"] = {"value": resident_mib(contestant.process.pid)}
    return figures


def added(figures: Figures, name: str, connections: int) -> float:
    """Median latency that a contestant adds to the direct way, µs."""
    direct = figures.get(DIRECT, {}).get(str(connections))
    return figures[name][str(connections)]["p50"] - direct["p50"] if direct else math.nan


def ratio(figures: Figures, name: str, connections: int) -> float:
    """A contestant's processor time per request over nginx + Lua's."""
    base = figures.get(BASE, {}).get(str(connections))
    return figures[name][str(connections)]["cpu"] / base["cpu"] if base else math.nan


def table(figures: Figures, connections: int) -> str:
    """The figures at one number of connections, for people."""
    lines = [
        f"\n{connections} connection{'s' if connections > 1 else ''}\n{'gateway':<18}{'CPU µs/req':>11}"
        f"{'x nginx-lua':>12}{'req/s':>9}{'p50 µs':>8}{'added':>7}{'p99 µs':>9}{'refused':>9}{'errors':>8}"
    ]
    for name, rows in figures.items():
        row = rows[str(connections)]
        own = name != DIRECT
        cpu = f"{row['cpu']:>11.1f}{ratio(figures, name, connections):>12.2f}" if own else f"{'–':>11}{'–':>12}"
        extra = f"{added(figures, name, connections):>7.0f}" if own and DIRECT in figures else f"{'–':>7}"
        lines.append(
            f"{name:<18}{cpu}{row['rps']:>9.0f}{row['p50']:>8.0f}{extra}{row['p99']:>9.0f}"
            f"{row['non2xx']:>9.0f}{row['sockerr']:>8.0f}{'  does not count' if row['refused'] else ''}"
        )
    return "\n".join(lines)


def numbers(text: str) -> tuple[int, ...]:
    """Numbers from a list with commas."""
    return tuple(int(part) for part in text.split(","))


def main() -> None:
    argv, command = sys.argv[1:], []
    if "--" in argv:
        argv, command = argv[: argv.index("--")], argv[argv.index("--") + 1 :]
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="example: compare.py --keys k.tsv --gateway mine 8000 -- ./mine"
    )
    parser.add_argument("--keys", type=Path, help="key file; without one 1,000 keys are made for the peers")
    parser.add_argument("--connections", type=numbers, default=DEFAULT_PLAN.connections, help="such as 1,16,64")
    parser.add_argument("--seconds", type=int, default=DEFAULT_PLAN.seconds, help="length of a round")
    parser.add_argument("--rounds", type=int, default=DEFAULT_PLAN.rounds)
    parser.add_argument("--peers", default=",".join(PORTS), help=f"some of {','.join(PORTS)}")
    parser.add_argument("--gateway", nargs=2, metavar=("NAME", "PORT"), help="one more, started by what follows --")
    parser.add_argument("--json", type=Path, help="write the figures here too")
    args = parser.parse_args(argv)
    peers = [name for name in args.peers.split(",") if name]
    if unknown := set(peers) - set(PORTS):
        parser.error(f"no such peers: {', '.join(sorted(unknown))}")
    if bool(args.gateway) != bool(command):
        parser.error("--gateway NAME PORT goes with a command: -- CMD ARGS")
    others = [Gateway(args.gateway[0], int(args.gateway[1]), command)] if args.gateway else []
    with tempfile.TemporaryDirectory(prefix="bench-keys-") as made:
        keys = args.keys.resolve() if args.keys else Path(made) / "keys.tsv"
        if not args.keys:
            keyfile.write(keys, keyfile.demonstration(1000))
        figures = compare(peers, others, keys, Plan(args.connections, args.rounds, args.seconds))
    if args.json:
        args.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
