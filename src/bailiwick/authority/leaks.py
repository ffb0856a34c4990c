"""Leaks: a report that holds a key's secret winds the key down at once; one that holds its id alone is only told.

A key id stands in headers and logs, and anybody can plant one, so it proves nothing, whoever signed the report. The
secret proves itself: whoever has it has what its holder should have alone, whether the report is signed or not.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, final

import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_ssh_private_key,
)

from bailiwick.authority.acts import Act, Acts
from bailiwick.authority.incidents import Incidents
from bailiwick.authority.lives import Lives
from bailiwick.authority.lockedkeys import LockedKeys
from bailiwick.authority.nativeleaks import NativeLeaks
from bailiwick.authority.notice_verbs import LeakRow, LeaksAnswer, ListLeaks, ReportLeak
from bailiwick.authority.notices import Notices
from bailiwick.authority.partner import Finding, Partner, findings
from bailiwick.authority.show import moment
from bailiwick.link.wire import Code, LinkError
from bailiwick.logs import log
from bailiwick.model.leaked import Found, Sort, find, public_print, secret_print
from bailiwick.model.life import Cause, KeyState
from bailiwick.model.notice import Notice, Urgency
from bailiwick.model.party import Key
from bailiwick.store.errors import NotFoundError, StoreError
from bailiwick.store.leaks import Leak
from bailiwick.store.store import Store

NO_CONTENT = 204
UNAVAILABLE = 503
MOST_WRONG = 3  # private keys of a report whose secret half is not that of their public one
OVER = frozenset({KeyState.REVOKED, KeyState.EXPIRED})


class Springs(Protocol):
    """Canaries, as leaks know them."""

    async def leaked(self, key: str, source: str, place: str) -> str:
        """What was done because a canary's secret was found."""
        ...


class Exposed(msgspec.Struct, frozen=True, kw_only=True):
    """A key that a report is about, with what of it the report holds."""

    key: Key
    sort: Sort
    place: str
    current: bool = True  # whether the secret still works


