"""The figures of a bench run: nested objects for a program, a page for people."""

import json
import math
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from compare import BASE, DIRECT, Figures, added, ratio
from processes import HERE, nginx

Results = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure, by its dotted name, and the most that it may be."""

    figure: str
    most: float
    says: str

    def reached(self, results: Results) -> bool | None:
        """Nothing where the figure was not measured."""
        value = lookup(results, self.figure)
        return None if value is None else value <= self.most


GOALS = (
    Goal("gateway.refused.16", 0, "requests refused or failed at 16 connections"),
    Goal("gateway.cpu_ratio_to_nginx_lua.16", 1.3, "CPU per request over nginx + Lua's, 16 connections"),
    Goal("gateway_compiled.cpu_ratio_to_nginx_lua.16", 1.0, "the same, hot modules compiled"),
    Goal("gateway.added_p50_us.1", 500, "median latency added, one connection, µs"),
    Goal("keys_1m.start_s", 20, "start with a million keys, s"),
    Goal("keys_1m.rss_mib", 1536, "memory with a million keys, MiB"),
    Goal("sweep_1m.s", 10, "sweep over a million keys, s"),
    Goal("compromise_100k.act_s", 2, "act against a service with 100,000 keys, s"),
    Goal("compromise_100k.last_opening_order_s", 1, "last order of any of them that opens, after the act, s"),
    Goal("crash.missing", 0, "orders at the exchange without a journal record"),
    Goal("crash.restart_s", 2, "slowest restart after SIGKILL, s"),
    Goal("console.first_paint_ms", 500, "console: first contentful paint, ms"),
    Goal("console.script_bytes", 150_000, "console: script compressed, bytes, all of it"),
    Goal("console.frame_ms", 16, "console: a frame of a list of 100,000 keys being dragged, median, ms"),
    Goal("console.stop_ms", 1000, "console: from the click that freezes to the first refused order, ms"),
    Goal("watch.cost.us_per_event", 10, "an event of the watch, one core, µs: 10 are 100,000 a second"),
    Goal("watch.drills.orders_before_hold.pump.median", 0, "orders before the hold, pump, median"),
    Goal("watch.drills.orders_before_hold.pump.p95", 1, "the same, 95 in 100"),
    Goal("watch.drills.orders_before_hold.sell_then_buy.median", 0, "orders before the hold, sell-then-buy, median"),
    Goal("watch.drills.orders_before_hold.sell_then_buy.p95", 1, "the same, 95 in 100"),
    Goal("watch.drills.orders_before_hold.contra.p95", 5, "orders before the hold, contra, 95 in 100"),
    Goal("watch.drills.lost.watch_hold.share", 0.01, "share of the loss that the watch alone leaves"),
    Goal("watch.drills.lost.watch_hold_mimicry.share", 0.1, "the same, mimicry from the service's own address"),
    Goal("watch.drills.lost.watch_alert.share", 0.4, "the same, when it only alerts and the owner acts in 10 min"),
    Goal("watch.crowd.wrong_wind_downs.per_million_key_days", 10, "wrong wind-downs a million key-days"),
    Goal("watch.crowd.wrong_holds.per_million_key_days", 200, "wrong holds a million key-days"),
)

UNITS = {
    "cpu_us": "CPU per request, µs",
    "cpu_ratio_to_nginx_lua": "CPU × nginx + Lua",
    "rps": "requests/s",
    "p50_us": "p50, µs",
    "added_p50_us": "p50 added, µs",
    "p99_us": "p99, µs",
    "refused": "refused or failed",
}


def lookup(results: Results, figure: str) -> float | None:
    """The figure that a dotted name addresses, or nothing."""
    found: Any = results
    for part in figure.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return float(found)


def machine(scratch: Path) -> dict[str, str | int]:
    """What the figures were taken on; the journal was in `scratch`."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    version = subprocess.run([nginx(Path(), "")[0], "-v"], capture_output=True, text=True).stderr
    disk = subprocess.run(["df", "--output=fstype", scratch], capture_output=True, text=True).stdout
    return {
        "processor": model,
        "cores": len(os.sched_getaffinity(0)),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        "kernel": platform.release(),
        "python": platform.python_version(),
        "nginx": version.strip().rpartition("/")[2],
        "journal_on": disk.split()[-1],
    }


def conditions() -> str:
    """When, of which version, and how busy the machine was in the minute before the measurement added to it."""
    moment = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    command = ["git", "-C", str(HERE), "describe", "--always", "--dirty", "--tags"]
    version = subprocess.run(command, capture_output=True, text=True).stdout.strip() or "unknown version"
    return f"{moment}, {version}, load average {os.getloadavg()[0]:.1f}"


