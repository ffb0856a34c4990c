"""A key's page, its panic control, a compromise while it goes on, and a search of the whole journal, in a browser."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from bot import Bot, eventually
from browsing import Person, browser
from house import FUNDS, Issued
from test_console_pages import LOW, free_port, reached

from bailiwick.demo.stage import Stage

GRANT = """purpose = "Trades what its test says"
[what]
may = ["public", "read", "cancel", "trade"]
symbols = ["BTCUSDT", "ETHUSDT"]
sides = ["BUY", "SELL"]
order_types = ["LIMIT", "MARKET"]
[how_much]
order_notional = 20000
day_notional = 100000
open_orders = 10
[how_far]
near_bps = 2000
anchor_bps = 2000
[where]
networks = ["127.0.0.0/8"]
"""
FREE = GRANT.replace("day_notional = 100000\n", "")
ASKED = 280  # reads of each of two keys: together more than a page of the journal ever held


class Scene:
    """A house, somebody signed in to its console, and two services whose keys bots hold."""

    def __init__(self, stage: Stage, person: Person, address: str) -> None:
        self.stage = stage
        self.person = person
        self.page = person.page
        self.address = address
        self.port = int(stage.url.rpartition(":")[2])
        self.busy = self.issue("bot", GRANT, "busy")
        self.calm = self.issue("signals", GRANT, "calm")
        self.free = self.issue("signals", FREE, "free")

    def issue(self, service: str, grant: str, name: str) -> Bot:
        """A key in the hands of a bot."""
        file = self.stage.config.parent / f"{name}.toml"
        file.write_text(grant)
        made = self.stage.command(
            "key", "issue", "--account", "trader", "--service", service, "--grant", str(file), "--name", name
        )
        return Bot(self.port, Issued(made["id"], made["secret"]))

    def open(self, path: str, title: str) -> None:
        """Open a page by its address."""
        self.page.goto(self.address + path)
        self.page.get_by_role("heading", level=1, name=title).wait_for()

    def key(self, bot: Bot, query: str = "") -> None:
        """Open a key's page."""
        self.open(f"keys/{bot.key.id}{query}", f"Key {bot.key.id[:14]}…")
        self.page.get_by_role("heading", name="Use over time").wait_for()


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Exchange, gateway and console; a key that was denied once and then asked hundreds of times."""
    with browser() as chromium, Stage(tmp_path_factory.mktemp("keys"), lambda words: None) as stage:
        stage.open_exchange(dict(FUNDS))
        listen = f"127.0.0.1:{free_port()}"
        stage.command("init", str(stage.config), "--port", "0", "--health", "", "--api", listen)
        stage.up()
        stage.command("venue", "add", "sandbox", "--url", stage.exchange["url"])
        stage.command(
            "account", "add", "trader", "--venue", "sandbox", "--owner", "Ada", "--api-key", stage.exchange["apiKey"],
            "--secret-file", "-", given=stage.exchange["secret"],
        )  # fmt: skip
        for service in ("bot", "signals"):
            stage.command("service", "add", service)
        link = stage.command("console", "link", "ada")["address"]
        own = urlsplit(link)
        person = Person(chromium.new_page(), own.netloc)
        eventually(lambda: reached(listen), bool)
        person.page.goto(link)
        person.press("Make a passkey")
        person.page.get_by_role("heading", level=1, name="Overview").wait_for()
        made = Scene(stage, person, f"{own.scheme}://{own.netloc}/console/")
        eventually(lambda: made.busy.order("BUY", "0.01", LOW).status, lambda status: status == 200)
        made.busy.order("BUY", "0.01", LOW, symbol="DMGUSDT")
        for _ in range(ASKED):
            for bot in (made.busy, made.free):
                bot.ask("GET", "/api/v3/openOrders", symbol="BTCUSDT")
        yield made


def test_a_keys_page_shows_what_it_did_and_from_where(scene: Scene) -> None:
    """Use over time as a chart and a table, the address and the program with what is known of them, its family."""
    person, page = scene.person, scene.page
    scene.key(scene.busy)
    chart = page.locator("svg.bars")
    chart.wait_for()
    assert chart.get_attribute("aria-label") == "Orders and other changes: 1 allowed, 0 held, 1 denied, 0 refused"
    page.get_by_text("As a table").click()
    cells = page.locator("section[aria-labelledby=over-time] tbody tr").first.locator("td").all_inner_texts()
    assert (cells[0], cells[2], int(cells[4].replace(",", ""))) == ("1", "1", ASKED)
    seen = page.locator("section[aria-labelledby=seen-from]")
    seen.locator("code", has_text="127.0.0.1").wait_for()
    assert seen.locator("tbody").first.locator("tr").count() == 1
    assert "no habit yet" in seen.inner_text()
    tree = page.locator("section[aria-labelledby=family]")
    tree.get_by_text("issued by").wait_for()
    assert tree.get_by_role("link", name="signals").count() == 1
    person.picture("key-past")
    by = page.locator("section[aria-labelledby=over-time] select")
    by.select_option("hour")
    page.wait_for_url("**by=hour**")
    page.reload()
    page.locator("svg.bars").wait_for()
    assert by.input_value() == "hour"
    assert person.barriers() == []
    assert person.complaints == []


def test_the_box_says_whether_an_order_would_be_allowed(scene: Scene) -> None:
    """The engine's own answer, with the rule that decided and the budgets after it; nothing is reserved by asking."""
    person, page = scene.person, scene.page
    scene.key(scene.calm)
    box = page.locator("section[aria-labelledby=would]")
    box.get_by_label("Symbol").fill("btcusdt")
    box.get_by_label("Quantity").fill("0.1")
    box.get_by_label("Price", exact=True).fill(LOW)
    person.press("Ask", within="section[aria-labelledby=would]")
    answer = box.get_by_role("status")
    answer.get_by_text("Every rule that has a say in it lets it pass.").wait_for()
    said = answer.inner_text().replace("\u202f", "")
    reserved = re.search(r"and ([\d.]+) reserved of 100000 USDT", said)
    assert reserved is not None
    assert 6_400 <= float(reserved[1]) < 7_000
    assert "What the watch would think of it is not told" in answer.inner_text()
    person.picture("key-would")
    shared = page.url
    box.get_by_label("Quantity").fill("1")
    person.press("Ask", within="section[aria-labelledby=would]")
    answer.get_by_text("order notional").first.wait_for()
    assert "denied" in answer.inner_text()
    page.goto(shared)
    answer.get_by_text("Every rule that has a say in it lets it pass.").wait_for()
    box.get_by_label("From the address").fill("203.0.113.9")
    person.press("Ask", within="section[aria-labelledby=would]")
    answer.get_by_text("Decided by the rule").wait_for()
    box.get_by_text("Ask about any other request").click()
    box.get_by_label("Path and query").fill("/sapi/v1/capital/withdraw/apply?coin=BTC&address=x&amount=1")
    person.press("Ask this", within="section[aria-labelledby=would]")
    answer.get_by_text("denied").first.wait_for()
    assert scene.stage.command("key", "use", scene.calm.key.id)["budgets"][0]["reserved"] == "0"
    assert person.barriers() == []
    assert person.complaints == []


