"""What the console costs in a browser: the first picture, the script, a long list, a busy feed, and the stop button.

    python bench/console.py

Needs Debian's chromium and the built pages (`make console`). It goes through the pages as the browser tests do, with
their person, bot and house, and files under `console` in results.json.
"""

import argparse
import gzip
import json
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import report
from processes import HERE

sys.path.insert(0, str(HERE.parent / "tests/e2e"))

from bot import Bot, eventually
from browsing import BUILT, Person, browser
from grants import BOT
from house import FUNDS, Issued
from test_console_pages import LOW, free_port, reached

from bailiwick.config import load
from bailiwick.demo.stage import Stage
from bailiwick.model.credential import make_key_id
from bailiwick.model.grant import grant_to_toml
from bailiwick.model.party import Key, KeyKind, KeyState
from bailiwick.store.store import Store

KEYS = 100_000
LOADS = 5
FEED_S = 20
CLIENTS = 16
FRAMES = """() => new Promise(done => {
  const box = document.querySelector(".scroll"), frames = [];
  let last = performance.now(), count = 0;
  const step = now => {
    frames.push(now - last);
    last = now;
    box.scrollTop = count * 9000;
    if (count++ < 300) requestAnimationFrame(step);
    else done(frames.slice(1).sort((a, b) => a - b));
  };
  requestAnimationFrame(step);
})"""
GRANT = """purpose = "Trades for a measurement"
[what]
may = ["public", "read", "cancel", "trade"]
symbols = ["BTCUSDT"]
sides = ["BUY", "SELL"]
order_types = ["LIMIT"]
[how_far]
near_bps = 2000
anchor_bps = 2000
"""


def measure(stage: Stage, person: Person, address: str) -> dict[str, float]:
    """All of it, in the order in which a person would come by it."""
    page = person.page
    bot, other = issued(stage), issued(stage)
    found: dict[str, float] = {"first_paint_ms": statistics.median(painted(page, address) for _ in range(LOADS))}
    assets = BUILT.parent / "assets"
    sizes = {script.name: len(gzip.compress(script.read_bytes(), 9)) for script in assets.glob("*.js")}
    found["script_bytes"] = float(sum(sizes.values()))
    found["script_bytes_at_first"] = float(sum(size for name, size in sizes.items() if name.startswith("index")))
    found["stop_ms"] = stopped(person, address, bot)
    found |= fed(page, address, bot, other)  # last of the bot's: it uses up the weight of the minute, and is refused on
    fill(stage)
    page.goto(f"{address}keys")
    page.get_by_text(f"{KEYS // 1000},").first.wait_for()
    frames = page.evaluate(FRAMES)
    found["frame_ms"], found["frame_p95_ms"] = statistics.median(frames), frames[int(0.95 * len(frames))]
    return {name: round(value, 2) for name, value in found.items()}


def issued(stage: Stage) -> Bot:
    """A bot with a key of its own."""
    file = stage.directory / "bench.toml"
    file.write_text(GRANT)
    made = stage.command("key", "issue", "--account", "trader", "--service", "bot", "--grant", str(file))
    return Bot(int(stage.url.rpartition(":")[2]), Issued(made["id"], made["secret"]))


def painted(page: Any, address: str) -> float:
    """Milliseconds until something is seen."""
    page.goto(address)
    page.get_by_role("heading", level=1, name="Overview").wait_for()
    return float(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))


def fed(page: Any, address: str, bot: Bot, other: Bot) -> dict[str, float]:
    """Decisions a second while many ask as fast as they can, and how long after that another's stands on the page."""
    page.goto(address)
    page.get_by_text("live", exact=True).wait_for()
    until, counts = time.monotonic() + FEED_S, [0] * CLIENTS

    def ask(place: int) -> None:
        while time.monotonic() < until:
            bot.ask("GET", "/api/v3/openOrders", symbol="BTCUSDT")
            counts[place] += 1

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    began = time.monotonic()
    while not page.locator(".stream li", has_text="DELETE /api/v3/openOrders").count():  # a sample may leave one out
        other.ask("DELETE", "/api/v3/openOrders", symbol="BTCUSDT")
        page.wait_for_timeout(20)
    return {"decisions_per_s": sum(counts) / FEED_S, "seen_after_ms": 1000 * (time.monotonic() - began)}


def stopped(person: Person, address: str, bot: Bot) -> float:
    """Milliseconds from the click that freezes an account to the first order that is refused."""
    person.page.goto(address)
    eventually(lambda: bot.order("BUY", "0.001", LOW).status, lambda status: status == 200)
    person.press("Stop trading…")
    person.page.locator("dialog select").select_option(label="Account trader (Ada)")
    person.page.get_by_text("2 active").wait_for()
    began = time.monotonic()
    person.press("Freeze", within="dialog")
    while bot.order("BUY", "0.001", LOW).status == 200:
        pass
    return 1000 * (time.monotonic() - began)


def fill(stage: Stage) -> None:
    """Many keys."""
    with Store.open(load(stage.config).database) as store:
        text = grant_to_toml(BOT)
        store.keys.add_many(
            Key(
                make_key_id("trader", number.to_bytes(16)), "trader", "bot", KeyKind.ED25519, text, KeyState.FROZEN,
                number, public_key=b"k" * 32, name=f"Grid {number % 1000}",
            )
            for number in range(KEYS)
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=HERE, help="where results.md and results.json go")
    args = parser.parse_args()
    said = report.conditions()
    with (
        browser() as chromium,
        tempfile.TemporaryDirectory() as directory,
        Stage(Path(directory), lambda words: None) as stage,
    ):
        stage.open_exchange(dict(FUNDS))
        listen = f"127.0.0.1:{free_port()}"
        stage.command("init", str(stage.config), "--port", "0", "--health", "", "--api", listen)
        stage.up()
        stage.command("venue", "add", "sandbox", "--url", stage.exchange["url"])
        stage.command(
            "account", "add", "trader", "--venue", "sandbox", "--owner", "Ada", "--api-key", stage.exchange["apiKey"],
            "--secret-file", "-", given=stage.exchange["secret"],
        )  # fmt: skip
        stage.command("service", "add", "bot")
        link = stage.command("console", "link", "ada")["address"]
        own = urlsplit(link)
        person = Person(chromium.new_page(), own.netloc)
        eventually(lambda: reached(listen), bool)
        person.page.goto(link)
        person.page.get_by_text("Welcome, ada").wait_for()
        person.press("Make a passkey")
        person.page.get_by_role("heading", level=1, name="Overview").wait_for()
        figures = measure(stage, person, f"{own.scheme}://{own.netloc}/console/")
    print(json.dumps(figures, indent=1))
    results = json.loads((args.output / "results.json").read_text())
    results["console"] = figures
    results.setdefault("taken", {})["console"] = said
    report.write(results, args.output)


if __name__ == "__main__":
    main()