@final
class Leaks:
    """The intake of leaks."""

    def __init__(
        self,
        store: Store,
        acts: Acts,
        lives: Lives,
        notices: Notices,
        incidents: Incidents,
        partner: Partner,
        per_minute: int,
        clock: Callable[[], int],
    ) -> None:
        self._store = store
        self._acts = acts
        self._lives = lives
        self._notices = notices
        self._incidents = incidents
        self._partner = partner
        self._per_minute = per_minute
        self._clock = clock
        self._locked = LockedKeys(store, notices, incidents, clock)
        self.natives: NativeLeaks | None = None  # those that the house does not sign for
        self.canaries: Springs | None = None
        self._minute = (0, 0)  # which minute, and how many claims were looked at in it

    async def receive(self, headers: Mapping[str, str], body: bytes) -> int:
        """Take a report that came over HTTP; the status to answer with, which says nothing of what was found.

        It is 503 where a proven leak could not be acted upon, so that whoever sent it sends it again; else 204.

        Args:
            headers: their names in lower case.
            body: as it came, every byte.
        """
        sender = await self._partner.sender(headers, body)
        try:
            await self.take(findings(body), sender)
        except (LinkError, StoreError) as error:
            log.error("a report of a leak could not be acted upon", error=error, sender=sender or "nobody proven")
            return UNAVAILABLE
        return NO_CONTENT

    async def take(self, report: Iterable[Finding], sender: str) -> list[str]:
        """Act on findings; what was done, in sentences.

        Raises:
            LinkError: if a key could not be wound down.
        """
        report = list(report)
        exposed: dict[str, Exposed] = {}
        wrong: list[Found] = []
        seen = [
            (finding.place, found, _print(found))
            for finding in report
            for found in find(finding.token.encode("utf-8", "replace"))
        ]
        # Asked of all at once: there is room in a report for twenty thousand words that only look like secrets.
        known = self._store.leaks.known({print_ for _, _, print_ in seen if print_})
        for place, found, print_ in seen:
            for each in self._exposed(place, found, print_ if print_ in known else b"", sender, wrong):
                before = exposed.get(each.key.id)
                if before is None or _weight(each) > _weight(before):
                    exposed[each.key.id] = each
        source = sender or "unsigned"
        said: list[str] = []
        for each in [each for each in exposed.values() if each.sort is not Sort.KEY_ID]:
            sprung = await self._sprung(each, source)
            if sprung:
                said.append(sprung)
                del exposed[each.key.id]
        proven = [each for each in exposed.values() if each.sort is not Sort.KEY_ID]
        # One act for all that one report proves: a repository with a thousand keys in it is one leak.
        stopped = await self._wind_down([each for each in proven if each.current], source)
        said += [f"key {key} winds down" for key in stopped]
        for each in exposed.values():
            said += await self._note(each, source, stopped=each.key.id in stopped)
        if self.natives is not None:
            said += await self.natives.take(report, sender, self._may_claim, _print_of)
        return [*said, *await self._locked.take(report, sender, self._may_claim)]

    async def report(self, question: ReportLeak, actor: str) -> LeaksAnswer:
        """A person has found something."""
        found = question.found.reveal().decode("utf-8", "replace")
        place = question.place or question.reason
        said = await self.take([Finding(token=found, url=place)], f"person {actor}")
        if not said:
            raise LinkError(Code.REFUSED, "found: it holds no secret, private key or id of a key of this house")
        return LeaksAnswer(said=tuple(said))

    async def rows(self, question: ListLeaks, actor: str) -> LeaksAnswer:
        """The reports about a key."""
        self._store.keys.get(question.key)
        found = self._store.leaks.of_key(question.key)
        rows = tuple(
            LeakRow(
                at=moment(each.at) or "",
                key=each.key,
                proof=each.proof,
                source=each.source,
                place=each.place,
                incident=each.incident,
            )
            for each in found
        )
        return LeaksAnswer(rows=rows)

    # Whose is it?

    def _exposed(self, place: str, found: Found, print_: bytes, sender: str, wrong: list[Found]) -> Iterable[Exposed]:
        """The keys that this is about; ``print_`` is empty where it is no key's."""
        if found.sort is Sort.KEY_ID:
            if sender and self._may_claim():
                yield from self._named(found, place)
            return
        if not print_ or (found.sort is Sort.PRIVATE_KEY and not self._fits(found, wrong)):
            return
        for printed in self._store.leaks.of_print(print_):
            try:
                key = self._store.keys.get(printed.key)
            except NotFoundError:
                continue  # it was sealed, and then not issued
            works = printed.current or self._overlaps(key)
            yield Exposed(key=key, sort=found.sort, place=place, current=works and key.state not in OVER)

    @staticmethod
    def _fits(found: Found, wrong: list[Found]) -> bool:
        """Whether a private key is the true one: anybody can write the public half, and something beside it.

        To find out takes a moment, in which nobody else is served, so a report may be wrong a few times only.
        """
        if len(wrong) >= MOST_WRONG:
            return False
        if not _print_of(found, whole=True):
            wrong.append(found)
            return False
        return True

    def _overlaps(self, key: Key) -> bool:
        """Whether a rotation left an older secret in use; which of the older ones it was is not asked."""
        return key.previous_until is not None and self._clock() < key.previous_until

    def _named(self, found: Found, place: str) -> Iterable[Exposed]:
        try:
            key = self._store.keys.get(found.text.reveal().decode("ascii"))
        except NotFoundError:
            return
        yield Exposed(key=key, sort=Sort.KEY_ID, place=place)

    def _may_claim(self) -> bool:
        """Whether one more key id may be looked up in this minute. What is proven is never counted."""
        minute = self._clock() // 60_000
        count = self._minute[1] + 1 if self._minute[0] == minute else 1
        self._minute = (minute, count)
        return count <= self._per_minute

    # What is done

    async def _wind_down(self, exposed: list[Exposed], source: str) -> tuple[str, ...]:
        if not exposed:
            return ()
        moved = await self._lives.move(
            [each.key.id for each in exposed],
            KeyState.WINDING_DOWN,
            cause=Cause.LEAK,
            actor="rule:leak",
            reason=f"reported by {source}: its {exposed[0].sort}"[:500],
            act="key.leak",
        )
        return moved.keys

    async def _sprung(self, each: Exposed, source: str) -> str:
        """What was done about the secret of a canary; "" for one of a real key."""
        if self.canaries is None or self._store.canaries.find(each.key.id) is None:
            return ""
        if self._heard_of(each, source):
            return f"{each.sort} of key {each.key.id}: that was reported already"
        sprung = await self.canaries.leaked(each.key.id, source, each.place)
        self._store.leaks.add(self._report(each, source))
        return sprung

    async def _note(self, each: Exposed, source: str, *, stopped: bool) -> list[str]:
        key = each.key
        # What stops a key is told however often it was reported: perhaps a person has given the key back since.
        if not stopped and self._heard_of(each, source):
            return [f"{each.sort} of key {key.id}: that was reported already"]
        owner = self._store.accounts.get(key.account).owner
        acted = False
        if each.sort is Sort.KEY_ID and key.state not in OVER and self._store.owners.get(owner).bare_id_acts:
            acted = bool(await self._by_wish(each, source))
        incident = ""
        if (each.sort is not Sort.KEY_ID and each.current) or acted:
            opened = await self._incidents.open(
                "leak",
                f"The {each.sort} of a key was found outside",
                keys=[key.id],
                owner=owner,
                matter=key.id,
                actor="rule:leak",
                reason=f"reported by {source}",
                note=f"{each.sort} found by {source} at {each.place or 'a place that was not told'}",
            )
            incident = opened.id
        else:
            await self._claimed(each, source)
        self._store.leaks.add(self._report(each, source, incident))
        self._notices.tell(owner, _notice(each, source, incident, acted=acted))
        return [f"{each.sort} of key {key.id}" + (f": incident {incident}" if incident else ": told its owner")]

    def _heard_of(self, each: Exposed, source: str) -> bool:
        return self._store.leaks.is_known(self._report(each, source))

    def _report(self, each: Exposed, source: str, incident: str = "") -> Leak:
        proof = each.sort.value
        return Leak(at=self._clock(), key=each.key.id, proof=proof, source=source, place=each.place, incident=incident)

    async def _by_wish(self, each: Exposed, source: str) -> tuple[str, ...]:
        moved = await self._lives.move(
            [each.key.id],
            KeyState.WINDING_DOWN,
            cause=Cause.SUSPICION,
            actor="rule:leak",
            reason=f"its id was reported by {source}, and its owner wants that to suffice"[:500],
            act="key.leak",
        )
        return moved.keys

    async def _claimed(self, each: Exposed, source: str) -> None:
        async with self._acts.turn():
            await self._acts.note(
                Act(
                    actor="rule:leak",
                    act="leak.report",
                    subject=each.key.id,
                    after={"held": each.sort.value, "source": source, "place": each.place, "works": each.current},
                )
            )


