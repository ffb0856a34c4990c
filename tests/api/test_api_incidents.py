"""Incidents over the API: whose they are, and what an owner reaches of them."""

from api_house import ApiHouse


async def test_an_owner_sees_their_own(house: ApiHouse) -> None:
    """A list has an owner's incidents alone, whatever it asks for; operators and auditors see all."""
    found = {}
    for who in ("ada", "bob", "ops", "audit"):
        for query in ("", "?owner=Bob&sort=owner&down=false"):
            rows = (await house.call("GET", f"/v1/incidents{query}", who)).json["rows"]
            found[who, query] = [row["id"] for row in rows]
    assert found["ada", ""] == found["ada", "?owner=Bob&sort=owner&down=false"] == ["inc-Ada"]
    assert found["bob", ""] == ["inc-Bob"]
    assert [sorted(found[who, ""]) for who in ("ops", "audit")] == [["inc-Ada", "inc-Bob"]] * 2
    assert found["ops", "?owner=Bob&sort=owner&down=false"] == ["inc-Bob"]


async def test_an_owner_takes_up_their_own_and_no_other(house: ApiHouse) -> None:
    """What Ada may do with her incident she may not do with Bob's, which reads as none; an auditor may do nothing."""
    acts = (("state", {"state": "working"}), ("assignee", {"assignee": ""}), ("notes", {"text": "x"}))
    codes = [
        [(await house.call("POST", f"/v1/incidents/{which}/{act}", who, body)).status for act, body in acts]
        for who, which in (("ada", "inc-Ada"), ("ada", "inc-Bob"), ("audit", "inc-Ada"))
    ]
    assert codes == [[200, 200, 200], [404, 404, 404], [403, 403, 403]]


async def test_the_picture_is_its_owners(house: ApiHouse) -> None:
    """Ada reads the picture of her incident with her key in it, and nothing of Bob's."""
    own = await house.call("GET", "/v1/incidents/inc-Ada/picture", "ada")
    other = await house.call("GET", "/v1/incidents/inc-Bob/picture", "ada")
    assert (own.status, [each["key"] for each in own.json["affected"]], other.status) == (200, [house.keys["Ada"]], 404)
    assert house.keys["Bob"] not in own.body.decode()


async def test_closing_needs_what_it_was(house: ApiHouse) -> None:
    """Without one of the verdicts, or without a word where it is another, it stays open and says which field."""
    for body in ({}, {"verdict": "whatever"}, {"verdict": "other"}):
        answer = await house.call("POST", "/v1/incidents/inc-Ada/close", "ada", body)
        assert (answer.status, "verdict" in answer.body.decode() or "reason" in answer.body.decode()) == (422, True)
    assert (await house.call("GET", "/v1/incidents/inc-Ada", "ada")).json["state"] == "open"
