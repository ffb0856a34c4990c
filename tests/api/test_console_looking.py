"""What pages look at: the whole journal a stretch at a time, its verification, a key's month, and money at risk."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
from api_house import GRANT, NOW, ApiHouse
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.authority import pasts, searching
from bailiwick.authority.service_verbs import CompromiseService
from bailiwick.journal.log import Journal
from bailiwick.journal.record import Act, Intent, Read, encode, fingerprint
from bailiwick.link.questions import Wake, WakeAnswer
from bailiwick.model.credential import make_key_id
from bailiwick.model.party import Key, KeyKind, KeyState

HOUR_US = 3_600_000_000
AGENT = fingerprint("python-requests/2.33", ("host", "user-agent"), ("symbol", "side"))


@contextmanager
def journal(house: ApiHouse) -> Iterator[Journal]:
    """The house's journal, open for writing."""
    signer = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    directory = house.config.journal_directory
    with Journal.open(directory, origin="test", signer=signer, clock=lambda: NOW * 1000 - 3 * HOUR_US) as opened:
        yield opened


def asked(key: str, at_us: int, symbol: str, *, decision: str = "allow", source: str = "198.51.100.7") -> bytes:
    """An order of a key's."""
    sent = f"symbol={symbol}&side=BUY"
    account = "main"
    return encode(
        Intent(
            at_us, at_us, key, "bot", account, source, AGENT.digest, "POST", "/api/v3/order", sent, "", decision,
            "" if decision == "allow" else "BAND_NEAR",
        )
    )  # fmt: skip


