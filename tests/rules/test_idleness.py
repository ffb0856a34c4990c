"""Policies of idle removal: written in words, read, and shown in the same words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bailiwick.rules.idleness import PRESETS, Policy, policy


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_words(name: str) -> None:
    """Each preset reads as the words that stand behind it."""
    assert str(policy(name)) == PRESETS[name]


@given(
    st.builds(
        Policy,
        days=st.integers(2, 3650),
        ends=st.sampled_from(["remove", "stop"]),
        spares_bound=st.booleans(),
        warn_at=st.none() | st.just(1),
    )
)
def test_what_is_shown_is_what_is_read(one: Policy) -> None:
    """The words of a policy, read again, are the policy."""
    assert policy(str(one)) == one


def test_the_default_is_what_was_done_in_december_2022() -> None:
    """Thirty days, unless bound to networks, with warnings seven days and one day before."""
    found = policy("remove keys idle 30 days unless bound to networks")
    assert (found.days, found.ends, found.spares_bound, found.warnings) == (30, "remove", True, (7, 1))


@pytest.mark.parametrize(
    "text",
    ["", "remove keys", "remove keys idle 0 days", "remove keys idle 9999 days", "delete keys idle 3 days",
     "warn at 30 days, remove keys idle 30 days", "warn at 0 days, remove keys idle 3 days"],
)  # fmt: skip
def test_what_is_no_policy_is_refused(text: str) -> None:
    """A misspelt policy is an error that shows how one is written, and never no policy."""
    with pytest.raises(ValueError, match=r"policy; write|from 1 to|at least 1"):
        policy(text)
