"""Venues, accounts and services: frozen, revoked and rotated, always what is named and nothing wider."""

import asyncio
from pathlib import Path

import pytest
from authority_house import GRANT, House
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from bailiwick.authority.verbs import (
    AddAccount,
    AddService,
    AddVenue,
    CheckGrant,
    EditAccount,
    EditService,
    EditVenue,
    Examine,
    ExplainKey,
    IssueKey,
    Kind,
    ListParties,
    MakeBackup,
    Move,
    MoveParty,
    NewCredential,
    RotateAccount,
    ShowParty,
    Status,
    UseOfKey,
)
from bailiwick.link.questions import Severity
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.grant import bound_from_toml, bound_to_toml
from bailiwick.model.party import KeyState
from bailiwick.model.secret import Secret
from bailiwick.store.backup import read_head
from remembering import USAGE


async def state(house: House, kind: Kind, id_: str) -> str:
    values = (await house.ask(ShowParty(kind=kind, id=id_))).values
    return str(values.get("state", values.get("standing")))


async def test_freezing_a_key_freezes_no_other(house: House) -> None:
    """The smallest unit is locked: its neighbour of the same account and service goes on."""
    first, second = (await house.issue()).id, (await house.issue()).id
    answer = await house.ask(MoveParty(kind=Kind.KEY, id=first, to=Move.FREEZE))
    states = [house.store.keys.get(key).state for key in (first, second)]
    assert (states, answer.keys) == ([KeyState.FROZEN, KeyState.ACTIVE], (first,))


async def test_a_compromised_service_loses_all_its_keys_in_one_act(house: House) -> None:
    """One act revokes every key of the service, of whatever account, and none of another service."""
    await house.ask(AddAccount(id="second", venue="binance", name="Second", owner="Bob"))
    await house.ask(AddService(id="other", name="Other"))
    gone = {(await house.issue()).id, (await house.issue(account="second")).id}
    kept = (await house.issue(service="other")).id
    before = len(house.gateway.acts)
    answer = await house.ask(MoveParty(kind=Kind.SERVICE, id="bot", to=Move.REVOKE, reason="leak"))
    assert (set(answer.keys), len(house.gateway.acts) - before) == (gone, 1)
    assert {key.id for key in house.store.keys.list() if key.state is KeyState.REVOKED} == gone
    assert house.store.keys.get(kept).state is KeyState.ACTIVE
    assert await state(house, Kind.SERVICE, "bot") == "compromised"


async def test_a_service_that_was_frozen_is_trusted_again_by_a_person(house: House) -> None:
    """Freezing suspends a service without touching its keys' own states; unfreezing gives everything back."""
    key = (await house.issue()).id
    await house.ask(MoveParty(kind=Kind.SERVICE, id="bot", to=Move.FREEZE))
    shown = await house.ask(ShowParty(kind=Kind.KEY, id=key))
    assert (house.store.services.get("bot").standing, shown.values["state"]) == ("suspended", "active")
    assert "only read, cancel and reduce" in shown.notes[-1]
    await house.ask(MoveParty(kind=Kind.SERVICE, id="bot", to=Move.UNFREEZE))
    assert house.store.services.get("bot").standing == "trusted"


@pytest.mark.parametrize(("to", "becomes"), [(Move.FREEZE, "frozen"), (Move.WIND_DOWN, "winding_down")])
async def test_a_held_account_comes_back_as_it_was(house: House, to: Move, becomes: str) -> None:
    """An account that is frozen or winds down keeps its credential, to read; unfrozen, all is as before."""
    key = (await house.issue()).id
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.WIND_DOWN))
    before = house.store.accounts.get("main")
    await house.ask(MoveParty(kind=Kind.ACCOUNT, id="main", to=to))
    held = house.store.accounts.get("main")
    assert (held.credential, await state(house, Kind.ACCOUNT, "main")) == (before.credential, becomes)
    assert (held.until is None) == (to is Move.FREEZE)
    await house.ask(MoveParty(kind=Kind.ACCOUNT, id="main", to=Move.UNFREEZE))
    assert house.store.accounts.get("main") == before
    assert house.store.keys.get(key).state is KeyState.WINDING_DOWN


