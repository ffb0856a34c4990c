"""Which requests are the same, and which are held for a person."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rules_ground import intent as placing
from rules_ground import key, order

from bailiwick.model.decision import Allow, Charge
from bailiwick.model.grant import Holds, grant_from_toml, grant_to_toml
from bailiwick.model.harm import BIT, Harm
from bailiwick.model.intent import Act, Intent
from bailiwick.rules.authority import authority
from bailiwick.rules.hold import digest, must_be_held, request_text
from bailiwick.venues.binance.dialect import BINANCE
from bailiwick.venues.binance.endpoints import ENDPOINTS

WITHDRAW = ENDPOINTS["POST", "/sapi/v1/capital/withdraw/apply"]
TRANSFER = ENDPOINTS["POST", "/sapi/v1/asset/transfer"]
OWN = BINANCE.own_names
names = st.text("abcdefgh=&[],\"'", min_size=1, max_size=6)
params = st.dictionaries(names, st.text("012.ab=&\"',", max_size=6), max_size=5)


def asking(pairs: dict[str, str], **more: str) -> Intent:
    """A withdrawal with these parameters."""
    return Intent(endpoint=WITHDRAW, params=tuple((pairs | more).items()))


def name(intent: Intent, key: str = "k", account: str = "a") -> str:
    return digest(key, account, intent, OWN)


@given(params, st.permutations(sorted(OWN)), st.integers(0, 10**6))
def test_time_and_own_names_do_not_matter(pairs: dict[str, str], own: list[str], number: int) -> None:
    """The same request at another moment, under another name of the client's and in another order, is the same."""
    intent = asking(pairs)
    again = msgspec.structs.replace(
        intent,
        params=(*reversed(intent.params), *((each, f"x{number}") for each in own)),
        timestamp_us=number,
        window_us=number,
    )
    assert name(again) == name(intent)


@given(params, params)
def test_any_other_parameter_matters(one: dict[str, str], other: dict[str, str]) -> None:
    """Two requests are the same only if every other name and value is, wherever the boundary between them lies."""
    assert (name(asking(one)) == name(asking(other))) == (one == other)


@given(params)
def test_key_account_and_endpoint_matter(pairs: dict[str, str]) -> None:
    """An approval serves no other key, account or endpoint."""
    intent = asking(pairs)
    others = [
        name(intent, key="k2"),
        name(intent, account="a2"),
        name(intent, key="ka", account=""),
        name(msgspec.structs.replace(intent, endpoint=TRANSFER)),
    ]
    assert len({name(intent), *others}) == 5


def test_what_names_an_existing_order_matters() -> None:
    """The order that a request is about is no name of the client's choosing."""
    one, other = asking({"origClientOrderId": "a"}), asking({"origClientOrderId": "b"})
    assert name(one) != name(other)
    assert {each for each in OWN if "orig" in each.lower()} == set()


def test_every_name_that_a_client_gives_is_known() -> None:
    """No served endpoint takes a client's own name that would make two equal requests differ."""
    taken = {
        each
        for found in ENDPOINTS.values()
        if found.served and found.changes
        for each in found.parameters
        if each.endswith(("ClientOrderId", "clientTranId", "withdrawOrderId")) and "rig" not in each
    }
    assert taken - OWN == set()


GRANT = """
purpose = "x"
[what]
may = ["read", "trade", "withdraw"]
symbols = "all"
sides = ["BUY"]
order_types = ["LIMIT"]
[holds]
may = ["withdraw"]
notional_above = 400
"""


def placed(notional: str, *, reducing: bool = False) -> Allow:
    return Allow((), (Charge(Decimal(1), Decimal(notional), None, reducing),), None, reducing)


def test_what_a_grant_marks_is_held() -> None:
    """All of a harm class, and orders above an amount; not what reduces, is tried, or only reads."""
    found = authority(grant_from_toml(GRANT))
    made = key().authority
    trade = placing(order())
    read = msgspec.structs.replace(asking({}), endpoint=msgspec.structs.replace(WITHDRAW, changes=False))
    tried = msgspec.structs.replace(trade, endpoint=msgspec.structs.replace(trade.endpoint, act=Act.TRY))
    held = {
        "withdrawal": must_be_held(asking({}), found, Allow()),
        "large": must_be_held(trade, found, placed("400.01")),
        "at the limit": must_be_held(trade, found, placed("400")),
        "reducing": must_be_held(trade, found, placed("5000", reducing=True)),
        "read": must_be_held(read, found, Allow()),
        "tried": must_be_held(tried, found, placed("5000")),
        "without holds": must_be_held(asking({}), made, Allow()),
    }
    assert [what for what, is_held in held.items() if is_held] == ["withdrawal", "large"]
    assert (found.may_hold, made.may_hold) == (True, False)


def test_holds_survive_their_text_and_only_grow() -> None:
    """TOML both ways; a bound adds what is held and lowers the amount, and never takes away."""
    grant = grant_from_toml(GRANT)
    assert grant_from_toml(grant_to_toml(grant)) == grant
    from bailiwick.model.grant import bound_from_toml

    bound = bound_from_toml('[holds]\nmay = ["trade"]\nnotional_above = 100\n')
    both = authority(grant, bound)
    assert (both.hold_mask, both.hold_above) == (
        BIT[Harm.WITHDRAW] | BIT[Harm.TRADE],
        Decimal(100),
    )
    assert authority(grant, bound_from_toml("")).hold_above == Decimal(400)


def test_reads_and_cancels_cannot_be_held() -> None:
    """A key must always be able to look and to get out."""
    for harm in (Harm.READ, Harm.CANCEL, Harm.PUBLIC):
        with pytest.raises(ValueError, match="may: only"):
            Holds(may=frozenset({harm}))


def test_a_person_is_shown_everything() -> None:
    """What is approved is shown with each of its parameters."""
    text = request_text(asking({"coin": "USDT", "amount": "5", "address": "home"}))
    assert text.splitlines() == ["POST /sapi/v1/capital/withdraw/apply", "coin = USDT", "amount = 5", "address = home"]
