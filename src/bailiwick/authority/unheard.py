"""What doctor finds about notices: those that never arrived, and owners who would hear of nothing."""

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from bailiwick.authority.senders import Senders
from bailiwick.link.questions import Finding
from bailiwick.model.grant import grant_from_toml
from bailiwick.model.harm import Harm
from bailiwick.model.party import KeyState
from bailiwick.store.store import Store
from bailiwick.words import counted

FAILED_WITHIN_MS = 7 * 86_400_000
LATE_MS = 600_000  # a delivery that was due so long ago is not on its way
ONLY_READS = frozenset({Harm.PUBLIC, Harm.READ})


def unheard(store: Store, senders: Senders, now: int) -> tuple[Finding, ...]:
    """Everything about notices, good or bad. ``now`` is in ms."""
    found = (*_failed(store, now), *_deaf(store, senders))
    return found or (Finding.fine("notices", "whoever owns a key that trades has a channel, and notices arrive"),)


def _failed(store: Store, now: int) -> Iterator[Finding]:
    given_up = store.notices.failed(now - FAILED_WITHIN_MS)
    for (owner, way), errors in sorted(given_up.items()):
        yield Finding.warning(
            "notices",
            f"{counted(len(errors), 'notice')} to {owner} over {way} never arrived in the last 7 days: {errors[-1]}",
            f"put the channel right, then `bailiwick owner test {_quoted(owner)}`; `bailiwick notice list` has them",
        )
    late = store.notices.late(now - LATE_MS)
    if late:
        yield Finding.warning(
            "notices",
            f"{counted(late, 'notice')} could not be delivered yet, and wait for another attempt",
            "`bailiwick notice list` says why",
        )


def _deaf(store: Store, senders: Senders) -> Iterator[Finding]:
    """Owners of keys that can do more than read, to whom nothing would be told."""
    owners = {account.id: account.owner for account in store.accounts.list()}
    trading = Counter(owners[account] for account in _trading_accounts(store))
    for owner in sorted(trading):
        chosen = store.owners.get(owner)
        usable = [channel for channel in chosen.channels if senders.has(channel.way)]
        if usable:
            continue
        why = "; ".join(dict.fromkeys(senders.troubles(chosen))) or "no channel is chosen"
        yield Finding.warning(
            "notices",
            f"{owner} owns keys that can trade and would hear of nothing: {why}",
            f"`bailiwick owner add {_quoted(owner)} email ADDRESS`, or `bailiwick owner telegram {_quoted(owner)}`",
        )


def _trading_accounts(store: Store) -> set[str]:
    active = store.keys.active_grants()
    texts = store.keys.grants()
    keyed = {account for account, digest in active if digest in texts and _can_trade(texts[digest])}
    native = {each.account for each in store.native.list() if each.state is KeyState.ACTIVE and each.trades}
    return keyed | native


@lru_cache(maxsize=10_000)
def _can_trade(grant: str) -> bool:
    return not grant_from_toml(grant).what.may <= ONLY_READS


def _quoted(owner: str) -> str:
    return owner if owner.replace("-", "").isalnum() else f'"{owner}"'
