"""The act against a compromised service, worked out again from the journal alone."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bailiwick.journal.erasure import condense
from bailiwick.journal.log import Journal
from bailiwick.journal.record import Act, Intent, encode
from bailiwick.journal.retention import Retention
from bailiwick.journal.verify_act import (
    FORCE_VERB,
    KEYS_VERB,
    RESTORE_VERB,
    VERB,
    Verdict,
    main,
    sum_of,
    verify_act,
)
from bailiwick.journal.verify_holdings import HAND_OVER_VERB, ISSUE_VERB, ROTATE_VERB
from bailiwick.journal.verify_proof import ProofError, Verifier
from bailiwick.journal.writer import Limits
from bailiwick.model.decision import Charge
from bailiwick.model.money import ZERO

SERVICE, ACT = "skyrex", "00112233"
CHARGE = Charge(ZERO + 1, ZERO, None, False)


class Story:
    """A journal that a test tells."""

    def __init__(self, directory: Path, limits: Limits = Limits()) -> None:  # noqa: B008  (frozen)
        self.directory = directory
        moments = itertools.count(1_700_000_000_000_000, 1000)
        self._clock: Callable[[], int] = lambda: next(moments)
        self.journal = Journal.open(
            directory, origin="test/journal", signer=Ed25519PrivateKey.generate(), clock=self._clock, limits=limits
        )
        self.states: dict[str, str] = {}

    def act(self, verb: str, subject: str = SERVICE, reason: str = "", **after: Any) -> int:
        said = msgspec.json.encode({name.rstrip("_"): value for name, value in after.items()}).decode()
        record = Act(self._clock(), "ada (uid 1)", verb, subject, "", said, reason)
        return self.journal.append_now(encode(record), retention=Retention.KEEP)

    def issue(self, key: str, service: str = SERVICE) -> None:
        self.act(ISSUE_VERB, key, service=service, state="active", id=key)
        self.states[key] = "active"

    def native(self, verb: str, key: str = "n", state: str = "") -> int:
        return self.act(f"native.{verb}", key, id=key, service=SERVICE, state=state)

    def order(self, key: str, service: str = SERVICE, *, retention: Retention = Retention.TRADE, **more: Any) -> int:
        given: dict[str, Any] = {
            "decision": "allow", "reason": "", "harm": "trade", "charges": (CHARGE,), "reducing": False, **more,
        }  # fmt: skip
        record = Intent(
            self._clock(), 0, key, service, "main", "127.0.0.1", "", "POST", "/api/v3/order", "", "", **given
        )
        return self.journal.append_now(encode(record), retention=retention)

    def compromise(
        self, *keys: str, ever: list[str] | None = None, confirm: bool = True, natives: tuple[str, ...] = ()
    ) -> int:
        position = self.act(VERB, reason="it leaks", service=SERVICE, id=ACT, standing="compromised")
        for key in keys:
            self.states[key] = "winding_down"
        known = list(keys) if ever is None else ever
        states: dict[str, list[str]] = {}
        for key in known:
            states.setdefault(self.states[key], []).append(key)
        sums = {state: _said(ids) for state, ids in states.items()}
        more = {"natives": _said(list(natives))} if natives else {}
        self.act(KEYS_VERB, id=ACT, ever=_said(known), states=sums, keys=list(keys), state="winding_down", **more)
        if confirm:
            self.act(FORCE_VERB, id=ACT, act=position, from_=self.journal.position)
        return position

    def verdict(self, position: int) -> Verdict:
        self.journal.close()
        return verify_act(self.directory, position, self.journal.verifier)


def _said(keys: list[str]) -> dict[str, Any]:
    count, digest = sum_of(keys)
    return {"keys": count, "sha256": digest}


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """Two keys of the service, and one of another."""
    told = Story(tmp_path / "journal")
    told.issue("k1")
    told.issue("k2")
    told.issue("k3", "gridbot")
    told.order("k1")
    return told


def test_a_complete_act_is_proven(story: Story) -> None:
    """Exactly the keys that were issued to the service, and no opening behind the position: proven."""
    position = story.compromise("k1", "k2")
    story.order("k1", reducing=True)
    story.order("k1", harm="cancel", charges=())
    story.order("k2", decision="deny", reason="KEY_WINDING_DOWN")
    story.order("k3", "gridbot")
    found = story.verdict(position)
    assert (found.faults, found.proven, found.ever, found.states) == ([], True, 2, {"winding_down": 2})
    assert found.lines()[0].startswith("PROVEN: act 00112233 against skyrex")


def test_any_of_its_records_names_the_act(story: Story) -> None:
    """Whichever of its records is named, the act is the same; another record is none."""
    position = story.compromise("k1", "k2")
    assert [story.verdict(each).position for each in (position, position + 1, position + 2)] == [position] * 3
    with pytest.raises(LookupError, match="no act"):
        verify_act(story.directory, 0, story.journal.verifier)


def test_a_key_that_the_act_forgot_is_found(story: Story) -> None:
    """An operator who leaves a key out of the act is found out by the record that issued it."""
    assert "the keys that ever belonged" in story.verdict(story.compromise("k1")).faults[0]


def test_a_key_that_was_left_as_it_was_is_found(story: Story) -> None:
    """A key that the act counts and does not stop is a fault."""
    found = story.verdict(story.compromise("k1", ever=["k1", "k2"]))
    assert found.faults == ["1 keys were left as they were, among them k2"]


def test_an_opening_behind_the_position_is_found(story: Story) -> None:
    """One allowed order that opens, of one of the keys, behind the position: not proven, and named."""
    position = story.compromise("k1", "k2")
    opened = story.order("k2")
    found = story.verdict(position)
    assert (found.proven, found.faults) == (False, [f"record {opened} allows key k2 to open something"])


@pytest.mark.parametrize("harm", ["withdraw", "move", "borrow", "bearer", "administer"])
def test_other_rights_count_as_openings(story: Story, harm: str) -> None:
    """A withdrawal, and whatever else goes beyond trading, is no less than an order."""
    position = story.compromise("k1", "k2")
    story.order("k1", harm=harm, charges=())
    assert not story.verdict(position).proven


def test_an_order_between_the_act_and_its_force_is_counted(story: Story) -> None:
    """What was allowed before the gateway had read the change is told, and is no fault."""
    position = story.act(VERB, reason="it leaks", service=SERVICE, id=ACT)
    story.order("k1")
    from_ = story.journal.position
    states = {"winding_down": _said(["k1", "k2"])}
    story.act(KEYS_VERB, id=ACT, ever=_said(["k1", "k2"]), states=states, keys=["k1", "k2"], state="winding_down")
    story.act(FORCE_VERB, id=ACT, act=position, from_=from_)
    found = story.verdict(position)
    assert (found.proven, found.between) == (True, 1)


def test_without_a_position_there_is_no_proof(story: Story) -> None:
    """An act that never said from where it holds claims nothing, and is not proven."""
    found = story.verdict(story.compromise("k1", "k2", confirm=False))
    assert found.faults == ["no record says from where it was in force"]


def test_a_key_that_changed_its_service_is_followed(story: Story) -> None:
    """A key that the service handed on is one of its keys for ever."""
    story.act(HAND_OVER_VERB, "k1", service="gridbot", keys=["k1"], state=None)
    position = story.compromise("k1", "k2")
    story.order("k1", "gridbot")
    found = story.verdict(position)
    assert (found.handed_over, found.ever, len(found.faults)) == (1, 2, 1)


def test_a_key_with_another_secret_since_is_spared(story: Story) -> None:
    """Rotated after it left, a key may go on; rotated during an overlap, in which the old secret serves, it may not."""
    story.act(HAND_OVER_VERB, "k1", service="gridbot", keys=["k1"])
    story.act(ROTATE_VERB, "k1", keys=["k1"], overlap_until=None)
    position = story.compromise("k2", ever=["k1", "k2"])
    story.order("k1", "gridbot")
    found = story.verdict(position)
    assert (found.faults, found.spared) == ([], 1)


def test_a_rotation_with_an_overlap_spares_nothing(story: Story) -> None:
    """While the old secret is believed, the service that knows it could still use it."""
    story.act(HAND_OVER_VERB, "k1", service="gridbot", keys=["k1"])
    story.act(ROTATE_VERB, "k1", keys=["k1"], overlap_until="2026-11-21T05:00:00Z")
    assert not story.verdict(story.compromise("k2", ever=["k1", "k2"])).proven


def test_what_a_person_gave_back_may_open(story: Story) -> None:
    """An order of a key that was restored before it is no fault; one of another key is."""
    position = story.compromise("k1", "k2")
    story.act(RESTORE_VERB, keys=["k1"], state="active")
    story.order("k1")
    found = story.verdict(position)
    assert (found.proven, found.restored) == (True, 1)


def test_who_gave_a_key_back_is_named_to_be_checked(story: Story) -> None:
    """Each restore stands first in the verdict, with who, where, which keys and why: a forged one is seen there."""
    position = story.compromise("k1", "k2")
    first = story.act(RESTORE_VERB, reason="hers", keys=["k1", "stranger"], state="active")
    second = story.act(RESTORE_VERB, keys=["k2"], state="active", standing="trusted")
    lines = story.verdict(position).lines()
    word = "  GIVEN BACK by ada (uid 1), record"
    assert lines[1:3] == [
        f"{word} {first}, check this: 1 keys (k1): hers",
        f"{word} {second}, check this: 1 keys (k2), and the service trusted again: no reason",
    ]


def test_a_restore_that_was_not_done_gives_nothing_back(story: Story) -> None:
    """What was recorded and then not done excuses no opening that comes after."""
    position = story.compromise("k1", "k2")
    story.act(RESTORE_VERB, keys=["k1"], state="active")
    story.act(f"{RESTORE_VERB}.undone")
    story.order("k1")
    found = story.verdict(position)
    assert (found.proven, found.given_back, found.restored, len(found.faults)) == (False, [], 0, 1)


@pytest.mark.parametrize(("retention", "said"), [(Retention.READ, 1), (Retention.TRADE, 0)])
def test_what_was_condensed_is_not_proven_whatever_it_is_said_to_have_been(
    tmp_path: Path, retention: Retention, said: int
) -> None:
    """A body that is gone leaves the act unproven; the journal's word that it was a read is told as its word alone."""
    story = Story(tmp_path / "short", Limits(segment_us=2_000))
    story.issue("k1")
    position = story.compromise("k1")
    story.order("k1", retention=retention, harm="read")
    for _ in range(5):
        story.act("note")
    assert condense(story.journal, 1_800_000_000_000_000, {retention: timedelta(0)}) == 1
    found = story.verdict(position)
    assert (found.proven, found.faults, found.unread, found.said_reads) == (False, [], 1, said)
    assert f"{said} of them reads" in found.lines()[-1]


