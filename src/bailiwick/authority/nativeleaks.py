"""Leaks of native keys: found by the print of a secret shown once at issue, or named by the public half alone.

The secret of a key that was registered was never here, so a report that holds it proves nothing to this house; its
public half is a claim like any other key's id, and is told.
"""

import re
from collections.abc import Callable, Iterable
from typing import final

import msgspec

from bailiwick.authority.acts import Act, Acts
from bailiwick.authority.incidents import Incidents
from bailiwick.authority.native import Natives
from bailiwick.authority.notices import Notices
from bailiwick.authority.partner import Finding
from bailiwick.model.leaked import Sort, find, secret_print
from bailiwick.model.life import Cause, KeyState
from bailiwick.model.native import MEANINGS, Native, printed_as
from bailiwick.model.notice import Notice, Urgency
from bailiwick.model.secret import Secret
from bailiwick.store.leaks import Leak
from bailiwick.store.store import Store

MOST_WRONG = 3  # private keys of a report whose secret half is not that of their public one; each takes a moment
_WORD = re.compile(r"(?<![0-9A-Za-z])[0-9A-Za-z]{16,128}(?![0-9A-Za-z])")


class Exposed(msgspec.Struct, frozen=True):
    """A native key that a report is about, and what of it the report holds."""

    native: Native
    sort: Sort
    place: str


@final
class NativeLeaks:
    """The part of the intake that knows native keys."""

    def __init__(
        self, store: Store, acts: Acts, natives: Natives, notices: Notices, incidents: Incidents,
        clock: Callable[[], int],
    ) -> None:  # fmt: skip
        self._store = store
        self._acts = acts
        self._natives = natives
        self._notices = notices
        self._incidents = incidents
        self._clock = clock

    async def take(
        self, report: Iterable[Finding], sender: str, may_claim: Callable[[], bool], print_of: Callable[..., bytes]
    ) -> list[str]:
        """Act on findings; what was done, in sentences.

        Args:
            report: what was found.
            sender: who proved to have sent it; a bare id of nobody proven is passed over.
            may_claim: whether one more id may be looked at.
            print_of: of a private key that was found, checked as a whole; empty where it is none.

        Raises:
            LinkError: if what was found could not be recorded.
        """
        natives = {each.id: each for each in self._store.native.list()}
        if not natives:
            return []
        prints = {
            print_: natives[key.partition("/")[2]]
            for print_, key in self._store.leaks.prints_under(printed_as(""))
            if key.partition("/")[2] in natives
        }
        public = {native.api_key: native for native in natives.values() if native.api_key}
        exposed: dict[str, Exposed] = {}
        wrong = 0
        for finding in report:
            place = finding.place
            for word in dict.fromkeys(_WORD.findall(finding.token)):
                proven = prints.get(secret_print(Secret(word.encode())))
                if proven is not None:
                    exposed[proven.id] = Exposed(proven, Sort.SECRET, place)
                elif word in public and public[word].id not in exposed and sender and may_claim():
                    exposed[public[word].id] = Exposed(public[word], Sort.KEY_ID, place)
            for found in find(finding.token.encode("utf-8", "replace")):
                proven = prints.get(print_of(found)) if found.sort is Sort.PRIVATE_KEY else None
                if proven is None or wrong >= MOST_WRONG:
                    continue
                if print_of(found, whole=True):
                    exposed[proven.id] = Exposed(proven, Sort.PRIVATE_KEY, place)
                else:
                    wrong += 1
        said: list[str] = []
        for each in exposed.values():
            said += await self._act(each, sender or "unsigned")
        return said

    async def _act(self, each: Exposed, source: str) -> list[str]:
        native, account = each.native, self._store.accounts.get(each.native.account)
        wished = each.sort is Sort.KEY_ID and self._store.owners.get(account.owner).bare_id_acts
        stops = native.state is KeyState.ACTIVE and (each.sort is not Sort.KEY_ID or wished)
        said: list[str] = []
        if stops:  # before anything else, and also where the same was told before: it may have been switched on since
            cause = Cause.SUSPICION if wished else Cause.LEAK
            reason = f"reported by {source}: its {each.sort}"[:500]
            answer = await self._natives.bring(native.id, KeyState.WINDING_DOWN, cause, "rule:leak", reason)
            said += [f"native key {native.id}: trading is to be off; {answer.values['at_exchange']}", *answer.notes]
        if self._store.leaks.is_known(self._report(each, source)):
            return [*said, f"{each.sort} of native key {native.id}: that was reported already"]
        incident = await self._incident(each, source, account.owner) if stops or self._works(each) else ""
        if not incident:
            await self._claimed(each, source)
        self._store.leaks.add(self._report(each, source, incident))
        self._notices.tell(account.owner, _notice(each, source, incident))
        return [*said, f"{each.sort} of native key {native.id}" + (f": incident {incident}" if incident else ": told")]

    @staticmethod
    def _works(each: Exposed) -> bool:
        return each.sort is not Sort.KEY_ID and each.native.kept

    def _report(self, each: Exposed, source: str, incident: str = "") -> Leak:
        return Leak(
            at=self._clock(), key=printed_as(each.native.id), proof=each.sort.value, source=source, place=each.place,
            incident=incident,
        )  # fmt: skip

    async def _incident(self, each: Exposed, source: str, owner: str) -> str:
        opened = await self._incidents.open(
            "leak",
            f"The {each.sort} of a native key was found outside",
            keys=[],
            owner=owner,
            matter=printed_as(each.native.id),
            actor="rule:leak",
            reason=f"reported by {source}",
            note=f"native key {each.native.id}: {each.sort} found by {source} at "
            f"{each.place or 'a place that was not told'}",
        )
        return opened.id

    async def _claimed(self, each: Exposed, source: str) -> None:
        after = {"held": each.sort.value, "source": source, "place": each.place}
        async with self._acts.turn():
            await self._acts.note(Act(actor="rule:leak", act="native.leak", subject=each.native.id, after=after))


def _notice(each: Exposed, source: str, incident: str) -> Notice:
    native, place = each.native, each.place or "a place that was not told"
    where = f"Reported by {source}; found at {place}."
    if each.sort is Sort.KEY_ID:
        title, kind = f"The public half of native key {native.id} was reported as leaked", "leak_claim"
        text = f"{where} It is no secret. If the secret may be with it, revoke the key and issue another."
        text += f" As you chose, {MEANINGS[KeyState.WINDING_DOWN]}." if incident else " Nothing was stopped."
    else:
        title, kind = f"The secret of native key {native.id} has leaked", "leak"
        stopped = MEANINGS[KeyState.WINDING_DOWN] if native.kept else "the key is deleted already"
        text = f"{where} Asked of the exchange: {stopped}; `bailiwick native show {native.id}` says what was read back."
        text += f" Revoke it and issue another; it is incident {incident}." if incident else ""
    return Notice(
        kind=kind,
        title=title,
        text=text[:2000],
        urgency=Urgency.STOP if incident else Urgency.WARNING,
        key=native.id,
        account=native.account,
        matter=incident,
        incident=incident,
    )
