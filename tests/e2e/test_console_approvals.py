"""An approval in a browser: what a grant holds appears while the page is open, and passes once after a second look."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from bot import Bot, eventually
from browsing import Person, browser
from house import FUNDS, Issued
from test_console_pages import free_port, reached

from bailiwick.demo.stage import Stage

GRANT = """purpose = "Asks before it places a large order"
[what]
may = ["public", "read", "cancel", "trade"]
symbols = ["BTCUSDT"]
sides = ["BUY", "SELL"]
order_types = ["LIMIT"]
[how_far]
near_bps = 2000
anchor_bps = 2000
[holds]
notional_above = 200
"""
PRICE = "64000"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[tuple[Person, Bot]]:
    """Somebody signed in, and a bot whose large orders are held."""
    with browser() as chromium, Stage(tmp_path, lambda words: None) as stage:
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
        file = stage.directory / "held.toml"
        file.write_text(GRANT)
        made = stage.command("key", "issue", "--account", "trader", "--service", "bot", "--grant", str(file))
        link = stage.command("console", "link", "ada")["address"]
        person = Person(chromium.new_page(), urlsplit(link).netloc)
        eventually(lambda: reached(listen), bool)
        person.page.goto(link)
        person.press("Make a passkey")
        person.page.get_by_role("heading", level=1, name="Overview").wait_for()
        yield person, Bot(int(stage.url.rpartition(":")[2]), Issued(made["id"], made["secret"]))


def test_a_held_order_is_approved_on_its_page_and_passes_once(scene: tuple[Person, Bot]) -> None:
    """The order appears without a reload; let pass with the passkey, it passes once, and the one after waits again."""
    person, bot = scene
    page = person.page
    person.go("Approvals")
    page.get_by_text("Nothing waits.").wait_for()
    eventually(lambda: bot.order("BUY", "0.01", PRICE).reason, lambda reason: reason == "HELD")
    page.get_by_role("heading", level=2, name="buy").wait_for()
    person.picture("approval-waits")
    person.press("Let it pass once")
    person.confirm()
    page.get_by_text("Nothing waits.").wait_for()
    tries = [bot.order("BUY", "0.01", PRICE) for _ in range(2)]
    assert [(each.status, each.reason) for each in tries] == [(200, ""), (400, "HELD")]
    page.get_by_label("State").select_option("used")
    page.get_by_text("Answered by").wait_for()
    assert (person.barriers(), person.complaints) == ([], [])
