"""The table of a key's states, walked: what leads where, and who may take the step."""

from hypothesis import given
from hypothesis import strategies as st

from bailiwick.model.life import (
    BREADTH,
    CAUSE_WORDS,
    DIFFERENCE,
    MEANINGS,
    RESPONSE_STATES,
    STEPS,
    TRANSITIONS,
    Cause,
    KeyState,
    Life,
    Mover,
    Response,
    Standstill,
    moved,
    mover_of,
    stricter,
)

STILLS = st.builds(
    Standstill,
    cause=st.none() | st.sampled_from(Cause),
    suspected=st.lists(st.sampled_from(["AXSUSDT", "SYSUSDT"]), unique=True).map(lambda each: tuple(sorted(each))),
    since=st.none() | st.integers(0, 9),
    until=st.none() | st.integers(0, 9),
)
LIVES = st.builds(Life, st.sampled_from(KeyState), STILLS)


@given(
    st.sampled_from(KeyState),
    st.lists(st.tuples(st.sampled_from(KeyState), st.sampled_from(Mover)), max_size=12),
    st.booleans(),
)
def test_no_walk_widens_without_a_person(start: KeyState, steps: list[tuple[KeyState, Mover]], revoke: bool) -> None:
    """However a key is moved: never back from revoked, and only by a person to where it may do more."""
    state = KeyState.REVOKED if revoke else start
    for to, mover in steps:
        try:
            after = moved(state, to, mover)
        except ValueError:
            continue
        assert state is not KeyState.REVOKED
        assert mover is Mover.PERSON or BREADTH[after] <= BREADTH[state]
        state = after


def test_every_step_of_the_table_says_who_may_take_it() -> None:
    """What widens is a person's alone, what narrows is anybody's, and no step is nobody's."""
    for (start, end), movers in STEPS.items():
        widens = BREADTH[end] > BREADTH[start] or (start, end) == (KeyState.PENDING, KeyState.ACTIVE)
        assert movers == ({Mover.PERSON} if widens else set(Mover)), (start, end)


def test_no_path_leads_from_revoked() -> None:
    """Of all paths through the table, none begins at revoked, and what has expired can only be revoked."""
    assert TRANSITIONS[KeyState.REVOKED] == frozenset()
    assert TRANSITIONS[KeyState.EXPIRED] == {KeyState.REVOKED}


def test_only_those_who_came_through_a_door_are_persons() -> None:
    """Whoever is not named as the kernel or a sign-in names people counts as a rule: links, sweeps, robots."""
    for actor in ("ada (uid 1000)", "uid 1000", "person:ada (token)"):
        assert mover_of(actor) is Mover.PERSON
    for actor in ("", "rule:idle", "link:telegram", "token:robot", "ada", "rule:uid 1000", "uid 1000\n", "person:"):
        assert mover_of(actor) is Mover.RULE


@given(LIVES, LIVES)
def test_two_lives_together_are_no_wider_than_either(one: Life, other: Life) -> None:
    """What comes of two states of a key does no more than either: breadth, suspicion, symbols and time."""
    both = stricter(one, other)
    assert BREADTH[both.state] == min(BREADTH[one.state], BREADTH[other.state])
    if BREADTH[one.state] == BREADTH[other.state]:
        assert both.still.suspect == (one.still.suspect or other.still.suspect)
    assert set(both.still.suspected) == {*one.still.suspected, *other.still.suspected}
    narrower = [each for each in (one, other) if each.state is both.state and each.still.until is not None]
    if one.state is other.state and narrower:
        assert both.still.until == min(each.still.until or 0 for each in narrower)


@given(LIVES)
def test_a_life_together_with_itself_is_itself(one: Life) -> None:
    """The same act twice changes nothing."""
    assert stricter(one, one) == one


def test_every_choice_is_explained() -> None:
    """Each state that a user can choose, and each cause that he may be shown, has its words."""
    assert set(RESPONSE_STATES) == set(Response) - {Response.NOTICE}
    for state in RESPONSE_STATES.values():
        assert MEANINGS[state] in DIFFERENCE
    assert set(CAUSE_WORDS) == set(Cause)
