"""What goes wrong, as RFC 9457 problem details: a kind for programs, a sentence for people, the fields and the remedy.

Nothing here repeats a value that was sent: it may be a secret in the wrong place.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from bailiwick.console.refusals import Refused
from bailiwick.link.wire import Code, LinkError

MEDIA_TYPE = "application/problem+json"
STATUS = {
    Code.REFUSED: 422,
    Code.NOT_FOUND: 404,
    Code.CONFLICT: 409,
    Code.UNAVAILABLE: 503,
    Code.UNCERTAIN: 504,
    Code.MALFORMED: 400,
    Code.STRANGER: 403,
    Code.FAULT: 500,
}
TITLES = {
    400: "The request is not understood",
    401: "No token in force",
    403: "This token may not do that",
    404: "There is none",
    405: "Not by this method",
    408: "The request took too long",
    409: "What is there stands against it",
    413: "The body is too large",
    415: "The body is not JSON",
    421: "Not the host that is served here",
    422: "Understood, and refused as it is",
    428: "The second factor is asked for again",
    429: "Too many requests",
    500: "An internal fault",
    503: "A part that is needed does not answer",
    504: "The answer was lost: look whether it was done",
}
_FIELD = re.compile(r"([a-z][a-z0-9_.]{0,60}): (.+)", re.DOTALL)
_NAMED = re.compile(r"[a-z_]{1,40}|[0-9]{1,6}")  # what may be repeated: a secret sent as a name may not


class FieldProblem(msgspec.Struct, frozen=True):
    """What is wrong with one field, and what to do."""

    field: str
    detail: str
    remedy: str = ""


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Problem details (RFC 9457). ``type`` names the kind of problem and is stable."""

    type: str
    title: str
    status: int
    detail: str
    remedy: str = ""
    errors: tuple[FieldProblem, ...] = ()


def problem(status: int, detail: str, *, remedy: str = "", errors: Iterable[FieldProblem] = ()) -> Problem:
    """A problem of this status."""
    title = TITLES.get(status, "The request was not served")
    kind = "urn:bailiwick:problem:" + re.sub(r"[^a-z]+", "-", title.lower()).strip("-")
    return Problem(type=kind, title=title, status=status, detail=detail, remedy=remedy, errors=tuple(errors))


def of_link(error: LinkError) -> Problem:
    """What the authority refused. Its sentences read ``field: complaint; remedy``."""
    found = _FIELD.fullmatch(error.sentence)
    complaint, _, remedy = (found[2] if found else error.sentence).rpartition("; ")
    if not complaint:
        complaint, remedy = remedy, ""
    errors = [FieldProblem(found[1], complaint, remedy)] if found else []
    return problem(STATUS[error.code], error.sentence, remedy=remedy, errors=errors)


def of_refusal(refused: Refused) -> Problem:
    """What the console's door refused."""
    return problem(refused.status, refused.detail, remedy=refused.remedy)


def of_validation(found: Iterable[Mapping[str, Any]]) -> Problem:
    """What the models refused: where and why, and not what it was."""
    errors = [FieldProblem(_place(each["loc"]), _words(each), _remedy(str(each["type"]))) for each in found]
    first = errors[0] if errors else FieldProblem("body", "it is not of this form")
    if any(each["type"] == "json_invalid" for each in found):
        return problem(400, "body: it is not JSON", remedy="send one JSON object", errors=errors)
    return problem(422, f"{first.field}: {first.detail}", remedy=first.remedy, errors=errors)


def respond(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """The problem as an answer."""
    return Response(msgspec.json.encode(problem), problem.status, headers, MEDIA_TYPE)


def _place(loc: Iterable[Any]) -> str:
    parts = [str(part) if _NAMED.fullmatch(str(part)) else "(no field's name)" for part in loc]
    return ".".join(parts[1:]) or parts[0]


def _words(error: Mapping[str, Any]) -> str:
    # The library's own sentence names types and bounds; the words of a check of ours might name the value.
    return "it is not of this form" if error["type"] in {"value_error", "assertion_error"} else str(error["msg"])


def _remedy(kind: str) -> str:
    match kind:
        case "missing":
            return "give it"
        case "extra_forbidden":
            return "take it out, or correct its spelling; /v1/openapi.json lists every field"
        case _:
            return "correct the value; /v1/openapi.json has its form"
