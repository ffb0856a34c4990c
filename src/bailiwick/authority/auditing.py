"""Audits of the credentials that are sealed here: the gateway asks, since only it can sign; this grades."""

from collections.abc import Callable
from typing import final

import msgspec

from bailiwick.audit import venues
from bailiwick.audit.facts import KeyFacts, Need
from bailiwick.audit.report import report_of, unasked
from bailiwick.authority.acts import Asks
from bailiwick.authority.audit_verbs import AuditAccount, AuditAnswer
from bailiwick.link.exchange_questions import Inspect
from bailiwick.link.wire import Code, LinkError
from bailiwick.store.store import Store

KEYS_LOOKED_AT = 1000


@final
class Audits:
    """Audits accounts. ``gateway`` is a connection of its own: an exchange that is slow holds up nothing else."""

    def __init__(self, store: Store, gateway: Asks, clock: Callable[[], int]) -> None:
        self._store = store
        self._gateway = gateway
        self._clock = clock

    async def account(self, question: AuditAccount, actor: str) -> AuditAnswer:
        """Ask and grade. What the exchange did not tell is reported as that, and never as good."""
        if question.need not in set(Need):
            raise LinkError(Code.REFUSED, f"need: {question.need!r} is none; choose from {', '.join(Need)}")
        account = self._store.accounts.get(question.id)
        found = await self._gateway.ask(Inspect(account=account.id))
        if found.facts is None:
            title = venues.VENUES[found.venue].title if found.venue else account.venue
            return AuditAnswer(report=unasked(title, found.sentence, of=account.id, api_key=found.api_key))
        facts = self._used_here(account.id, found.facts)
        venue = venues.find(found.venue)
        need = Need(question.need)
        return AuditAnswer(report=report_of(venue, facts, need, self._clock(), of=account.id, api_key=found.api_key))

    def _used_here(self, account: str, facts: KeyFacts) -> KeyFacts:
        """Where the exchange does not tell when the key was used, the last use through the gateway is known."""
        if facts.used_ms is not None:
            return facts
        keys = self._store.keys.list(account=account, limit=KEYS_LOOKED_AT)
        used = max((key.last_used for key in keys if key.last_used is not None), default=None)
        if used is None:
            return facts
        note = "its last use is known from the gateway alone: the exchange does not tell"
        return msgspec.structs.replace(facts, used_ms=used, notes=(*facts.notes, note))
