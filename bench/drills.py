"""File the figures of drills, and of what the watch costs, under `watch` in results.json, and write the page anew.

    bailiwick drill suite --json > suite.json
    bailiwick drill calibrate progress.jsonl --json > crowd.json
    bailiwick drill adversary axs --tries 200 --json > adversary.json
    python bench/watch.py > cost.json
    python bench/drills.py suite.json crowd.json adversary.json cost.json

Each file says by its fields what it is. Of several that are alike the last one holds, but for adversaries, which are
filed by scenario.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import report
from processes import HERE

ARMS = ("watch_hold", "watch_hold_mimicry", "watch_alert", "grant", "both")


def lost(share: dict[str, Any] | None) -> dict[str, Any] | None:
    """What of a loss was not prevented, with its interval: goals are the most that a figure may be."""
    if share is None:
        return None
    return {
        "share": round(1 - share["value"], 5),
        "low": round(1 - share["high"], 5),
        "high": round(1 - share["low"], 5),
        "victims": share["victims"],
    }


def of_suite(found: dict[str, Any]) -> dict[str, Any]:
    """A suite's figures."""
    prevented = found["prevented"]
    return {
        "seeds": found["incident_seeds"],
        "orders_before_hold": {kind.replace("-", "_"): each for kind, each in found["orders_before_hold"].items()},
        "lost": {arm: lost(prevented[arm]) for arm in ARMS}
        | {name.replace("-", "_"): lost(each) for name, each in prevented["baselines"].items()},
        "incidents": [
            {
                "scenario": row["scenario"],
                "variant": row["variant"],
                "lost_with_nothing": row["lost_with_nothing"],
                "orders_before_hold": row["orders_before_hold"],
                "wrong_stops": row["wrong_stops"],
                **{
                    arm: None if row[arm] is None else row[arm]["value"]
                    for arm in ("grant", "watch_hold", "watch_alert", "both")
                },
            }
            for row in found["incidents"]
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, default=HERE, help="where results.md and results.json go")
    parser.add_argument("--taken", default="", help="when and of which version, where it was not now and of this one")
    args = parser.parse_args()
    results = json.loads((args.output / "results.json").read_text())
    watch = results.setdefault("watch", {})
    taken = results.setdefault("taken", {})
    for path in args.files:
        found = json.loads(path.read_text())
        said = args.taken or report.conditions()
        if "incidents" in found:
            watch["drills"] = of_suite(found)
            taken["watch.drills"] = f"drill suite, seeds {found['incident_seeds']}; {said}"
            if found["crowd"]["key_days"] >= 100_000:
                watch["crowd"] = found["crowd"]
                taken["watch.crowd"] = f"drill suite, {found['crowd']['key_days']} key-days; {said}"
        elif "us_per_event" in found:
            watch["cost"] = found
            taken["watch.cost"] = f"watch.py, one core; {said}"
        elif "key_days" in found:
            watch["crowd"] = {name: each for name, each in found.items() if name != "why"}
            taken["watch.crowd"] = f"drill calibrate, {found['key_days']} key-days; {said}"
        else:
            watch.setdefault("adversary", {})[found["scenario"].replace("-", "_")] = found
            taken["watch.adversary"] = f"drill adversary; {said}"
    report.write(results, args.output)
    print(report.goals(results))


if __name__ == "__main__":
    main()
