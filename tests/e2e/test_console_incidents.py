"""An incident in a browser: a theft that the watch holds is seen, priced, worked on by a person, and closed."""

import http.client
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from bot import Answer, Bot, eventually
from browsing import Person, browser
from house import FUNDS, Issued
from test_console_pages import free_port, reached

from bailiwick.demo.stage import Stage

COIN, TICKER = "DMG", "DMGUSDT"
# As wide as grants were in 2022: what is held here is held by the watch alone.
WIDE = """\
purpose = "A grid bot that may trade whatever it likes"
kind = "grid-bot"
[what]
may = ["public", "read", "cancel", "trade"]
symbols = "all"
sides = ["BUY", "SELL"]
order_types = ["LIMIT"]
market_orders = "deny"
[how_far]
near_bps = "none"
anchor_bps = "none"
stop_bps = "none"
"""


class Scene:
    """A house with a console, somebody signed in to it, and a key that was stolen."""

    def __init__(self, stage: Stage, person: Person, address: str) -> None:
        self.stage = stage
        self.person = person
        self.page = person.page
        self.address = address
        file = stage.directory / "wide.toml"
        file.write_text(WIDE)
        made = stage.command("key", "issue", "--account", "trader", "--service", "bot", "--grant", str(file))
        self.key: str = made["id"]
        self.bot = Bot(int(stage.url.rpartition(":")[2]), Issued(made["id"], made["secret"]))
        self.refused = self._steal()
        found = eventually(lambda: stage.command("incident", "list", echo=False)["rows"], bool)
        self.incident: str = found[0]["id"]

    def _steal(self) -> list[Answer]:
        """A thief drives his coin up and has the victim's key buy it from him; what he was answered."""
        self._tell("accounts", name="thief", funds={COIN: "5000000"})
        tried = f"{self.bot.mid(TICKER) * 1.01:.5f}"
        answers = [
            eventually(lambda: self.bot.order("BUY", "300", tried, symbol=TICKER), lambda each: each.status == 200)
        ]
        for _ in range(3):
            self._tell("prices", symbol=TICKER, shiftBps=1200)
        price = self.bot.mid(TICKER)
        for worth in (900, 900, 2500):
            amount, at = f"{worth / price / 1.02:.0f}", f"{price * 1.02:.5f}"
            self._tell("orders", account="thief", symbol=TICKER, side="SELL", quantity=amount, price=at)
            answers.append(self.bot.order("BUY", amount, at, symbol=TICKER))
        self._tell("prices", symbol=TICKER, price="0.02000")
        return answers

    def _tell(self, what: str, **body: Any) -> Any:
        """The side of the exchange on which anybody can be anybody."""
        connection = http.client.HTTPConnection("127.0.0.1", int(self.stage.exchange["url"].rpartition(":")[2]))
        connection.request("POST", f"/sandbox/{what}", json.dumps(body))
        answer = connection.getresponse()
        said = json.loads(answer.read())
        connection.close()
        assert answer.status == 200, said
        return said

    def open(self, query: str = "") -> None:
        """Open the incident by its own address, and wait for its picture."""
        self.page.goto(f"{self.address}incidents/{self.incident}{query}")
        self.page.get_by_role("heading", name="What happened").wait_for()
        self.page.locator(".drawing canvas").first.wait_for()

    def acts(self) -> list[str]:
        """What the journal has of acts upon incidents."""
        rows = self.stage.command("journal", "tail", "--limit", "200", echo=False)
        return [row["record"]["verb"] for row in rows["rows"] if row["record"].get("kind") == "act"]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Exchange, gateway and console; the theft has just happened."""
    with browser() as chromium, Stage(tmp_path_factory.mktemp("incidents"), lambda words: None) as stage:
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
        person.press("Make a passkey")
        person.page.get_by_role("heading", level=1, name="Overview").wait_for()
        yield Scene(stage, person, f"{own.scheme}://{own.netloc}/console/")


def test_a_theft_is_an_incident_with_its_picture_and_its_price(scene: Scene) -> None:
    """The held orders, what they would have cost, minutes with marks, and the same as tables; nothing complains."""
    scene.person.go("Incidents")
    scene.page.get_by_role("link", name="The watch found a key unlike itself").click()
    scene.page.locator(".drawing canvas").first.wait_for()
    scene.person.picture("incident")
    assert scene.person.complaints == []
