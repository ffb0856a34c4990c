"""Keys: issued within bounds, shown once, rotated without losing themselves."""

import hashlib
import hmac
from typing import Any

import msgspec
import pytest
from authority_house import GRANT, NOW, PEER, House
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.authority import bounds, desk
from bailiwick.authority.service_verbs import ServiceReach
from bailiwick.authority.show import effective_values
from bailiwick.authority.verbs import (
    CheckGrant,
    EditAccount,
    EditKey,
    EditService,
    IssueKey,
    Kind,
    ListParties,
    Move,
    MoveParty,
    RotateKey,
    ShowParty,
)
from bailiwick.link.questions import RecordAct
from bailiwick.link.wire import Code, LinkError, Peer
from bailiwick.model.credential import bucket_of, parse_key_id, parse_secret
from bailiwick.model.grant import Bound, Where, bound_from_toml, grant_from_toml
from bailiwick.model.life import Response
from bailiwick.rules.authority import authority
from bailiwick.rules.network import admits, read_networks


def pem(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


async def test_an_issued_key_is_spelled_as_one(house: House) -> None:
    """Id and secret have the published form: prefix, the account's bucket, checksum."""
    answer = await house.issue()
    assert parse_key_id(answer.id).bucket == bucket_of("main")
    assert answer.secret is not None
    assert parse_secret(answer.secret.reveal().decode()) == answer.secret


async def test_what_an_issued_key_can_lose_is_told_in_money(house: House) -> None:
    """Issuing says the worst loss of a day within all bounds, by the reckoning of the service's blast radius."""
    unbounded = GRANT.replace("day_notional = 2000\n", "")
    reads = 'purpose = "Reads"\n[what]\nmay = ["public", "read"]\n'
    told = [(await house.issue(grant, preview=True)).worst for grant in (GRANT, unbounded, reads)]
    assert [each and (each.most, each.currency, each.unbounded_keys) for each in told] == [
        ("124", "USDT", 0), ("unbounded", "USDT", 1), None,
    ]  # fmt: skip
    await house.ask(EditService(id="bot", limits="[how_much]\nday_notional = 1000\n"))
    issued = await house.issue()
    assert (issued.worst,) == (await house.ask(ServiceReach(id="bot"))).worst
    assert issued.worst is not None
    assert issued.worst.most == "62"


async def test_a_secret_is_shown_once(house: House) -> None:
    """After the issuing answer, nothing that can be asked tells the secret again."""
    answer = await house.issue()
    assert answer.secret is not None
    text = answer.secret.reveal().decode()
    later = [
        await house.ask(ShowParty(kind=Kind.KEY, id=answer.id)),
        await house.ask(ListParties(kind=Kind.KEY)),
        await house.ask(EditKey(id=answer.id, name="x")),
        await house.ask(RotateKey(id=answer.id, preview=True)),
    ]
    assert text not in repr(later) + house.told()


async def test_a_secret_is_sealed_for_its_key_and_account(house: House) -> None:
    """The envelope names key and account, so that it opens for no other."""
    answer = await house.issue()
    sealed = house.store.keys.get(answer.id).secret
    assert sealed is not None
    assert house.gateway.sealed[sealed][:2] == (f"key/main/{answer.id}", "issued.hmac")


async def test_of_ed25519_and_rsa_only_the_public_key_is_here(house: House) -> None:
    """A client with a private key of its own never hands it over, and nothing is sealed for it."""
    before = len(house.gateway.sealed)
    ed, strong = Ed25519PrivateKey.generate(), rsa.generate_private_key(65537, 2048)
    for private, kind in ((ed, "ed25519"), (strong, "rsa")):
        answer = await house.issue(public_key=pem(private))
        stored = house.store.keys.get(answer.id)
        der = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        assert (stored.kind, stored.public_key, stored.secret, answer.secret) == (kind, der, None, None)
    assert len(house.gateway.sealed) == before


async def test_what_is_no_fit_public_key_is_refused(house: House) -> None:
    """A private key, a weak RSA key, another curve and nonsense are refused, each with its remedy."""
    ed = Ed25519PrivateKey.generate()
    private = ed.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    weak = pem(rsa.generate_private_key(65537, 1024))
    other = pem(ec.generate_private_key(ec.SECP256R1()))
    cases = ((private, "private key"), (weak, "1024 bits"), (other, "neither"), (b"nonsense", "openssl pkey"))
    for given_key, words in cases:
        with pytest.raises(LinkError, match=words):
            await house.issue(public_key=given_key)


async def test_rotating_a_key_keeps_its_identity(house: House) -> None:
    """A rotation changes the secret and nothing else: budgets, replay marks and history hang on the id, which stays."""
    answer = await house.issue()
    before = house.store.keys.get(answer.id)
    rotated = await house.ask(RotateKey(id=answer.id))
    after = house.store.keys.get(answer.id)
    assert rotated.secret is not None
    assert (rotated.id, rotated.secret == answer.secret, after.secret == before.secret) == (answer.id, False, False)
    assert (after.account, after.service, after.grant, after.state, after.created) == (
        before.account, before.service, before.grant, before.state, before.created
    )  # fmt: skip


async def test_an_overlap_never_outlives_the_key(house: House) -> None:
    """The old secret is believed for as long as was asked, or until the key itself expires; then it is forgotten."""
    expires = GRANT + "[when]\nexpires = 2026-09-21T20:00:00Z\n"
    lasting, ending = (await house.issue()).id, (await house.issue(expires)).id
    before = house.store.keys.get(lasting)
    for key in (lasting, ending):
        answer = await house.ask(RotateKey(id=key, overlap_s=86_400))
        assert "overlap_until" in {each.field for each in answer.difference}
    assert house.store.keys.get(lasting).previous_until == NOW + 86_400_000
    assert house.store.keys.get(lasting).previous == before.secret
    own = house.store.keys.get(ending)
    assert own.expires is not None
    assert own.previous_until == own.expires < NOW + 86_400_000
    assert house.store.keys.end_overlaps(NOW + 86_400_000) == 2
    assert {house.store.keys.get(key).previous for key in (lasting, ending)} == {None}


async def test_a_secret_that_leaked_has_no_overlap(house: House) -> None:
    """Rotated because of a leak, a key believes the old secret no more, an overlap that still ran included."""
    key = (await house.issue()).id
    await house.ask(RotateKey(id=key, overlap_s=3600))
    with pytest.raises(LinkError, match="none for a secret that leaked"):
        await house.ask(RotateKey(id=key, overlap_s=3600, leaked=True))
    await house.ask(RotateKey(id=key, leaked=True))
    assert (house.store.keys.get(key).previous, house.store.keys.get(key).previous_until) == (None, None)


async def test_owners_choose_what_happens_to_a_key(house: House) -> None:
    """Each of the four choices is kept, shown and journalled; one that lets a dead key go on is refused."""
    key = (await house.issue()).id
    await house.ask(EditKey(id=key, on_idle=Response.NOTICE, on_compromise=Response.REVOKE))
    shown = (await house.ask(ShowParty(kind=Kind.KEY, id=key))).values
    wishes = [shown[event] for event in ("on_expiry", "on_idle", "on_alert", "on_compromise")]
    assert wishes == ["wind-down", "notice", "wind-down", "revoke"]
    assert "on_idle" in house.last_act().after
    for event in ("on_expiry", "on_compromise"):
        with pytest.raises(LinkError, match=f"{event}: wind-down, freeze or revoke"):
            await house.ask(EditKey(id=key, **{event: Response.NOTICE}))


async def test_a_rotation_stays_with_the_kind(house: House) -> None:
    """An HMAC key does not become an Ed25519 key by rotation, nor the other way."""
    hmac_key = (await house.issue()).id
    public = pem(Ed25519PrivateKey.generate())
    ed_key = (await house.issue(public_key=public)).id
    for question in (RotateKey(id=hmac_key, public_key=public), RotateKey(id=ed_key)):
        with pytest.raises(LinkError, match="for life"):
            await house.ask(question)
    fresh = pem(Ed25519PrivateKey.generate())
    await house.ask(RotateKey(id=ed_key, public_key=fresh))
    assert house.store.keys.get(ed_key).public_key is not None


async def test_a_revoked_key_is_not_rotated_back(house: House) -> None:
    """Rotation is no way around revocation."""
    key = (await house.issue()).id
    await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.REVOKE))
    for question in (RotateKey(id=key), EditKey(id=key, name="x"), MoveParty(kind=Kind.KEY, id=key, to=Move.UNFREEZE)):
        with pytest.raises(LinkError) as refused:
            await house.ask(question)
        assert refused.value.code is Code.CONFLICT


