"""Looking for keys among very many: by a part of a name, in any order, from any place on; an owner for their own."""

import time
from typing import Any

import pytest
from api_house import GRANT, NOW, ApiHouse

from bailiwick.model.credential import make_key_id
from bailiwick.model.party import Key, KeyKind, KeyState
from bailiwick.store.finding import ORDERS


def add_keys(house: ApiHouse, count: int) -> None:
    """So many keys of Ada's account."""
    house.store.keys.add_many(
        Key(
            make_key_id("main", number.to_bytes(16)), "main", "bot", KeyKind.HMAC, GRANT, KeyState.ACTIVE,
            NOW + number, b"sealed", name=f"Grid {number % 100}",
        )
        for number in range(count)
    )  # fmt: skip


async def found(house: ApiHouse, query: str, token: str = "ops") -> Any:
    """What is found."""
    return (await house.call("GET", f"/v1/search/keys?{query}", token)).json


async def test_keys_are_found_in_any_order(house: ApiHouse) -> None:
    """A stretch has the rows of its place in the order that was asked for; the totals are of all that match."""
    add_keys(house, 250)
    page = await found(house, "text=grid%207&order=created&descending=true&offset=2&limit=3")
    names = [row["name"] for row in page["rows"]]
    assert (names, page["total"], page["states"]) == (["Grid 78", "Grid 77", "Grid 76"], 23, {"active": 23})
    everything = await found(house, "limit=1000")
    assert [row["id"] for row in everything["rows"]] == sorted(row["id"] for row in everything["rows"])
    assert everything["total"] == 252


@pytest.mark.parametrize("descending", ["false", "true"])
async def test_every_order_is_the_servers_and_stable(descending: str, house: ApiHouse) -> None:
    """Sorted by any column, pages of keys that are equal in it neither repeat nor miss one."""
    add_keys(house, 60)
    wrong = []
    for order in ORDERS:
        pages = [
            (await found(house, f"order={order}&descending={descending}&limit=7&offset={offset}"))["rows"]
            for offset in range(0, 63, 7)
        ]
        rows = [row for page in pages for row in page]
        values = [row[order] or "" for row in rows]
        if len({row["id"] for row in rows}) != 62 or values != sorted(values, reverse=descending == "true"):
            wrong.append(order)
    assert wrong == []


async def test_what_is_typed_is_no_pattern(house: ApiHouse) -> None:
    """A percent sign or an underscore is looked for as itself."""
    add_keys(house, 3)
    assert [(await found(house, f"text={text}"))["total"] for text in ("%25", "bwk_", "bwk%3F")] == [0, 5, 0]


async def test_an_owner_finds_their_own(house: ApiHouse) -> None:
    """Whatever an owner names, only keys of their own accounts are found and counted."""
    for query in ("", "owner=Bob", "account=other", f"text={house.keys['Bob']}"):
        rows = (await found(house, query, "ada"))["rows"]
        assert {row["account"] for row in rows} <= {"main"}
    assert (await found(house, "", "ada"))["total"] == 1


@pytest.mark.parametrize("query", ["order=secret", "state=lost", "limit=0", "limit=5000", "offset=-1"])
async def test_nonsense_is_refused(query: str, house: ApiHouse) -> None:
    """Each refusal names its field."""
    answer = await house.call("GET", f"/v1/search/keys?{query}")
    assert (answer.status, answer.json["errors"][0]["field"]) == (422, query.partition("=")[0])


@pytest.mark.slow
async def test_a_hundred_thousand_keys_are_looked_through_at_once(house: ApiHouse) -> None:
    """Among 100,000 keys a stretch in the middle of an order is there within a second."""
    add_keys(house, 100_000)
    began = time.perf_counter()
    page = await found(house, "text=grid&order=name&offset=50000&limit=100")
    assert (len(page["rows"]), time.perf_counter() - began < 1.0) == (100, True)


async def test_a_keys_page_says_its_grant_in_sentences(house: ApiHouse) -> None:
    """What a key may do stands in its answer in plain words, a grant's that is only looked at too."""
    shown = (await house.call("GET", f"/v1/keys/{house.keys['Ada']}")).json
    checked = (await house.call("POST", "/v1/grants/check", "ops", {"grant": GRANT})).json
    assert shown["sentences"] == checked["sentences"]
    assert any("BTCUSDT" in sentence for sentence in shown["sentences"])
