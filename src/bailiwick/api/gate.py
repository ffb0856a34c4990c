"""What stands before every route: is this the host that is served, is the request bounded, and who sends it?

Host is checked because a page in a browser can have its own name point at this machine (DNS rebinding). There is no
CORS, and the console's cookie goes with requests of its own pages alone, so such a page has nothing that a browser
would send for it and can read no answer. Token or session are checked before a byte of the body is read.
"""

import asyncio
import math
from collections.abc import Callable, Iterable
from typing import final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bailiwick.api.problem import of_refusal, problem, respond
from bailiwick.api.rates import Rates
from bailiwick.console.browsers import Browsers
from bailiwick.console.browsers import headers_of as read_headers
from bailiwick.console.pages import EVERYWHERE, HSTS, headers_of
from bailiwick.console.refusals import Refused
from bailiwick.logs import log, where
from bailiwick.model.token import Caller, Token

MOST_BODY_BYTES = 1 << 20
BODY_S = 10.0
ALL_S = 300.0  # for a request with its answer: who reads it slower than that is not waited for
OPEN_PATHS = frozenset({"/v1/openapi.json"})
HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    *EVERYWHERE,
)
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="bailiwick"'}


@final
class Gate:
    """Lets through what is bounded, meant for this host, and sent by somebody with a token."""

    def __init__(
        self,
        app: ASGIApp,
        hosts: Iterable[str],
        recognise: Callable[[str], Token | None],
        rates: Rates | None = None,
        browsers: Browsers | None = None,
    ) -> None:
        self._rates = rates
        self._browsers = browsers
        self._app = app
        self._hosts = frozenset(hosts)
        self._recognise = recognise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        begun = False

        async def sealed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                pages = None if self._browsers is None else headers_of(scope["path"], message["status"])
                own = pages or HEADERS
                tls = (HSTS,) if scope.get("scheme") == "https" else ()
                message["headers"] = [*message.get("headers", ()), *own, *tls]
            await send(message)

        try:
            async with asyncio.timeout(ALL_S):
                await self._admit(scope, receive, sealed)
        except TimeoutError:
            if not begun:
                await respond(problem(504, "no answer came in time; look whether it was done"))(scope, receive, sealed)
        except Exception as error:
            log.error("fault in the control API", method=scope["method"], fault=where(error))
            if not begun:
                fault = problem(500, "an internal fault; the log of this moment has the rest")
                await respond(fault)(scope, receive, sealed)

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        refused = self._strange(scope)
        if refused is None and scope["path"].startswith("/v1/") and scope["path"] not in OPEN_PATHS:
            refused = self._unknown(scope)
        if refused is not None:
            await refused(scope, receive, send)
            return
        body = await _bounded(scope, receive)
        if isinstance(body, int):
            words = {408: "body: it did not come in time", 413: f"body: at most {MOST_BODY_BYTES} bytes are read"}
            await respond(problem(body, words[body]), {"Connection": "close"})(scope, receive, send)
            return
        if body and scope["path"].startswith("/v1/") and not _json(scope):
            wrong = problem(415, "content-type: it is not application/json", remedy="send JSON and say so")
            await respond(wrong)(scope, receive, send)
            return
        scope.setdefault("state", {})["body"] = body
        await self._app(scope, _replayed(body, receive), send)

    def _unknown(self, scope: Scope) -> ASGIApp | None:
        """The refusal of whoever is not known or asks too often; who is known stands in the scope from here on."""
        browsers = self._browsers
        try:
            if browsers is None or _all(scope, b"authorization"):
                caller: Caller | None = self._recognise(_bearer(scope) or "")
            else:
                caller = browsers.admit(scope["method"], scope["path"], read_headers(scope["headers"]))
        except Refused as refused:
            return respond(of_refusal(refused))
        scope.setdefault("state", {})["token"] = caller
        if caller is not None:
            return self._often(caller)
        if browsers is not None and browsers.opens(scope["path"]):
            return self._often_from(scope, browsers.known(read_headers(scope["headers"])))
        return respond(
            problem(
                401,
                "authorization: no token that is in force",
                remedy="send `Authorization: Bearer bwt_…`; `bailiwick token issue` makes one",
            ),
            _CHALLENGE,
        )

    def _often_from(self, scope: Scope, mark: str) -> ASGIApp | None:
        """The refusal of an address from which too many ask to be let in.

        A browser in which somebody signed in before is counted by itself: a stranger behind the same proxy uses up what
        strangers may ask, and not what the owner may.
        """
        client = scope.get("client")
        source = f"mark {mark}" if mark else f"from {client[0] if client else ''}"
        return self._wait(source, "sign-in: too many ask from this address")

    def _often(self, caller: Caller) -> ASGIApp | None:
        """The refusal of a caller who asks too often; before the body is read, so that it costs next to nothing."""
        return self._wait(caller.id, "token: it asks too often")

    def _wait(self, who: str, sentence: str) -> ASGIApp | None:
        wait = self._rates.wait_s(who) if self._rates is not None else 0.0
        if wait <= 0:
            return None
        often = problem(429, sentence, remedy="wait as long as Retry-After says (seconds)")
        return respond(often, {"Retry-After": str(math.ceil(wait))})

    def _strange(self, scope: Scope) -> ASGIApp | None:
        """The refusal of a request for another host."""
        hosts = _all(scope, b"host")
        if len(hosts) == 1 and hosts[0].lower() in self._hosts:
            return None
        detail = "host: this name is not served here"
        return respond(problem(421, detail, remedy="use the address in [api] listen, or add the name to [api] hosts"))


def _all(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for header, value in scope["headers"] if header == name]


def _bearer(scope: Scope) -> str | None:
    """The one token that was sent; None where there is none, or two to choose from."""
    sent = _all(scope, b"authorization")
    if len(sent) != 1:
        return None
    scheme, _, text = sent[0].partition(" ")
    return text if scheme.lower() == "bearer" else None


def _json(scope: Scope) -> bool:
    sent = _all(scope, b"content-type")
    return len(sent) == 1 and sent[0].partition(";")[0].strip().lower() == "application/json"


async def _bounded(scope: Scope, receive: Receive) -> bytes | int:
    """The whole body, or the status to refuse it with."""
    lengths = _all(scope, b"content-length")
    if lengths and lengths[0].isdigit() and int(lengths[0]) > MOST_BODY_BYTES:
        return 413
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            more = True
            while more:
                message = await receive()
                if message["type"] != "http.request":
                    return 408  # it went away
                body += message.get("body", b"")
                more = message.get("more_body", False)
                if len(body) > MOST_BODY_BYTES:
                    return 413
    except TimeoutError:
        return 408
    return bytes(body)


def _replayed(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
