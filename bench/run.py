"""Measure Bailiwick beside its peers, and what a million keys and a crash cost; write results.md and results.json."""

import argparse
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import compromise
import crash
import keyfile
import keys_1m
import report
import sweep
from compare import BASE, DIRECT, PORTS, Gateway, Plan, compare, numbers, run_directory
from prepare import prepare
from processes import EXCHANGE_PORT, HERE

PORT = 8100  # and the next
PARTS = ("compare", "keys_1m", "sweep_1m", "crash", "compromise_100k")
LONG = Plan()
SHORT = Plan(connections=(1, 16), rounds=2, seconds=2)


def side_by_side(args: argparse.Namespace, plan: Plan) -> report.Results:
    """The gateway and its peers on the same load."""
    with run_directory(args.scratch) as run:
        data, demonstration = run / "data", run / "keys.tsv"
        command = prepare(data, args.keys, PORT, f"http://127.0.0.1:{EXCHANGE_PORT}")
        keyfile.write(demonstration, keyfile.demonstration(args.keys))
        gateway = Gateway(args.name, PORT, command, data / "keys.tsv")
        return report.arranged(compare(args.peers, [gateway], demonstration, plan))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, epilog="example: run.py --parts compare --quick")
    parser.add_argument("--parts", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    parser.add_argument("--quick", action="store_true", help="short rounds, few of them: to see that it runs")
    parser.add_argument("--connections", type=numbers, help="such as 1,16,64")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--seconds", type=int, help="length of a round")
    parser.add_argument("--keys", type=int, default=1_000, help="keys in the comparison")
    parser.add_argument("--million", type=int, default=keys_1m.MILLION, help="keys in the parts keys_1m and sweep_1m")
    parser.add_argument("--crashes", type=int, help="rounds of the part crash (100)")
    parser.add_argument("--records", type=int, help="requests before the first crash (1,000,000)")
    parser.add_argument("--peers", default=",".join(PORTS), help=f"some of {','.join(PORTS)}")
    parser.add_argument("--name", default="gateway", help="what its figures are filed under, such as gateway_compiled")
    parser.add_argument("--scratch", type=Path, default=HERE.parent / "build", help="on the disk to be measured with")
    parser.add_argument("--output", type=Path, default=HERE, help="where results.md and results.json go")
    args = parser.parse_args()
    args.parts = args.parts.split(",")
    args.peers = args.peers.split(",")
    if unknown := {*args.parts} - {*PARTS} | {*args.peers} - {*PORTS}:
        parser.error(f"not known: {', '.join(sorted(unknown))}")
    if missing := {DIRECT, BASE} - {*args.peers}:
        parser.error(f"the figures refer to {', '.join(sorted(missing))}: leave them among the peers")
    return args


def main() -> None:
    args = arguments()
    usual = SHORT if args.quick else LONG
    plan = Plan(args.connections or usual.connections, args.rounds or usual.rounds, args.seconds or usual.seconds)
    crashes, records = args.crashes or (5 if args.quick else 100), args.records or (0 if args.quick else 1_000_000)
    if subprocess.run([HERE / "requirements.sh"]).returncode:
        sys.exit(2)
    args.scratch.mkdir(exist_ok=True)
    here = report.machine(args.scratch)
    results = report.read(args.output / "results.json", here)
    results["machine"] = here
    taken: dict[str, str] = results.setdefault("taken", {})

    def part(name: str, details: str, measure: Callable[[], report.Results]) -> None:
        print(f"\n{name}: {details}", flush=True)
        conditions = report.conditions()
        results.update(measure())
        taken[name] = f"{details}; {conditions}"
        report.write(results, args.output)

    if "compare" in args.parts:
        rounds = f"{plan.rounds} rounds of {plan.seconds} s, {args.keys} keys"
        part(args.name, rounds, lambda: side_by_side(args, plan))
    with run_directory(args.scratch) as run:
        if "keys_1m" in args.parts:
            part("keys_1m", f"{args.million} keys", lambda: {"keys_1m": keys_1m.measure(run, PORT, plan, args.million)})
        if "sweep_1m" in args.parts:
            part("sweep_1m", f"{args.million} keys", lambda: {"sweep_1m": sweep.measure(run, args.million)})
        if "compromise_100k" in args.parts:
            keys = 5_000 if args.quick else compromise.KEYS
            part("compromise_100k", f"{keys} keys", lambda: {"compromise_100k": compromise.measure(run, PORT, keys)})
        if "crash" in args.parts:
            shape = f"{crashes} rounds after {records} requests"
            part("crash", shape, lambda: {"crash": crash.measure(run, PORT, rounds=crashes, records=records)})
    print("\n" + report.goals(results))
    missed = [goal.figure for goal in report.GOALS if goal.reached(results) is False]
    if missed:
        sys.exit(f"not reached: {', '.join(missed)}")


if __name__ == "__main__":
    main()
