"""Signing in: by passkey, by password and code, by a one-time link; who guesses is slowed down, and nobody else."""

import logging

import pyotp
import pytest
from api_house import HOST, ApiHouse
from console_house import ORIGIN, OWN, Browser, ConsoleHouse
from soft_passkey import SoftPasskey

from bailiwick.authority.people_verbs import EndPerson, InvitePerson
from bailiwick.console import attempts, factors
from bailiwick.console.attempts import Attempts
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.life import Mover, mover_of
from bailiwick.model.person import ENTRY_MS
from bailiwick.model.secret import Secret

PASSWORD = "four words of mine"


@pytest.fixture(autouse=True)
def _cheap_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factors, "MEMORY_KIB", 64)
    monkeypatch.setattr(factors, "PASSES", 1)


async def with_password(house: ConsoleHouse, name: str = "dan") -> tuple[Browser, pyotp.TOTP]:
    """Somebody with a password and an app, signed in."""
    browser, link = Browser(house), await house.link(name)
    seed = (await browser.ask("POST", "/v1/enter/password/ask", {"link": link})).json
    codes = pyotp.TOTP(seed["seed"])
    body = {"link": link, "challenge": seed["challenge"], "password": PASSWORD, "code": codes.at(house.now // 1000)}
    answer = await browser.ask("POST", "/v1/enter/password", body)
    assert answer.status == 200, answer.body
    house.now += 30_000
    return browser, codes


async def by_password(browser: Browser, codes: pyotp.TOTP, name: str = "dan", password: str = PASSWORD) -> int:
    """The status of an attempt to sign in."""
    code = codes.at(browser.house.now // 1000)
    body = {"name": name, "password": password, "code": code}
    return (await browser.ask("POST", "/v1/sign-in/password", body)).status


async def test_a_link_makes_a_passkey_and_signs_in(consoled: ConsoleHouse) -> None:
    """Whoever opens the link makes a passkey, is signed in by it, and signs in by it again later."""
    browser = Browser(consoled)
    entered = await browser.enter(await consoled.link())
    assert (entered.json["name"], entered.json["role"]) == ("eve", "operator")
    assert (await browser.ask("POST", "/v1/session/end")).status == 200
    assert (await browser.ask("GET", "/v1/session")).status == 401
    assert (await browser.sign_in()).status == 200
    assert (await browser.ask("GET", "/v1/keys")).status == 200


async def test_a_link_works_once_and_for_an_hour(consoled: ConsoleHouse) -> None:
    """A used link, an old one, one that a newer one replaced and one that never was are refused in the same words."""
    used, browser = await consoled.link("a"), Browser(consoled)
    await browser.enter(used)
    replaced = await consoled.link("b")
    late = await consoled.link("b")
    consoled.now += ENTRY_MS
    answers = [
        await Browser(consoled).ask("POST", "/v1/enter", {"link": link}) for link in (used, replaced, late, "x" * 43)
    ]
    assert {(answer.status, answer.body) for answer in answers} == {(404, answers[0].body)}


async def test_nobody_yet_is_told(consoled: ConsoleHouse) -> None:
    """While nobody can sign in, the page is told so, and can say how the first person is invited."""
    assert (await Browser(consoled).ask("GET", "/v1/sign-in")).json == {"nobody": True, "signed_in": False}
    browser = Browser(consoled)
    await browser.enter(await consoled.link())
    assert (await Browser(consoled).ask("GET", "/v1/sign-in")).json == {"nobody": False, "signed_in": False}
    assert (await browser.ask("GET", "/v1/sign-in")).json == {"nobody": False, "signed_in": True}


@pytest.mark.parametrize(
    ("site", "origin", "verifies"),
    [
        ("evil.example", ORIGIN, True),
        ("bailiwick.localhost", "http://evil.example", True),
        ("bailiwick.localhost", f"http://{HOST}", True),
        ("bailiwick.localhost", ORIGIN, False),
    ],
)
async def test_a_passkey_for_another_page_is_refused(
    site: str, origin: str, verifies: bool, eve: Browser, consoled: ConsoleHouse
) -> None:
    """An answer that was given to another site or origin, or without verifying its user, signs nobody in."""
    other = SoftPasskey(site, origin, verifies=verifies)
    other.id, other._key = eve.passkey.id, eve.passkey._key
    browser = Browser(consoled)
    browser.passkey = other
    assert (await browser.sign_in()).status == 401


async def test_a_challenge_is_answered_once(eve: Browser, consoled: ConsoleHouse) -> None:
    """The same answer sent again signs nobody in, nor does one that comes too late, nor a counter that went back."""
    browser = Browser(consoled)
    asked = (await browser.ask("POST", "/v1/sign-in/passkey/ask")).json
    body = {"challenge": asked["challenge"], "credential": eve.passkey.sign(asked["options"])}
    assert (await browser.ask("POST", "/v1/sign-in/passkey", body)).status == 200
    assert (await Browser(consoled).ask("POST", "/v1/sign-in/passkey", body)).status == 409
    late = (await browser.ask("POST", "/v1/sign-in/passkey/ask")).json
    consoled.now += 300_000
    body = {"challenge": late["challenge"], "credential": eve.passkey.sign(late["options"])}
    assert (await browser.ask("POST", "/v1/sign-in/passkey", body)).status == 409
    eve.passkey.count = 0
    browser.passkey = eve.passkey
    assert (await browser.sign_in()).status == 401


async def test_password_and_code_sign_in(consoled: ConsoleHouse) -> None:
    """Both together sign in; a code that was taken is not taken again, and either alone is refused."""
    _, codes = await with_password(consoled)
    browser = Browser(consoled)
    assert await by_password(browser, codes) == 200
    assert await by_password(browser, codes) == 401  # the same thirty seconds
    consoled.now += 30_000
    assert await by_password(browser, codes, password="not the password") == 401
    assert await by_password(browser, pyotp.TOTP(pyotp.random_base32())) == 401
    assert await by_password(browser, codes) == 200


async def test_a_refusal_says_nothing_of_what_was_wrong(consoled: ConsoleHouse, eve: Browser) -> None:
    """An unknown name, a name without a password, a wrong password and a wrong code read the same."""
    _, codes = await with_password(consoled)
    code = codes.at(consoled.now // 1000)
    bodies = (
        {"name": "nobody", "password": PASSWORD, "code": code},
        {"name": "eve", "password": PASSWORD, "code": code},
        {"name": "dan", "password": "wrong words", "code": code},
        {"name": "dan", "password": PASSWORD, "code": "000000"},
    )
    answers = [await Browser(consoled).ask("POST", "/v1/sign-in/password", body) for body in bodies]
    assert {(answer.status, answer.body) for answer in answers} == {(401, answers[0].body)}


async def test_a_stranger_does_not_lock_the_owner_out(consoled: ConsoleHouse) -> None:
    """Who guesses has to wait; the owner's own browser at the same address, and a passkey, sign in meanwhile."""
    owners, codes = await with_password(consoled)
    stranger = Browser(consoled)
    statuses = [await by_password(stranger, codes, password=f"guess {number}") for number in range(attempts.FREE + 1)]
    assert statuses == [401] * attempts.FREE + [429]
    assert await by_password(stranger, codes) == 429
    assert await by_password(owners, codes) == 200
    consoled.now += attempts.FIRST_WAIT_MS + 30_000
    assert await by_password(stranger, codes) == 200


def test_waiting_grows_and_ends() -> None:
    """Each failure beyond the free ones doubles the wait up to a bound; after an hour without one all is forgotten."""
    counted, now, waits = Attempts(), 0, []
    for _ in range(30):
        now += counted.wait_ms("here", "ada", now)
        counted.failed("here", "ada", now)
        waits.append(counted.wait_ms("here", "ada", now))
    assert waits[attempts.FREE - 2] == 0
    assert waits[attempts.FREE - 1 : attempts.FREE + 2] == [2_000, 4_000, 8_000]
    assert waits[-1] == attempts.MOST_WAIT_MS
    assert counted.wait_ms("elsewhere", "ada", now) == 0
    assert counted.wait_ms("here", "bob", now) > 0  # whoever tries many names waits as well
    assert counted.wait_ms("here", "ada", now + attempts.FORGOTTEN_MS) == 0


def test_attempts_are_bounded() -> None:
    """However many addresses fail, only so many are remembered."""
    counted = Attempts()
    for number in range(attempts.REMEMBERED + 10):
        counted.failed(f"a{number}", "ada", number)
    assert len(counted._failures) <= attempts.REMEMBERED


async def test_every_way_in_is_in_the_journal(consoled: ConsoleHouse) -> None:
    """Inviting, entering, beginning and ending a session are acts, each under who did it; and a person is a person."""
    browser = Browser(consoled)
    before = len(consoled.gateway.acts)
    await browser.enter(await consoled.link())
    await browser.ask("POST", "/v1/session/end")
    await consoled.ask(EndPerson(name="eve"))
    acts = [(act.act, act.actor.partition(" ")[0]) for act in consoled.gateway.acts[before:]]
    assert [name for name, _ in acts] == [
        "person.invite", "person.enter", "session.begin", "session.end", "person.end",
    ]  # fmt: skip
    assert [actor for _, actor in acts[1:4]] == ["person:eve"] * 3
    assert mover_of("person:eve") is Mover.PERSON


async def test_whoever_is_ended_is_out_at_once(eve: Browser, consoled: ConsoleHouse) -> None:
    """Ending somebody ends their session with the next request, their passkey too; the name is not given again."""
    await consoled.ask(EndPerson(name="eve"))
    assert (await eve.ask("GET", "/v1/keys")).status == 401
    assert (await eve.sign_in()).status == 401
    with pytest.raises(LinkError) as refused:
        await consoled.ask(InvitePerson(name="eve", role="operator"))
    assert refused.value.code is Code.CONFLICT


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "Eve (uid 0)", "role": "operator"}, "name"),
        ({"name": "eve", "role": "king"}, "role"),
        ({"name": "eve", "role": "owner"}, "owner"),
        ({"name": "eve", "role": "auditor", "owner": "Ada"}, "owner"),
    ],
)
async def test_an_invitation_that_makes_no_sense_is_refused(
    fields: dict[str, str], field: str, house: ApiHouse
) -> None:
    """Each refusal names its field; nobody can be called as a user of the machine is."""
    with pytest.raises(LinkError, match=f"^{field}: "):
        await house.ask(InvitePerson(**fields))


