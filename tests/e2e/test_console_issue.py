"""Issuing a key on the guided page: from who holds it to trading with it, and everything that is said on the way."""

import socket
from collections.abc import Callable, Iterator
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from bot import Bot, eventually
from browsing import Person, browser
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from environments import drive
from house import FUNDS, Issued, make_pair
from runs import value

from bailiwick.demo.stage import Stage
from bailiwick.model.party import KeyKind

CLIENTS = {
    "ccxt": "ccxt",
    "freqtrade": "ccxt",
    "python-binance": "python-binance",
    "Official connector": "binance-sdk-spot",
}
STEPS = ("purpose", "account", "limits", "protection", "review")
LOW = "64000"


class Desk:
    """A house with a console and somebody signed in, and a bot of the same account that traded before."""

    def __init__(self, stage: Stage, person: Person, address: str) -> None:
        self.stage = stage
        self.person = person
        self.page = person.page
        self.address = address
        self.port = int(stage.url.rpartition(":")[2])

    def open(self, step: str = "purpose", query: str = "") -> None:
        """Open a step by its address, with no draft begun."""
        self.page.goto(f"{self.address}keys")
        self.page.evaluate("sessionStorage.clear()")
        self.page.goto(f"{self.address}issue/{step}{query}")
        self.page.get_by_role("heading", level=1, name="Issue a key").wait_for()

    def next(self, name: str) -> None:
        """Go on to the step of this name."""
        self.person.press(f"Next: {name.lower()}")
        self.page.get_by_role("heading", level=2, name=name).wait_for()

    def begin(self, kind: str, service: str) -> None:
        """Choose what for, who and whose, up to the limits."""
        self.open()
        self.page.get_by_role("radio", name=kind).check()
        self.page.get_by_label("Service: who holds the key").select_option(service)
        self.page.get_by_text("keys already").or_(self.page.get_by_text("key already")).wait_for()
        self.next("Account")
        self.page.get_by_role("radio", name="trader").check()
        self.next("What it may do")
        self.page.get_by_label("Requests in a minute").wait_for()

    def worst(self, words: str) -> None:
        """Wait until the page says that a day can cost so much."""
        self.page.locator("aside.worst strong", has_text=words).wait_for()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Everything, and thirty orders of a grid bot of the account."""
    with browser() as chromium, Stage(tmp_path_factory.mktemp("issue"), lambda words: None) as stage:
        stage.open_exchange(dict(FUNDS))
        with socket.socket() as asked:
            asked.bind(("127.0.0.1", 0))
            listen = f"127.0.0.1:{asked.getsockname()[1]}"
        stage.command("init", str(stage.config), "--port", "0", "--health", "", "--api", listen)
        stage.up()
        stage.command("venue", "add", "sandbox", "--url", stage.exchange["url"])
        stage.command(
            "account", "add", "trader", "--venue", "sandbox", "--owner", "Ada", "--name", "Ada's trading", "--api-key",
            stage.exchange["apiKey"], "--secret-file", "-", given=stage.exchange["secret"],
        )  # fmt: skip
        stage.command("service", "add", "bot", "--name", "My bot")
        stage.command("service", "add", "commas", "--name", "3Commas", "--network", "127.0.0.1/32")
        _trade(stage)
        link = stage.command("console", "link", "ada")["address"]
        own = urlsplit(link)
        person = Person(chromium.new_page(), own.netloc)
        person.page.goto(link)
        person.press("Make a passkey")
        person.page.get_by_role("heading", level=1, name="Overview").wait_for()
        yield Desk(stage, person, f"{own.scheme}://{own.netloc}/console/")


def _trade(stage: Stage) -> None:
    made = stage.command(
        "key", "issue", "--account", "trader", "--service", "bot", "--preset", "grid-bot", "--symbol", "BTCUSDT",
        "--budget", "20000",
    )  # fmt: skip
    bot = Bot(int(stage.url.rpartition(":")[2]), Issued(made["id"], made["secret"]))
    eventually(lambda: bot.order("BUY", "0.001", LOW).status, lambda status: status == 200)
    for _ in range(30):
        assert bot.order("BUY", "0.001", LOW).status == 200


def test_the_guided_page_ends_with_a_key_that_trades(desk: Desk, client_of: Callable[[str], str]) -> None:
    """Step by step, with what a thief could do at each; the secret once; each ready text works as it stands."""
    person, page = desk.person, desk.page
    desk.begin("Grid bot", "bot")
    assert page.get_by_label("Symbols").input_value() == "BTCUSDT"
    assert page.get_by_text("The account's keys of that kind placed 31 orders on").count() == 1
    assert page.get_by_text("95 of 100 orders came to").count() == 1
    page.get_by_text("A thief could trade BTCUSDT and no other").wait_for()
    page.get_by_label("Traded in a day, at most").fill("1000")
    page.get_by_label("Lost in a day, at most").fill("10")
    page.get_by_text("A thief could buy for 1000 USDT in a day").wait_for()
    person.picture("issue-limits")
    desk.next("Protection")
    page.get_by_text("is not known here").wait_for()
    page.get_by_role("radio", name="A key of the gateway").check()
    person.picture("issue-protection")
    desk.next("Review")
    page.get_by_text("It trades BTCUSDT, sides: BUY, SELL").wait_for()
    page.get_by_label("A name, to know it again by").fill("Grid of Ada")
    worst = page.locator("aside.worst strong").inner_text()
    person.picture("issue-review")
    before = _reach(desk)
    person.press("Issue this key")
    person.confirm()
    page.get_by_role("heading", name="The key is issued").wait_for()
    assert worst == f"{_reach(desk) - before:f} USDT"
    key = page.locator("[data-secret=id]").inner_text()
    secret = page.locator("[data-secret=secret]").inner_text()
    texts = {}
    for client in CLIENTS:
        page.locator("summary", has_text=client).first.click()
        texts[client] = page.locator(f"[data-snippet='{client}']").inner_text()
    person.press("Copy secret")
    page.locator("[role=status]", has_text="copied").wait_for()
    page.context.grant_permissions(["clipboard-read"])
    assert page.evaluate("navigator.clipboard.readText()") == secret
    person.picture("issue-secret")
    assert person.barriers() == []
    kept = page.evaluate("JSON.stringify([{...sessionStorage}, {...localStorage}, location.href])")
    assert [each for each in (secret, key) if each in kept] == []
    page.reload()
    page.get_by_role("heading", level=1, name="Issue a key").wait_for()
    assert secret not in page.content()
    for client, text in texts.items():
        found = drive(client_of(CLIENTS[client]), "run_snippet.py", of=client, text=text)
        assert "USDT" in value(found, "said")
        assert str(value(found, "ordered")).lower() in {"open", "new"}
        past = [each for each in found.get("addresses", {}).get("value", []) if not each.startswith(desk.stage.url)]
        assert client != "ccxt" or past == []
    assert value(drive(client_of("ccxt"), "run_snippet.py", of="freqtrade", text=texts["freqtrade"]), "begun") == [
        "BTC/USDT"
    ]
    assert person.complaints == []


def _reach(desk: Desk) -> Decimal:
    """What the service can lose in a day, as `service show` reckons it."""
    (worst,) = desk.stage.command("service", "show", "bot")["reach"]["worst"]
    return Decimal(worst["most"])


def test_what_is_wrong_is_named_beside_its_field(desk: Desk) -> None:
    """A wrong amount, symbol or address is said where it stands, with what to write, and nothing goes on until then."""
    person, page = desk.person, desk.page
    desk.begin("Signal bot", "bot")
    for label, typed, words in (
        ("Traded in a day, at most", "1,000", "it is no amount; write digits"),
        ("Symbols", "BTCUSTD", "sandbox has no BTCUSTD; did you mean BTCUSDT?"),
        ("Addresses from which", "203.0.113.7/24", "has host bits set"),
    ):
        field = page.get_by_label(label)
        right = field.input_value()
        field.fill(typed)
        page.locator(".choice .wrong", has_text=words).wait_for()
        assert field.get_attribute("aria-invalid") == "true"
        person.press("Next: protection")
        assert field.evaluate("field => field === document.activeElement")
        if label.startswith("Traded"):
            person.picture("issue-wrong")
            assert person.barriers() == []
        field.fill(right)
        page.locator(".choice .wrong").wait_for(state="detached")
    desk.next("Protection")
    assert person.complaints == []


def test_a_draft_survives_a_reload_and_an_address_is_passed_on(desk: Desk) -> None:
    """What was typed is there after a reload; an address opened elsewhere begins at its step; one too far goes back."""
    page = desk.page
    desk.begin("Regular buyer", "bot")
    page.get_by_label("Traded in a day, at most").fill("77")
    page.get_by_text("A thief could buy for 77 USDT in a day").wait_for()
    address = page.url
    page.reload()
    page.get_by_text("A thief could buy for 77 USDT in a day").wait_for()
    assert page.get_by_label("Traded in a day, at most").input_value() == "77"
    desk.open("limits", f"?{urlsplit(address).query}")
    page.get_by_role("heading", level=2, name="What it may do").wait_for()
    page.get_by_label("Symbols").wait_for()
    assert "77" not in address.partition("/console/")[2]
    desk.open("review")
    page.get_by_role("heading", level=2, name="Who and what for").wait_for()
    assert page.url.endswith("/issue/purpose")
    page.go_back()


def test_a_client_signs_with_its_own_private_key(desk: Desk, client_of: Callable[[str], str]) -> None:
    """Where the client's public key is given there is no secret to show, and the ready texts read the private key."""
    person, page = desk.person, desk.page
    pem, public = make_pair(KeyKind.ED25519)
    given = load_der_public_key(public).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    desk.open("limits", "?kind=grid-bot&service=bot&account=trader")
    page.get_by_label("Symbols").wait_for()
    desk.next("Protection")
    page.get_by_role("radio", name="A key of the gateway").check()
    page.locator("summary", has_text="key pair of its own").click()
    page.get_by_label("Its public key in PEM").fill(given)
    page.get_by_text("A thief would have to take the private key").wait_for()
    desk.next("Review")
    person.press("Issue this key")
    person.confirm()
    page.get_by_role("heading", name="The key is issued").wait_for()
    assert page.locator("[data-secret=secret]").count() == 0
    for client in set(CLIENTS) - {"freqtrade"}:
        page.locator("summary", has_text=client).first.click()
        text = page.locator(f"[data-snippet='{client}']").inner_text()
        found = drive(client_of(CLIENTS[client]), "run_snippet.py", of=client, text=text, pem=pem)
        assert str(value(found, "ordered")).lower() in {"open", "new"}
    assert person.complaints == []


