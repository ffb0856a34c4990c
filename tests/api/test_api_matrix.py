"""Who may call what, cell by cell: each role, each route, on what is one's own and on somebody else's."""

import re
from typing import Any

import pytest
from api_house import GRANT, ApiHouse

from bailiwick.api.row import Row
from bailiwick.api.table import ROWS
from bailiwick.api.whose import nobodys
from bailiwick.audit.grading import Grade, Verdict
from bailiwick.audit.report import Report
from bailiwick.authority import (
    approval_verbs,
    draft_verbs,
    incident_verbs,
    notice_verbs,
    reference_verbs,
    token_verbs,
    verbs,
)
from bailiwick.authority.audit_verbs import AuditAccount, AuditAnswer
from bailiwick.authority.canary_verbs import IssueCanary
from bailiwick.authority.looking_verbs import VerifyJournal
from bailiwick.authority.native_verbs import IssueNative, ReadNative, RegisterNative
from bailiwick.authority.record_verbs import RECORD_VERBS
from bailiwick.authority.watch_verbs import VouchAlert
from bailiwick.link.wire import Answer
from bailiwick.model.token import Role

TOKENS = {Role.OWNER: "ada", Role.OPERATOR: "ops", Role.AUDITOR: "audit"}
NATIVE = {"service": "bot"}
BODIES: dict[type, dict[str, Any]] = {
    verbs.AddVenue: {"id": "new", "name": "New", "base_url": "https://new.example"},
    verbs.EditVenue: {"name": "Changed"},
    verbs.AddAccount: {"id": "new", "venue": "binance", "name": "New", "owner": "Ada"},
    verbs.EditAccount: {"name": "Changed"},
    verbs.RotateAccount: {"credential": {"api_key": "k", "secret": "s"}},
    verbs.AddService: {"id": "new", "name": "New"},
    verbs.EditService: {"contact": "x"},
    verbs.IssueKey: {"service": "bot", "grant": GRANT},
    verbs.EditKey: {"name": "x"},
    verbs.ExplainKey: {"method": "GET", "target": "/api/v3/account"},
    verbs.CheckGrant: {"grant": GRANT},
    draft_verbs.ProposeGrant: {"kind": "tax-tool"},
    draft_verbs.ReckonGrant: {"grant": GRANT},
    approval_verbs.ApproveHold: {"seen": "x"},
    token_verbs.IssueToken: {"name": "new", "role": "auditor"},
    verbs.MakeBackup: {"path": "/nonexistent/backup"},
    IssueNative: {**NATIVE, "id": "new", "email": "new@example.com", "unbound": True},
    RegisterNative: {**NATIVE, "id": "old", "email": "old@example.com", "api_key": "k" * 64},
    notice_verbs.AddChannel: {"way": "email", "to": "ada@example.com"},
    notice_verbs.RemoveChannel: {"way": "email", "to": "ada@example.com"},
    notice_verbs.NoteIncident: {"text": "looked at"},
    notice_verbs.CloseIncident: {"verdict": "test"},
    incident_verbs.MoveIncident: {"state": "working"},
    notice_verbs.ReportLeak: {"found": "nothing"},
    reference_verbs.PresetGrant: {"preset": "tax-tool"},
    VouchAlert: {"seen": "x"},
    IssueCanary: {"label": "laptop backup", "grant": GRANT},
}
"""The least body of each verb that needs one."""
ISSUES = (IssueNative, RegisterNative, IssueCanary)
ASKS_EXCHANGE = frozenset({*ISSUES, ReadNative, AuditAccount})
"""They need a gateway that reaches an exchange; here there is none, which they say."""
ASKS_JOURNAL = frozenset({*RECORD_VERBS, VerifyJournal})
"""Here no gateway has begun a journal, which they say; test_api_records.py has one."""
PREVIEWED = frozenset(verbs.ACTS) - {verbs.MakeBackup, verbs.RotateVaultKey}


def id_of(row: Row, house: ApiHouse, owner: str) -> dict[str, str]:
    """The object of a row that belongs to this owner, by the fields that name it."""
    account = {"Ada": "main", "Bob": "other"}[owner]
    if row.path.startswith("/keys/"):
        return dict.fromkeys(re.findall(r"{(\w+)}", row.path), house.keys[owner]) | {"position": "0"}
    if row.path.startswith("/accounts/"):
        return dict.fromkeys(re.findall(r"{(\w+)}", row.path), account)
    if row.path.startswith("/approvals/"):
        return {"id": house.held[owner]}
    first = row.path.split("/")[1]
    if first == "owners":
        return dict.fromkeys(re.findall(r"{(\w+)}", row.path), owner)
    found = {"venues": "binance", "accounts": account, "services": "bot", "tokens": "bob", "incidents": f"inc-{owner}"}
    place = {"Ada": 1, "Bob": 2}[owner]
    found |= {"alerts": f"w{place}", "vouches": f"v-{owner.lower()}"}
    found["sessions"] = f"s-{owner.lower()}"
    if first == "people":
        return {"name": owner.lower()}
    found["natives"] = f"native-{owner.lower()}"
    if first == "journal":
        return {"position": "0"}
    return {"id": found[first]} if "{" in row.path else {}


