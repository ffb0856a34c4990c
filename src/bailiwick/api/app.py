"""The control API as an application: a route for each row of the table, problems for what goes wrong."""

import asyncio
import inspect
import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Annotated, Any, Protocol, cast, final, get_type_hints

import msgspec
from fastapi import Body, FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp

from bailiwick import __version__
from bailiwick.api import forms
from bailiwick.api.files import ZIP, stream
from bailiwick.api.gate import Gate
from bailiwick.api.mounting import act_asked, mount_console
from bailiwick.api.packing import answered
from bailiwick.api.problem import MEDIA_TYPE, TITLES, Problem, of_link, of_refusal, of_validation, problem, respond
from bailiwick.api.rates import Rates
from bailiwick.api.row import Row
from bailiwick.api.table import ROWS
from bailiwick.api.whose import check
from bailiwick.authority.acts import refusal
from bailiwick.authority.notice_verbs import EvidenceAnswer
from bailiwick.authority.openroutes import OpenRequest, OpenRoute
from bailiwick.console.again import asks_again
from bailiwick.console.console import Console
from bailiwick.console.door import Door
from bailiwick.console.refusals import Refused
from bailiwick.link.wire import Answer, Code, LinkError, Question, answer_type
from bailiwick.logs import log, where
from bailiwick.model.person import SignedIn
from bailiwick.model.token import Caller, Role, Token
from bailiwick.store.errors import StoreError
from bailiwick.store.store import Store

PREFIX = "/v1"
ANSWER_S = 120.0
_IN_PATH = re.compile(r"{(\w+)}")
_REFUSED = (400, 401, 403, 404, 405, 408, 409, 413, 415, 421, 422, 428, 429, 503, 504)
_BODIED = frozenset({"POST", "PATCH", "PUT"})

DESCRIPTION = """\
What the command line does, for tokens. A token has a role: `owner` (of accounts: sees and changes what is theirs),
`operator` (everything) or `auditor` (reads everything). Scopes narrow it further. What can widen somebody's authority
needs a token that a person holds. Every act stands in the journal under the token's name.

An act may be previewed (`preview`), and may say which state of its subject it is meant for (`seen`). Lists come in
pages: `limit`, then `after` the last row's id while `more` is true; the `Link` header has the next page.
"""


class Answers(Protocol):
    """The authority."""

    async def answer(self, question: Question[Any], actor: str) -> Any:
        """The answer to an actor that was recognised."""
        ...


@final
class Service:
    """Asks the authority for whoever holds a token or is signed in, within what their role allows."""

    def __init__(self, desk: Answers, store: Store, door: Door | None = None) -> None:
        self._desk = desk
        self._store = store
        self._door = door

    async def serve(
        self, row: Row, token: Caller, form: BaseModel | None, given: Mapping[str, str], act: str = ""
    ) -> Answer:
        """The answer to one request.

        Args:
            row: where it was mounted.
            token: who asks.
            form: its body, as the row's model has it.
            given: what stood in its path.
            act: which act it is, of all that its person can have confirmed (``again.act_of``).

        Raises:
            LinkError: as the authority refuses, or as if what it is about did not exist.
            Refused: where a signed-in person has to show once more who they are.
        """
        try:
            question = forms.question(row.verb, form, {**row.fixed, **given})
            if token.role is Role.OWNER:
                check(row.whose, question, self._store, token.owner)
        except (ValueError, StoreError) as error:
            raise refusal(error) from None
        if self._door is None or not isinstance(token, SignedIn) or not asks_again(row, question, self._store):
            return await self._in_time(self._asked(row, token, question))
        self._door.take_confirmation(token, act)
        try:
            return await self._in_time(self._asked(row, token, question))
        except LinkError as error:
            if error.code in {Code.REFUSED, Code.CONFLICT, Code.NOT_FOUND}:
                self._door.give_back(token, act)
            raise

    async def _asked(self, row: Row, token: Caller, question: Question[Any]) -> Answer:
        async def ask(each: Question[Any]) -> Any:
            return await self._desk.answer(each, token.actor)

        if token.role is Role.OWNER and row.narrowed is not None:
            return await row.narrowed(question, token.owner, self._store, ask)
        answer = cast("Answer", await ask(question))
        return answer if row.then is None else await row.then(question, answer, ask)

    @staticmethod
    async def _in_time(work: Coroutine[Any, Any, Answer]) -> Answer:
        """An act that has begun goes on, whether or not somebody still waits for its answer."""
        task = asyncio.ensure_future(work)
        try:
            async with asyncio.timeout(ANSWER_S):
                return await asyncio.shield(task)
        except TimeoutError:
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
            sentence = "no answer came in time; look whether it was done before you repeat it"
            raise LinkError(Code.UNCERTAIN, sentence) from None