def test_a_key_that_was_not_issued_after_all_is_none(story: Story) -> None:
    """An issuing that was recorded and not done gave the service nothing."""
    story.issue("k4")
    story.act(f"{ISSUE_VERB}.undone", "k4")
    assert story.verdict(story.compromise("k1", "k2")).proven


def test_a_key_that_no_record_gives_to_the_service_is_found(story: Story) -> None:
    """A key that acts for the service and was never issued to it in the journal is a fault."""
    story.order("ghost")
    assert "ghost" in story.verdict(story.compromise("k1", "k2")).faults[0]


def test_an_act_that_was_not_done_is_said(story: Story) -> None:
    """An act that was recorded and then failed proves nothing."""
    position = story.compromise("k1", "k2")
    story.act(f"{VERB}.undone")
    assert "not done" in story.verdict(position).faults[0]


def test_another_key_than_the_journals_is_refused(story: Story) -> None:
    """A checkpoint that somebody else signed is none."""
    position = story.compromise("k1", "k2")
    story.journal.close()
    other = Verifier(story.journal.verifier.name, Ed25519PrivateKey.generate().public_key().public_bytes_raw())
    with pytest.raises((ProofError, LookupError)):
        verify_act(story.directory, position, other)


def test_it_runs_alone(story: Story, capsys: pytest.CaptureFixture[str]) -> None:
    """As a command it needs the directory and the public key, and says the verdict by its exit code too."""
    position = story.compromise("k1", "k2")
    story.journal.close()
    key = str(story.journal.verifier)
    assert main([str(story.directory), str(position), "--key", key]) == 0
    assert capsys.readouterr().out.startswith("PROVEN")
    assert main([str(story.directory), "0", "--key", key]) == 1
    assert capsys.readouterr().err.startswith("NOT PROVEN")


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_native_key_is_proven_only_when_its_exchange_was_read_back(story: Story, *, confirmed: bool) -> None:
    """Stopped here and not read back is asked, not confirmed, with its age, and leaves the act unproven."""
    story.native("issue", state="pending")
    position = story.compromise("k1", "k2", natives=("n",))
    story.native("winding-down", state="winding_down")
    if confirmed:
        story.native("confirmed", state="winding_down")
    found = story.verdict(position)
    assert (found.proven, found.unconfirmed, found.faults) == (confirmed, not confirmed, [])
    assert ("ASKED, NOT CONFIRMED by its exchange for 0 s" in "\n".join(found.lines())) is not confirmed


def test_a_native_key_that_the_act_does_not_name_is_a_fault(story: Story) -> None:
    """An operator who leaves one out of the act is found out by the journal."""
    story.native("register", state="active")
    position = story.compromise("k1", "k2")
    story.native("winding-down", state="winding_down")
    story.native("confirmed", state="winding_down")
    assert any("native keys" in fault for fault in story.verdict(position).faults)


@pytest.mark.parametrize(("after", "proven", "said"), [(False, False, "NOT STOPPED"), (True, True, "given back by a")])
def test_a_confirmation_does_not_outlive_the_key_being_switched_on(
    story: Story, *, after: bool, proven: bool, said: str
) -> None:
    """What was read back of an earlier stop says nothing of a later one; a person's giving back is named as that."""
    story.native("issue", state="pending")
    story.native("frozen", state="frozen")
    story.native("confirmed", state="frozen")
    story.native("active", state="active")
    position = story.compromise("k1", "k2", natives=("n",))
    if after:
        story.native("winding-down", state="winding_down")
        story.native("active", state="active")
    found = story.verdict(position)
    assert (found.proven, said in found.natives[0]) == (proven, True)
