"""Tokens: shown once, kept as a digest, in force until they expire or are revoked, and named by what they do."""

import logging
from pathlib import Path

import pytest
from api_house import NOW, ApiHouse
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.authority.token_verbs import IssueToken, RevokeToken
from bailiwick.authority.tokens import expiry
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.credential import make_token, parse_token
from bailiwick.model.life import Mover, mover_of

DAY_MS = 86_400_000


def files_in(directory: Path) -> bytes:
    """Everything that is on the disk."""
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


async def test_a_token_is_kept_as_a_digest(house: ApiHouse, tmp_path: Path) -> None:
    """The text is in one answer and nowhere else: not in the database, the journal or a list."""
    text = await house.token("new", "auditor")
    shown = (await house.call("GET", "/v1/tokens", "ops")).body.decode()
    kept = files_in(tmp_path)
    told = "".join(repr(act) for act in house.gateway.acts)
    assert [text[4:20] in place for place in (shown, kept.decode("latin-1"), told)] == [False] * 3


@given(st.binary(min_size=32, max_size=32), st.integers(4, 52), st.sampled_from("abcXYZ019"))
def test_a_slip_in_a_token_is_recognised(random: bytes, place: int, char: str) -> None:
    """The checksum catches every changed character before anything is looked up."""
    text = make_token(random).reveal().decode()
    assert parse_token(text).reveal().decode() == text
    if text[place] != char:
        with pytest.raises(ValueError, match="checksum"):
            parse_token(text[:place] + char + text[place + 1 :])


async def test_a_token_ends(house: ApiHouse) -> None:
    """At its moment of expiry a token is refused, and not a millisecond before."""
    await house.token("short", "auditor", expires="12h")
    house.now = NOW + DAY_MS // 2 - 1
    before = (await house.call("GET", "/v1/status", "short")).status
    house.now += 1
    assert (before, (await house.call("GET", "/v1/status", "short")).status) == (200, 401)


async def test_a_revoked_token_stops_at_once(house: ApiHouse) -> None:
    """The very next request of a revoked token is refused, and its name is never given again."""
    assert (await house.call("DELETE", "/v1/tokens/audit", "ops")).status == 200
    assert (await house.call("GET", "/v1/status", "audit")).status == 401
    with pytest.raises(LinkError) as refused:
        await house.ask(IssueToken(name="audit", role="auditor"))
    assert refused.value.code is Code.CONFLICT


async def test_every_write_is_journalled_with_its_actor(house: ApiHouse) -> None:
    """An act over the API names its token; issuing and revoking tokens are acts too."""
    key = house.keys["Ada"]
    await house.call("POST", f"/v1/keys/{key}/freeze", "ada.bot", {"reason": "odd"})
    await house.call("POST", f"/v1/keys/{key}/unfreeze", "ada")
    await house.call("POST", "/v1/tokens", "ops", {"name": "x", "role": "auditor"})
    await house.ask(RevokeToken(id="x"))
    acts = [(act.act, act.actor) for act in house.gateway.acts[-4:]]
    assert acts[:3] == [
        ("key.freeze", "token:ada.bot"),
        ("key.unfreeze", "person:ada (token)"),
        ("token.issue", "person:ops (token)"),
    ]
    assert acts[3][0] == "token.revoke"


async def test_a_programs_token_is_no_person(house: ApiHouse) -> None:
    """Where only a person may take a step, a program's token counts as a rule, whatever it is called."""
    tokens = {name: house.desk.tokens.recognise(text) for name, text in house.tokens.items()}
    movers = {name: mover_of(token.actor) for name, token in tokens.items() if token is not None}
    assert movers == {
        "ada": Mover.PERSON, "ada.bot": Mover.RULE, "bob": Mover.PERSON, "ops": Mover.PERSON, "ops.bot": Mover.RULE,
        "audit": Mover.RULE,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"name": "Ada (uid 0)", "role": "operator"}, "name"),
        ({"name": "x", "role": "king"}, "role"),
        ({"name": "x", "role": "owner"}, "owner"),
        ({"name": "x", "role": "auditor", "owner": "Ada"}, "owner"),
        ({"name": "x", "role": "auditor", "expires": "forever"}, "expires"),
        ({"name": "x", "role": "auditor", "expires": "400d"}, "expires"),
        ({"name": "x", "role": "auditor", "expires": "2020-01-01T00:00:00Z"}, "expires"),
        ({"name": "x", "role": "auditor", "scopes": ("everything",)}, "scopes"),
    ],
)
async def test_a_token_that_makes_no_sense_is_refused(fields: dict[str, str], field: str, house: ApiHouse) -> None:
    """Each refusal names its field and says what to write; a name cannot pass for a user of the machine."""
    with pytest.raises(LinkError, match=f"^{field}: ") as refused:
        await house.ask(IssueToken(**fields))  # type: ignore[arg-type]  # of several kinds
    assert refused.value.code is Code.REFUSED


def test_expiry_is_a_span_or_a_moment() -> None:
    """Days, hours and moments with an offset are read; a moment without one is refused."""
    found = [expiry(text, NOW) - NOW for text in ("30d", "12h")]
    assert found == [30 * DAY_MS, DAY_MS // 2]
    assert expiry("2027-01-31T12:00:00+01:00", NOW) == 1801393200000
    with pytest.raises(ValueError, match="expires"):
        expiry("2027-01-31T12:00:00", NOW)


async def test_nothing_that_was_sent_is_logged(
    house: ApiHouse, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Tokens and secrets reach no log and no problem: not when they are right, wrong, or in the wrong field."""
    caplog.set_level(logging.DEBUG)
    secret = "canary-venue-secret"
    bodies = (
        {"credential": {"api_key": "k", "secret": secret}},
        {"credential": {"api_key": "k", "secret": {"x": secret}}},
        {"credential": secret},
        {secret: 1},
        {"credential": {"api_key": "k", "secret": f"-----BEGIN PRIVATE KEY-----\n{secret}"}},
    )
    answers = [await house.call("POST", "/v1/accounts/main/credential", "ada", body) for body in bodies]
    answers.append(await house.call("GET", "/v1/status", "bwt_" + secret))
    answers.append(await house.call("POST", "/v1/keys", "ada", raw=b'{"account": "' + secret.encode()))
    assert [answer.status for answer in answers] == [200, 422, 422, 422, 422, 401, 400]
    printed = capsys.readouterr()
    told = [answer.body.decode() for answer in answers]
    assert [secret in text for text in (printed.out, printed.err, caplog.text, *told)] == [False] * (3 + len(told))