def make_app(
    desk: Answers,
    store: Store,
    recognise: Callable[[str], Token | None],
    hosts: Sequence[str],
    open_routes: Sequence[OpenRoute] = (),
    rows: Sequence[Row] = ROWS,
    rates: Rates | None = None,
    console: Console | None = None,
) -> ASGIApp:
    """The whole application.

    Args:
        desk: the authority.
        store: where ownership is looked up.
        recognise: the token of a text, if it is in force.
        hosts: values of Host that are served, in lower case, with their port.
        open_routes: what takes no token.
        rows: what is mounted.
        rates: how often each token may ask; without bound where there is none.
        console: the pages and the ways in to them; None for a house without.
    """
    browsers = None if console is None else console.browsers
    return Gate(make_routes(desk, store, open_routes, rows, console), hosts, recognise, rates, browsers)


def make_routes(
    desk: Answers,
    store: Store,
    open_routes: Sequence[OpenRoute] = (),
    rows: Sequence[Row] = ROWS,
    console: Console | None = None,
) -> FastAPI:
    """The routes without what stands before them."""
    app = FastAPI(
        title="Bailiwick control API",
        version=__version__,
        description=DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    service = Service(desk, store, None if console is None else console.door)
    for row in rows:
        _mount(app, row, service)
    if console is not None:
        mount_console(app, console, PREFIX)
    document: dict[str, Any] = {}

    @app.get(PREFIX + "/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        if not document:
            document.update(described(app, rows))
        return Response(msgspec.json.encode(document), media_type="application/json")

    for each in open_routes:
        _mount_open(app, each)
    app.add_exception_handler(LinkError, _linked)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _unrouted)
    return app


def _mount(app: FastAPI, row: Row, service: Service) -> None:
    names = _IN_PATH.findall(row.path)
    form = forms.asked(row.verb, frozenset({*names, *row.fixed}))

    async def serve(request: Request, **values: Any) -> Response:
        body = values.pop("form", None)
        try:
            answer = await service.serve(row, request.state.token, body, values, act_asked(request))
            if row.file:
                return await stream(cast("EvidenceAnswer", answer))
            return await answered(request, row, forms.encode(answer), _paging(request, answer))
        except (LinkError, Refused):
            raise
        except Exception as error:
            log.error("fault in the control API", route=row.name, fault=where(error))
            raise LinkError(Code.FAULT, "an internal fault; the log of this moment has the rest") from None

    serve.__signature__ = inspect.Signature(_parameters(row, names, form))  # type: ignore[attr-defined]  # what FastAPI reads
    serve.__name__ = row.name
    app.router.add_api_route(
        PREFIX + row.path,
        serve,
        methods=[row.method],
        name=row.name,
        operation_id=row.name,
        summary=row.summary or _first_line(row.verb),
        description=inspect.getdoc(row.verb),
        tags=[row.subject.value],
        response_model=None,
        responses=_responses(row),
        openapi_extra={
            "x-bailiwick-roles": sorted(row.roles),
            "x-bailiwick-person": sorted(role for role in row.roles if row.in_person(role)),
            "security": [{"token": []}],
        },
        route_class_override=_guarded(row),
    )


def _guarded(row: Row) -> type[APIRoute]:
    """A route that asks for role and scope before it looks at what was sent."""

    class Guarded(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            inner = super().get_route_handler()

            async def handle(request: Request) -> Response:
                permit(row, request.state.token)
                return await inner(request)

            return handle

    return Guarded


def permit(row: Row, token: Caller) -> None:
    """Let a token through to a route by its role, its scopes, and who holds it.

    Raises:
        LinkError: naming what is missing.
    """
    if token.role not in row.roles:
        raise LinkError(Code.STRANGER, f"role: {token.role} may not do this; ask for {' or '.join(sorted(row.roles))}")
    if not token.covers(row.subject, reads=row.reads):
        needed = f"{row.subject}{':read' if row.reads else ''}"
        raise LinkError(Code.STRANGER, f"scopes: this token does not reach {needed}; use one that names it")
    if row.in_person(token.role) and not token.person:
        raise LinkError(
            Code.STRANGER, "person: this can widen what somebody may do; use a token that a person holds (--person)"
        )


def _parameters(row: Row, names: Sequence[str], form: type[BaseModel]) -> list[inspect.Parameter]:
    keyword = inspect.Parameter.KEYWORD_ONLY
    found = [inspect.Parameter("request", keyword, annotation=Request)]
    for name in names:
        kind: Any = Annotated[str, Path(min_length=1, max_length=200)]
        if get_type_hints(row.verb)[name] is int:
            kind = Annotated[int, Path(ge=0, le=forms.WHOLE)]
        found.append(inspect.Parameter(name, keyword, annotation=kind))
    if not form.model_fields:
        return found
    if row.method not in _BODIED:
        found.append(inspect.Parameter("form", keyword, annotation=Annotated[form, Query()]))
    elif any(field.is_required() for field in form.model_fields.values()):
        found.append(inspect.Parameter("form", keyword, annotation=Annotated[form, Body()]))
    else:
        found.append(inspect.Parameter("form", keyword, default=None, annotation=Annotated[form | None, Body()]))
    return found


def _responses(row: Row) -> dict[int | str, dict[str, Any]]:
    refused = {"content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    answer: type[msgspec.Struct] = answer_type(row.verb)
    done: dict[str, Any] = {"model": forms.told(answer), "description": _first_line(answer)}
    if row.file:
        done = {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}, "description": "The file"}
    return {
        200: done,
        **{status: {"description": TITLES[status], **refused} for status in _REFUSED},
    }


def described(app: FastAPI, rows: Sequence[Row] = ROWS) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    document = app.openapi()
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    found = forms.told(Problem).model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(found.pop("$defs", {}))
    schemas["Problem"] = found
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "bwt_…"}}
    return document