def test_one_key_is_stopped_from_its_page_in_two_clicks(scene: Scene) -> None:
    """How far it reaches is said first; after the second click its next order is refused, and another's is not."""
    person, page = scene.person, scene.page
    scene.key(scene.calm)
    eventually(lambda: scene.calm.order("BUY", "0.01", LOW).status, lambda status: status == 200)
    person.press("Stop this key…")
    page.locator("dialog dl", has_text="Worst loss of a day").wait_for()
    page.locator("dialog dl", has_text="BUY 0.01 BTCUSDT").wait_for()
    person.picture("key-stop")
    assert person.barriers() == []
    person.press("Freeze", within="dialog")
    eventually(lambda: scene.calm.order("BUY", "0.01", LOW).status, lambda status: status != 200)
    page.locator("dialog [role=status]", has_text="frozen, in force").wait_for()
    assert scene.busy.order("BUY", "0.01", LOW).status == 200
    person.press("Close", within="dialog")
    page.locator("main .mark", has_text="frozen").first.wait_for()
    assert person.complaints == []


def test_a_key_is_found_and_stopped_from_the_overview(scene: Scene) -> None:
    """The one panic control offers everything, venue, service, account, and a key that is looked for by its name."""
    person, page = scene.person, scene.page
    person.go("Overview")
    page.locator("section[aria-labelledby=money]").get_by_text("Unbounded").wait_for()
    page.locator("section[aria-labelledby=health]").get_by_text("that are fine").wait_for()
    person.picture("overview-money")
    assert person.barriers() == []
    person.press("Stop trading…")
    page.locator("dialog dl", has_text="unbounded").wait_for()
    offered = page.locator("dialog select option").all_text_contents()
    assert offered == [
        "Everything",
        "Venue sandbox",
        "Service bot",
        "Service signals",
        "Account trader (Ada)",
        "A key…",
    ]
    page.locator("dialog select").select_option(label="A key…")
    page.get_by_label("Part of its id or name").fill("free")
    page.get_by_label("free").check()
    page.locator("dialog dl", has_text="unbounded").wait_for()
    person.picture("overview-stop-key")
    person.press("Freeze", within="dialog")
    page.locator("dialog [role=status]", has_text="Key free: frozen, in force").wait_for()
    person.press("Close", within="dialog")
    page.locator("section[aria-labelledby=money]").get_by_text("Unbounded").wait_for(state="detached")
    assert person.complaints == []


