"""The parties: what is refused when one is made, and the table of a key's states walked as a graph."""

from collections.abc import Callable

import pytest

from bailiwick.model.credential import Purpose, make_key_id
from bailiwick.model.party import TRANSITIONS, Account, Credential, Key, KeyKind, KeyState, Service, Venue, moved

KEY_ID = make_key_id("main", bytes(16))


def reachable(start: KeyState) -> set[KeyState]:
    found: set[KeyState] = set()
    edge = set(TRANSITIONS[start])
    while edge:
        state = edge.pop()
        if state not in found:
            found.add(state)
            edge |= TRANSITIONS[state]
    return found


def test_nothing_leads_out_of_revoked() -> None:
    """No path of any length leads from revoked anywhere, and every state can be revoked in one step."""
    assert reachable(KeyState.REVOKED) == set()
    for state in set(KeyState) - {KeyState.REVOKED}:
        assert KeyState.REVOKED in TRANSITIONS[state]


def test_nothing_leads_from_expired_to_use() -> None:
    """What has expired can only be revoked: nobody brings an idle key back by an edit."""
    assert reachable(KeyState.EXPIRED) == {KeyState.REVOKED}


def test_no_key_becomes_pending_again() -> None:
    """Pending is where a key begins, and every other state can be reached from it."""
    assert all(KeyState.PENDING not in reachable(state) for state in KeyState)
    assert reachable(KeyState.PENDING) == set(KeyState) - {KeyState.PENDING}


def test_every_state_that_acts_can_be_stopped_in_one_step() -> None:
    """From pending, active and winding down one step leads to frozen."""
    for state in (KeyState.PENDING, KeyState.ACTIVE, KeyState.WINDING_DOWN):
        assert KeyState.FROZEN in TRANSITIONS[state]


def test_moving_follows_the_table() -> None:
    """Every step of the table is taken, and every other step is refused by name, staying put included."""
    for state in KeyState:
        for to in KeyState:
            if to in TRANSITIONS[state]:
                assert moved(state, to) is to
            else:
                with pytest.raises(ValueError, match=f"^state: a key that is {state} cannot become {to}"):
                    moved(state, to)


def key(
    id: str = KEY_ID,
    account: str = "main",
    kind: KeyKind = KeyKind.HMAC,
    secret: bytes | None = b"sealed",
    public_key: bytes | None = None,
    expires: int | None = None,
) -> Key:
    return Key(id, account, "bot", kind, "", KeyState.ACTIVE, 10, secret, public_key, expires)


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: Venue("Binance", "B", "binance", "https://a.example"), "venue"),
        (lambda: Venue("b", "", "binance", "https://a.example"), "venue"),
        (lambda: Venue("b", "B", "../x", "https://a.example"), "dialect"),
        (lambda: Venue("b", "B", "binance", "a.example"), "base_url"),
        (lambda: Venue("b", "B", "binance", "https://user:pw@a.example"), "base_url"),
        (lambda: Venue("b", "B", "binance", "https://a.example:99999"), "base_url"),
        (lambda: Venue("b", "B", "binance", "https://a.example:x"), "base_url"),
        (lambda: Venue("b", "B", "binance", "https://a..example"), "base_url"),
        (lambda: Venue("b", "B", "binance", "https://[::::]"), "base_url"),
        (lambda: Venue("b", "B", "binance", "https://a.example/api"), "base_url"),
        (lambda: Venue("b", "B", "binance", "https://a.example", "open"), "mode"),  # type: ignore[arg-type]
        (lambda: Account("a/b", "b", "A", "o"), "account"),
        (lambda: Account("a", "b", "A\n", "o"), "account"),
        (lambda: Account("a", "b", "A", ""), "owner"),
        (lambda: Account("a", "b", "A", "o", local_address="localhost"), "local_address"),
        (lambda: Account("a", "b", "A", "o", home_assets=("usdt",)), "home_assets"),
        (lambda: Service("s", "S", networks=("10.0.0.1/8",)), "networks"),
        (lambda: Service("", "S"), "service"),
        (lambda: Credential("c", "a", Purpose.ISSUED_HMAC, "k", b""), "purpose"),
        (lambda: Credential("c", "a", Purpose.UPSTREAM_HMAC, "k\r\nX: y", b""), "api_key"),
        (lambda: Credential("c", "a", Purpose.UPSTREAM_HMAC, "", b""), "api_key"),
        (lambda: key(account="other"), "id"),
        (lambda: key(id="bwk_"), "length"),
        (lambda: key(secret=None), "secret"),
        (lambda: key(kind=KeyKind.RSA, public_key=b"der"), "secret"),
        (lambda: key(public_key=b"der"), "public_key"),
        (lambda: key(kind=KeyKind.RSA, secret=None), "public_key"),
        (lambda: key(expires=9), "expires"),
    ],
)
def test_a_party_that_makes_no_sense_is_refused(make: Callable[[], object], field: str) -> None:
    """Each value is checked when it is made, and the refusal names the field."""
    with pytest.raises(ValueError, match=field):
        make()


def test_only_hmac_keys_have_a_secret() -> None:
    """Of an Ed25519 or RSA key there is nothing to unseal."""
    with pytest.raises(ValueError, match="no secret"):
        key(kind=KeyKind.ED25519, secret=None, public_key=b"der").sealed()
    assert key().sealed().record == f"key/main/{KEY_ID}"
