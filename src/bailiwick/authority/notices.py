"""Telling owners: whatever an owner must hear goes through ``Notices.tell``, which queues it and returns at once."""

from collections.abc import Callable, Mapping
from typing import final

from bailiwick.logs import log
from bailiwick.model.notice import Notice, Owner, Urgency, due
from bailiwick.store.store import Store, epoch_ms

SAME_FOR_MS = 24 * 3_600_000
"""How long the same matter of the same key is counted and not told anew."""
STOPPED_SAME_FOR_MS = 600_000
"""The same for a stop, which is worth repeating."""


@final
class Notices:
    """Tells owners. What it is told is on the disk when it returns; ``notify.post`` delivers it."""

    def __init__(self, store: Store, clock: Callable[[], int] = epoch_ms) -> None:
        self._store = store
        self._clock = clock

    def tell(self, owner: str, notice: Notice) -> int:
        """Queue a notice for an owner's channels; its number. Of one that he has lately had, the count goes up."""
        choices = self._store.owners.get(owner)
        now = self._clock()
        number, new = self._store.notices.add(
            owner,
            notice,
            choices.channels,
            now=now,
            due=due(choices, notice.urgency, now),
            same_for=STOPPED_SAME_FOR_MS if notice.urgency is Urgency.STOP else SAME_FOR_MS,
        )
        if new and not choices.channels:
            log.warning("an owner has no channel", owner=owner, notice=number, kind=notice.kind)
        return number

    def tell_all(self, told: Mapping[str, Notice]) -> None:
        """``tell`` many owners in one go, each his own: a sweep would wait for the disk once an owner otherwise.

        Each of them is told anew: whoever calls this knows what was told before.
        """
        choices = {each.name: each for each in self._store.owners.list()}
        now = self._clock()
        waiting = []
        deaf = 0
        for owner, notice in told.items():
            own = choices.get(owner) or Owner(name=owner)
            deaf += not own.channels
            waiting.append((owner, notice, own.channels, due(own, notice.urgency, now)))
        self._store.notices.add_all(waiting, now=now)
        if deaf:
            log.warning("owners have no channel", owners=deaf)

    def tell_owner_of(self, account: str, notice: Notice) -> int:
        """``tell``, to the owner of an account.

        Raises:
            NotFoundError: if there is no such account.
        """
        return self.tell(self._store.accounts.get(account).owner, notice)