def _weight(each: Exposed) -> int:
    return (each.sort is not Sort.KEY_ID) * 2 + each.current


def _notice(each: Exposed, source: str, incident: str, *, acted: bool) -> Notice:
    key, place = each.key, each.place or "a place that was not told"
    where = f"Reported by {source}; found at {place}."
    if incident and not acted:
        return Notice(
            kind="leak",
            title="A key's secret has leaked: it winds down",
            text=f"{where} The key can still cancel and reduce, and opens nothing. Issue another and revoke this one; "
            f"what happened is gathered under incident {incident}.",
            urgency=Urgency.STOP,
            key=key.id,
            account=key.account,
            matter=incident,
            incident=incident,
        )
    if each.sort is Sort.KEY_ID:
        done = "As you chose, the key winds down." if acted else "Nothing was stopped."
        return Notice(
            kind="leak_claim",
            title="A key's id was reported as leaked",
            text=f"{where} An id is no secret: it stands in headers and logs, and anybody can plant one. {done} "
            "If the secret may be with it, rotate the key.",
            urgency=Urgency.STOP if acted else Urgency.WARNING,
            key=key.id,
            account=key.account,
            incident=incident,
        )
    why = f"the key is {key.state.value}" if key.state in OVER else "the key has another secret by now"
    return Notice(
        kind="leak_old",
        title="A secret that no longer works was found outside",
        text=f"{where} Nothing had to be stopped: {why}.",
        urgency=Urgency.NEWS,
        key=key.id,
        account=key.account,
    )


def _print(found: Found) -> bytes:
    """By which the key of a secret or private key is found; nothing of a key id."""
    if found.sort is Sort.KEY_ID:
        return b""
    return secret_print(found.text) if found.sort is Sort.SECRET else _print_of(found)


def _print_of(found: Found, *, whole: bool = False) -> bytes:
    """The print of a private key's public half; nothing of what cannot be opened, such as one under a password.

    ``whole`` says that the secret half is checked as well, which for RSA takes long enough to stop a house with.
    """
    raw = found.text.reveal()
    load = load_ssh_private_key if b"OPENSSH" in raw[:40] else load_pem_private_key
    try:
        public = load(raw, None, unsafe_skip_rsa_key_validation=not whole).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return b""
    return public_print(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
