"""Sessions: what a cookie is worth, what a page of another site is not, what is asked again, and when it ends."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from api_house import GRANT, HOST
from console_house import ORIGIN, OWN, Browser, ConsoleHouse, act_asked
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.api.table import ROWS
from bailiwick.authority.people_verbs import EndSession, ListSessions
from bailiwick.authority.verbs import AddService, Kind, Move, MoveParty
from bailiwick.console import feed as feeding
from bailiwick.console.again import asks_again
from bailiwick.console.feed import Feed, FeedRow, sampled
from bailiwick.console.pages import Pages
from bailiwick.journal.log import Journal
from bailiwick.journal.record import Act, Read, encode
from bailiwick.journal.writer import Limits
from bailiwick.model.person import IDLE_MS, SESSION_MS

ISSUE = {"account": "main", "service": "bot", "grant": GRANT}


async def test_the_cookie_is_a_hosts_own(eve: Browser) -> None:
    """The session's cookie goes to this host alone, over what a browser calls secure, and no script reads it."""
    await eve.sign_in()
    session, mark = eve.set_cookies
    assert session.startswith("__Host-bailiwick=")
    assert session.partition("; ")[2] == "Path=/; Secure; HttpOnly; SameSite=Strict"
    assert mark.partition("; ")[2] == "Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=15552000"


