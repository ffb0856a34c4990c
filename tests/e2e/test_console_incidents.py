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

from bailiwick.config import load
from bailiwick.demo.stage import Stage
from bailiwick.journal import reader, record

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
        read = [
            record.decode(each.record) for each in reader.read(load(self.stage.config).journal_directory) if each.record
        ]
        return [each.verb for each in read if isinstance(each, record.Act)]


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
    person, page = scene.person, scene.page
    assert [each.status for each in scene.refused] == [200, 400, 400, 400]
    person.go("Incidents")
    page.get_by_role("link", name="The watch found a key unlike itself").click()
    page.locator(".drawing canvas").first.wait_for()
    drawing = page.locator(".drawing").get_attribute("aria-label") or ""
    figures = page.locator(".figure").all_inner_texts()
    page.get_by_text("Its orders as a table").click()
    page.get_by_text("Its minutes as a table").click()
    orders = page.get_by_role("region", name=f"Orders of {TICKER}").locator("tbody tr")
    minutes = page.get_by_role("region", name=f"Minutes of {TICKER}").locator("tbody tr")
    happened = page.locator(".happened li").all_inner_texts()
    person.picture("incident")
    assert [word for word in ("bought", "held", "refused", "wind-down", "noticed") if word not in drawing] == []
    assert [each for each in figures if not each.endswith(" USDT")] == []
    assert (orders.filter(has_text="held").count(), minutes.count() > 60) == (1, True)
    assert [word for word in ("let through", "signal", "held", "wind-down", "opened") if not has(happened, word)] == []
    assert page.get_by_text("Lightweight Charts").count() == 1
    assert person.complaints == []


def has(lines: list[str], word: str) -> bool:
    """Whether a line says so."""
    return any(word in line for line in lines)


def test_a_person_works_on_it(scene: Scene) -> None:
    """Taking it up and a note are on the page at once, in the list by who and which state, and in its address."""
    person, page = scene.person, scene.page
    scene.open()
    person.press("I work on it")
    page.locator("strong", has_text="ada").wait_for()
    page.locator(".happened li", has_text="Being worked on").wait_for()
    page.get_by_label("Note").fill("the service was asked for its logs")
    person.press("Write it down")
    page.locator(".happened li", has_text="the service was asked for its logs").wait_for()
    person.go("Incidents")
    page.get_by_label("State").select_option("working")
    page.get_by_label("Assigned to").select_option("ada")
    page.get_by_role("button", name="What").click()
    page.get_by_role("link", name="The watch found a key unlike itself").wait_for()
    person.picture("incidents")
    address = page.url
    page.goto(address)
    page.get_by_role("link", name="The watch found a key unlike itself").wait_for()
    assert [word for word in ("state=working", "assignee=ada", "sort=title") if word not in address] == []
    page.get_by_label("State").select_option("open")
    page.get_by_text("No incident is like that").wait_for()
    assert person.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_bars_the_way_to_it(scheme: str, scene: Scene) -> None:
    """In light and in dark, wide and at 360 pixels, axe finds no barrier, and nothing is wider than the screen."""
    person, page = scene.person, scene.page
    page.emulate_media(color_scheme=scheme)
    found: dict[str, Any] = {}
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        scene.open()
        person.picture(f"incident-{scheme}-{width}")
        page.get_by_text("Its orders as a table").click()
        page.get_by_text("Its minutes as a table").click()
        found[f"one {width}"] = person.barriers()
        found[f"wide {width}"] = page.evaluate("document.documentElement.scrollWidth") - width
        person.go("Incidents")
        page.get_by_role("link", name="The watch found a key unlike itself").wait_for()
        found[f"all {width}"] = person.barriers()
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")
    assert {name: each for name, each in found.items() if each not in ([], 0)} == {}
    assert person.complaints == []


def test_that_was_me_is_asked_for_again_and_shown(scene: Scene) -> None:
    """The answer shows what it covers, asks once more who one is, and stands in the timeline."""
    person, page = scene.person, scene.page
    scene.open()
    person.press("That was me…")
    page.locator("dialog").get_by_text("Your word covers DMGUSDT").wait_for()
    person.press("Yes, that was me", within="dialog")
    person.confirm()
    page.locator("dialog [role=status]", has_text="are yours").wait_for()
    person.press("Close", within="dialog")
    page.locator(".happened li", has_text="that was me").first.wait_for()
    assert person.complaints == []


def test_not_me_and_a_freeze_need_no_second_word(scene: Scene) -> None:
    """What makes safer is two clicks: the key's own freeze, and "not me", which opens an incident of its own."""
    person, page = scene.person, scene.page
    scene.open()
    own = f"section[aria-label='Key {scene.key}']"
    person.press("Not me…", within=own)
    person.press("It was not me", within="dialog")
    page.get_by_text("It stands under incident").wait_for()
    person.press("Freeze", within=own)
    person.press("Freeze", within="dialog")
    page.locator(own).get_by_text("frozen").first.wait_for()
    page.locator(".happened li", has_text="Freeze").wait_for()
    person.picture("incident-frozen")
    assert person.complaints == []


def test_it_is_closed_with_what_it_was(scene: Scene) -> None:
    """Closing asks what it was and once more who one is; what was done stays on its page, and in the journal."""
    person, page = scene.person, scene.page
    scene.open()
    page.get_by_label("What it was").select_option("theft")
    page.get_by_label("Why (written in the journal)").fill("a stolen key")
    person.press("Close the incident")
    person.confirm()
    page.get_by_text("Closed: theft").wait_for()
    shown = scene.stage.command("incident", "show", scene.incident)
    person.picture("incident-closed")
    assert (shown["state"], shown["verdict"], shown["closing"], shown["assignee"]) == (
        "closed",
        "theft",
        "a stolen key",
        "ada",
    )
    wanted = ("incident.assign", "incident.state", "incident.note", "incident.close")
    assert [verb for verb in wanted if verb not in scene.acts()] == []
    assert page.get_by_role("button", name="Close the incident").count() == 0
    assert person.complaints == []
