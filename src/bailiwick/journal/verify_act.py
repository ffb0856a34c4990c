"""Recompute the act against a compromised service from the journal alone: ``python -m bailiwick.journal.verify_act``.

It reads a directory with a journal, or a copy of one, and needs nothing else of whoever runs the house: no database,
no configuration, only the public key that the checkpoints are signed by. It works out again

1. that the records it reads are those that a signed checkpoint covers;
2. which keys ever belonged to the service, from the acts that issued them and handed them over;
3. what became of each, from the acts that moved them: the act's own sets must be exactly these;
4. that behind the position that the act names no record allows one of these keys to open anything, but for keys that a
   person gave back before;
5. which native keys the service held, when each was stopped, and whether its exchange was read back since and said so:
   as long as one was asked and not confirmed, the act is not proven.

What is behind the newest signed checkpoint is not judged. A record whose body was condensed or erased cannot be read,
and is counted: where there are any behind the position, the act is not proven, and not disproven either.
"""

import argparse
import sys
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from bailiwick.journal import reader
from bailiwick.journal.error import JournalError
from bailiwick.journal.recovery import read_published
from bailiwick.journal.tree import Tree
from bailiwick.journal.verify_holdings import (
    HAND_OVER_VERB,
    ISSUE_VERB,
    NOT_DONE,
    After,
    Holdings,
    read_after,
)
from bailiwick.journal.verify_natives import NativeHoldings
from bailiwick.journal.verify_proof import Checkpoint, Verifier
from bailiwick.model.life import Mover, mover_of

VERB = "service.compromise"
KEYS_VERB = "service.compromise.keys"
FORCE_VERB = "service.compromise.in-force"
RESTORE_VERB = "service.restore"

_UNDONE = frozenset(VERB + ending for ending in NOT_DONE)
_NOT_GIVEN = frozenset(verb + ending for verb in (ISSUE_VERB, HAND_OVER_VERB) for ending in NOT_DONE)
_NOT_RESTORED = frozenset(RESTORE_VERB + ending for ending in NOT_DONE)
_GIVES = _NOT_GIVEN | {ISSUE_VERB, HAND_OVER_VERB}
_KEY, _SERVICE, _DECISION, _HARM, _CHARGES, _REDUCING = 3, 4, 12, 14, 16, 20  # places in the record of an intent
_OPEN = frozenset({"active", "pending"})
_HARMLESS = frozenset({"public", "read", "cancel"})
_MOST_NAMED = 20
_MOST_SHOWN = 3
_CHANGING = frozenset({0, 1})  # retention classes in which acts, orders and withdrawals stand


