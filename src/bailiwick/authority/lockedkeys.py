"""Private keys under a password, found outside: whose they are is not to be seen, and that is said rather than nothing.

Such a key proves no leak: it opens for whoever guesses the password, and anybody could have made one. So it stops
nothing. It is an incident, and where the report lets its key be guessed (by the public half that OpenSSH leaves
readable, or a key's id beside it), that key's owner is told to rotate it. Only what a proven
sender reports is taken up.
"""

import base64
import hashlib
import struct
from collections.abc import Callable, Iterable
from typing import final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_public_key

from bailiwick.authority.incidents import Incidents
from bailiwick.authority.notices import Notices
from bailiwick.authority.partner import Finding
from bailiwick.model.leaked import Found, Sort, find, public_print
from bailiwick.model.notice import Notice, Urgency
from bailiwick.model.party import Key
from bailiwick.store.errors import NotFoundError
from bailiwick.store.store import Store

KIND = "leak_locked"
HOUR_MS = 3_600_000
MOST_AN_HOUR = 20  # incidents: whoever may report could otherwise fill the house with keys made for it
_OPENSSH = b"openssh-key-v1\x00"


@final
class LockedKeys:
    """The part of the intake that knows keys under a password."""

    def __init__(self, store: Store, notices: Notices, incidents: Incidents, clock: Callable[[], int]) -> None:
        self._store = store
        self._notices = notices
        self._incidents = incidents
        self._clock = clock

    async def take(self, report: Iterable[Finding], sender: str, may_claim: Callable[[], bool]) -> list[str]:
        """Open an incident for each; what was done, in sentences.

        Raises:
            LinkError: if it could not be recorded.
        """
        if not sender:
            return []
        said: list[str] = []
        for finding in report:
            parts = list(find(finding.token.encode("utf-8", "replace")))
            locked = [each for each in parts if each.sort is Sort.PRIVATE_KEY and is_locked(each.text.reveal())]
            said += [
                await self._act(found, self._near(found, parts), sender, finding.place)
                for found in locked
                if may_claim()
            ]
        return said

    def _near(self, found: Found, parts: Iterable[Found]) -> list[Key]:
        """The keys whose it may be: of its readable public half, else those whose ids stand beside it."""
        public = readable_public(found.text.reveal())
        ids = [printed.key for printed in self._store.leaks.of_print(public)] if public else []
        ids = ids or [part.text.reveal().decode("ascii") for part in parts if part.sort is Sort.KEY_ID]
        keys = []
        for each in dict.fromkeys(ids):
            try:
                keys.append(self._store.keys.get(each))
            except NotFoundError:
                continue
        return keys

    async def _act(self, found: Found, near: list[Key], sender: str, place: str) -> str:
        matter = f"locked/{hashlib.sha256(found.text.reveal()).hexdigest()[:32]}"
        if self._store.incidents.find_open(KIND, matter) is not None:
            return "a private key under a password: that was reported already"
        if self._lately() >= MOST_AN_HOUR:
            return "a private key under a password: too many of them were reported in the last hour"
        owners = {key.id: self._store.accounts.get(key.account).owner for key in near}
        owner = next(iter(owners.values()), "")
        keys = [key for key in near if owners[key.id] == owner]
        where = f"Found by {sender} at {place or 'a place that was not told'}."
        opened = await self._incidents.open(
            KIND,
            "An encrypted private key was found outside; rotate the key that it belongs to",
            keys=[key.id for key in keys],
            owner=owner,
            matter=matter,
            actor="rule:leak",
            reason=f"reported by {sender}"[:500],
            note=f"{where} It is under a password, so it proves nothing and nothing was stopped. Whoever guesses the "
            "password has the key: if it is one that you or a service of yours made, rotate it.",
        )
        if owner:
            self._notices.tell(owner, _notice(keys, where, opened.id))
        return (
            f"a private key under a password: incident {opened.id}; nothing was stopped, rotate the key it belongs to"
        )

    def _lately(self) -> int:
        since = self._clock() - HOUR_MS
        return sum(each.kind == KIND and each.opened > since for each in self._store.incidents.list(limit=200))


def is_locked(pem: bytes) -> bool:
    """Whether a private key in PEM is under a password."""
    if b"OPENSSH" in pem[:40]:
        fields = _openssh(pem)
        return bool(fields) and fields[0] != b"none"
    return b"ENCRYPTED" in pem[:200]


def readable_public(pem: bytes) -> bytes:
    """The print of the public half that an OpenSSH key holds outside of its password; empty where there is none."""
    fields = _openssh(pem) if b"OPENSSH" in pem[:40] else ()
    if not fields:
        return b""
    kind = fields[1][4 : 4 + struct.unpack(">I", fields[1][:4])[0]] if len(fields[1]) > 4 else b""
    try:
        public = load_ssh_public_key(kind + b" " + base64.b64encode(fields[1]))
    except (ValueError, UnsupportedAlgorithm):
        return b""
    return public_print(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def _openssh(pem: bytes) -> tuple[bytes, ...]:
    """The cipher and the public half of a private key as OpenSSH writes it; nothing of what is none."""
    try:
        raw = base64.b64decode(b"".join(pem.split(b"\n")[1:-1]), validate=False)
        if not raw.startswith(_OPENSSH):
            return ()
        at, fields = len(_OPENSSH), []
        for number in range(5):  # cipher, way to the key, its options, how many, the public half
            if number == 3:
                at += 4
                continue
            (length,) = struct.unpack_from(">I", raw, at)
            fields.append(raw[at + 4 : at + 4 + length])
            at += 4 + length
    except (ValueError, struct.error):
        return ()
    return fields[0], fields[3]


def _notice(keys: list[Key], where: str, incident: str) -> Notice:
    return Notice(
        kind=KIND,
        title="An encrypted private key was found outside",
        text=f"{where} It may be that of key {', '.join(key.id for key in keys)[:300]}. It is under a password, so it "
        "proves nothing and nothing was stopped; whoever guesses the password has the key. Rotate it: "
        f"`bailiwick key rotate`. It is incident {incident}.",
        urgency=Urgency.WARNING,
        key=keys[0].id if len(keys) == 1 else "",
        account=keys[0].account,
        matter=incident,
        incident=incident,
    )
