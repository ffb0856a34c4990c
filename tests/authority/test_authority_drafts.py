"""Keys before they are issued: what is proposed out of an account's past, and what a draft is said to come to."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from authority_house import NOW, House
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.authority.draft_verbs import Choices, ChoiceView, ProposeGrant, ReckonGrant
from bailiwick.authority.service_verbs import ServiceReach
from bailiwick.authority.verbs import EditAccount, EditService, Kind, Move, MoveParty, SuspectKey
from bailiwick.journal.log import Journal
from bailiwick.journal.record import Facts, Intent, encode
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.grant import grant_from_toml
from bailiwick.model.intent import OrderDraft, OrderType, Side
from bailiwick.model.shape import WindDown
from bailiwick.rules.presets import PRESETS
from bailiwick.store.canaries import Canary
from bailiwick.store.incidents import Incident

DAY_US = 86_400_000_000
NOW_US = NOW * 1000


def order(key: str, symbol: str = "BTCUSDT", worth: float = 100.0, **fields: Any) -> Intent:
    """An order of a key that was let through, yesterday."""
    at = fields.pop("at_us", NOW_US - DAY_US)
    kind = fields.pop("kind", "grid-bot")
    near = fields.pop("near_bps", 10.0)
    of_type = fields.pop("type", OrderType.LIMIT)
    source = fields.pop("source", "192.0.2.7")
    facts = Facts(
        0, None, kind, 0, "hold", symbol, asked=True, type=of_type.value, worth=worth, worth_in="USDT", near_bps=near,
        anchor_bps=near * 2,
    )  # fmt: skip
    drafted = OrderDraft(symbol=symbol, side=Side.BUY, type=of_type, quantity=Decimal(1), price=Decimal(1))
    return Intent(
        at, at, key, "bot", "main", source, "f", "POST", "/api/v3/order", "", "", "allow", "", "trade", (drafted,),
        facts=facts, **fields,
    )  # fmt: skip


def write(house: House, *records: Intent) -> list[int]:
    """A journal with these records; their positions."""
    signer = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
    directory = house.config.journal_directory
    with Journal.open(directory, origin="test", signer=signer, clock=lambda: NOW_US - 100 * DAY_US) as journal:
        return [journal.append_now(encode(each)) for each in records]


def reasons(lines: tuple[ChoiceView, ...]) -> dict[str, str]:
    return {line.field: line.reason for line in lines}


async def test_without_a_past_the_preset_at_its_narrowest_is_proposed(house: House) -> None:
    """An account whose keys never ordered is offered no symbol and the least budget, each with the reason."""
    answer = await house.ask(ProposeGrant(account="main", kind="grid-bot", service="bot"))
    assert (answer.choices.symbols, answer.choices.day_notional, answer.choices.order_notional) == ((), "200", "10")
    assert answer.past == "The keys of this account placed no order in the last 90 days."
    assert "No order of this account's keys in 90 days" in reasons(answer.lines)["symbols"]
    assert [(each.field, each.sentence) for each in answer.wrong] == [("symbols", "none is named")]
    assert (answer.sentences, answer.worst) == ((), None)


@pytest.mark.parametrize("kind", PRESETS)
async def test_every_choice_says_why_and_what_a_thief_could_do(house: House, kind: str) -> None:
    """Of each kind each choice has a reason and a sentence about the thief, with money or with what he cannot take."""
    answer = await house.ask(ProposeGrant(account="main", kind=kind, service="bot", symbols=("BTCUSDT",)))
    assert [line.field for line in answer.lines if not line.reason or "hief" not in line.thief] == []
    named = set(Choices.__struct_fields__) if kind not in {"tax-tool", "portfolio-tracker"} else {
        "requests_per_minute", "networks", "expires",
    }  # fmt: skip
    assert {line.field for line in answer.lines} == named | {"may"}


async def test_the_past_narrows_what_is_proposed(house: House) -> None:
    """Symbols, sizes, distance and types are those of the account's orders; the 95th percentile with a quarter more."""
    key = (await house.issue()).id
    usual = [
        order(key, worth=float(10 * (1 + number % 10)), near_bps=20.0, at_us=NOW_US - DAY_US * (1 + number % 8))
        for number in range(40)
    ]
    odd = [order(key, "ETHUSDT", worth=5000.0, near_bps=400.0)]
    write(house, *usual, *odd, order(key, "LTCUSDT", at_us=NOW_US - 91 * DAY_US))
    answer = await house.ask(ProposeGrant(account="main", kind="grid-bot", service="bot"))
    choices = answer.choices
    assert (choices.symbols, choices.order_types) == (("BTCUSDT", "ETHUSDT"), ("LIMIT",))
    assert (choices.order_notional, choices.near, choices.anchor) == ("130", "0.25", "1")
    assert (choices.open_orders, choices.networks, choices.expires) == ("8", ("192.0.2.7",), "2026-12-19")
    assert answer.past == "The account's keys of that kind placed 41 orders on 8 days of the last 90."
    assert "95 of 100 orders came to 100 USDT or less (41 orders)" in reasons(answer.lines)["order_notional"]
    assert grant_from_toml(answer.grant).how_much.order_notional == Decimal(130)