def sum_of(keys: Iterable[str]) -> tuple[int, str]:
    """How many keys there are, and SHA-256 over their ids, sorted, each with a line feed."""
    ids = sorted(keys)
    return len(ids), sha256("".join(f"{key}\n" for key in ids).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Opened:
    """A record that allows a key to open something."""

    position: int
    key: str


@dataclass(frozen=True, slots=True)
class GivenBack:
    """A record by which a person gave keys of the service back: no key, no signature of his own stands behind it."""

    position: int
    actor: str
    reason: str
    keys: tuple[str, ...]
    trusted: bool  # whether the service was trusted again by it

    def line(self) -> str:
        """It in words."""
        named = ", ".join(self.keys[:_MOST_SHOWN]) + (", …" if len(self.keys) > _MOST_SHOWN else "")
        again = ", and the service trusted again" if self.trusted else ""
        return (
            f"GIVEN BACK by {self.actor}, record {self.position}, check this: {len(self.keys)} keys "
            f"({named or 'none'}){again}: {self.reason or 'no reason'}"
        )


@dataclass(slots=True)
class Verdict:
    """What the journal says of an act.

    ``between`` are openings that were allowed after the act was recorded and before it was in force; ``restored`` those
    that were allowed after a person gave the key back, as ``given_back`` has it. Of the ``unread`` records,
    ``said_reads`` are reads by the journal's own notes of what it condensed; their digests do not show it.
    """

    service: str
    act: str
    position: int
    in_force: int
    signed: int
    reason: str
    actor: str
    ever: int = 0
    states: dict[str, int] = field(default_factory=dict)
    handed_over: int = 0
    spared: int = 0
    between: int = 0
    restored: int = 0
    unread: int = 0
    said_reads: int = 0
    given_back: list[GivenBack] = field(default_factory=list)
    natives: list[str] = field(default_factory=list)
    unconfirmed: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def proven(self) -> bool:
        """Whether everything that the act says was worked out again."""
        return not self.faults and not self.unread and not self.unconfirmed

    def lines(self) -> list[str]:
        """The verdict in words."""
        word = "PROVEN" if self.proven else "NOT PROVEN"
        lines = [
            f"{word}: act {self.act} against {self.service}, record {self.position}, by {self.actor}: {self.reason}",
            *(f"  {each.line()}" for each in self.given_back),
            f"  under a signed checkpoint of {self.signed} records",
            f"  {self.ever} keys ever belonged to it; {self.handed_over} of them were handed to another service, "
            f"{self.spared} were given another secret after that",
            "  after the act: " + (", ".join(f"{n} {state}" for state, n in sorted(self.states.items())) or "no key"),
        ]
        if self.in_force >= 0:
            lines.append(
                f"  none of them opened anything from record {self.in_force} to {self.signed - 1}; {self.between} "
                f"orders were allowed between the act and that, {self.restored} after a person gave the key back"
            )
        lines += [f"  {native}" for native in self.natives]
        if self.unconfirmed:
            lines.append(
                f"  {self.unconfirmed} native keys are not confirmed by their exchange up to record {self.signed - 1}: "
                "verify again when it was read back (`bailiwick native read` asks at once)"
            )
        lines += [f"  FAULT: {fault}" for fault in self.faults]
        if self.unread:
            lines.append(
                f"  {self.unread} records behind it are condensed or erased here, {self.said_reads} of them reads, as "
                "the journal's own notes have it: their digests do not show what they were, so nothing can be said of "
                "them. Verify a copy of the journal that was taken before"
            )
        return lines


def verify_act(directory: Path, position: int, verifier: Verifier) -> Verdict:
    """Work an act out again, out of a journal and nothing else.

    Args:
        directory: the journal, or a copy of it.
        position: of the act: any of its records, or that which says from where it is in force.
        verifier: the public key of the checkpoints, from a source that is not this directory.

    Raises:
        LookupError: if there is no such act at this position, or it is not under a signed checkpoint yet.
        JournalError: if the records cannot be read.
        ProofError: if the checkpoint is not signed by this key.
    """
    checkpoint = read_published(directory, verifier)
    if checkpoint is None or position >= checkpoint.size:
        raise LookupError(f"position {position}: not under a signed checkpoint yet; the next one comes within a minute")
    service, act_id = _named(directory, position)
    walk = _Walk(service, act_id, checkpoint)
    for entry in reader.read(directory):
        if entry.position >= checkpoint.size:
            break
        walk.take(entry)
    return walk.verdict()


def _named(directory: Path, position: int) -> tuple[str, str]:
    """The service and the id of the act that a record belongs to."""
    _, found = reader.frame_at(directory, position)
    record = found.record
    fields = msgspec.json.decode(record) if record is not None and record.startswith(b'["act"') else []
    if len(fields) < 7 or fields[3] not in {VERB, KEYS_VERB, FORCE_VERB}:
        raise LookupError(
            f"position {position}: it is no act against a service; `bailiwick journal search --text {VERB}` finds them"
        )
    return fields[4], read_after(fields[6]).id


class _Walk:
    """One pass over the records in order."""

    def __init__(self, service: str, act_id: str, checkpoint: Checkpoint) -> None:
        self._service = service
        self._act_id = act_id
        self._checkpoint = checkpoint
        self._tree = Tree()
        self._holdings = Holdings()
        self._natives = NativeHoldings()
        self._native_ever: list[str] = []
        self._said: After | None = None
        self._ever: set[str] = set()
        self._held_back: set[str] = set()
        self._after_act: dict[str, str] = {}
        self._strangers: dict[str, int] = {}  # keys that act for the service and were never given to it
        self._given_back: set[str] = set()
        self._given: dict[str, int] = {}  # keys that came to the service after the act, and by which record
        self._trusted = False  # whether a person has trusted the service again since
        self._left = 0
        self._result = Verdict(service, act_id, -1, -1, checkpoint.size, "", "")
        self._openings: list[tuple[Opened, bool]] = []
        self._blank: list[int] = []
        self._notes: list[tuple[int, int, bool]] = []  # first, end, and whether reads and failures alone were dropped

    def take(self, entry: reader.Entry) -> None:
        """The next record."""
        self._tree.push([entry.digest])
        record = entry.record
        if record is None:
            self._blank.append(entry.position)
        elif record.startswith(b'["act"'):
            self._take_act(entry.position, msgspec.json.decode(record))
        elif record.startswith(b'["intent"'):
            self._take_intent(entry.position, msgspec.json.decode(record))
        elif record.startswith(b'["condensed"'):
            _, _, first, end, classes, *_ = msgspec.json.decode(record)
            self._notes.append((first, end, not _CHANGING & set(classes)))

    def _take_act(self, position: int, fields: list[Any]) -> None:
        _, at_us, actor, verb, subject, _, text, reason, *_ = fields
        after = read_after(text)
        mine = after.id == self._act_id
        self._natives.take(position, at_us, verb, subject, after.service)
        if verb == FORCE_VERB:
            if mine:
                self._take_force(position, after.in_force)
            return
        if verb == VERB and mine:
            self._begin(position, actor, reason, after)
        elif self._said is not None:
            if verb == RESTORE_VERB:
                self._take_restore(GivenBack(position, actor, reason, after.keys, after.standing == "trusted"), subject)
            elif verb in _NOT_RESTORED:
                self._take_restore_back()
            elif verb in _GIVES:
                self._take_given(position, verb, subject, after.service)
            elif subject == self._service and verb in _UNDONE:
                self._result.faults.append("the act was recorded and then not done")
        self._holdings.take(verb, subject, after)
        if verb == KEYS_VERB and mine:
            self._said = after
            self._native_ever = self._natives.of(self._service)
            self._after_act = {key: self._holdings.state.get(key, "") for key in self._ever}

    def _take_force(self, position: int, from_: int) -> None:
        """From where it holds is said once, and of what has been: who could say it later could pass over anything."""
        if self._result.in_force >= 0:
            self._result.faults.append(f"record {position} says again from where it was in force")
        elif not self._result.position < from_ <= position:
            self._result.faults.append(f"record {position} says that it was in force from record {from_}")
        else:
            self._result.in_force = from_

    def _take_restore(self, given: GivenBack, subject: str) -> None:
        if mover_of(given.actor) is not Mover.PERSON:
            return
        mine = tuple(key for key in given.keys if key in self._held_back)
        trusted = given.trusted and subject == self._service
        if mine or trusted:
            self._result.given_back.append(GivenBack(given.position, given.actor, given.reason, mine, trusted))
            self._note_given_back()

    def _take_restore_back(self) -> None:
        """The last one was recorded and then not done."""
        if self._result.given_back:
            self._result.given_back.pop()
            self._note_given_back()

    def _note_given_back(self) -> None:
        self._given_back = {key for each in self._result.given_back for key in each.keys}
        self._trusted = any(each.trusted for each in self._result.given_back)

    def _take_given(self, position: int, verb: str, key: str, service: str) -> None:
        """A key that comes to the service while it is compromised: nothing may be issued or handed to it."""
        if verb in _NOT_GIVEN:
            self._given.pop(key, None)
        elif service == self._service and not self._trusted:
            self._given[key] = position

    def _begin(self, position: int, actor: str, reason: str, after: After) -> None:
        """A record of the act itself. Its keys' states are taken by the caller."""
        if self._result.actor:
            self._result.faults.append(f"record {position} says the act again")
            return
        self._ever = set(self._holdings.ever.get(self._service, ()))
        spared = self._holdings.spared(self._service)
        self._held_back = self._ever - spared
        self._result.spared = len(spared)
        self._left = sum(self._holdings.holder.get(key) != self._service for key in self._ever)
        self._said = after
        self._result.position, self._result.actor, self._result.reason = position, actor, reason

    def _take_intent(self, position: int, fields: list[Any]) -> None:
        key, service = fields[_KEY], fields[_SERVICE]
        if service == self._service and self._holdings.holder.get(key) != service:
            self._strangers.setdefault(key, position)
        if key in self._held_back and opens(fields):
            self._openings.append((Opened(position, key), key in self._given_back))

    def verdict(self) -> Verdict:
        """What all of it comes to."""
        found = self._result
        if self._tree.size != self._checkpoint.size or self._tree.root() != self._checkpoint.root:
            found.faults.append("the records do not lead to the root that the checkpoint signed")
        self._check_sets(found, self._said or After())
        found.natives = list(self._natives.lines(self._service, found.position))
        found.unconfirmed = len(self._natives.unconfirmed(self._service, found.position))
        if found.in_force < 0:
            found.faults.append("no record says from where it was in force")
            return found
        unread = [position for position in self._blank if position >= found.in_force]
        found.unread, found.said_reads = len(unread), sum(map(self._said_read, unread))
        named = 0
        for opened, given_back in self._openings:
            if opened.position < found.in_force:
                found.between += 1
            elif given_back:
                found.restored += 1
            elif (named := named + 1) <= _MOST_NAMED:
                found.faults.append(f"record {opened.position} allows key {opened.key} to open something")
        if named > _MOST_NAMED:
            found.faults.append(f"and {named - _MOST_NAMED} records more")
        return found

    def _said_read(self, position: int) -> bool:
        """Whether every note of what was condensed there names classes that change nothing."""
        said = [harmless for first, end, harmless in self._notes if first <= position < end]
        return bool(said) and all(said)

    def _check_sets(self, found: Verdict, said: After) -> None:
        found.ever, found.handed_over = len(self._ever), self._left
        states: dict[str, list[str]] = {}
        for key, state in self._after_act.items():
            states.setdefault(state, []).append(key)
        found.states = {state: len(keys) for state, keys in states.items()}
        _compare(found.faults, "the keys that ever belonged to the service", said.ever, self._ever)
        _compare(found.faults, "the native keys that it ever held", said.natives, self._native_ever)
        for state in sorted({*said.states, *states}):
            _compare(found.faults, f"the keys that are {state}", said.states.get(state), states.get(state, ()))
        wide = [key for key in self._held_back if self._after_act.get(key) in _OPEN]
        if wide:
            found.faults.append(f"{len(wide)} keys were left as they were, among them {min(wide)}")
        for key, position in list(self._given.items())[:_MOST_NAMED]:
            found.faults.append(f"record {position}: key {key} was given to the service after the act")
        for key, position in list(self._strangers.items())[:_MOST_NAMED]:
            found.faults.append(f"record {position}: key {key} acts for the service, and no record gives it to it")


def opens(fields: Sequence[Any]) -> bool:
    """Whether the fields of an intent's record are those of one that was allowed and opens something.

    An order that does not only reduce, and any right beyond trading. Trial orders, and amendments, which can only make
    an order smaller, charge nothing.
    """
    if fields[_DECISION] != "allow" or fields[_HARM] in _HARMLESS:
        return False
    if fields[_HARM] != "trade":
        return True
    return bool(fields[_CHARGES]) and not fields[_REDUCING]


def _compare(faults: list[str], what: str, said: Any, found: Collection[str]) -> None:
    count, digest = sum_of(found)
    if said is None and not found:
        return
    if not isinstance(said, dict) or said.get("keys") != count or said.get("sha256") != digest:
        told = said.get("keys") if isinstance(said, dict) else 0
        faults.append(
            f"{what}: the journal leads to {count} with SHA-256 {digest[:16]}…, and the act says {told} others"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: exit code 0 if the act is proven, 1 if not."""
    parser = argparse.ArgumentParser(
        prog="verify_act",
        description="Work the act against a compromised service out again, from a journal and its public key alone.",
        epilog='example: python -m bailiwick.journal.verify_act ./journal 1234 --key "$(cat verifier)"',
    )
    parser.add_argument("directory", type=Path, help="the journal, or a copy of it")
    parser.add_argument("position", type=int, help="of the act, as `bailiwick service compromise` printed it")
    parser.add_argument("--key", required=True, help="the journal's public key: NAME+KEYID+BASE64, or a file with it")
    options = parser.parse_args(arguments)
    try:
        key = Path(options.key).read_text() if Path(options.key).is_file() else options.key
        verdict = verify_act(options.directory, options.position, Verifier.parse(key))
    except (OSError, ValueError, LookupError, JournalError) as error:
        sys.stderr.write(f"NOT PROVEN: {error}\n")
        return 1
    sys.stdout.write("\n".join(verdict.lines()) + "\n")
    return 0 if verdict.proven else 1


if __name__ == "__main__":
    sys.exit(main())