async def call(row: Row, house: ApiHouse, token: str, owner: str) -> Any:
    """The row's route, on what belongs to this owner."""
    ids = id_of(row, house, owner)
    path = "/v1" + re.sub(r"{(\w+)}", lambda found: ids[found[1]], row.path)
    account = {"Ada": "main", "Bob": "other"}[owner]
    body: dict[str, Any] | None = None
    if row.method in {"POST", "PATCH"}:
        body = dict(BODIES.get(row.verb, {}))
        body |= {"preview": True} if row.verb in PREVIEWED else {}
        named = {verbs.IssueKey, verbs.CheckGrant, draft_verbs.ReckonGrant, *ISSUES}
        body |= {"account": account} if row.verb in named else {}
    return await house.call(row.method, path, token, body)


def expected(row: Row, role: Role, *, own: bool) -> set[int]:
    """What a cell of the matrix must say. 409 and 422 are the authority's own words: it was reached."""
    if role not in row.roles:
        return {403}
    if role is Role.OWNER and not own and names_an_owner(row):
        return {404}
    if row.verb in ASKS_JOURNAL:
        return {200, 404}
    return {200, 409, 422, 503} if row.verb in ASKS_EXCHANGE else {200, 409, 422}


def names_an_owner(row: Row) -> bool:
    return row.whose is not nobodys and row.narrowed is None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.method}-{row.path}")
async def test_every_cell(row: Row, house: ApiHouse) -> None:
    """Role by route by own or other's: what the table says is what happens, and another's reads as none."""
    wrong = []
    for role, token in TOKENS.items():
        for owner in ("Ada", "Bob"):
            answer = await call(row, house, token, owner)
            if answer.status not in expected(row, role, own=owner == "Ada"):
                wrong.append((role, owner, answer.status, answer.body))
    assert wrong == []


async def test_nobody_gets_in_without_a_token(house: ApiHouse) -> None:
    """Without a token, and with one that is not, every route is a 401 that says what to send."""
    for row in ROWS:
        for token in ("", "bwt_nonsense"):
            answer = await call(row, house, token, "Ada")
            assert (answer.status, answer.headers["www-authenticate"]) == (401, 'Bearer realm="bailiwick"')


async def test_anothers_key_reads_like_none(house: ApiHouse) -> None:
    """The answer about somebody else's key is, but for the id, the answer about a key that does not exist."""
    other, none = house.keys["Bob"], house.keys["Bob"][:-1] + "_"
    for method, suffix in (("GET", ""), ("POST", "/freeze"), ("GET", "/use"), ("POST", "/secret")):
        theirs = await house.call(method, f"/v1/keys/{other}{suffix}", "ada")
        absent = await house.call(method, f"/v1/keys/{none}{suffix}", "ada")
        assert (theirs.status, theirs.body.replace(other.encode(), b"ID")) == (
            absent.status,
            absent.body.replace(none.encode(), b"ID"),
        )


async def test_an_owner_lists_what_is_theirs(house: ApiHouse) -> None:
    """Lists hold an owner's own accounts and keys, page by page, and no other's."""
    for _ in range(2):
        await house.call("POST", "/v1/keys", "ops", {"account": "main", "service": "bot", "grant": GRANT})
    accounts = (await house.call("GET", "/v1/accounts", "ada")).json
    assert ([row["id"] for row in accounts["rows"]], accounts["more"]) == (["main"], False)
    page = (await house.call("GET", "/v1/keys?limit=2", "ada")).json
    rest = (await house.call("GET", f"/v1/keys?limit=2&after={page['rows'][-1]['id']}", "ada")).json
    assert (len(page["rows"]), page["more"], len(rest["rows"]), rest["more"]) == (2, True, 1, False)
    assert {row["account"] for row in page["rows"] + rest["rows"]} == {"main"}
    assert (await house.call("GET", "/v1/keys?account=other", "ada")).status == 404
    assert {row["account"] for row in (await house.call("GET", "/v1/keys", "audit")).json["rows"]} == {"main", "other"}


async def test_an_owner_lists_their_own_native_keys(house: ApiHouse) -> None:
    """What a service holds directly is listed to its owner, and to no other; another's account reads as none."""
    listed = {
        name: [row["id"] for row in (await house.call("GET", "/v1/natives", name)).json["rows"]]
        for name in ("ada", "bob", "audit")
    }
    assert listed == {"ada": ["native-ada"], "bob": ["native-bob"], "audit": ["native-ada", "native-bob"]}
    assert (await house.call("GET", "/v1/natives?account=other", "ada")).status == 404