async def test_stops_are_measured_apart(house: House) -> None:
    """Stops that stand far off widen no other order's distance, and narrow their own."""
    key = (await house.issue()).id
    for kind, near in ((OrderType.LIMIT, 20.0), (OrderType.STOP_LOSS_LIMIT, 400.0)):
        days = [
            order(key, kind="signal-bot", type=kind, near_bps=near, at_us=NOW_US - DAY_US * (1 + n % 8))
            for n in range(24)
        ]
        write(house, *days)
    choices = (await house.ask(ProposeGrant(account="main", kind="signal-bot"))).choices
    assert (choices.near, choices.anchor, choices.stop) == ("0.25", "1", "10")
    assert choices.order_types == ("LIMIT", "STOP_LOSS_LIMIT")


async def test_one_day_does_not_say_how_far_a_market_moves(house: House) -> None:
    """Many orders of a single day narrow amounts and symbols, and neither distances nor kinds of orders."""
    key = (await house.issue()).id
    write(house, *(order(key, near_bps=1.0) for _ in range(50)))
    answer = await house.ask(ProposeGrant(account="main", kind="grid-bot"))
    assert (answer.choices.near, answer.choices.anchor) == ("0.5", "3")
    assert answer.choices.order_types == ("LIMIT", "LIMIT_MAKER")
    assert reasons(answer.lines)["day_notional"].startswith(
        "On the one day this account's keys of that kind ordered 5000 USDT"
    )


async def test_what_is_doubted_proposes_nothing(house: House) -> None:
    """Orders that are disputed, of suspected keys and of canaries do not come back as a proposal."""
    fine, stolen = (await house.issue()).id, (await house.issue()).id
    laid = (await house.issue()).id
    positions = write(house, order(fine), order(fine, "DMGUSDT"), order(laid, "THNUSDT"), order(stolen, "AXSUSDT"))
    opened = house.store.incidents.open(Incident(id="i1", opened=NOW, kind="not-me", title="x", keys=(fine,)))
    house.store.incidents.dispute(fine, [positions[1]], opened.id)
    await house.ask(SuspectKey(id=stolen, reason="odd"))
    house.store.canaries.lay(Canary(key=laid, label="laptop", wind_down=WindDown.NOTHING, laid=NOW), "{}")
    answer = await house.ask(ProposeGrant(account="main", kind="grid-bot"))
    assert answer.choices.symbols == ("BTCUSDT",)
    assert answer.past.endswith("; 3 more are left out, since they are disputed or their key is suspected.")


async def test_what_is_named_stands_before_the_past(house: House) -> None:
    """Symbols and a budget that somebody names are taken, and said to be theirs."""
    write(house, order((await house.issue()).id))
    question = ProposeGrant(account="main", kind="dca", symbols=("ethusdt",), budget=Decimal(40))
    answer = await house.ask(question)
    assert (answer.choices.symbols, answer.choices.day_notional) == (("ETHUSDT",), "40")
    assert {reasons(answer.lines)[name] for name in ("symbols", "day_notional")} == {
        "As you named them.", "As you named it.",
    }  # fmt: skip


async def test_a_services_networks_are_proposed(house: House) -> None:
    """What a service publishes is from where its key may be used."""
    await house.ask(EditService(id="bot", networks=("203.0.113.0/24",)))
    answer = await house.ask(ProposeGrant(account="main", kind="tax-tool", service="bot"))
    assert answer.choices.networks == ("203.0.113.0/24",)
    assert "only from 203.0.113.0/24" in {line.field: line.thief for line in answer.lines}["networks"]


async def test_a_draft_comes_to_what_the_service_then_can_lose(house: House) -> None:
    """The worst loss of a draft is the one that the blast radius shows once it is issued, within the same bounds."""
    await house.ask(EditAccount(id="main", limits="[how_much]\nday_notional = 700\n"))
    answer = await house.ask(
        ProposeGrant(account="main", kind="signal-bot", service="bot", symbols=("BTCUSDT",), budget=Decimal(5000))
    )
    await house.issue(answer.grant)
    assert (answer.worst,) == (await house.ask(ServiceReach(id="bot"))).worst
    assert "day_notional: 700 by the limits of account or service" in answer.notes


DRAFTED = Choices(
    symbols=("BTCUSDT",), order_types=("LIMIT",), order_notional="50", day_notional="200", loss_per_day="4",
    open_orders="5", requests_per_minute="60", near="0.5", anchor="3", stop="30", networks=(), expires="2027-01-31",
)  # fmt: skip


async def drafted(house: House, **changed: Any) -> Any:
    begun = (await house.ask(ProposeGrant(account="main", kind="grid-bot", symbols=("BTCUSDT",)))).grant
    choices = msgspec.structs.replace(DRAFTED, **changed)
    return await house.ask(ReckonGrant(grant=begun, account="main", service="bot", choices=choices))


