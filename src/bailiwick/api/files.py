"""Files that the API gives out: in pieces, as they are on the disk, and by an address of the API rather than a path."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
from starlette.responses import StreamingResponse

from bailiwick.api.whose import Ask
from bailiwick.authority.notice_verbs import EvidenceAnswer, IncidentAnswer

PIECE_BYTES = 256 << 10
ZIP = "application/zip"


async def by_address(question: Any, answer: IncidentAnswer, ask: Ask) -> IncidentAnswer:
    """The answer with the address of its evidence: a path of the server's is of no use to who holds a token."""
    if not answer.evidence:
        return answer
    return msgspec.structs.replace(answer, evidence=f"/v1/incidents/{answer.id}/evidence")


async def stream(answer: EvidenceAnswer) -> StreamingResponse:
    """The file itself. It is open before the answer begins, so that one that is gone by then is a problem, not a stub.

    Raises:
        OSError: if it cannot be opened.
    """
    path = Path(answer.path)
    file = await asyncio.to_thread(path.open, "rb")

    async def pieces() -> AsyncIterator[bytes]:
        with file:
            while piece := await asyncio.to_thread(file.read, PIECE_BYTES):
                yield piece

    headers = {"Content-Disposition": f'attachment; filename="{path.name}"'}
    return StreamingResponse(pieces(), media_type=ZIP, headers=headers)
