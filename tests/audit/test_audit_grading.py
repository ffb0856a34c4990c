"""How a key is graded, and the stories of people who had no way to find out."""

from hypothesis import given
from hypothesis import strategies as st

from bailiwick.audit.binance import IDLE
from bailiwick.audit.facts import KeyFacts, Need
from bailiwick.audit.grading import DAY_MS, Grade, Verdict, grade, worst
from bailiwick.audit.venues import VENUES

NOW = 1_760_000_000_000
NARROW = KeyFacts(
    read=True, trade=True, borrow=False, derivatives=False, move=False, withdraw=False, bound=True,
    addresses=("203.0.113.7",), created_ms=NOW - 10 * DAY_MS, used_ms=NOW - DAY_MS, scope="one portfolio",
)  # fmt: skip


def changed(**fields: object) -> KeyFacts:
    return KeyFacts(**{**{name: getattr(NARROW, name) for name in NARROW.__struct_fields__}, **fields})


def verdict(facts: KeyFacts, subject: str, need: Need = Need.TRADE) -> Verdict:
    return next(each for each in grade(facts, need, IDLE, NOW) if each.subject == subject)


def test_the_narrowest_key_has_nothing_to_mend() -> None:
    """Bound, young, in use, trading alone: no warning and no danger."""
    assert {each.grade for each in grade(NARROW, Need.TRADE, IDLE, NOW)} <= {Grade.GOOD, Grade.UNTOLD}


def test_story_a_withdrawal_right_found_only_by_trying() -> None:
    """ccxt#25807: people withdrew a little to find out. Here the exchange's own word says it, first and as danger."""
    found = grade(changed(withdraw=True), Need.TRADE, IDLE, NOW)

    assert (found[0].subject, found[0].grade) == ("withdrawal", Grade.DANGER)
    assert "take money out" in found[0].sentence


def test_story_a_read_key_that_could_trade() -> None:
    """binance-us-api-docs#4: a key for reading placed orders. With ``--need read`` a right to trade is danger."""
    assert verdict(changed(trade=True), "trading", Need.READ).grade is Grade.DANGER
    assert verdict(changed(trade=True), "trading", Need.TRADE).grade is Grade.GOOD
    assert verdict(changed(trade=False), "trading", Need.READ).grade is Grade.GOOD


def test_story_a_read_key_of_an_exchange_that_does_not_tell() -> None:
    """Where the exchange tells nothing of the key, a read key is counted as one that could trade."""
    found = verdict(changed(trade=None), "trading", Need.READ)

    assert (found.grade, "does not tell" in found.sentence) == (Grade.WARNING, True)


def test_story_a_lapsed_key_and_a_dead_stop_loss() -> None:
    """freqtrade#6783: the key ended and the stop-loss with it. Two weeks before, the audit says so."""
    found = verdict(changed(expires_ms=NOW + 5 * DAY_MS), "expiry")

    assert (found.grade, "stop-losses end with it" in found.sentence) == (Grade.WARNING, True)
    assert verdict(changed(expires_ms=NOW + 100 * DAY_MS), "expiry").grade is Grade.GOOD
    assert "it ended on" in verdict(changed(expires_ms=NOW - 5 * DAY_MS), "expiry").sentence


def test_what_is_not_told_is_never_taken_for_a_no() -> None:
    """A key of which nothing is told is warned about: withdrawal, trading and addresses each."""
    warned = {each.subject for each in grade(KeyFacts(), Need.TRADE, None, NOW) if each.grade is Grade.WARNING}

    assert warned == {"withdrawal", "trading", "addresses"}


def test_an_allow_list_of_every_address_is_none() -> None:
    """0.0.0.0/0 in the list does not make a key bound."""
    assert verdict(changed(addresses=("203.0.113.7", "0.0.0.0/0")), "addresses").grade is Grade.DANGER


def test_an_unbound_key_is_danger_where_it_can_trade_and_a_warning_where_it_reads() -> None:
    """A copied read key shows balances; a copied trading key loses them."""
    assert verdict(changed(bound=False, addresses=()), "addresses").grade is Grade.DANGER
    reads = changed(bound=False, addresses=(), trade=False)
    assert verdict(reads, "addresses", Need.READ).grade is Grade.WARNING


def test_the_exchanges_own_rule_for_idle_keys_is_counted_where_it_applies() -> None:
    """Binance: day 20 of 30 near the end warns; bound to an address the rule does not apply."""
    assert "it is at day 20" in verdict(changed(bound=False, used_ms=NOW - 20 * DAY_MS), "idle time").sentence
    assert verdict(changed(bound=False, used_ms=NOW - 20 * DAY_MS), "idle time").grade is Grade.WARNING
    assert verdict(changed(bound=False, used_ms=NOW - 2 * DAY_MS), "idle time").grade is Grade.GOOD
    assert verdict(changed(bound=False, used_ms=None), "idle time").grade is Grade.WARNING
    assert verdict(changed(used_ms=None), "idle time").grade is Grade.UNTOLD


def test_bybits_ninety_days_run_from_the_keys_making() -> None:
    """A key used today that was made 80 days ago and is bound to nothing is warned of."""
    facts = changed(bound=False, used_ms=NOW, created_ms=NOW - 80 * DAY_MS)
    found = [each for each in grade(facts, Need.TRADE, VENUES["bybit"].rule, NOW) if "day 80" in each.sentence]

    assert [each.grade for each in found] == [Grade.WARNING]


def test_an_old_key_is_warned_of() -> None:
    """The keys that leaked in 2022 were two years old."""
    assert verdict(changed(created_ms=NOW - 800 * DAY_MS), "age").grade is Grade.WARNING


FLAG = st.sampled_from([True, False, None])
FACTS = st.builds(
    KeyFacts, read=FLAG, trade=FLAG, borrow=FLAG, derivatives=FLAG, move=FLAG, withdraw=FLAG, bound=FLAG,
    created_ms=st.none() | st.integers(1, NOW), used_ms=st.none() | st.integers(1, NOW),
    expires_ms=st.none() | st.integers(1, 2 * NOW), unread=st.lists(st.text(max_size=5), max_size=2).map(tuple),
)  # fmt: skip


@given(FACTS, st.sampled_from(Need), st.sampled_from([None, IDLE]))
def test_a_right_more_never_makes_the_grade_better(facts: KeyFacts, need: Need, rule: object) -> None:
    """Property: whatever else is told, a right to withdraw is danger, and no verdict is without a sentence."""
    found = grade(changed_to(facts, withdraw=True), need, IDLE if rule else None, NOW)

    assert worst(found) is Grade.DANGER
    assert all(each.sentence for each in found)
    assert all(each.remedy for each in found if each.grade in {Grade.DANGER, Grade.WARNING})


def changed_to(facts: KeyFacts, **fields: object) -> KeyFacts:
    return KeyFacts(**{**{name: getattr(facts, name) for name in facts.__struct_fields__}, **fields})