@pytest.mark.parametrize(
    "change",
    [
        {"Origin": "http://evil.example"},
        {"Origin": f"http://{HOST}"},
        {"Origin": ""},
        {"Origin": "null"},
        {"X-Bailiwick-CSRF": ""},
        {"X-Bailiwick-CSRF": "0" * 43},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_page_changes_nothing(change: dict[str, str], eve: Browser, consoled: ConsoleHouse) -> None:
    """With the right cookie, but from another page or without what only our page knows, nothing is done."""
    key, before = consoled.keys["Ada"], len(consoled.gateway.acts)
    answer = await eve.ask("POST", f"/v1/keys/{key}/freeze", {}, **change)
    assert (answer.status, len(consoled.gateway.acts)) == (403, before)
    assert (await eve.ask("POST", f"/v1/keys/{key}/freeze", {})).status == 200


async def test_another_page_signs_nobody_in(eve: Browser, consoled: ConsoleHouse) -> None:
    """A page elsewhere cannot sign a browser in as somebody of its choice, nor read anything with its cookie."""
    for change in ({"Origin": "http://evil.example"}, {"Origin": ""}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await eve.ask("POST", "/v1/sign-in/passkey/ask", None, **change)).status == 403
    assert (await eve.ask("GET", "/v1/keys", None, **{"Sec-Fetch-Site": "cross-site"})).status == 403


async def test_one_sessions_csrf_is_not_anothers(eve: Browser, consoled: ConsoleHouse) -> None:
    """What one session's page says does not do in another session."""
    other = Browser(consoled)
    await other.enter(await consoled.link("mallory", "auditor"))
    answer = await eve.ask("POST", f"/v1/keys/{consoled.keys['Ada']}/freeze", {}, **{"X-Bailiwick-CSRF": other.csrf})
    assert answer.status == 403


async def test_two_cookies_are_none(eve: Browser) -> None:
    """A request that names the session's cookie twice is nobody's."""
    cookie = eve.cookies["__Host-bailiwick"]
    sent = f"__Host-bailiwick={cookie}; __Host-bailiwick={cookie}x"
    assert (await eve.ask("GET", "/v1/keys", None, Cookie=sent)).status == 401


async def test_a_header_that_comes_twice_hides_nothing(eve: Browser, consoled: ConsoleHouse) -> None:
    """Two Origin headers, or a cookie in two headers, are taken together, and so are neither ours nor anybody's."""
    cookie = eve.cookies["__Host-bailiwick"].encode()
    own = [(b"host", OWN.encode()), (b"origin", ORIGIN.encode()), (b"x-bailiwick-csrf", eve.csrf.encode())]
    cookies = [(b"cookie", b"__Host-bailiwick=" + cookie)]
    statuses = []
    for headers in (own + cookies, [*own, (b"origin", b"http://evil.example"), *cookies], own + cookies * 2):
        path = f"/v1/keys/{consoled.keys['Ada']}/freeze"
        scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b"", "state": {}}
        statuses.append((await consoled.speak(scope, b"")).status)
    assert statuses == [200, 403, 401]


async def test_a_session_that_idles_is_over(eve: Browser, consoled: ConsoleHouse) -> None:
    """Half an hour without a request ends it, and twelve hours end it whatever is done."""
    began = consoled.now
    consoled.now += IDLE_MS - 1
    assert (await eve.ask("GET", "/v1/keys")).status == 200
    consoled.now += IDLE_MS
    assert (await eve.ask("GET", "/v1/keys")).status == 401
    await eve.sign_in()
    began = consoled.now
    while consoled.now + IDLE_MS - 1 < began + SESSION_MS:
        consoled.now += IDLE_MS - 1
        assert (await eve.ask("GET", "/v1/keys")).status == 200
    consoled.now = began + SESSION_MS
    assert (await eve.ask("GET", "/v1/keys")).status == 401


async def test_sessions_are_listed_and_ended(eve: Browser, consoled: ConsoleHouse) -> None:
    """Every session is listed with where it is from, and any of them is ended without being asked who one is."""
    await eve.sign_in()
    rows = (await eve.ask("GET", "/v1/sessions")).json["rows"]
    shown = [(row["person"], row["by"], row["source"], row["agent"]) for row in rows if row["person"] == "eve"]
    assert shown == [("eve", "passkey", "127.0.0.1", "Test browser")] * 2
    own = (await eve.ask("GET", "/v1/session")).json["session"]
    assert (await eve.ask("DELETE", f"/v1/sessions/{own}")).status == 200
    assert (await eve.ask("GET", "/v1/session")).status == 401
    listed = await consoled.ask(ListSessions(person="eve"))
    assert len(listed.rows) == 1
    await consoled.ask(EndSession(id=listed.rows[0].id))
    assert (await consoled.ask(ListSessions(person="eve"))).rows == ()
    assert len((await consoled.ask(ListSessions(person="eve", over=True))).rows) == 2


async def test_an_owner_sees_and_ends_their_own_sessions(consoled: ConsoleHouse) -> None:
    """To an owner another's sessions read as none."""
    rows = (await consoled.call("GET", "/v1/sessions", "ada")).json["rows"]
    assert [row["id"] for row in rows] == ["s-ada"]
    assert (await consoled.call("DELETE", "/v1/sessions/s-bob", "ada")).status == 404


async def test_a_person_reaches_what_their_role_does(consoled: ConsoleHouse) -> None:
    """An owner who is signed in sees their own keys alone, as with a token; an auditor changes nothing."""
    owner, auditor = Browser(consoled), Browser(consoled)
    await owner.enter(await consoled.link("al", "owner", "Ada"))
    await auditor.enter(await consoled.link("au", "auditor"))
    assert [row["account"] for row in (await owner.ask("GET", "/v1/keys")).json["rows"]] == ["main"]
    assert (await owner.ask("GET", f"/v1/keys/{consoled.keys['Bob']}")).status == 404
    assert (await auditor.ask("POST", f"/v1/keys/{consoled.keys['Bob']}/freeze", {})).status == 403


# Once more, before what widens


async def test_what_widens_asks_again_and_what_narrows_does_not(eve: Browser, consoled: ConsoleHouse) -> None:
    """Freezing is done at once; undoing it asks for the passkey, and is done after, once."""
    key = consoled.keys["Ada"]
    for _ in range(2):
        assert (await eve.ask("POST", f"/v1/keys/{key}/freeze", {})).status == 200
        asked = await eve.ask("POST", f"/v1/keys/{key}/unfreeze", {})
        assert (asked.status, asked.json["title"]) == (428, "The second factor is asked for again")
        assert (await eve.confirm("POST", f"/v1/keys/{key}/unfreeze", {})).status == 200
        assert (await eve.ask("POST", f"/v1/keys/{key}/unfreeze", {})).status == 200
    acts = [(act.act, act.actor) for act in consoled.gateway.acts[-2:]]
    assert acts == [("key.freeze", "person:eve"), ("key.unfreeze", "person:eve")]


async def test_a_confirmation_is_for_one_act(eve: Browser, consoled: ConsoleHouse) -> None:
    """What was confirmed for one act does no other, and nothing after five minutes, nor in another session."""
    key, other = consoled.keys["Ada"], consoled.keys["Bob"]
    for each in (key, other):
        await eve.ask("POST", f"/v1/keys/{each}/freeze", {})
    await eve.confirm("POST", f"/v1/keys/{key}/unfreeze", {})
    assert (await eve.ask("POST", f"/v1/keys/{other}/unfreeze", {})).status == 428
    twin = Browser(consoled)
    twin.passkey = eve.passkey
    await twin.sign_in()
    assert (await twin.ask("POST", f"/v1/keys/{key}/unfreeze", {})).status == 428
    consoled.now += 300_000
    assert (await eve.ask("POST", f"/v1/keys/{key}/unfreeze", {})).status == 428


async def test_a_refused_act_may_be_sent_again(eve: Browser, consoled: ConsoleHouse) -> None:
    """Where the authority refuses and does nothing, what was confirmed does for the same act once more, and once."""
    asked = {**ISSUE, "service": "later"}
    await eve.confirm("POST", "/v1/keys", asked)
    assert (await eve.ask("POST", "/v1/keys", asked)).status == 404
    await consoled.ask(AddService(id="later", name="Later"))
    assert (await eve.ask("POST", "/v1/keys", ISSUE)).status == 428
    assert (await eve.ask("POST", "/v1/keys", asked)).status == 200
    assert (await eve.ask("POST", "/v1/keys", asked)).status == 428


@pytest.mark.parametrize(
    "altered",
    [
        {**ISSUE, "grant": GRANT.replace("day_notional = 2000", "day_notional = 9000")},
        {**ISSUE, "service": "bot "},
        {**ISSUE, "account": "other"},
        {**ISSUE, "name": "one more field"},
        dict(reversed(ISSUE.items())),
    ],
    ids=["grant", "blank", "account", "more", "order"],
)
async def test_an_altered_body_is_refused(altered: dict[str, str], eve: Browser, consoled: ConsoleHouse) -> None:
    """What was confirmed is these bytes: a page that sends others is asked again, and nothing is done."""
    await eve.confirm("POST", "/v1/keys", ISSUE)
    acts, keys = len(consoled.gateway.acts), consoled.store.keys.list()
    assert (await eve.ask("POST", "/v1/keys", altered)).status == 428
    assert (await eve.ask("POST", "/v1/keys?preview=1", ISSUE)).status == 428
    assert (len(consoled.gateway.acts), consoled.store.keys.list()) == (acts, keys)
    assert (await eve.ask("POST", "/v1/keys", ISSUE)).status == 200


async def test_a_challenge_is_for_its_act(eve: Browser) -> None:
    """A passkey that signed for one body confirms no other, by whatever name the page asks for it."""
    asked = (await eve.ask("POST", "/v1/session/again/ask", act_asked("POST", "/v1/keys", ISSUE))).json
    other = act_asked("POST", "/v1/keys", {**ISSUE, "account": "other"})
    body = {**other, "challenge": asked["challenge"], "credential": eve.passkey.sign(asked["options"])}
    assert (await eve.ask("POST", "/v1/session/again", body)).status == 409
    assert (await eve.ask("POST", "/v1/session/again/ask", {"act": "POST /v1/keys"})).status == 422


async def test_a_preview_is_not_asked_about(eve: Browser) -> None:
    """What only looks is shown without more."""
    assert (await eve.ask("POST", "/v1/keys", {**ISSUE, "preview": True})).status == 200


async def test_a_wind_down_of_what_is_frozen_asks(eve: Browser, consoled: ConsoleHouse) -> None:
    """Winding an active key down narrows; winding a frozen one down gives back, and asks."""
    key = consoled.keys["Ada"]
    assert (await eve.ask("POST", f"/v1/keys/{key}/wind-down", {})).status == 200
    assert (await eve.ask("POST", f"/v1/keys/{key}/freeze", {})).status == 200
    assert (await eve.ask("POST", f"/v1/keys/{key}/wind-down", {})).status == 428


async def test_another_persons_passkey_confirms_nothing(eve: Browser, consoled: ConsoleHouse) -> None:
    """Only whose session it is can confirm."""
    other = Browser(consoled)
    await other.enter(await consoled.link("mallory", "operator"))
    act = act_asked("POST", "/v1/keys", ISSUE)
    asked = (await eve.ask("POST", "/v1/session/again/ask", act)).json
    credential = other.passkey.sign(asked["options"])
    body = {**act, "challenge": asked["challenge"], "credential": credential}
    assert (await eve.ask("POST", "/v1/session/again", body)).status == 401
    assert (await eve.ask("POST", "/v1/keys", ISSUE)).status == 428


async def test_who_guesses_codes_loses_the_session(eve: Browser) -> None:
    """A stolen session tries only so many codes before it is ended."""
    body = {**act_asked("POST", "/v1/keys", ISSUE), "code": "000000"}
    statuses = [(await eve.ask("POST", "/v1/session/again", body)).status for _ in range(5)]
    assert statuses == [422] * 4 + [401]
    assert (await eve.ask("GET", "/v1/session")).status == 401


def test_which_acts_ask_again(consoled: ConsoleHouse) -> None:
    """Each route that can widen or shows a secret asks; none that freezes, revokes, refuses or ends does."""
    asking = set()
    for row in ROWS:
        question: Any = MoveParty(kind=Kind.KEY, id=consoled.keys["Ada"], to=Move.FREEZE)
        if asks_again(row, question, consoled.store):
            asking.add(f"{row.method} {row.path}")
    assert {
        each for each in asking if each.endswith(("/freeze", "/revoke", "/refuse", "/wind-down", "/not-me"))
    } == set()
    assert [each for each in asking if each.startswith("DELETE")] == []
    assert "POST /services/{id}/compromise" not in asking
    assert asking >= {
        "POST /keys", "PATCH /keys/{id}", "POST /keys/{id}/secret", "POST /keys/{id}/unfreeze", "POST /tokens",
        "POST /services/{id}/restore", "POST /approvals/{id}/approve", "POST /accounts/{id}/credential",
        "POST /people/{name}/link", "PATCH /accounts/{id}", "POST /natives",
    }  # fmt: skip


async def test_passkeys_are_added_and_removed_but_for_the_last(eve: Browser, consoled: ConsoleHouse) -> None:
    """One more passkey asks again first and then signs in; the last way in is not taken away."""
    assert (await eve.ask("POST", "/v1/session/passkeys/ask")).status == 428
    await eve.confirm("POST", "/v1/session/passkeys/ask")
    asked = (await eve.ask("POST", "/v1/session/passkeys/ask")).json
    second = Browser(consoled)
    consoled.now += 1
    body = {"challenge": asked["challenge"], "credential": second.passkey.make(asked["options"]), "label": "phone"}
    rows = (await eve.ask("POST", "/v1/session/passkeys", body)).json["rows"]
    assert [row["label"] for row in rows] == ["test", "phone"]
    assert (await second.sign_in()).status == 200
    for row, status in zip(rows, (200, 409), strict=True):
        await eve.confirm("POST", "/v1/session/passkeys/remove", {"id": row["id"]})
        assert (await eve.ask("POST", "/v1/session/passkeys/remove", {"id": row["id"]})).status == status
        eve.passkey = second.passkey


# Pages


async def test_pages_are_under_the_strictest_policy(consoled: ConsoleHouse, tmp_path: Path) -> None:
    """No inline script or style, no eval, Trusted Types, no framing, no third party; assets are kept, the page not."""
    built = tmp_path / "built"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html>")
    (built / "assets/app.js").write_text("1")
    consoled.console.pages.__init__(built)  # type: ignore[misc]  # as the next start would read it
    shown = await consoled.call("GET", "/console/keys/bwk_1", "", headers={"Host": OWN})
    asset = await consoled.call("GET", "/console/assets/app.js", "", headers={"Host": OWN})
    policy = shown.headers["content-security-policy"]
    assert ("unsafe" in policy, "require-trusted-types-for 'script'" in policy) == (False, True)
    assert {"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} <= set(
        policy.split("; ")
    )
    assert (shown.status, shown.headers["cache-control"], shown.body) == (200, "no-store", b"<!doctype html>")
    assert (asset.headers["content-type"].partition(";")[0], "immutable" in asset.headers["cache-control"]) == (
        "text/javascript", True,
    )  # fmt: skip
    assert (await consoled.call("GET", "/console/assets/../index.html", "", headers={"Host": OWN})).status == 404
    assert (await consoled.call("GET", "/console/", "", headers={"Host": "evil.example:8082"})).status == 421


async def test_without_pages_it_says_so(consoled: ConsoleHouse, tmp_path: Path) -> None:
    """A checkout in which nothing was built says how to build it."""
    assert b"make console" in Pages(tmp_path / "none").index.body
    assert b"make console" in (await consoled.call("GET", "/console/", "", headers={"Host": OWN})).body


# The feed


def told(message: bytes) -> dict[str, Any]:
    """What an event says."""
    return dict(msgspec.json.decode(message.partition(b"data: ")[2]))


def read(number: int, account: str = "main") -> bytes:
    """A record of a read."""
    return encode(Read(number, 0, "k", "bot", account, "127.0.0.1", "", "GET", "/api", "", "allow", "", 200))


async def test_the_feed_goes_on_where_a_page_was(
    consoled: ConsoleHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that comes back with its position is told what it missed and nothing twice, then what is new."""
    monkeypatch.setattr(feeding, "TICK_S", 0.01)
    with journal_at(tmp_path / "j") as journal:
        for number in range(5):
            journal.append_now(read(number))
        journal.append_now(encode(Act(9, "person:eve", "key.freeze", "k")))
        feed = Feed(tmp_path / "j", consoled.store)
        first = journal.position - 6
        stream = feed.told(first + 2, "", lambda: True)
        batch = told(await anext(stream))
        assert (batch["counts"], [row["position"] - first for row in batch["rows"]]) == (
            {"read": 2, "act": 1},
            [3, 4, 5],
        )
        journal.append_now(read(7))
        async with asyncio.timeout(5):
            batch = told(await anext(stream))
        assert [row["position"] for row in batch["rows"]] == [journal.position - 1]
        feed.close()
        assert [message async for message in stream] in ([], [b": still here\n\n"])


async def test_the_feed_tells_an_owner_of_their_own(
    consoled: ConsoleHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An owner's page hears of their accounts and keys alone, and an act on somebody else's is not even counted."""
    with journal_at(tmp_path / "j") as journal:
        first = journal.position
        journal.append_now(read(1, "main"))
        journal.append_now(read(2, "other"))
        for subject in (consoled.keys["Ada"], consoled.keys["Bob"], "other", "main", "bot"):
            journal.append_now(encode(Act(9, "person:eve", "key.freeze", subject)))
        feed = Feed(tmp_path / "j", consoled.store)
        stream = feed.told(first - 1, "Ada", lambda: True)
        batch = told(await anext(stream))
        assert [row["subject"] or row["account"] for row in batch["rows"]] == ["main", consoled.keys["Ada"], "main"]
        assert batch["counts"] == {"read": 1, "act": 2}
        await stream.aclose()
        feed.close()


def test_sampling_keeps_what_is_rare() -> None:
    """Of many records the acts and denials are shown and of the rest every so-many-th; the order stays."""
    kinds = ["allowed"] * 500
    kinds[10], kinds[400], kinds[401] = "act", "denied", "held"
    rows = [
        FeedRow(position=place, at_ms=0, what=what, key="", account="", subject="", reason="", text="")
        for place, what in enumerate(kinds)
    ]
    shown = sampled(rows)
    assert len(shown) == feeding.ROWS
    assert {10, 400, 401} <= {row.position for row in shown}
    assert [row.position for row in shown] == sorted(row.position for row in shown)


async def test_a_feed_ends_with_its_session(
    consoled: ConsoleHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page whose session was ended is told nothing more."""
    monkeypatch.setattr(feeding, "TICK_S", 0.001)
    feed = Feed(tmp_path / "none", consoled.store)
    stream = feed.told(None, "", lambda: False)
    await anext(stream)
    async with asyncio.timeout(5):
        assert [message async for message in stream] == []


async def test_the_feed_asks_for_a_session(eve: Browser, consoled: ConsoleHouse) -> None:
    """Without a session, and with a token, there is no feed."""
    assert (await consoled.call("GET", "/v1/session/feed", "")).status == 401
    assert (await consoled.call("GET", "/v1/session/feed", "ops")).status == 401


def journal_at(directory: Path) -> Journal:
    """A journal of its own."""
    signer = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    limits = Limits(reserve_bytes=1 << 16, low_water_bytes=0)
    return Journal.open(directory, origin="example.com/feed", signer=signer, clock=lambda: 1, limits=limits)