def test_a_grant_cannot_be_carried_to_another_account() -> None:
    """No verb moves a key to another account, so no grant survives a transfer."""
    assert set(EditKey.__struct_fields__) & {"account", "kind", "secret"} == set()


async def test_another_accounts_key_reads_as_none(house: House) -> None:
    """Who names the wrong account learns nothing and revokes nothing."""
    key = (await house.issue()).id
    with pytest.raises(LinkError) as refused:
        await house.ask(MoveParty(kind=Kind.KEY, id=key, to=Move.REVOKE, account="second"))
    assert (refused.value.code, refused.value.sentence) == (Code.NOT_FOUND, f"key {key}: there is none")
    assert house.store.keys.get(key).state == "active"


@pytest.mark.parametrize("text", ["' OR 1=1 --", 'x"; DROP TABLE key; --', "bwk_%", "*"])
async def test_a_look_up_is_not_a_query(house: House, text: str) -> None:
    """What stands in an id is compared and never executed."""
    key = (await house.issue()).id
    with pytest.raises(LinkError) as refused:
        await house.ask(ShowParty(kind=Kind.KEY, id=text))
    assert refused.value.code is Code.NOT_FOUND
    rows = (await house.ask(ListParties(kind=Kind.KEY, account=text))).rows
    assert (rows, house.store.keys.get(key).id) == ((), key)