async def test_nothing_that_opens_is_kept_or_logged(
    consoled: ConsoleHouse, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Links, cookies, passwords and seeds are neither in the data directory in the clear, nor in the log or journal."""
    caplog.set_level(logging.DEBUG)
    link = await consoled.link("eve")
    browser = Browser(consoled)
    await browser.enter(link)
    dans, codes = await with_password(consoled)
    await browser.ask("POST", "/v1/sign-in/password", {"name": PASSWORD, "password": "wrong " + PASSWORD, "code": "1"})
    await browser.ask("POST", "/v1/enter", {"link": [link]})
    kept = b"".join(path.read_bytes() for path in consoled.config.data.rglob("*") if path.is_file()).decode("latin-1")
    printed = capsys.readouterr()
    told = "".join(repr(act) for act in consoled.gateway.acts)
    secrets = [link, PASSWORD, codes.secret, codes.byte_secret().decode("latin-1"), *browser.cookies.values()]
    secrets = [each for each in secrets if "~" not in each] + [dans.cookies["__Host-bailiwick"]]
    for place in (kept, printed.out, printed.err, caplog.text, told):
        assert [secret for secret in secrets if secret in place] == []


def test_a_seed_opens_for_its_person_alone(tmp_path: pytest.TempPathFactory) -> None:
    """A sealed seed opens for whom it was sealed, by the same key file; and for nobody else or without that file."""
    from pathlib import Path

    place = Path(str(tmp_path))
    locker, seed = factors.Locker.at(place / "console.key"), factors.new_seed()
    sealed = locker.seal("ada", seed)
    assert factors.Locker.at(place / "console.key").open("ada", sealed) == seed
    assert locker.open("bob", sealed) is None
    assert factors.Locker.at(place / "other.key").open("ada", sealed) is None
    assert ((place / "console.key").stat().st_mode & 0o777) == 0o600


def test_a_code_is_of_these_thirty_seconds() -> None:
    """A code counts for its thirty seconds and those beside them (RFC 6238's vector), and no longer."""
    seed = Secret(b"12345678901234567890")  # of RFC 6238, appendix B, whose codes have eight digits
    now = 1_111_111_109_000
    steps = [factors.step_of_code("081804", seed, now + 1000 * moved) for moved in (-60, -30, 0, 30, 60)]
    assert steps == [None, 37_037_036, 37_037_036, 37_037_036, None]


def test_a_password_is_of_some_length() -> None:
    """Eleven characters are too few, and what is hashed cannot be made absurdly long."""
    for password in ("a" * 11, "a" * 1025):
        with pytest.raises(ValueError, match="password"):
            factors.hash_password(Secret(password.encode()))
    phc = factors.hash_password(Secret(b"a" * 12))
    assert phc.startswith("$argon2id$v=19$")
    assert [factors.is_password(Secret(each), phc) for each in (b"a" * 12, b"a" * 13)] == [True, False]


async def test_the_address_of_the_console_is_its_own(consoled: ConsoleHouse) -> None:
    """By its bare address the console sends a browser to its own name, so that a passkey has one to be made for."""
    answer = await consoled.call("GET", "/", "", headers={"Host": HOST})
    assert (answer.status, answer.headers["location"]) == (307, f"http://{OWN}/console/")
