"""Lets people in: by passkey, by password and code, by a one-time link; and asks them once more before what widens.

Whoever is not let in learns nothing but that, whatever was wrong. Every way in that is made, every session that begins
or ends is an act in the journal before it counts.
"""

import asyncio
import hmac
import secrets
from collections import OrderedDict
from typing import Any, NamedTuple, final

from bailiwick.authority.people import People
from bailiwick.console import cookies, factors, passkeys
from bailiwick.console.again import is_act
from bailiwick.console.attempts import Attempts
from bailiwick.console.factors import Locker
from bailiwick.console.refusals import Refused, ask_again, not_let_in
from bailiwick.link.wire import LinkError
from bailiwick.logs import log
from bailiwick.model.person import Entry, Passkey, Person, Session, SignedIn
from bailiwick.model.secret import Secret
from bailiwick.store.store import Store

CHALLENGE_MS = 5 * 60_000
CHALLENGES = 1000  # that are open at once; the oldest are forgotten first
AGAIN_MS = 5 * 60_000
MOST_PASSKEYS = 20
MOST_LABEL = 60
TOO_OLD = "challenge: it was used, is too old, or is for something else; begin again"


class Client(NamedTuple):
    """The browser: the host that it names (checked), our origin there, its address, its words and its mark."""

    host: str
    origin: str
    source: str
    agent: str
    mark: str


class Opened(NamedTuple):
    """A session that has begun: what its cookie says, and whose it is."""

    session: Session
    person: Person
    cookie: str


class _Challenge(NamedTuple):
    bytes: bytes
    purpose: tuple[str, ...]
    until: int
    seed: Secret | None = None