async def test_what_is_shown_is_what_is_decided(house: House) -> None:
    """The permission that a person sees is computed by the very function that the gateway decides by."""
    limits = '[what]\nmay = ["public", "read", "cancel"]\n[how_much]\nday_notional = 100\n'
    await house.ask(EditAccount(id="main", limits=limits))
    await house.ask(EditService(id="bot", networks=("10.0.0.0/8",)))
    key = (await house.issue()).id
    shown = await house.ask(ShowParty(kind=Kind.KEY, id=key))
    decided = authority(grant_from_toml(GRANT), bound_from_toml(limits), Bound(where=Where(networks=("10.0.0.0/8",))))
    assert shown.effective == effective_values(decided)
    assert (shown.effective["may"], shown.effective["day_notional"]) == (["public", "read", "cancel"], "100 USDT")


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ('[what]\nmay = ["withdraw"]', "what.may"),
        ('[what]\nsymbols = ["DOGEUSDT"]', "what.symbols"),
        ("[what]\nsides = []", "what.sides"),
        ('[what]\norder_types = ["STOP_LOSS"]', "what.order_types"),
        ('[where]\nnetworks = ["10.0.0.0/8"]', "where.networks"),
        ("[when]\nnot_before = 2030-01-01T00:00:00Z", "when"),
    ],
)
async def test_a_grant_that_the_bounds_empty_is_refused(house: House, limits: str, field: str) -> None:
    """A key that could do nothing of what it was granted is not issued; the message names the field."""
    grant = GRANT + '[where]\nnetworks = ["203.0.113.0/24"]\n[when]\nexpires = 2029-01-01T00:00:00Z\n'
    await house.issue(grant)
    await house.ask(EditAccount(id="main", limits=limits))
    with pytest.raises(LinkError, match=f"nothing of .*{field}"):
        await house.issue(grant)
    key = house.store.keys.list()[0].id
    with pytest.raises(LinkError, match=f"nothing of .*{field}"):
        await house.ask(EditKey(id=key, grant=grant.replace("Trades", "Still trades")))


async def test_bounds_in_another_currency_are_refused(house: House) -> None:
    """Amounts that cannot be compared are not guessed at."""
    await house.ask(EditAccount(id="main", limits='currency = "EUR"\n[how_much]\nday_notional = 5\n'))
    with pytest.raises(LinkError, match="currency"):
        await house.issue()


async def test_an_expired_grant_is_not_issued(house: House) -> None:
    """A key that would be dead at once is refused with the field."""
    with pytest.raises(LinkError, match=r"when\.expires"):
        await house.issue(GRANT + "[when]\nexpires = 2020-01-01T00:00:00Z\n")
    answer = await house.issue(GRANT + "[when]\nexpires = 2030-01-01T00:00:00Z\n")
    assert house.store.keys.get(answer.id).expires == 1893456000000 > NOW


async def test_a_malformed_grant_names_its_field(house: House) -> None:
    """The person is told what to write, and nothing is issued."""
    with pytest.raises(LinkError, match="how_much"):
        await house.issue(GRANT.replace("2000", '"lots"'))
    assert house.store.keys.list() == []


async def test_a_grant_is_kept_in_its_one_form(house: House) -> None:
    """However a grant was written, it is stored as the model writes it: the same grant, the same text."""
    spaced = GRANT.replace(" = ", "   =  ")
    first, second = (await house.issue()).id, (await house.issue(spaced)).id
    assert house.store.keys.get(first).grant == house.store.keys.get(second).grant


