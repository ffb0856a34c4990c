"""An operator who writes the journal himself wants an act against a service to look complete that was not."""

import json
from pathlib import Path

import pytest
from authority_house import House
from test_journal_verify_act import ACT, SERVICE, Story

from bailiwick.authority.service_verbs import CompromiseService
from bailiwick.authority.verbs import AddService, EditKey, RotateKey
from bailiwick.journal.verify_act import (
    FORCE_VERB,
    RESTORE_VERB,
    VERB,
)
from bailiwick.journal.verify_holdings import HAND_OVER_VERB, ISSUE_VERB, ROTATE_VERB


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """A journal in which a service has two keys."""
    told = Story(tmp_path / "journal")
    told.issue("k1")
    told.issue("k2")
    return told


def test_an_act_does_not_hold_from_a_record_that_was_not_there_yet(story: Story) -> None:
    """Who says that an act is in force from far ahead makes every order before it one of the time between."""
    position = story.compromise("k1", "k2", confirm=False)
    story.act(FORCE_VERB, id=ACT, act=position, from_=1_000_000)
    story.order("k1")
    assert not story.verdict(position).proven


def test_an_act_does_not_hold_from_before_it_was_done(story: Story) -> None:
    """Nor is it in force from a record that stands before the act."""
    position = story.compromise("k1", "k2", confirm=False)
    story.act(FORCE_VERB, id=ACT, act=position, from_=position - 1)
    assert not story.verdict(position).proven


def test_from_where_an_act_holds_is_not_said_again(story: Story) -> None:
    """A second record that says from where it holds cannot pass over the orders that left meanwhile."""
    position = story.compromise("k1", "k2")
    story.order("k1")
    story.act(FORCE_VERB, id=ACT, act=position, from_=story.journal.position)
    assert not story.verdict(position).proven


def test_an_act_is_not_said_again(story: Story) -> None:
    """A second record of the same act does not move it behind what happened."""
    position = story.compromise("k1", "k2")
    story.act(VERB, reason="again", service=SERVICE, id=ACT, standing="compromised")
    assert not story.verdict(position).proven


@pytest.mark.parametrize("handed", [False, True])
def test_a_key_that_the_service_got_after_the_act_is_found(story: Story, handed: bool) -> None:
    """A compromised service is issued nothing: another key for it, which may open, is a fault of the act."""
    if handed:
        story.issue("k3", "gridbot")
    position = story.compromise("k1", "k2")
    if handed:
        story.act(HAND_OVER_VERB, "k3", service=SERVICE, keys=["k3"])
    else:
        story.issue("k3")
    story.order("k3")
    found = story.verdict(position)
    assert [fault.partition(": ")[2] for fault in found.faults] == ["key k3 was given to the service after the act"]


def test_a_service_that_is_trusted_again_may_get_keys(story: Story) -> None:
    """After a person has restored it, and where an issuing was not done after all, nothing is wrong."""
    position = story.compromise("k1", "k2")
    story.issue("k3")
    story.act(f"{ISSUE_VERB}.undone", "k3")
    story.act(RESTORE_VERB, keys=["k1"], state="active", standing="trusted", service=SERVICE)
    story.issue("k4")
    story.order("k4")
    found = story.verdict(position)
    assert found.proven, found.faults


def test_a_rotation_that_was_not_done_spares_nothing(story: Story) -> None:
    """A key that left the service keeps the secret that it knows, if its rotation was recorded and then failed."""
    story.act(HAND_OVER_VERB, "k1", service="gridbot", keys=["k1"])
    story.act(ROTATE_VERB, "k1", keys=["k1"], overlap_until=None)
    story.act(f"{ROTATE_VERB}.undone", "k1")
    position = story.compromise("k1", "k2")
    found = story.verdict(position)
    assert (found.spared, found.proven) == (0, True)


@pytest.mark.parametrize(("overlap", "spared"), [(3600, 0), (0, 1)])
async def test_the_authoritys_own_words_for_a_rotation_are_understood(
    tmp_path: Path, overlap: int, spared: int
) -> None:
    """A key that was handed on and rotated with an overlap is not spared: the old secret was believed at the time."""
    house = House(tmp_path)
    await house.settle()
    await house.ask(AddService(id="other", name="Other"))
    key = (await house.issue()).id
    await house.ask(EditKey(id=key, service="other", reason="it moves"))
    await house.ask(RotateKey(id=key, overlap_s=overlap))
    answer = await house.ask(CompromiseService(id="bot", reason="it leaks"))
    assert len(answer.spared) == spared
    told = Story(tmp_path / "journal")
    positions = {}
    for act in house.gateway.acts:
        after = json.loads(act.after or "{}")
        positions[act.act] = told.act(act.act, act.subject, act.reason, **after)
    found = told.verdict(positions[VERB])
    assert found.spared == spared
    house.store.close()
