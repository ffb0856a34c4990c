"""The console's own routes in the application: the ways in, the feed, and the pages."""

import inspect
from typing import Annotated, Any

import msgspec
from fastapi import Body, FastAPI, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from bailiwick.api import forms
from bailiwick.api.packing import varied
from bailiwick.console import cookies
from bailiwick.console.again import act_of
from bailiwick.console.browsers import Browsers, headers_of
from bailiwick.console.console import Console
from bailiwick.console.feed import Batch
from bailiwick.console.pages import PREFIX as PAGES
from bailiwick.console.refusals import Refused
from bailiwick.console.routes import Route, Visit
from bailiwick.link.wire import LinkError
from bailiwick.logs import log, where
from bailiwick.model.person import SignedIn
from bailiwick.model.token import Role

TAG = "console"


def mount_console(app: FastAPI, console: Console, prefix: str) -> None:
    """Mount all of it."""
    for route in console.sign_in.routes():
        _mount(app, route, console.browsers, prefix)
    _mount_feed(app, console, prefix)
    _mount_pages(app, console)


def _mount(app: FastAPI, route: Route, browsers: Browsers, prefix: str) -> None:
    model = forms.asked(route.asks)

    async def serve(request: Request, **values: Any) -> Response:
        try:
            asked = _struct(route.asks, values.get("form"))
            told = await route.serve(asked, _visit(request, browsers)._replace(act=act_asked(request)))
        except (LinkError, Refused):
            raise
        except Exception as error:
            log.error("fault in the console", path=route.path, fault=where(error))
            raise Refused(500, "an internal fault; the log of this moment has the rest") from None
        response = Response(forms.encode(told.answer), media_type="application/json")
        for each in told.set_cookies:
            response.headers.append("set-cookie", each)
        return response

    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [inspect.Parameter("request", keyword, annotation=Request)]
    if model.model_fields:
        parameters.append(inspect.Parameter("form", keyword, annotation=Annotated[model, Body()]))
    serve.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # what FastAPI reads
    name = f"{route.method.lower()}{route.path.replace('/', '_').replace('-', '_')}"
    app.router.add_api_route(
        prefix + route.path,
        serve,
        methods=[route.method],
        name=name,
        operation_id=name,
        summary=route.summary,
        tags=[TAG],
        response_model=None,
        responses={200: {"model": forms.told(route.tells), "description": route.summary}},
    )


def _struct(kind: type[msgspec.Struct], form: Any) -> msgspec.Struct:
    """What was sent, as the console has it; its model checked it."""
    return kind() if form is None else kind(**{name: getattr(form, name) for name in type(form).model_fields})


def act_asked(request: Request) -> str:
    """Which act a request is, by what arrived of it: the gate has read the body whole."""
    scope = request.scope
    target = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    query = scope["query_string"].decode("latin-1")
    return act_of(request.method, f"{target}?{query}" if query else target, request.state.body)


def _visit(request: Request, browsers: Browsers) -> Visit:
    caller = request.state.token
    signed = caller if isinstance(caller, SignedIn) else None
    source = request.client.host if request.client is not None else ""
    return browsers.visit(headers_of(request.scope["headers"]), source, signed)


def _mount_feed(app: FastAPI, console: Console, prefix: str) -> None:
    async def serve(request: Request) -> Response:
        visit = _visit(request, console.browsers)
        signed = visit.whose()
        if console.feed.full:
            raise Refused(503, "feed: too many pages listen already", "close one of them")
        last = request.headers.get("last-event-id", request.query_params.get("after", ""))
        after = int(last) if last.isascii() and last.isdigit() and len(last) < 16 else None
        people = console.door.people
        owner = signed.owner if signed.role is Role.OWNER else ""
        told = console.feed.told(after, owner, lambda: people.recognise(visit.cookie, used=False) is not None)
        return StreamingResponse(told, media_type="text/event-stream")

    app.router.add_api_route(
        prefix + "/session/feed",
        serve,
        methods=["GET"],
        operation_id="get_session_feed",
        summary="What the journal says while it is written, as server-sent events",
        tags=[TAG],
        response_model=None,
        responses={200: {"model": forms.told(Batch), "description": "One such object in each event"}},
    )


def _mount_pages(app: FastAPI, console: Console) -> None:
    async def begin(request: Request) -> Response:
        host = request.headers["host"]
        name, _, port = host.rpartition(":")
        if (name or host) in {"127.0.0.1", "[::1]", "localhost"}:  # passkeys need a name, and cookies know no port
            return RedirectResponse(f"{request.url.scheme}://{cookies.OWN_HOST}{':' + port if name else ''}{PAGES}")
        return RedirectResponse(PAGES)

    async def page(request: Request) -> Response:
        found = console.pages.page(request.scope["path"])
        if found is None:
            raise Refused(404, "path: nothing is served here; load the page again")
        return varied(request, found.body, found.packed, {}, found.media_type)

    for path, serve in (("/", begin), (PAGES, page), (PAGES + "{rest:path}", page)):
        app.add_api_route(path, serve, methods=["GET"], response_model=None, include_in_schema=False)