def _mount_open(app: FastAPI, route: OpenRoute) -> None:
    async def serve(request: Request) -> Response:
        asked = OpenRequest(
            request.method,
            request.url.path,
            dict(request.query_params),
            {name.lower(): value for name, value in request.headers.items()},
            await request.body(),
            request.client.host if request.client is not None else "",
        )
        answer = await route.answer(asked)
        return Response(answer.body, answer.status, media_type=answer.media_type or None)

    app.add_api_route(
        route.path, serve, methods=[route.method], summary=route.summary, response_model=None, include_in_schema=False
    )


def _paging(request: Request, answer: Answer) -> dict[str, str]:
    """Where the next page is (RFC 8288)."""
    rows = getattr(answer, "rows", None)
    if not rows or not getattr(answer, "more", False):
        return {}
    last = rows[-1]
    after = last["id"] if isinstance(last, dict) else getattr(last, "name", getattr(last, "id", ""))
    return {"Link": f'<{request.url.include_query_params(after=after)}>; rel="next"'}


def _first_line(kind: type) -> str:
    return (inspect.getdoc(kind) or kind.__name__).splitlines()[0].rstrip(".")


async def _linked(request: Request, error: Exception) -> Response:
    assert isinstance(error, LinkError)
    return respond(of_link(error))


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    headers = {"Retry-After": str(error.wait_s)} if error.wait_s else None
    return respond(of_refusal(error), headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return respond(of_validation(error.errors()))


async def _unrouted(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail = "path: nothing is served here; /v1/openapi.json lists every route"
    if error.status_code == 405:
        detail = "method: this path is not served by it; /v1/openapi.json lists every route"
    if error.status_code == 400:
        detail = "body: it cannot be read; send one JSON object"
    return respond(problem(error.status_code, detail), error.headers)
