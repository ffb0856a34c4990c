"""After an account was added: what its exchange says that its own key may do, among the notes of the answer."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from bailiwick.audit.grading import Grade
from bailiwick.authority.audit_verbs import AuditAccount
from bailiwick.authority.verbs import ActAnswer, AddAccount
from bailiwick.link.wire import LinkError, Question

AUDIT_S = 10.0
Ask = Callable[[Question[Any]], Awaitable[Any]]


async def audited(question: AddAccount, answer: ActAnswer, ask: Ask) -> ActAnswer:
    """The answer with the warnings of an audit, where there is a key to audit. It never fails what was done."""
    if question.credential is None or question.preview:
        return answer
    try:
        async with asyncio.timeout(AUDIT_S):
            report = (await ask(AuditAccount(id=question.id))).report
    except LinkError as error:
        notes = _unaudited(question.id, error.sentence)
    except TimeoutError:
        notes = _unaudited(question.id, "the exchange did not answer in time")
    else:
        bad = [each for each in report.verdicts if each.grade in {Grade.DANGER, Grade.WARNING}]
        notes = [
            f"{each.grade.value}: {each.subject}: {each.sentence}" + (f"; {each.remedy}" if each.remedy else "")
            for each in bad
        ]
        notes += [report.advice] if bad else []
        if not report.told:
            notes = _unaudited(question.id, report.sentence)
    return msgspec.structs.replace(answer, notes=(*answer.notes, *notes))


def _unaudited(account: str, why: str) -> list[str]:
    return [f"its key could not be audited: {why}. Later: GET /v1/accounts/{account}/audit"]