async def test_a_suspended_service_gets_no_key(house: House) -> None:
    """Nothing new is handed to a service that is not trusted, and no key of it is widened."""
    key = (await house.issue()).id
    await house.ask(MoveParty(kind=Kind.SERVICE, id="bot", to=Move.FREEZE))
    for question in (IssueKey(account="main", service="bot", grant=GRANT), EditKey(id=key, grant=GRANT + "\n")):
        with pytest.raises(LinkError) as refused:
            await house.ask(question)
        assert refused.value.code is Code.CONFLICT


async def test_the_one_who_issues_is_told_what_is_unwise(house: House) -> None:
    """A key that can withdraw, works from anywhere or has no daily budget is issued with a word about it."""
    grant = GRANT.replace('"trade"]', '"trade", "withdraw"]').replace("day_notional = 2000", "")
    notes = " ".join((await house.issue(grant)).notes)
    assert [word in notes for word in ("withdraw", "any address", "daily budget")] == [True] * 3


async def test_a_grant_is_checked_without_issuing(house: House) -> None:
    """`grant check` tells what would be left, and issues nothing."""
    await house.ask(EditAccount(id="main", limits='[what]\nsymbols = ["BTCUSDT"]\n'))
    shown = await house.ask(CheckGrant(grant=GRANT, account="main", service="bot"))
    assert (shown.effective["symbols"], house.store.keys.list()) == (["BTCUSDT"], [])
    assert any("ETHUSDT" in note for note in shown.notes)


async def test_the_actor_is_who_the_kernel_says(house: House) -> None:
    """Whoever asks cannot name himself: the uid at the other end of the socket is written down."""
    handler = house.desk.handlers()[IssueKey]
    await handler(IssueKey(account="main", service="bot", grant=GRANT), Peer(1, 54321))
    assert house.last_act().actor == "uid 54321"
    assert desk.actor_of(PEER) == "root (uid 0)"


async def test_a_list_goes_on_where_it_ended(house: House) -> None:
    """Pages of a list hold every key exactly once."""
    issued = {(await house.issue()).id for _ in range(5)}
    first = await house.ask(ListParties(kind=Kind.KEY, limit=3))
    second = await house.ask(ListParties(kind=Kind.KEY, limit=3, after=first.rows[-1]["id"]))
    listed = [row["id"] for row in (*first.rows, *second.rows)]
    assert (sorted(issued), first.more, second.more) == (listed, True, False)


NETWORKS = st.lists(
    st.sampled_from(
        ["10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16", "192.168.0.0/16", "2001:db8::/32", "::/0", "0.0.0.0/0"]
    ),
    min_size=1,
    max_size=3,
)


@given(st.lists(NETWORKS, min_size=2, max_size=3))
def test_nowhere_means_that_no_address_is_admitted(conditions: list[list[str]]) -> None:
    """If networks are said to have no address in common, none of their addresses is admitted, and the reverse."""
    read = tuple(read_networks(tuple(texts)) for texts in conditions)
    samples = ["10.0.0.1", "10.1.0.1", "10.2.0.1", "192.168.0.1", "2001:db8::1", "2002::1", "8.8.8.8"]
    assert bounds.nowhere(read) == (not any(admits(read, sample) for sample in samples))


async def test_secrets_of_two_keys_differ(house: House) -> None:
    """Each key has 256 bits of its own; signatures of one are nothing to another."""
    first, second = await house.issue(), await house.issue()
    assert first.secret is not None
    assert second.secret is not None
    signed = [hmac.new(secret.reveal(), b"x", hashlib.sha256).digest() for secret in (first.secret, second.secret)]
    assert signed[0] != signed[1]


async def test_an_edit_does_not_bring_an_old_envelope_back(house: House) -> None:
    """If the vault re-wrapped a secret while its key was edited, the edit is refused: the old wrapping may not open."""
    key = (await house.issue()).id
    stored = house.store.keys.get(key)

    def rewrap(question: object) -> None:
        if isinstance(question, RecordAct):
            house.gateway.before_answer = lambda question: None
            house.store.keys.update(msgspec.structs.replace(stored, secret=b"wrapped anew"))

    house.gateway.before_answer = rewrap
    with pytest.raises(LinkError) as refused:
        await house.ask(EditKey(id=key, name="x"))
    assert (refused.value.code, house.store.keys.get(key).secret) == (Code.CONFLICT, b"wrapped anew")


async def test_a_misspelt_state_is_told(house: House) -> None:
    """A misspelt state is refused with the right ones, rather than answered with an empty list."""
    with pytest.raises(LinkError, match=r"choose from .*winding_down"):
        await house.ask(ListParties(kind=Kind.KEY, state="winding-down"))
