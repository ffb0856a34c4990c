"""Signing in, over HTTP: what stands beside the verbs in the control API, and is of use to a browser alone."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, final

import msgspec

from bailiwick.authority.show import moment
from bailiwick.console import cookies, factors, forms
from bailiwick.console.door import Client, Door, Opened
from bailiwick.console.refusals import Refused
from bailiwick.model.person import SignedIn
from bailiwick.store.store import Store

OPEN = ("/v1/sign-in", "/v1/enter")
"""What needs no session: it leads to one."""


class Visit(NamedTuple):
    """A request of a browser: who asks, if anybody is signed in, what its cookie says, and which act it is."""

    client: Client
    signed: SignedIn | None
    cookie: str
    act: str = ""

    def whose(self) -> SignedIn:
        """Who is signed in.

        Raises:
            Refused: if nobody is.
        """
        if self.signed is None:
            raise Refused(401, "session: nobody is signed in here", "sign in")
        return self.signed


class Told(NamedTuple):
    """An answer, and the cookies that go with it."""

    answer: msgspec.Struct
    set_cookies: tuple[str, ...] = ()


Serving = Callable[[Any, Visit], Awaitable[Told]]


class Route(NamedTuple):
    """One way: method, path, what is asked, what is told, who answers, and a line for people."""

    method: str
    path: str
    asks: type[msgspec.Struct]
    tells: type[msgspec.Struct]
    serve: Serving
    summary: str


@final
class SignIn:
    """Answers browsers."""

    def __init__(self, door: Door, store: Store) -> None:
        self._door = door
        self._rows = store.people

    def routes(self) -> tuple[Route, ...]:
        """All of it."""
        f = forms
        return (
            Route("GET", "/sign-in", f.Nothing, f.Welcome, self._welcome, "Can anybody sign in yet?"),
            Route("POST", "/sign-in/passkey/ask", f.Nothing, f.Asked, self._ask_passkey, "Begin to sign in by passkey"),
            Route("POST", "/sign-in/passkey", f.Credential, f.SignedInView, self._by_passkey, "Sign in by passkey"),
            Route("POST", "/sign-in/password", f.Password, f.SignedInView, self._by_password, "Sign in by password"),
            Route("POST", "/enter", f.Link, f.LinkView, self._link, "Whose one-time link is this?"),
            Route("POST", "/enter/passkey/ask", f.Link, f.Asked, self._ask_new, "Begin to make a passkey by a link"),
            Route(
                "POST", "/enter/passkey", f.LinkCredential, f.SignedInView, self._entered, "Make a passkey by a link"
            ),
            Route("POST", "/enter/password/ask", f.Link, f.Seed, self._seed, "Begin to choose a password by a link"),
            Route(
                "POST", "/enter/password", f.LinkPassword, f.SignedInView, self._chosen, "Choose a password by a link"
            ),
            Route("GET", "/session", f.Nothing, f.SignedInView, self._session, "Who is signed in here?"),
            Route("POST", "/session/end", f.Nothing, f.Nothing, self._leave, "Sign out"),
            Route("POST", "/session/again/ask", f.Again, f.Asked, self._ask_again, "Begin to confirm one act"),
            Route("POST", "/session/again", f.Confirmation, f.Nothing, self._confirm, "Confirm one act"),
            Route("GET", "/session/passkeys", f.Nothing, f.Passkeys, self._passkeys, "List one's own passkeys"),
            Route("POST", "/session/passkeys/ask", f.Nothing, f.Asked, self._ask_more, "Begin to add a passkey"),
            Route("POST", "/session/passkeys", f.NewPasskey, f.Passkeys, self._add, "Add a passkey to one's own"),
            Route(
                "POST", "/session/passkeys/remove", f.PasskeyId, f.Passkeys, self._remove, "Remove one's own passkey"
            ),
        )

    # Signing in

    async def _welcome(self, asked: forms.Nothing, visit: Visit) -> Told:
        return Told(forms.Welcome(nobody=self._door.nobody_yet(), signed_in=visit.signed is not None))

    async def _ask_passkey(self, asked: forms.Nothing, visit: Visit) -> Told:
        challenge, options = self._door.ask_passkey(visit.client)
        return Told(forms.Asked(challenge=challenge, options=options))

    async def _by_passkey(self, asked: forms.Credential, visit: Visit) -> Told:
        return self._opened(await self._door.by_passkey(visit.client, asked.challenge, asked.credential))

    async def _by_password(self, asked: forms.Password, visit: Visit) -> Told:
        return self._opened(await self._door.by_password(visit.client, asked.name, asked.password, asked.code))

    async def _link(self, asked: forms.Link, visit: Visit) -> Told:
        entry, person = self._door.entry(asked.link.reveal().decode())
        expires = moment(entry.expires) or ""
        return Told(forms.LinkView(name=person.name, role=person.role.value, owner=person.owner, expires=expires))

    async def _ask_new(self, asked: forms.Link, visit: Visit) -> Told:
        challenge, options = self._door.ask_new_passkey(visit.client, asked.link.reveal().decode())
        return Told(forms.Asked(challenge=challenge, options=options))

    async def _entered(self, asked: forms.LinkCredential, visit: Visit) -> Told:
        link = asked.link.reveal().decode()
        return self._opened(
            await self._door.enter_by_passkey(visit.client, link, asked.challenge, asked.credential, asked.label)
        )

    async def _seed(self, asked: forms.Link, visit: Visit) -> Told:
        challenge, seed, uri = self._door.ask_seed(visit.client, asked.link.reveal().decode())
        return Told(forms.Seed(challenge=challenge, seed=factors.seed_text(seed), uri=uri))

    async def _chosen(self, asked: forms.LinkPassword, visit: Visit) -> Told:
        link = asked.link.reveal().decode()
        return self._opened(
            await self._door.enter_by_password(visit.client, link, asked.challenge, asked.password, asked.code)
        )

    def _opened(self, opened: Opened) -> Told:
        person, session = opened.person, opened.session
        signed = SignedIn(
            name=person.name, role=person.role, owner=person.owner, session=session.id, digest=session.digest
        )
        mark = cookies.mark_of(person.name, self._door.locker.marks)
        return Told(
            self._view(signed, opened.cookie),
            (
                cookies.write(cookies.SESSION, opened.cookie),
                cookies.write(cookies.MARK, mark, cookies.MARK_S),
            ),
        )

    # With a session

    def _view(self, signed: SignedIn, cookie: str) -> forms.SignedInView:
        return forms.SignedInView(
            name=signed.name,
            role=signed.role.value,
            owner=signed.owner,
            session=signed.session,
            csrf=cookies.csrf_of(cookie),
            until=moment(self._rows.session(signed.session).until) or "",
            codes=self._rows.get(signed.name).totp is not None,
        )

    async def _session(self, asked: forms.Nothing, visit: Visit) -> Told:
        return Told(self._view(visit.whose(), visit.cookie))

    async def _leave(self, asked: forms.Nothing, visit: Visit) -> Told:
        await self._door.people.leave(visit.whose())
        return Told(forms.Nothing(), (cookies.write(cookies.SESSION, ""),))

    async def _ask_again(self, asked: forms.Again, visit: Visit) -> Told:
        challenge, options, code = self._door.ask_again(visit.client, visit.whose(), asked.act)
        return Told(forms.Asked(challenge=challenge, options=options, code=code))

    async def _confirm(self, asked: forms.Confirmation, visit: Visit) -> Told:
        signed = visit.whose()
        if asked.credential is not None:
            self._door.confirm_by_passkey(visit.client, signed, asked.act, asked.challenge, asked.credential)
        else:
            await self._door.confirm_by_code(signed, asked.act, asked.code)
        return Told(forms.Nothing())

    async def _passkeys(self, asked: forms.Nothing, visit: Visit) -> Told:
        return self._own(visit.whose())

    async def _ask_more(self, asked: forms.Nothing, visit: Visit) -> Told:
        self._door.take_confirmation(visit.whose(), visit.act)
        challenge, options = self._door.ask_more(visit.client, visit.whose())
        return Told(forms.Asked(challenge=challenge, options=options))

    async def _add(self, asked: forms.NewPasskey, visit: Visit) -> Told:
        signed = visit.whose()
        await self._door.add_passkey(visit.client, signed, asked.challenge, asked.credential, asked.label)
        return self._own(signed)

    async def _remove(self, asked: forms.PasskeyId, visit: Visit) -> Told:
        signed = visit.whose()
        self._door.take_confirmation(signed, visit.act)
        await self._door.remove_passkey(signed, asked.id)
        return self._own(signed)

    def _own(self, signed: SignedIn) -> Told:
        rows = [
            forms.PasskeyView(
                id=each.id.hex(),
                label=each.label,
                site=each.site,
                created=moment(each.created) or "",
                last_used=moment(each.last_used),
            )
            for each in self._rows.passkeys(signed.name)
        ]
        return Told(forms.Passkeys(rows=tuple(rows)))