def test_keys_without_a_bound_are_a_link_away(scene: Scene) -> None:
    """The list takes its filters from its address: account, service, and those whose loss nothing bounds."""
    person, page = scene.person, scene.page
    wide = scene.issue("signals", FREE, "wide")
    page.goto(scene.address)
    page.locator("section[aria-labelledby=money] a").click()
    page.get_by_text("1 key", exact=True).wait_for()
    assert page.locator(".tr a").all_inner_texts() == [wide.key.id]
    page.get_by_role("button", name="without a bound").click()
    page.get_by_label("Service").fill("bot")
    page.get_by_label("Service").press("Enter")
    page.wait_for_url("**service=bot**")
    page.get_by_text("1 key", exact=True).wait_for()
    scene.stage.command("key", "freeze", wide.key.id)
    assert person.barriers() == []
    assert person.complaints == []


def test_the_whole_journal_is_searched(scene: Scene) -> None:
    """A record that stands more than five hundred before the end is found by its symbol, and proven to take along."""
    person, page = scene.person, scene.page
    scene.open("journal", "Journal")
    page.locator(".stream li").nth(99).wait_for()
    person.press("Continue with older records")
    page.locator(".stream li").nth(199).wait_for()
    page.get_by_label("Symbol").fill("DMGUSDT")
    person.press("Search")
    page.get_by_text("1 found in the last").wait_for()
    page.wait_for_url("**symbol=DMGUSDT**")
    assert page.locator(".stream li").count() == 1
    person.picture("journal-found")
    page.locator(".stream button").click()
    page.get_by_role("heading", name="Proof").wait_for()
    with page.expect_download() as download:
        person.press("Save the proof", within="dialog")
    assert "bailiwick" in download.value.path().read_text()
    person.picture("journal-record")
    assert person.barriers() == []
    person.press("Close", within="dialog")
    page.reload()
    page.get_by_text("1 found in the last").wait_for()
    page.get_by_label("Symbol").fill("NXTBTC")
    person.press("Search")
    page.get_by_text("No record that was read is like that").wait_for()
    person.press("Clear")
    page.locator(".stream li").nth(99).wait_for()
    person.picture("journal-all")
    assert person.complaints == []


def test_the_journal_is_verified_while_somebody_looks(scene: Scene) -> None:
    """Verification runs beside everything else, says how far it is, and then that nothing is wrong."""
    person, page = scene.person, scene.page
    scene.open("journal", "Journal")
    person.press("Verify all of it")
    page.get_by_text("nothing is wrong").wait_for(timeout=60_000)
    page.get_by_text("checkpoints agree").wait_for()
    person.picture("journal-verified")
    assert person.barriers() == []
    assert person.complaints == []


def test_a_compromise_is_followed_to_its_proof(scene: Scene) -> None:
    """Keys stopped, the position from which none opens anything, owners told: live; then the proof, to take along."""
    person, page = scene.person, scene.page
    scene.open("services/bot", "Service bot")
    person.press("Compromised…")
    page.get_by_label("What happened").fill("their database was for sale")
    person.press("Stop every key of it", within="dialog")
    person.confirm() if page.get_by_role("heading", name="Is it you?").count() else None
    steps = page.locator("dialog ol.steps")
    steps.get_by_text("1 of 1 keys that it holds are stopped").wait_for()
    steps.get_by_text("on no order of these keys opens anything").wait_for()
    steps.get_by_text("1 of 1 owner has their notice").wait_for()
    assert scene.busy.order("BUY", "0.01", LOW).status != 200
    person.press("Work out whether it is complete", within="dialog")
    page.locator("dialog pre", has_text="PROVEN").wait_for()
    person.picture("compromise")
    assert person.barriers() == []
    with page.expect_download() as download:
        person.press("Save the proof", within="dialog")
    assert "verify_act" in download.value.path().read_text()
    person.press("Close: it goes on by itself", within="dialog")
    page.get_by_role("heading", name="The act against it").wait_for()
    assert person.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_small_screen_shows_all_of_it(scheme: str, scene: Scene) -> None:
    """At 360 pixels, in light and in dark, none of these pages is wider than the screen or has a barrier."""
    person, page = scene.person, scene.page
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme=scheme)
    wide: dict[str, object] = {}
    for path, title in (
        (f"keys/{scene.busy.key.id}", "Key "),
        ("journal", "Journal"),
        ("services/bot", "Service bot"),
        ("", "Over"),
    ):
        page.goto(scene.address + path)
        page.locator("h1", has_text=title).wait_for()
        page.wait_for_load_state("networkidle") if path else None
        page.locator(".waiting").first.wait_for(state="detached")
        person.picture(f"small-{scheme}-{title.strip().lower().replace(' ', '-')}")
        if page.evaluate("document.documentElement.scrollWidth") > 360 or (found := person.barriers()):
            wide[path] = found
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")
    assert wide == {}
    assert person.complaints == []