async def test_a_revoked_account_is_gone(house: House) -> None:
    """Its keys are revoked, and the sealed credential is overwritten: nobody can put it to use again."""
    key = (await house.issue()).id
    old = house.store.credentials.list()[0]
    answer = await house.ask(MoveParty(kind=Kind.ACCOUNT, id="main", to=Move.REVOKE))
    new = house.store.credentials.get(old.id)
    assert (answer.keys, house.store.keys.get(key).state) == ((key,), KeyState.REVOKED)
    assert (new.api_key, new.envelope == old.envelope) == ("revoked", False)
    assert house.gateway.sealed[new.envelope][2] != b"canary-venue-secret"
    with pytest.raises(LinkError, match="account rotate"):
        await house.ask(MoveParty(kind=Kind.ACCOUNT, id="main", to=Move.UNFREEZE))


async def test_a_revocation_is_whole_or_not_at_all(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """If any part of it cannot be written, no key is revoked and the account is as it was, and the journal says so."""
    key = (await house.issue()).id
    before = house.store.accounts.get("main")

    def refuse(*rows: object) -> None:
        raise ValueError("credential: no")

    monkeypatch.setattr(house.store.credentials, "update_in", refuse)
    with pytest.raises(LinkError, match="credential: no"):
        await house.ask(MoveParty(kind=Kind.ACCOUNT, id="main", to=Move.REVOKE))
    assert (house.store.accounts.get("main"), house.store.keys.get(key).state) == (before, KeyState.ACTIVE)
    assert house.last_act().act == "account.revoke.failed"


async def test_a_venue_stands_for_its_accounts(house: House) -> None:
    """Freezing a venue freezes its accounts and no other venue's."""
    await house.ask(AddVenue(id="us", name="US", base_url="https://api.binance.us", dialect="binance-us"))
    credential = NewCredential(api_key="k", secret=Secret(b"s3"))
    await house.ask(AddAccount(id="abroad", venue="us", name="Abroad", owner="Ada", credential=credential))
    await house.ask(MoveParty(kind=Kind.VENUE, id="binance", to=Move.FREEZE))
    assert [await state(house, Kind.ACCOUNT, id_) for id_ in ("main", "abroad")] == ["frozen", "active"]
    await house.ask(MoveParty(kind=Kind.VENUE, id="binance", to=Move.UNFREEZE))
    assert await state(house, Kind.ACCOUNT, "main") == "active"


async def test_moving_to_where_it_is_already_is_no_act(house: House) -> None:
    """A second freeze says that there is nothing to do and leaves no record."""
    key = (await house.issue()).id
    for kind, id_ in ((Kind.KEY, key), (Kind.SERVICE, "bot"), (Kind.ACCOUNT, "main")):
        await house.ask(MoveParty(kind=kind, id=id_, to=Move.FREEZE))
        before = len(house.gateway.acts)
        answer = await house.ask(MoveParty(kind=kind, id=id_, to=Move.FREEZE))
        assert (answer.nothing, len(house.gateway.acts)) == (True, before), kind


async def test_rotating_a_credential_overwrites_the_old_one(house: House) -> None:
    """The new credential has the old one's id and place; the old envelope is in the store no more."""
    old = house.store.credentials.list()
    credential = NewCredential(api_key="newkey", secret=Secret(b"canary-new"))
    answer = await house.ask(RotateAccount(id="main", credential=credential))
    new = house.store.credentials.list()
    assert ([each.id for each in new], new[0].api_key) == ([each.id for each in old], "newkey")
    assert house.gateway.sealed[new[0].envelope] == (f"credential/main/{new[0].id}", "upstream.hmac", b"canary-new")
    assert [each.field for each in answer.difference] == ["api_key"]


async def test_rotating_does_not_thaw(house: House) -> None:
    """A frozen account stays frozen when its credential is replaced."""
    await house.ask(MoveParty(kind=Kind.ACCOUNT, id="main", to=Move.FREEZE))
    credential = NewCredential(api_key="newkey", secret=Secret(b"s3"))
    await house.ask(RotateAccount(id="main", credential=credential))
    assert await state(house, Kind.ACCOUNT, "main") == "frozen"
    await house.ask(MoveParty(kind=Kind.ACCOUNT, id="main", to=Move.UNFREEZE))
    used = house.store.accounts.get("main").credential
    assert used is not None
    assert house.store.credentials.get(used).api_key == "newkey"


async def test_private_keys_are_sealed_in_one_form(house: House) -> None:
    """A PEM, encrypted or not, is sealed as PKCS#8 DER under the purpose of its kind."""
    key = Ed25519PrivateKey.generate()
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw"))
    for text, password in ((plain, None), (locked, Secret(b"pw"))):
        credential = NewCredential(api_key="k", secret=Secret(text), password=password)
        await house.ask(RotateAccount(id="main", credential=credential))
        stored = house.store.credentials.list()[0]
        assert house.gateway.sealed[stored.envelope][1:] == ("upstream.ed25519", der)
    with pytest.raises(LinkError, match="password"):
        await house.ask(RotateAccount(id="main", credential=NewCredential(api_key="k", secret=Secret(locked))))


async def test_what_is_no_secret_is_refused(house: House) -> None:
    """A secret with spaces or line breaks in it is a copying mistake, told before anything is sealed."""
    for text in (b"", b"two words", b"line\nbreak", "ümlaut".encode()):
        with pytest.raises(LinkError, match="secret:"):
            await house.ask(RotateAccount(id="main", credential=NewCredential(api_key="k", secret=Secret(text))))


async def test_a_second_of_the_same_id_is_refused(house: House) -> None:
    """Adding never overwrites: nor venue, nor account, nor service; and nothing is recorded of it."""
    before = len(house.gateway.acts)
    for question in (
        AddVenue(id="binance", name="B", base_url="https://b.example"),
        AddAccount(id="main", venue="binance", name="M", owner="O"),
        AddService(id="bot", name="B"),
    ):
        with pytest.raises(LinkError) as refused:
            await house.ask(question)
        assert refused.value.code is Code.CONFLICT
    assert len(house.gateway.acts) == before


async def test_orders_do_not_travel_in_the_clear(house: House) -> None:
    """A venue is reached by https, but for one on this machine or an engine that trusts the gateway."""
    for question in (
        AddVenue(id="x", name="X", base_url="http://api.example.com"),
        EditVenue(id="binance", base_url="http://api.example.com"),
    ):
        with pytest.raises(LinkError, match="https"):
            await house.ask(question)
    await house.ask(AddVenue(id="here", name="Here", base_url="http://127.0.0.1:1"))
    await house.ask(AddVenue(id="engine", name="Engine", base_url="http://engine.internal", mode="trusted"))


async def test_what_is_not_understood_is_refused_with_its_field(house: House) -> None:
    """Unknown dialects, modes, venues, networks, limits and ids are refused before anything is recorded."""
    before = len(house.gateway.acts)
    cases = (
        (AddVenue(id="x", name="X", base_url="https://x.example", dialect="klingon"), "dialect"),
        (AddVenue(id="x", name="X", base_url="https://x.example", mode="magic"), "mode"),
        (AddVenue(id="X Y", name="X", base_url="https://x.example"), "venue"),
        (AddVenue(id="x", name="X", base_url="https://x.example:99999"), "base_url"),
        (EditVenue(id="binance", base_url="https://x.example/api"), "base_url"),
        (AddAccount(id="x", venue="nowhere", name="X", owner="O"), "nowhere"),
        (AddAccount(id="x", venue="binance", name="X", owner="O", limits="[what]\nmay = 1"), "what.may"),
        (AddService(id="x", name="X", networks=("everywhere",)), "everywhere"),
        (EditService(id="bot", limits="[nonsense]"), "nonsense"),
        (EditAccount(id="main", local_address="here"), "here"),
        (IssueKey(account="nobody", service="bot", grant=GRANT), "nobody"),
        (IssueKey(account="main", service="nobody", grant=GRANT), "nobody"),
        (ListParties(kind=Kind.KEY, limit=0), "limit"),
        (CheckGrant(grant="nonsense"), "TOML"),
        (ExplainKey(key="nobody", method="GET", target="/"), "nobody"),
        (UseOfKey(key="nobody"), "nobody"),
    )
    for question, word in cases:
        with pytest.raises(LinkError, match=word):
            await house.ask(question)
    assert len(house.gateway.acts) == before


async def test_limits_are_taken_away_by_an_empty_text(house: House) -> None:
    """Limits are shown in one form, and an empty text means that there are none."""
    await house.ask(EditService(id="bot", limits='[what]\nsymbols=["BTCUSDT"]'))
    limits = house.store.services.get("bot").limits
    assert limits is not None
    assert bound_to_toml(bound_from_toml(limits)) == limits
    await house.ask(EditService(id="bot", limits=" \n"))
    assert house.store.services.get("bot").limits is None


async def test_a_backup_is_consistent_with_its_record(house: House, tmp_path: Path) -> None:
    """The backup names the journal position behind its own record, so that a restore reads every later act."""
    path = tmp_path / "b.backup"
    answer = await house.ask(MakeBackup(path=str(path)))
    assert house.last_act().act == "backup.make"
    assert read_head(path).journal_position == len(house.gateway.acts) == answer.position
    sealed = [purpose for _, purpose, _ in house.gateway.sealed.values()]
    assert sealed[-1] == "backup"


async def test_a_backup_needs_a_real_passphrase_and_place(house: House, tmp_path: Path) -> None:
    """A short passphrase, a relative path and a file that exists are refused."""
    (tmp_path / "there").write_text("mine")
    cases = (
        (MakeBackup(path=str(tmp_path / "b"), passphrase=Secret(b"short")), "12 characters"),
        (MakeBackup(path="b"), "from the root on"),
        (MakeBackup(path=str(tmp_path / "there")), "there"),
    )
    for question, word in cases:
        with pytest.raises(LinkError, match=word):
            await house.ask(question)


async def test_an_examination_tells_what_is_open_to_others(house: House, tmp_path: Path) -> None:
    """`doctor` finds a database that others may read, and goes on when the gateway does not answer."""
    (tmp_path / "bailiwick.db").chmod(0o644)
    house.gateway.down = True
    findings = (await house.ask(Examine())).findings
    errors = {each.subject: each.remedy for each in findings if each.severity is Severity.ERROR}
    assert errors["database"] == f"chmod 600 {tmp_path / 'bailiwick.db'}"
    assert "gateway" in errors


async def test_questions_for_the_gateway_reach_it(house: House) -> None:
    """Status, explanation and use are the gateway's own answers."""
    key = (await house.issue()).id
    assert (await house.ask(Status())).ready is True
    assert (await house.ask(ExplainKey(key=key, method="GET", target="/api/v3/account"))).allowed is True
    assert await house.ask(UseOfKey(key=key)) == USAGE
    assert house.gateway.asked[-3:] == ["Health", "Explain", "Usage"]


async def test_acts_come_one_after_the_other(house: House) -> None:
    """Fifty acts at once are fifty records and changes, none lost and none doubled."""
    key = (await house.issue()).id
    moves = [Move.FREEZE, Move.UNFREEZE] * 25
    before = len(house.gateway.acts)
    answers = await asyncio.gather(*(house.ask(MoveParty(kind=Kind.KEY, id=key, to=move)) for move in moves))
    assert len([answer for answer in answers if not answer.nothing]) == len(house.gateway.acts) - before == 50
    assert house.store.keys.get(key).state is KeyState.ACTIVE