def test_by_keyboard_alone(desk: Desk) -> None:
    """The first steps are taken with the keyboard: choose, go on by Enter, and stand at the next step's heading."""
    page = desk.page
    desk.open()
    page.get_by_role("radio", name="Tax tool").focus()
    page.keyboard.press("Space")
    page.get_by_label("Service: who holds the key").focus()
    page.keyboard.type("My")
    page.get_by_role("button", name="Next: account").focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=2, name="Account").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "2. Account"
    page.get_by_role("radio", name="trader").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_role("heading", level=2, name="What it may do").wait_for()
    desk.worst("nothing by trading")
    assert page.get_by_label("Traded in a day, at most").count() == 0


def test_a_service_that_cannot_be_pointed_elsewhere_gets_a_native_key(desk: Desk) -> None:
    """Of a service known to call the exchange itself the gateway's key cannot be chosen; a native one is made."""
    person, page = desk.person, desk.page
    master = Bot(int(desk.stage.exchange["url"].rpartition(":")[2]), Issued(
        desk.stage.exchange["apiKey"], desk.stage.exchange["secret"]))  # fmt: skip
    email = master.ask("POST", "/sapi/v1/sub-account/virtualSubAccount", subAccountString="signals").body["email"]
    desk.begin("Signal bot", "commas")
    desk.next("Protection")
    page.get_by_text("3Commas calls the exchange from its own servers").wait_for()
    assert page.get_by_role("radio", name="A key of the gateway").is_disabled()
    assert page.get_by_role("radio", name="A key of the exchange itself").is_checked()
    page.get_by_text("at most all that the sub-account holds").wait_for()
    page.get_by_label("E-mail of the sub-account").fill(email)
    page.get_by_label("A name for the key").fill("signals")
    person.picture("issue-native")
    desk.next("Review")
    page.get_by_text("It detects, and does not hold").wait_for()
    person.press("Issue this key")
    person.confirm()
    page.get_by_role("heading", name="The key is issued").wait_for()
    key = Issued(page.locator("[data-secret=id]").inner_text(), page.locator("[data-secret=secret]").inner_text())
    assert Bot(master.port, key).ask("GET", "/api/v3/account").status == 200
    (row,) = desk.stage.command("native", "list")
    assert (row["id"], row["service"]) == ("signals", "commas")
    assert person.complaints == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_no_step_has_a_barrier_on_any_screen(desk: Desk, scheme: str, width: int) -> None:
    """Each step, wide in light and at 360 pixels in dark, has nothing against WCAG 2.2 AA and fits the screen."""
    person, page = desk.person, desk.page
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    found = {}
    for step in STEPS:
        desk.open(step, "?kind=signal-bot&service=bot&account=trader")
        page.locator(".waiting").first.wait_for(state="detached")
        page.get_by_role("button", name="Issue this key" if step == "review" else "Next").wait_for()
        page.wait_for_load_state("networkidle")
        person.picture(f"issue-{step}-{width}-{scheme}")
        wide = page.evaluate("document.documentElement.scrollWidth") - width
        found[step] = [*person.barriers(), *([f"{wide} px too wide"] if wide > 0 else [])]
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light")
    assert {step: each for step, each in found.items() if each} == {}
    assert person.complaints == []
