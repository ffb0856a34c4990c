"""Answers pages that people look at."""

import asyncio
from collections.abc import Callable
from typing import Any, final

from bailiwick.authority.acts import Asks
from bailiwick.authority.answering import Answering
from bailiwick.authority.exposures import Exposures
from bailiwick.authority.finding import Finder
from bailiwick.authority.finding_verbs import FindKeys
from bailiwick.authority.looking_verbs import (
    FoundRecords,
    MoneyAtRisk,
    SearchRecords,
    ShowCompromise,
    ShowVerification,
    UseOverTime,
    VerifyJournal,
)
from bailiwick.authority.nativestops import NativeStops
from bailiwick.authority.pasts import Pasts
from bailiwick.authority.searching import search
from bailiwick.authority.standing import Standings
from bailiwick.authority.verifying import Verifications
from bailiwick.config import Config
from bailiwick.journal.error import JournalError
from bailiwick.link.wire import Code, LinkError, Question
from bailiwick.store.store import Store


@final
class Looking:
    """Everything that only looks: at the journal, at what keys did, at what could be lost."""

    def __init__(
        self, config: Config, store: Store, gateway: Asks, natives: NativeStops, clock: Callable[[], int]
    ) -> None:
        self._directory = config.journal_directory
        self._exposures = Exposures(store)
        self._finder = Finder(store, self._exposures)
        self._pasts = Pasts(self._directory, store, gateway, clock)
        self._verifications = Verifications(self._directory, config.journal.second_place, clock)
        self._standings = Standings(store, natives)

    def answering(self) -> dict[type[Question[Any]], Answering]:
        """One answer for each verb of this subject."""
        return {
            FindKeys: self._finder.keys,
            SearchRecords: self.search,
            VerifyJournal: self._verifications.begin,
            ShowVerification: self._verifications.show,
            UseOverTime: self._pasts.show,
            MoneyAtRisk: self._exposures.show,
            ShowCompromise: self._standings.show,
        }

    async def search(self, question: SearchRecords, actor: str) -> FoundRecords:
        """A stretch of the journal, looked through."""
        try:
            return await asyncio.to_thread(search, self._directory, question)
        except (JournalError, OSError) as error:
            raise LinkError(Code.UNAVAILABLE, f"journal: {error}") from None
