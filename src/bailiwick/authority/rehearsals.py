"""Passes on what is asked about a rehearsal to whoever plays it: the demonstration, while it is kept running.

The player listens on a socket in the directory of the other two, where nobody but this user can put one. The control
process itself can play nothing: it holds no key's secret, and must hold none.
"""

from pathlib import Path
from typing import Any, final

from bailiwick.authority.acts import Asks
from bailiwick.authority.answering import Answering
from bailiwick.authority.rehearsal_verbs import PlayRehearsal, RehearsalAnswer, ShowRehearsal
from bailiwick.link.wire import Code, LinkError, Question


@final
class Rehearsals:
    """Answers for the player, or says that there is none."""

    def __init__(self, socket: Path, player: Asks) -> None:
        self._socket = socket
        self._player = player

    def answering(self) -> dict[type[Question[Any]], Answering]:
        """One answer for each verb of this subject."""
        return {ShowRehearsal: self._show, PlayRehearsal: self._play}

    async def _show(self, question: ShowRehearsal, actor: str) -> RehearsalAnswer:
        if not self._socket.exists():
            return RehearsalAnswer(here=False)
        try:
            return await self._player.ask(question)
        except LinkError as error:
            if error.code is Code.UNAVAILABLE:
                return RehearsalAnswer(here=False)  # it was killed, and left its socket behind
            raise

    async def _play(self, question: PlayRehearsal, actor: str) -> RehearsalAnswer:
        if not self._socket.exists():
            raise LinkError(Code.CONFLICT, "nothing is rehearsed here; run `make demo STAY=1` to play a theft")
        return await self._player.ask(question)
