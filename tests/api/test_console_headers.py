"""What every answer says beside its body, what is compressed and what is not, and whose asking counts for whom."""

import gzip
from pathlib import Path

import pytest
from api_house import HOST
from console_house import OWN, Browser, ConsoleHouse
from test_console_sign_in import by_password, with_password

from bailiwick.api.app import make_app
from bailiwick.api.packing import LEAST_BYTES, may_pack, takes_gzip
from bailiwick.api.rates import Rates
from bailiwick.api.table import ROWS
from bailiwick.console import factors
from bailiwick.link.wire import answer_type
from bailiwick.model.secret import Secret

EVERYWHERE = {
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


@pytest.fixture
def built(consoled: ConsoleHouse, tmp_path: Path) -> Path:
    """Pages that were built."""
    place = tmp_path / "built"
    (place / "assets").mkdir(parents=True)
    (place / "index.html").write_text("<!doctype html>" + "<p>Bailiwick</p>" * 100)
    (place / "assets/index-abc123.js").write_text("export const one = 1;" * 200)
    consoled.console.pages.__init__(place)  # type: ignore[misc]  # as the next start would read it
    return place


async def test_every_answer_says_how_it_may_be_used(eve: Browser, consoled: ConsoleHouse, built: Path) -> None:
    """Every route and page, allowed, refused or absent, is unframed, unsniffed, uncached and of this origin alone."""
    paths = {row.path.replace("{position}", "1") for row in ROWS} | {"/sign-in", "/session", "/enter", "/nowhere"}
    asked = [f"/v1{path.replace('{', 'x').replace('}', '')}" for path in sorted(paths)]
    lacking = []
    for path in [*asked, "/", "/console/", "/console/keys/bwk_1", "/console/assets/gone.js", "/favicon.ico"]:
        for browser in (eve, Browser(consoled)):
            said = (await browser.ask("GET", path)).headers
            policy = said.get("content-security-policy", "")
            strict = "default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
            lacking += [path] if EVERYWHERE.items() - said.items() or not strict else []
            lacking += [path] if said["cache-control"] != "no-store" or "strict-transport-security" in said else []
    assert lacking == []


async def test_a_hashed_asset_is_kept_and_its_absence_is_not(consoled: ConsoleHouse, built: Path) -> None:
    """What is named by its content is kept for a year; that it is not there is never kept, nor is the document."""
    kept = {}
    for name in ("assets/index-abc123.js", "assets/index-older1.js", "", "keys"):
        answer = await Browser(consoled).ask("GET", f"/console/{name}")
        kept[name] = (answer.status, answer.headers["cache-control"])
    assert kept == {
        "assets/index-abc123.js": (200, "private, max-age=31536000, immutable"),
        "assets/index-older1.js": (404, "no-store"),
        "": (200, "no-store"),
        "keys": (200, "no-store"),
    }


async def test_over_tls_browsers_come_by_nothing_less(consoled: ConsoleHouse) -> None:
    """Where the connection is TLS every answer asks for it from then on; where it is not, none does."""
    asked = {"type": "http", "method": "GET", "path": "/console/", "query_string": b"", "state": {}}
    asked |= {"headers": [(b"host", OWN.encode())]}
    answers = [await consoled.speak({**asked, "scheme": scheme}, b"") for scheme in ("https", "http")]
    said = [answer.headers.get("strict-transport-security") for answer in answers]
    assert said == ["max-age=31536000", None]


async def test_pages_and_lists_are_compressed_for_who_takes_it(
    eve: Browser, consoled: ConsoleHouse, built: Path
) -> None:
    """A page and a long answer come compressed where gzip is taken, are the same either way, and say that they vary."""
    plain, packed = {"Accept-Encoding": "gzip;q=0, br"}, {"Accept-Encoding": "br, gzip"}
    for path in ("/console/", "/console/assets/index-abc123.js", "/v1/search/keys?limit=200"):
        straight = await eve.ask("GET", path, None, **plain)
        short = await eve.ask("GET", path, None, **packed)
        long_enough = len(straight.body) >= LEAST_BYTES or path.startswith("/console/")
        assert ("content-encoding" in straight.headers, "content-encoding" in short.headers) == (False, long_enough)
        assert (gzip.decompress(short.body) if long_enough else short.body) == straight.body
        assert straight.headers["vary"] == short.headers["vary"] == "Accept-Encoding"


async def test_nothing_that_holds_a_credential_is_compressed(eve: Browser, consoled: ConsoleHouse) -> None:
    """Neither what answers an act, nor sessions, tokens and people: a compressed length tells of what stands in it."""
    for row in ROWS:
        if may_pack(row):
            assert row.method == "GET"
            assert Secret not in answer_type(row.verb).__annotations__.values()
            assert not row.path.startswith(("/tokens", "/people", "/sessions", "/owners"))
    for path in ("/v1/session", "/v1/sign-in", "/v1/session/passkeys", "/v1/sessions", "/v1/tokens", "/v1/people"):
        said = (await eve.ask("GET", path, None, **{"Accept-Encoding": "gzip"})).headers
        assert (path, "content-encoding" in said) == (path, False)


def test_gzip_is_taken_where_it_is_named() -> None:
    """Named and not weighed 0; no header, another coding, or a name that only begins so take nothing."""
    taken = {text: takes_gzip([text]) for text in ("gzip", "br, GZIP;q=0.5", "gzip; q=0", "", "br", "gzipped", "*")}
    assert taken == {
        "gzip": True, "br, GZIP;q=0.5": True, "gzip; q=0": False, "": False, "br": False, "gzipped": False, "*": False,
    }  # fmt: skip


async def test_who_asks_without_end_keeps_the_owner_out_of_nothing(
    consoled: ConsoleHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From one address, a stranger who asks without end is told to wait, and the owner's own browser signs in."""
    monkeypatch.setattr(factors, "MEMORY_KIB", 64)
    monkeypatch.setattr(factors, "PASSES", 1)
    owner, codes = await with_password(consoled)
    recognise, moment = consoled.desk.tokens.recognise, 0.0
    consoled.app = make_app(
        consoled.desk, consoled.store, recognise, [HOST, OWN], rates=Rates(60, lambda: moment), console=consoled.console
    )
    stranger = Browser(consoled)
    statuses = [(await stranger.ask("POST", "/v1/sign-in/passkey/ask")).status for _ in range(20)]
    assert (statuses[0], statuses[-1]) == (200, 429)
    owner.cookies.pop("__Host-bailiwick")
    assert await by_password(owner, codes) == 200
    forged = Browser(consoled)
    forged.cookies["__Host-bailiwick-known"] = "dan~" + "0" * 43
    assert (await forged.ask("POST", "/v1/sign-in/passkey/ask")).status == 429


async def test_strangers_push_no_challenge_out(eve: Browser, consoled: ConsoleHouse) -> None:
    """However many begin to sign in, nothing is kept for them, and a challenge that was asked before them is good."""
    asked = (await eve.ask("POST", "/v1/sign-in/passkey/ask")).json
    for _ in range(1_100):
        consoled.console.door.ask_passkey(consoled.console.browsers.visit({"host": OWN}, "127.0.0.9", None).client)
    assert consoled.console.door._challenges == {}
    body = {"challenge": asked["challenge"], "credential": eve.passkey.sign(asked["options"])}
    assert (await eve.ask("POST", "/v1/sign-in/passkey", body)).status == 200
    assert (await eve.ask("POST", "/v1/sign-in/passkey", {**body, "challenge": "9" * 30})).status == 401