@final
class Door:
    """The ways in."""

    def __init__(self, people: People, store: Store, locker: Locker) -> None:
        self.people = people
        self._rows = store.people
        self.locker = locker
        self._clock = people.clock
        self._attempts = Attempts()
        self._challenges: OrderedDict[str, _Challenge] = OrderedDict()  # of who has a session or a link
        self._own = secrets.token_bytes(32)  # of this process: what is signed to sign in follows from it
        self._signed_in: dict[str, int] = {}  # what was signed, and until when it could be sent again
        self._again: dict[str, tuple[str, int]] = {}  # by session: which act was confirmed, and until when
        self._hashing = asyncio.Semaphore(1)  # 64 MiB each: one at a time

    def nobody_yet(self) -> bool:
        """Whether nobody can sign in: then the page says how the first person is invited."""
        known = (each for each in self._rows.list() if each.ended is None)
        return not any(each.password is not None or self._rows.passkeys(each.name) for each in known)

    # Signing in

    def ask_passkey(self, client: Client) -> tuple[str, dict[str, Any]]:
        """A challenge for whoever has a passkey of this site."""
        challenge_id = f"{self._clock() + CHALLENGE_MS}.{secrets.token_urlsafe(16)}"
        return challenge_id, passkeys.asked_to_sign(self._of_sign_in(challenge_id), cookies.site_of(client.host))

    def _of_sign_in(self, challenge_id: str) -> bytes:
        """What is signed to sign in. It follows from its id, so that nothing is kept for whoever only asks: a stranger
        who asks without end pushes nobody's challenge out."""
        return hmac.digest(self._own, challenge_id.encode(), "sha256")

    async def by_passkey(self, client: Client, challenge_id: str, credential: dict[str, Any]) -> Opened:
        """Sign in by passkey. It is never slowed down: nobody guesses a signature.

        Raises:
            Refused: if it is not somebody's.
        """
        until, now = challenge_id.partition(".")[0], self._clock()
        if not until.isascii() or not until.isdecimal() or now >= int(until[:20]) or challenge_id in self._signed_in:
            raise Refused(409, TOO_OLD)
        passkey = self._signed(client, self._of_sign_in(challenge_id), credential)
        self._signed_in = {each: end for each, end in self._signed_in.items() if end > now} | {challenge_id: int(until)}
        person = self._rows.find(passkey.person)
        if person is None or person.ended is not None:
            raise not_let_in()
        return await self._begin(person, "passkey", client)

    async def by_password(self, client: Client, name: str, password: Secret, code: str) -> Opened:
        """Sign in by password and code.

        Raises:
            Refused: if they are not somebody's, in the same words and the same time; or if this source has to wait.
        """
        now = self._clock()
        marked = cookies.is_mark(client.mark, name, self.locker.marks)
        source = f"mark {client.mark}" if marked else client.source
        wait = self._attempts.wait_ms(source, name, now)
        if wait:
            seconds = -(-wait // 1000)
            told = f"sign-in: too many failures from here; wait {seconds} seconds"
            raise Refused(429, told, "a passkey works meanwhile", wait_s=seconds)
        self._attempts.failed(source, name, now)  # taken back below: tries at the same time count each
        person = self._rows.find(name)
        known = person is not None and person.ended is None and person.totp is not None
        async with self._hashing:
            right = await asyncio.to_thread(factors.is_password, password, person.password if person else None)
        if person is None or not known or not right or not self._code_taken(person, code):
            log.warning("a sign-in was refused", source=client.source)
            raise not_let_in()
        self._attempts.succeeded(source, name)
        return await self._begin(person, "password", client)

    async def _begin(self, person: Person, by: str, client: Client) -> Opened:
        session, cookie = await self.people.begin(person, by, client.source, client.agent)
        return Opened(session, person, cookie)

    def _code_taken(self, person: Person, code: str) -> bool:
        """Whether a code is right and of a time of which none was taken; it is taken with that."""
        seed = self.locker.open(person.name, person.totp) if person.totp is not None else None
        if seed is None:
            return False
        step = factors.step_of_code(code, seed, self._clock())
        return step is not None and self._rows.use_code(person.name, step)

    # By a one-time link

    def entry(self, link: str) -> tuple[Entry, Person]:
        """Whose link it is.

        Raises:
            Refused: if it does nothing (any more).
        """
        try:
            return self.people.entry(link)
        except LinkError as error:
            raise Refused(404, error.sentence) from None

    def ask_new_passkey(self, client: Client, link: str) -> tuple[str, dict[str, Any]]:
        """A challenge for a passkey that is to be made by a link."""
        entry, person = self.entry(link)
        return self._ask_to_make(client, person.name, ("enter", entry.digest.hex()))

    async def enter_by_passkey(
        self, client: Client, link: str, challenge_id: str, credential: dict[str, Any], label: str
    ) -> Opened:
        """Make a passkey by a link, and sign in by it."""
        entry, _ = self.entry(link)
        challenge = self._take(challenge_id, ("enter", entry.digest.hex()))
        passkey = self._made(client, challenge, credential, entry.person, label)
        person = await self.people.enter(entry, passkey=passkey)
        return await self._begin(person, "passkey", client)

    def ask_seed(self, client: Client, link: str) -> tuple[str, Secret, str]:
        """A seed for somebody's codes, to be taken into their app before it counts."""
        entry, person = self.entry(link)
        seed = factors.new_seed()
        challenge_id = self._open(b"", ("seed", entry.digest.hex()), seed)
        return challenge_id, seed, factors.seed_link(seed, person.name, cookies.site_of(client.host))

    async def enter_by_password(
        self, client: Client, link: str, challenge_id: str, password: Secret, code: str
    ) -> Opened:
        """Choose a password by a link, show that the app says the right codes, and sign in.

        Raises:
            Refused: if the password is too short or the code wrong; both may be tried again.
        """
        entry, person = self.entry(link)
        challenge = self._challenges.get(challenge_id)
        if challenge is None or challenge.seed is None or challenge.purpose != ("seed", entry.digest.hex()):
            raise Refused(409, "challenge: it is too old; load the page again")
        step = factors.step_of_code(code, challenge.seed, self._clock())
        if step is None:
            raise Refused(422, "code: it is not what the app should say; see that the phone's clock is right")
        try:
            async with self._hashing:
                phc = await asyncio.to_thread(factors.hash_password, password)
        except ValueError as error:
            raise Refused(422, str(error)) from None
        self._challenges.pop(challenge_id, None)
        sealed = self.locker.seal(person.name, challenge.seed)
        person = await self.people.enter(entry, password=phc, totp=sealed, step=step)
        return await self._begin(person, "password", client)

    # With a session

    def ask_again(self, client: Client, signed: SignedIn, act: str) -> tuple[str, dict[str, Any], bool]:
        """A challenge before one act, with whether a code would do as well.

        Raises:
            Refused: if it is no act.
        """
        if not is_act(act):
            raise Refused(422, "act: it is none; send the digest of the request, as docs/console.md has it")
        person = self._rows.get(signed.name)
        challenge = passkeys.new_challenge()
        options = passkeys.asked_to_sign(challenge, cookies.site_of(client.host), self._rows.passkeys(person.name))
        return self._open(challenge, ("again", signed.session, act)), options, person.totp is not None

    def confirm_by_passkey(
        self, client: Client, signed: SignedIn, act: str, challenge_id: str, credential: dict[str, Any]
    ) -> None:
        """Let one act through, upon a passkey of the same person."""
        challenge = self._take(challenge_id, ("again", signed.session, act))
        if self._signed(client, challenge, credential).person != signed.name:
            raise not_let_in()
        self._confirmed(signed, act)

    async def confirm_by_code(self, signed: SignedIn, act: str, code: str) -> None:
        """Let one act through, upon a code. Who guesses loses the session.

        Raises:
            Refused: if it is wrong, or was used already.
        """
        now = self._clock()
        self._attempts.failed(signed.session, "code", now)
        if not self._code_taken(self._rows.get(signed.name), code):
            if self._attempts.wait_ms(signed.session, "code", now):
                await self.people.leave(signed)
                raise Refused(401, "code: too many were wrong, so this session is ended; sign in again")
            raise Refused(422, "code: it is wrong, or was used already; wait for the next")
        self._attempts.succeeded(signed.session, "code")
        self._confirmed(signed, act)

    def _confirmed(self, signed: SignedIn, act: str) -> None:
        now = self._clock()
        self._again = {session: each for session, each in self._again.items() if each[1] > now}
        self._again[signed.session] = (act, now + AGAIN_MS)

    def take_confirmation(self, signed: SignedIn, act: str) -> None:
        """Use up what was confirmed for this act.

        Raises:
            Refused: if nothing was, so that it is asked for.
        """
        found = self._again.get(signed.session)
        if found is None or found[0] != act or self._clock() >= found[1]:
            raise ask_again()
        del self._again[signed.session]

    def give_back(self, signed: SignedIn, act: str) -> None:
        """The act was refused, and nothing done: what was confirmed may be used for the same once more."""
        self._confirmed(signed, act)

    def ask_more(self, client: Client, signed: SignedIn) -> tuple[str, dict[str, Any]]:
        """A challenge for one more passkey of somebody signed in."""
        return self._ask_to_make(client, signed.name, ("more", signed.session))

    async def add_passkey(
        self, client: Client, signed: SignedIn, challenge_id: str, credential: dict[str, Any], label: str
    ) -> None:
        """Give somebody signed in one more passkey."""
        challenge = self._take(challenge_id, ("more", signed.session))
        if len(self._rows.passkeys(signed.name)) >= MOST_PASSKEYS:
            raise Refused(409, f"passkey: {MOST_PASSKEYS} are enough; remove one first")
        made = self._made(client, challenge, credential, signed.name, label)
        await self.people.change_passkey(signed.name, made)

    async def remove_passkey(self, signed: SignedIn, credential: str) -> None:
        """Take one of their passkeys from somebody signed in; never the last way in.

        Raises:
            Refused: if it is not theirs, or the last.
        """
        own = {each.id.hex(): each for each in self._rows.passkeys(signed.name)}
        if credential not in own:
            raise Refused(404, "passkey: there is none")
        if len(own) == 1 and self._rows.get(signed.name).password is None:
            raise Refused(409, "passkey: it is the last way in; add another first")
        await self.people.change_passkey(signed.name, own[credential], remove=True)

    # Challenges

    def _ask_to_make(self, client: Client, name: str, purpose: tuple[str, ...]) -> tuple[str, dict[str, Any]]:
        challenge = passkeys.new_challenge()
        known = self._rows.passkeys(name)
        return self._open(challenge, purpose), passkeys.asked_to_make(
            challenge, cookies.site_of(client.host), name, known
        )

    def _open(self, challenge: bytes, purpose: tuple[str, ...], seed: Secret | None = None) -> str:
        challenge_id = secrets.token_urlsafe(16)
        self._challenges[challenge_id] = _Challenge(challenge, purpose, self._clock() + CHALLENGE_MS, seed)
        while len(self._challenges) > CHALLENGES:
            self._challenges.popitem(last=False)
        return challenge_id

    def _take(self, challenge_id: str, purpose: tuple[str, ...]) -> bytes:
        """A challenge is used once, whatever comes of it."""
        found = self._challenges.pop(challenge_id, None)
        if found is None or found.purpose != purpose or self._clock() >= found.until:
            raise Refused(409, TOO_OLD)
        return found.bytes

    def _signed(self, client: Client, challenge: bytes, credential: dict[str, Any]) -> Passkey:
        try:
            passkey = self._rows.passkey(passkeys.credential_id(credential))
            if passkey is None or passkey.site != cookies.site_of(client.host):
                raise not_let_in()
            count = passkeys.signed(credential, challenge, passkey, client.origin)
        except passkeys.NotBelievedError as error:
            log.warning("a passkey was not believed", source=client.source, why=str(error))
            raise not_let_in() from None
        self._rows.use_passkey(passkey.id, count, self._clock())
        return passkey

    def _made(self, client: Client, challenge: bytes, credential: dict[str, Any], person: str, label: str) -> Passkey:
        site = cookies.site_of(client.host)
        try:
            made = passkeys.made(credential, challenge, site, client.origin)
        except passkeys.NotBelievedError as error:
            raise Refused(422, f"passkey: the browser made none that is taken ({error}); try again") from None
        shown = "".join(letter for letter in label if letter.isprintable())[:MOST_LABEL] or "passkey"
        return Passkey(
            id=made.id,
            person=person,
            label=shown,
            public_key=made.public_key,
            sign_count=made.sign_count,
            site=site,
            created=self._clock(),
        )