@pytest.fixture
def busy(house: ApiHouse) -> ApiHouse:
    """A house whose journal has 1,300 records: orders of two keys over three hours, one denial, one act."""
    ada, bob = house.keys["Ada"], house.keys["Bob"]
    begin = NOW * 1000 - 3 * HOUR_US
    with journal(house) as written:
        written.append(encode(AGENT))
        written.append(asked(ada, begin, "DMGUSDT", decision="deny", source="203.0.113.9"))
        written.append(encode(Act(begin, "person:ops", "key.freeze", ada, reason="a Strange morning")))
        for place in range(1_297):
            key = ada if place % 2 else bob
            written.append(asked(key, begin + place * HOUR_US // 500, "BTCUSDT"))
        written.append_now(
            encode(Read(NOW * 1000, NOW * 1000, ada, "bot", "main", "::1", "", "GET", "/x", "", "allow", ""))
        )
    return house


async def found(house: ApiHouse, query: str) -> Any:
    """One answer of the search."""
    return (await house.call("GET", f"/v1/search/journal?{query}", "audit")).json


async def test_the_whole_journal_is_searched_and_not_its_end_alone(busy: ApiHouse) -> None:
    """By symbol, decision, kind, text and key, a record at the very beginning is found among thousands."""
    ada, bob = busy.keys["Ada"], busy.keys["Bob"]
    queries = ["symbol=dmgusdt", "decision=deny", f"key={ada}&decision=deny", "kind=act", "text=strange%20MORNING"]
    rows = [[row["position"] for row in (await found(busy, query))["rows"]] for query in queries]
    assert rows == [[1], [1], [1], [2], [2]]
    assert (await found(busy, f"key={bob}&decision=deny"))["rows"] == []
    assert (await found(busy, "symbol=DMG"))["rows"] == []
    row = (await found(busy, "decision=deny"))["rows"][0]
    assert (row["kind"], row["key"], "DMGUSDT" in row["record"]["sent"], row["words"][:6]) == (
        "intent",
        ada,
        True,
        "denied",
    )


async def test_what_is_found_comes_in_pages_by_position(busy: ApiHouse) -> None:
    """Each page goes on where the last ended, newest first, and together they are everything once."""
    positions: list[int] = []
    before = -1
    for _ in range(20):
        page = await found(busy, f"key={busy.keys['Ada']}&kind=intent&limit=100&before={before}")
        positions += [row["position"] for row in page["rows"]]
        before = page["before"]
        if not page["more"]:
            break
    assert positions == sorted(positions, reverse=True)
    assert len(positions) == 649


async def test_one_answer_reads_a_bounded_stretch(busy: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is found in a stretch the answer says how far it read, and that there is more."""
    monkeypatch.setattr(searching, "PASSED_AT_ONCE", 100)
    page = await found(busy, "symbol=DMGUSDT")
    assert (page["rows"], page["more"], page["read"] < 1_300, page["size"]) == ([], True, True, 1_301)
    while page["more"]:
        page = await found(busy, f"symbol=DMGUSDT&before={page['before']}")
    assert [row["position"] for row in page["rows"]] == [1]


async def test_a_time_range_leaves_out_what_is_outside(busy: ApiHouse) -> None:
    """Since and until are taken as ISO 8601 or milliseconds, and hold to the record."""
    begin = NOW - 3 * 3_600_000
    rows = (await found(busy, f"since={begin + 3_600_000}&until={begin + 3_600_000 + 14_400}&limit=500"))["rows"]
    assert [row["at_ms"] - begin - 3_600_000 for row in rows] == [7_200, 0]
    assert (await found(busy, "since=2999-01-01T00:00:00Z"))["rows"] == []


@pytest.mark.parametrize(
    "query", ["limit=0", "kind=none", "decision=maybe", "since=lately", "until=x", "text=" + "a" * 201]
)
async def test_nonsense_names_its_field(query: str, busy: ApiHouse) -> None:
    """A search that makes no sense is refused, naming the field."""
    answer = await busy.call("GET", f"/v1/search/journal?{query}", "audit")
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, query.partition("=")[0])


async def test_an_owner_searches_no_journal(busy: ApiHouse) -> None:
    """The whole journal has others' records, so an owner neither searches nor verifies it."""
    assert (await busy.call("GET", "/v1/search/journal", "ada")).status == 403
    assert (await busy.call("POST", "/v1/journal/verification", "ada", {})).status == 403


async def verified(house: ApiHouse) -> Any:
    """A verification that has ended."""
    assert (await house.call("POST", "/v1/journal/verification", "audit", {})).json["state"] == "running"
    under_way = [each for each in asyncio.all_tasks() if each.get_name() == "verification of the journal"]
    await asyncio.wait_for(asyncio.gather(*under_way), 60)
    return (await house.call("GET", "/v1/journal/verification", "audit")).json


async def test_the_journal_is_verified_beside_everything_else(busy: ApiHouse) -> None:
    """A verification runs by itself, says how far it is, and what it found; one byte that was altered is found."""
    assert (await busy.call("GET", "/v1/journal/verification", "audit")).json["state"] == "never"
    fine = await verified(busy)
    assert (fine["state"], fine["read"], fine["size"], fine["ended"] is not None) == ("fine", 1_301, 1_301, True)
    segment = next((busy.config.journal_directory / "segments").glob("*.seg"))
    data = bytearray(segment.read_bytes())
    data[len(data) // 2] ^= 1
    segment.write_bytes(data)
    faulty = await verified(busy)
    assert (faulty["state"], any("altered" in line for line in faulty["lines"])) == ("faulty", True)


async def past(house: ApiHouse, query: str = "", key: str = "Ada", token: str = "ada") -> Any:
    """What a key did."""
    return (await house.call("GET", f"/v1/keys/{house.keys[key]}/past?{query}", token)).json


async def test_a_keys_month_is_counted_by_the_hour(busy: ApiHouse) -> None:
    """Allowed, denied and read are counted by the hour, with each address and program, when and how often."""
    told = await past(busy)
    assert sum(hour["allowed"] for hour in told["hours"]) == 648
    assert [sum(hour[name] for hour in told["hours"]) for name in ("denied", "held", "reads")] == [1, 0, 1]
    assert [hour["at_ms"] % 3_600_000 for hour in told["hours"]] == [0] * len(told["hours"])
    places = {each["source"]: (each["count"], each["denied"]) for each in told["places"]}
    assert places == {"198.51.100.7": (648, 0), "203.0.113.9": (1, 1), "::1": (1, 0)}
    client = next(each for each in told["clients"] if each["fingerprint"])
    assert (client["agent"], client["count"], client["habitual"]) == ("python-requests/2.33", 649, False)
    assert (told["more"], told["unread"]) == (False, 0)


async def test_what_was_counted_is_kept_and_goes_on(busy: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """A long month is counted further back at each question, and what is recorded meanwhile is counted too, once."""
    monkeypatch.setattr(pasts, "PASSED_AT_ONCE", 1)
    first = await past(busy)
    assert first["more"] is True
    with journal(busy) as written:
        written.append_now(asked(busy.keys["Ada"], NOW * 1000, "BTCUSDT", decision="hold"))
    told = first
    while told["more"]:
        told = await past(busy)
    sums = [sum(hour[name] for hour in told["hours"]) for name in ("allowed", "denied", "held")]
    assert sums == [648, 1, 1]


async def test_another_owners_key_has_no_past(busy: ApiHouse) -> None:
    """Somebody else's key reads the same as one that does not exist."""
    answer = await busy.call("GET", f"/v1/keys/{busy.keys['Bob']}/past", "ada")
    assert answer.status == 404
    assert (await busy.call("GET", f"/v1/keys/{busy.keys['Ada']}/past?days=32", "ada")).status == 422


async def money(house: ApiHouse, query: str = "", token: str = "ops") -> Any:
    """The money at risk."""
    return (await house.call("GET", f"/v1/money-at-risk?{query}", token)).json


async def test_money_at_risk_is_that_of_keys_that_open(house: ApiHouse) -> None:
    """What active keys can lose is summed by currency; one without a bound is counted, and found by a search."""
    ada = (await money(house, f"key={house.keys['Ada']}"))["worst"][0]
    both = await money(house)
    assert (both["keys"], both["unbounded"], both["owners"]) == ({"active": 2}, 0, 2)
    assert float(both["worst"][0]["most"]) == 2 * float(ada["most"]) > 0
    free = GRANT.replace("order_notional = 500\nday_notional = 2000\n", "order_notional = 500\n")
    name = make_key_id("main", b"u" * 16)
    house.store.keys.add(Key(name, "main", "bot", KeyKind.HMAC, free, KeyState.ACTIVE, NOW, b"sealed"))
    now = await money(house)
    assert (now["unbounded"], now["worst"][0]["most"], now["bounded"]) == (1, "unbounded", both["worst"])
    listed = (await house.call("GET", "/v1/search/keys?unbounded=true")).json
    assert [row["id"] for row in listed["rows"]] == [name]
    await house.call("POST", f"/v1/keys/{name}/freeze", "ops", {})
    after = await money(house)
    assert (after["unbounded"], after["keys"], after["worst"]) == (0, {"active": 2, "frozen": 1}, both["worst"])


async def test_an_owner_sees_the_money_of_their_own(house: ApiHouse) -> None:
    """An owner's figure is of their own accounts, whatever is named; another's account is as good as none."""
    own = await money(house, "", "ada")
    assert (own["accounts"], own["keys"]) == (1, {"active": 1})
    assert await money(house, "owner=Bob", "ada") == own
    assert (await house.call("GET", "/v1/money-at-risk?account=other", "ada")).status == 404
    assert (await house.call("GET", f"/v1/money-at-risk?key={house.keys['Bob']}", "ada")).status == 404


async def test_keys_of_a_frozen_account_risk_nothing(house: ApiHouse) -> None:
    """What an account, a venue or a service holds back opens nothing, so none of it is at risk."""
    await house.call("POST", "/v1/accounts/main/freeze", "ops", {})
    assert (await money(house, "account=main"))["worst"] == []
    assert (await money(house, "venue=binance"))["keys"] == {"active": 1, "frozen": 1}
    assert (await money(house, "venue=other"))["keys"] == {}


async def test_a_compromise_is_followed_while_it_is_done(house: ApiHouse) -> None:
    """Which keys open still, who was told, and from where nothing opens: each as it stands when somebody looks."""
    path = "/v1/services/bot/compromise"
    before = (await house.call("GET", path, "audit")).json
    assert (before["opening"], before["position"], before["standing"]) == (2, -1, "trusted")
    await house.ask(CompromiseService(id="bot", reason="their database was for sale"))
    during = (await house.call("GET", path, "audit")).json
    assert (during["opening"], during["owners"], during["told"], during["followed"]) == (0, 2, 0, False)
    assert during["in_force"] >= during["position"] >= 0
    await house.desk.compromises.finish()
    after = (await house.call("GET", path, "audit")).json
    assert (after["told"], after["followed"], after["states"]) == (2, True, {"winding_down": 2})
    assert after["done"] is all(each["confirmed"] for each in after["natives"])


async def test_a_compromise_that_is_not_confirmed_says_so(house: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the gateway has not said that it acts on it, no position is named."""
    ask = house.gateway.ask

    async def late(question: Any, **rest: Any) -> Any:
        return WakeAnswer(change=-1) if isinstance(question, Wake) else await ask(question, **rest)

    monkeypatch.setattr(house.gateway, "ask", late)
    await house.ask(CompromiseService(id="bot", reason="their database was for sale"))
    told = msgspec.json.decode((await house.call("GET", "/v1/services/bot/compromise", "audit")).body)
    assert (told["in_force"], told["done"]) == (-1, False)


async def test_a_keys_records_are_read_back_from_the_end(busy: ApiHouse) -> None:
    """The last records come first to hand, in words; earlier ones before a position, and of one kind alone."""
    path = f"/v1/keys/{busy.keys['Ada']}/journal"
    last = (await busy.call("GET", f"{path}?limit=2", "ada")).json["rows"]
    assert [row["record"]["kind"] for row in last] == ["intent", "read"]
    assert last[0]["words"].startswith("allowed POST /api/v3/order")
    earlier = (await busy.call("GET", f"{path}?limit=2&before={last[0]['position']}", "ada")).json["rows"]
    assert earlier[0]["position"] < earlier[1]["position"] < last[0]["position"]
    acts = (await busy.call("GET", f"{path}?kind=act", "ada")).json["rows"]
    assert [row["record"]["verb"] for row in acts] == ["key.freeze"]