def arranged(figures: Figures) -> Results:
    """The comparison's figures by contestant (`nginx_lua`), quantity (`cpu_us`) and number of connections (`16`)."""
    arranged: Results = {}
    for name, rows in figures.items():
        own: Results = {}
        for place, row in rows.items():
            if place == "resident_mib":
                own["resident_mib"] = round(row["value"], 1)
                continue
            connections = int(place)
            values = {"rps": row["rps"], "p50_us": row["p50"], "p99_us": row["p99"], "refused": row["refused"]}
            if name != DIRECT:
                values["cpu_us"] = row["cpu"]
                values["cpu_ratio_to_nginx_lua"] = ratio(figures, name, connections)
                values["added_p50_us"] = added(figures, name, connections)
            for quantity, value in values.items():
                if not math.isnan(value):
                    own.setdefault(quantity, {})[place] = round(value, 3)
        arranged[name.replace("-", "_")] = own
    return arranged


def read(path: Path, here: Mapping[str, str | int]) -> Results:
    """The results of earlier runs on this machine, which parts measured anew replace; none if it was another."""
    if not path.exists():
        return {}
    earlier: Results = json.loads(path.read_text())
    return earlier if earlier.get("machine") == here else {}


def page(results: Results) -> str:
    """The page for people."""
    lines = [
        "# Bench results",
        "",
        "Written by `make bench`; what is measured and how stands in [README.md](README.md). Venue weight, order",
        "counts and budgets are configured out of the way.",
        "",
        *(f"- {name.replace('_', ' ')}: {value}" for name, value in results["machine"].items()),
        *(f"- {part}: {details}" for part, details in results["taken"].items()),
        "",
        "## Goals",
        "",
        goals(results),
    ]
    lines += side_by_side(results)
    for part in ("keys_1m", "sweep_1m", "crash", "compromise_100k", "console"):
        if part in results:
            lines += ["", f"## `{part}`", "", "| figure | value |", "|---|---|"]
            lines += [f"| {name} | {value:g} |" for name, value in results[part].items()]
    lines += drills(results.get("watch", {}))
    return "\n".join(lines) + "\n"


def drills(watch: Results) -> list[str]:
    """The incidents of the drills, and the worst that an adversary found."""
    lines: list[str] = []
    if "drills" in watch:
        lines += [
            "",
            "## `watch.drills`",
            "",
            "Shares of the loss that were prevented; docs/drills.md says of what.",
            "",
        ]
        lines += ["| incident | variant | lost with nothing, USDT | grant | watch | watch, alerts | both | orders |"]
        lines += ["|---" * 8 + "|"]
        for row in watch["drills"]["incidents"]:
            shares = [row[arm] for arm in ("grant", "watch_hold", "watch_alert", "both")]
            cells = ["–" if share is None else f"{share:.2%}" for share in shares]
            orders = row["orders_before_hold"]
            lines.append(
                f"| {row['scenario']} | {row['variant']} | {row['lost_with_nothing']:,.0f} | "
                + " | ".join(cells)
                + f" | {orders['median']} / {orders['p95']} |"
            )
    for name, found in watch.get("adversary", {}).items():
        worst, mean = found["worst"], found["mean"]
        lines += [
            "",
            f"Adversary on {name}, {found['tries']} tries: on the mean {mean['loss']:,.0f} USDT lost; the worst "
            f"{worst['loss']:,.0f} of {worst['unhindered']:,.0f}: {worst['changes']}.",
        ]
    return lines


def goals(results: Results) -> str:
    """What was to be reached, and what was."""
    lines = ["| figure | at most | measured | |", "|---|---|---|---|"]
    for goal in GOALS:
        value = lookup(results, goal.figure)
        verdict = {None: "not measured", True: "reached", False: "**not reached**"}[goal.reached(results)]
        shown = "–" if value is None else f"{value:g}"
        lines.append(f"| {goal.says} (`{goal.figure}`) | {goal.most:g} | {shown} | {verdict} |")
    return "\n".join(lines)


def side_by_side(results: Results) -> list[str]:
    """One table for each number of connections."""
    contestants = {name: own for name, own in results.items() if isinstance(own, dict) and "rps" in own}
    places = sorted({place for own in contestants.values() for place in own["rps"]}, key=int)
    lines = []
    for place in places:
        lines += ["", f"## {place} connection{'' if place == '1' else 's'}", ""]
        lines += ["| | " + " | ".join(UNITS.values()) + " |", "|---" * (len(UNITS) + 1) + "|"]
        for name, own in contestants.items():
            if place in own["rps"]:
                cells = [f"{own[unit][place]:g}" if place in own.get(unit, {}) else "–" for unit in UNITS]
                lines.append(f"| {name} | " + " | ".join(cells) + " |")
    base = BASE.replace("-", "_")
    if base in contestants:
        lines += ["", f"`direct` is the load straight at the stub exchange; `{base}` keeps no durable record."]
    return lines


def write(results: Results, directory: Path) -> None:
    """Write results.json and results.md."""
    (directory / "results.json").write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    (directory / "results.md").write_text(page(results))