async def test_choices_come_to_a_grant_and_back(house: House) -> None:
    """What is typed stands in the grant, and the grant says it in the same words."""
    answer = await drafted(house)
    assert (answer.choices, answer.wrong) == (DRAFTED, ())
    grant = grant_from_toml(answer.grant)
    assert (grant.how_much.rolling_notional, grant.how_far.near_bps) == (Decimal(200), 50)
    assert grant.when.expires is not None
    assert grant.when.expires.isoformat() == "2027-02-01T00:00:00+00:00"
    assert (answer.worst.most, answer.sentences[0][:6]) == ("10.2", "It may")


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("day_notional", "1,000", "no amount"),
        ("day_notional", "-5", "no amount"),
        ("order_notional", "NaN", "no amount"),
        ("loss_per_day", "1e3", "no amount"),
        ("open_orders", "many", "no whole number"),
        ("requests_per_minute", "0", "1"),
        ("near", "half", "no percentage"),
        ("anchor", "0.001", "two digits"),
        ("stop", "1001", "1000 %"),
        ("symbols", ("BTC USDT",), "not a symbol"),
        ("symbols", (), "none is named"),
        ("order_types", ("ICEBERG",), "not known"),
        ("networks", ("203.0.113.7/24",), "host bits"),
        ("expires", "soon", "no day"),
        ("expires", "2020-01-01", "passed"),
    ],
)
async def test_a_wrong_choice_is_named_with_its_remedy(house: House, field: str, typed: Any, words: str) -> None:
    """What makes no sense is told by the name of its field, with what to write; nothing is granted meanwhile."""
    answer = await drafted(house, **{field: typed})
    assert [each.field for each in answer.wrong] == [field]
    assert words in f"{answer.wrong[0].sentence} {answer.wrong[0].remedy}"
    assert answer.wrong[0].remedy
    assert (answer.sentences, answer.worst) == ((), None)


async def test_a_symbol_that_the_venue_does_not_have_is_named(house: House) -> None:
    """A typing error in a symbol is told at once, with the nearest that there is."""
    house.gateway.symbols = {"BTCUSDT", "ETHUSDT"}
    answer = await drafted(house, symbols=("BTCUSTD",))
    assert [(each.field, each.remedy) for each in answer.wrong] == [("symbols", "did you mean BTCUSDT?")]


async def test_a_gateway_that_is_down_is_said(house: House) -> None:
    """Without the gateway a draft is still reckoned, and says what was not looked up."""
    house.gateway.down = True
    answer = await drafted(house)
    assert answer.worst.most == "10.2"
    assert [note for note in answer.notes if "was not asked" in note] != []


async def test_bounds_that_leave_nothing_name_the_choice(house: House) -> None:
    """A choice of which account or service leave nothing is named as that choice."""
    await house.ask(EditAccount(id="main", limits='[what]\nsymbols = ["ETHUSDT"]\n'))
    answer = await drafted(house)
    assert [(each.field, "leave nothing" in each.sentence) for each in answer.wrong] == [("symbols", True)]


async def test_a_service_that_is_not_trusted_gets_no_draft(house: House) -> None:
    """For a suspended service the service itself is named as what is wrong."""
    await house.ask(MoveParty(kind=Kind.SERVICE, id="bot", to=Move.FREEZE))
    assert [each.field for each in (await drafted(house)).wrong] == ["service"]


async def test_both_ways_to_hold_a_key_are_told(house: House) -> None:
    """Of a service that cannot be pointed elsewhere that is said; of one that nobody knows, that too."""
    await house.ask(EditService(id="bot", name="3Commas"))
    ways = {each.way: each for each in (await drafted(house)).ways}
    assert (ways["gateway"].fits, ways["native"].fits) == ("no", "yes")
    assert ways["native"].worst == "all that the sub-account holds"
    await house.ask(EditService(id="bot", name="Something else"))
    answer = await drafted(house)
    assert (answer.ways[0].fits, "is not known here" in answer.pointing) == ("unknown", True)


async def test_drafting_has_no_effect(house: House) -> None:
    """Neither a proposal nor a reckoning writes anything."""
    before = (house.store.last_change(), len(house.gateway.acts))
    await drafted(house)
    assert (house.store.last_change(), len(house.gateway.acts)) == before


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (ProposeGrant(account="", kind="dca"), "account: "),
        (ProposeGrant(account="main", kind="bank"), "kind: there is no such kind"),
        (ProposeGrant(account="main", kind="dca", budget=Decimal(0)), "budget: "),
        (ReckonGrant(grant="nonsense"), "not TOML"),
    ],
)
async def test_what_cannot_be_drafted_is_refused(house: House, question: Any, words: str) -> None:
    """A question that makes no sense is refused by the name of its field."""
    with pytest.raises(LinkError, match=words) as refused:
        await house.ask(question)
    assert refused.value.code is Code.REFUSED