async def test_an_added_account_is_audited(house: ApiHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    """Adding an account with a key says at once what that key may do too much; an exchange that is down is told of."""
    body = {**BODIES[verbs.AddAccount], "credential": {"api_key": "k", "secret": "s"}}
    added = (await house.call("POST", "/v1/accounts", "ops", body)).json
    assert any("could not be audited" in note for note in added["notes"])

    async def told(question: AuditAccount, actor: str) -> AuditAnswer:
        bad = Verdict(subject="withdrawal", grade=Grade.DANGER, sentence="it can withdraw", remedy="take that away")
        report = Report(of=question.id, venue="Binance", key="k", told=True, verdicts=(bad,), advice="a narrower key")
        return AuditAnswer(report=report)

    monkeypatch.setitem(house.desk._answering, AuditAccount, told)
    added = (await house.call("POST", "/v1/accounts", "ops", {**body, "id": "newer"})).json
    assert added["notes"][-2:] == ["danger: withdrawal: it can withdraw; take that away", "a narrower key"]


async def test_ownership_ends_with_a_transfer(house: ApiHouse) -> None:
    """An account that changes hands is out of its former owner's reach at once, its keys with it."""
    assert (await house.call("GET", f"/v1/keys/{house.keys['Ada']}", "ada")).status == 200
    assert (await house.call("PATCH", "/v1/accounts/main", "ops", {"owner": "Bob"})).status == 200
    assert (await house.call("GET", f"/v1/keys/{house.keys['Ada']}", "ada")).status == 404
    assert (await house.call("POST", f"/v1/keys/{house.keys['Ada']}/freeze", "ada")).status == 404
    assert (await house.call("GET", f"/v1/keys/{house.keys['Ada']}", "bob")).status == 200


async def test_what_widens_needs_a_person(house: ApiHouse) -> None:
    """A program's token freezes and never thaws, edits or gives tokens away; a person's of the same role does."""
    key = house.keys["Ada"]
    assert (await house.call("POST", f"/v1/keys/{key}/freeze", "ada.bot")).status == 200
    for row in ROWS:
        if row.person:
            answers = {(await call(row, house, token, "Ada")).status for token in ("ada.bot", "ops.bot")}
            assert answers == {403}
    assert (await house.call("POST", f"/v1/keys/{key}/unfreeze", "ada")).status == 200


async def test_a_program_comes_by_no_key_that_takes_money_away(house: ApiHouse) -> None:
    """An owner's program issues no key and gets no new secret; an operator's issues keys, none that withdraw."""
    trading = {"account": "main", "service": "bot", "grant": GRANT}
    taking = {**trading, "grant": GRANT.replace('"read"', '"read", "withdraw"', 1)}
    assert taking["grant"] != GRANT
    assert (await house.call("POST", "/v1/keys", "ada.bot", trading)).status == 403
    assert (await house.call("POST", f"/v1/keys/{house.keys['Ada']}/secret", "ada.bot", {})).status == 403
    assert (await house.call("POST", "/v1/keys", "ops.bot", trading)).status == 200
    refused = await house.call("POST", "/v1/keys", "ops.bot", taking)
    assert (refused.status, b"a signed-in person" in refused.body) == (422, True)


async def test_scopes_narrow_a_token(house: ApiHouse) -> None:
    """A token reaches the subjects that it names, and with :read only reads them."""
    await house.token("reader", "operator", scopes=("key:read",))
    await house.token("keys", "operator", scopes=("key",))
    await house.token("looker", "operator", scopes=("all:read",))
    key = house.keys["Ada"]
    cells = {
        name: (
            (await house.call("GET", f"/v1/keys/{key}", name)).status,
            (await house.call("POST", f"/v1/keys/{key}/freeze", name, {"preview": True})).status,
            (await house.call("GET", "/v1/venues", name)).status,
        )
        for name in ("reader", "keys", "looker")
    }
    assert cells == {"reader": (200, 403, 403), "keys": (200, 200, 403), "looker": (200, 403, 200)}


def test_every_row_has_an_answer_with_a_form() -> None:
    """What a route answers is declared, so that the document can say it."""
    from bailiwick.link.wire import answer_type

    assert [row.name for row in ROWS if not issubclass(answer_type(row.verb), Answer)] == []


async def test_an_owner_approves_what_is_theirs(house: ApiHouse) -> None:
    """Own held requests are listed, shown and approved by a person's token with the mark of what was shown."""
    rows = (await house.call("GET", "/v1/approvals", "ada")).json["rows"]
    assert [row["id"] for row in rows] == [house.held["Ada"]]
    path = f"/v1/approvals/{house.held['Ada']}"
    seen = (await house.call("GET", path, "ada")).json["seen"]
    assert (await house.call("POST", f"{path}/approve", "ada.bot", {"seen": seen})).status == 403
    assert (await house.call("POST", f"{path}/approve", "ada", {"seen": "another"})).status == 409
    assert (await house.call("POST", f"{path}/approve", "ada", {"seen": seen})).json["hold"]["state"] == "approved"
