"""What services are in the gateway: their standing, which no key of theirs escapes, and their limits for all keys.

The standing is one row, so that a service with a hundred thousand keys is stopped by reading one: the state in which a
key is judged follows from it at once, and the rows of the keys come after.
"""

from collections.abc import Iterable, Mapping
from typing import final

from bailiwick.model.life import KeyState
from bailiwick.model.party import Service
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.together import Together
from bailiwick.store.reader import StoreReader
from bailiwick.store.rows import KeyRow


@final
class Standings:
    """The services, the keys that were restored since theirs was compromised, and what keys buy together."""

    def __init__(self, store: StoreReader) -> None:
        self._store = store
        self.services: dict[str, Service] = {}
        self._restored: frozenset[str] = frozenset()
        self._togethers: dict[str, Together] = {}

    def load(self) -> frozenset[str]:
        """Read the services; gives those that are not as they were."""
        before, restored = self.services, self._restored
        self.services = {service.id: service for service in self._store.services.list()}
        self._restored = self._store.restored()
        changed = {id_ for id_, service in self.services.items() if before.get(id_) != service}
        if restored != self._restored:
            changed |= {id_ for id_, service in self.services.items() if service.reaction is not None}
        return frozenset(changed)

    def restored(self, key_id: str) -> bool:
        """Whether a person gave a key back after its service was compromised."""
        return key_id in self._restored

    def judged(self, row: KeyRow) -> KeyState:
        """The state in which a key is judged."""
        service = self.services.get(row.service)
        if service is None:
            return row.state
        return service.holds_back(row.state, restored=row.id in self._restored)

    # Limits on all keys of a service

    def together(self, service: str) -> Together | None:
        """What the keys of a service buy together; None where it has no such limit."""
        return self._togethers.get(service)

    def count(self, ledgers: Mapping[str, Ledger], rows: Mapping[str, KeyRow], services: Iterable[str]) -> None:
        """Let the limits of these services be as they are now, with all that their keys have counted."""
        changed = False
        for id_ in services:
            share = self.services[id_].net_buying_bps
            known = self._togethers.get(id_)
            if share is None:
                changed |= self._togethers.pop(id_, None) is not None
            elif known is None:
                self._togethers[id_] = Together(share)
                changed = True
            else:
                known.share_bps = share
        if changed:
            for key_id, ledger in list(ledgers.items()):
                row = rows.get(key_id)
                self.join(ledger, "" if row is None else row.service)

    def join(self, ledger: Ledger, service: str) -> None:
        """Let a key count for its service, and for no other."""
        together = self._togethers.get(service)
        if together is not None:
            together.join(ledger)
        elif ledger.together is not None:
            ledger.together.leave(ledger)
