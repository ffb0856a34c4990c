"""The issued keys in memory: a million of them as compact rows, those in use with all that a request needs.

The store is read once at start and then by its numbered changes. While they cannot be read, nothing that opens is let
through: a key may have been revoked.
"""

import time
from collections.abc import Callable, Mapping

import msgspec

from bailiwick.gateway import canary
from bailiwick.gateway.chronicle import wall_us
from bailiwick.gateway.links import Links
from bailiwick.gateway.lives import WIND_DOWN_US, curb_of, life_of
from bailiwick.gateway.overlap import Overlap
from bailiwick.gateway.parties import AccountSide, Live, Watcher
from bailiwick.gateway.standings import Standings
from bailiwick.logs import log
from bailiwick.model.grant import Grant, grant_from_toml
from bailiwick.model.life import REMOVING, KeyState, Life, Standstill, stricter
from bailiwick.model.party import Account, KeyKind, Service, bounds_of, credential_record, key_record
from bailiwick.rules.authority import Authority, authority
from bailiwick.rules.ledger import Ledger
from bailiwick.rules.network import read_networks
from bailiwick.store.reader import StoreReader
from bailiwick.store.rows import EVERYTHING, PARTIES, Change, ChangeKind, KeyRow, Use
from bailiwick.vault.vault import Vault
from bailiwick.venues.dialect import Dialect, Verifier

STALE_S = 2.0
MOST_LIVE = 200_000


class Registry:
    """The keys, accounts and services that the gateway knows."""

    def __init__(
        self,
        store: StoreReader,
        vault: Vault,
        links: Links,
        ledger_of: Callable[[str], Ledger],
        ledgers: Mapping[str, Ledger] | None = None,
        wind_down_us: int = WIND_DOWN_US,
    ) -> None:
        self._store = store
        self._ledgers = {} if ledgers is None else ledgers  # of every key that ever traded; it fills up
        self._vault = vault
        self._links = links
        self._ledger_of = ledger_of
        self._rows: dict[str, KeyRow] = {}
        self._canaries: dict[str, str] = {}  # the shape that each is answered from
        self._grants: dict[bytes, Grant] = {}
        self._authorities: dict[tuple[bytes, str, str], Authority] = {}
        self._live: dict[bytes, Live] = {}
        self._accounts: dict[str, Account] = {}
        self.standings = Standings(store)
        self._behind: dict[str, str] = {}  # services of which rows of keys are to be read, and the last that was
        self._sides: dict[str, AccountSide] = {}
        self.overlaps: dict[str, Overlap] = {}  # of keys in use that two secrets sign for
        self.change = 0
        self._read_at = 0.0
        self._used: dict[str, Use] = {}  # of keys that are no longer in use
        self._wind_down_us = wind_down_us
        self._doubted: dict[str, Standstill] = {}  # by the watch, until the authority has decided
        self.watcher: Watcher | None = None

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def fresh(self) -> bool:
        """Whether the store's changes have been read lately enough for anything to open."""
        return time.monotonic() - self._read_at < STALE_S

    def load(self) -> None:
        """Read everything."""
        store = self._store
        self.change = store.last_change()
        self._accounts = {account.id: account for account in store.accounts.list()}
        changed = self.standings.load()
        self._rows = {row.id: row for row in store.keys.load()}
        self._canaries = store.canaries()
        self._read_grants()
        self.standings.count(self._ledgers, self._rows, changed)
        self._read_at = time.monotonic()

    def _read_grants(self) -> None:
        for digest, text in self._store.keys.grants().items():
            if digest not in self._grants:
                self._grants[digest] = grant_from_toml(text)

    def refresh(self) -> int:
        """Read what has changed since the last time; gives the number of the newest change in force."""
        changes = self._store.changes_since(self.change)
        if changes:
            self._apply(changes)
            self.change = changes[-1].number
        self._read_at = time.monotonic()
        return self.change

    def _apply(self, changes: list[Change]) -> None:
        store = self._store
        keys = {change.subject for change in changes if change.kind is ChangeKind.KEY}
        if keys:
            named = None if EVERYTHING in keys else sorted(keys)
            self._canaries = store.canaries()
            self._take_rows(list(store.keys.load(named)))
        kinds = {change.kind for change in changes} & PARTIES
        if ChangeKind.SERVICE in kinds:
            self._take_services()
        if kinds - {ChangeKind.SERVICE}:
            self._links.load()
            # Accounts, venues and credentials are few and change seldom: read them all again.
            before = self._accounts
            self._accounts = {account.id: account for account in store.accounts.list()}
            self._forget_credentials(before)
            self._authorities.clear()
            self._sides.clear()
            self._clear()
        for change in changes:
            if change.kind is ChangeKind.HELD:
                self._behind[change.subject] = ""

    def _take_services(self) -> None:
        """Put in force what changed of services: for every key of theirs at once, whatever its row still says."""
        changed = self.standings.load()
        for place in [place for place in self._authorities if place[2] in changed]:
            del self._authorities[place]
        for live in [live for live in self._live.values() if live.service in changed]:
            self._let_go(live.key, self._rows[live.id])
        self.standings.count(self._ledgers, self._rows, changed)

    def catch_up(self) -> bool:
        """Read the next rows of keys whose service changed them all; tells whether there are more.

        Their service's standing is in force already, so that nothing waits for this.
        """
        if not self._behind:
            return False
        service, after = next(iter(self._behind.items()))
        rows = self._store.keys.of_service(service, after)
        self._take_rows(rows)
        if rows:
            self._behind[service] = rows[-1].id
        else:
            del self._behind[service]
        return bool(self._behind)

    def _let_go(self, key: bytes, row: KeyRow) -> None:
        """Make a key in use anew when it is next met. Requests of it that are on their way see its state, too."""
        live = self._live.pop(key, None)
        if live is not None:
            life = self._life(row)
            live.state = life.state
            live.curb = curb_of(row, life, self._accounts.get(row.account), self._wind_down_us)
            self._keep_use(live)

    def _clear(self) -> None:
        for live in self._live.values():
            self._keep_use(live)
        self._live.clear()

    def _life(self, row: KeyRow) -> Life:
        life = life_of(row, self._accounts.get(row.account), self.standings.judged(row))
        still = self._doubted.get(row.id)
        return life if still is None else stricter(life, Life(KeyState.WINDING_DOWN, still))

    def doubt(self, key_id: str, still: Standstill) -> None:
        """From now on the key winds down under suspicion, whatever its row says."""
        self._doubted[key_id] = still
        self._ledger_of(key_id).slow = True
        self._look_again(key_id)

    def trust(self, key_id: str) -> None:
        """The row of the key alone says what it may do again."""
        if self._doubted.pop(key_id, None) is not None:
            self._look_again(key_id)

    def _look_again(self, key_id: str) -> None:
        row = self._rows.get(key_id)
        if row is not None:
            self._let_go(key_id.encode("ascii"), row)

    def _keep_use(self, live: Live) -> None:
        if live.used_us:
            self._used[live.id] = Use(live.used_us // 1000, live.traded_us // 1000)

    def uses(self) -> dict[str, Use]:
        """When keys were last used that were since this was last asked."""
        uses, self._used = self._used, {}
        for live in self._live.values():
            if live.used_us > live.noted_us:
                live.noted_us = live.used_us
                uses[live.id] = Use(live.used_us // 1000, live.traded_us // 1000)
        return uses

    def _forget_credentials(self, before: dict[str, Account]) -> None:
        """A credential that an account no longer uses must not stay open in memory."""
        for account in before.values():
            now = self._accounts.get(account.id)
            if account.credential is not None and (now is None or now.credential != account.credential):
                self._vault.forget(credential_record(account.credential, account.id))

    def _take_rows(self, rows: list[KeyRow]) -> None:
        if any(row.grant not in self._grants for row in rows):
            self._read_grants()
        for row in rows:
            self._rows[row.id] = row
            self._let_go(row.id.encode("ascii"), row)
            if row.life.still.suspect and row.id in self._ledgers:
                self._ledgers[row.id].slow = True  # what rests may be executed before the key is next used
            if row.state is KeyState.REVOKED:
                self._vault.forget(key_record(row.id, row.account))

    def find(self, key: bytes) -> Live | None:
        """The key in use, or None if no such key exists."""
        live = self._live.get(key)
        return live if live is not None else self._wake(key)

    def row(self, key_id: str) -> KeyRow | None:
        """The row of a key."""
        return self._rows.get(key_id)

    def live(self) -> list[Live]:
        """The keys in use."""
        return list(self._live.values())

    def _wake(self, key: bytes) -> Live | None:
        row = self._rows.get(key.decode("latin-1"))
        if row is None:
            return None
        account, service = self._accounts.get(row.account), self.standings.services.get(row.service)
        if account is None or service is None:
            log.error("key without account or service", key=row.id)
            return None
        if len(self._live) >= MOST_LIVE:
            self._clear()  # everything in it can be made anew; ledgers are kept elsewhere
        ledger = self._ledger_of(row.id)
        life = self._life(row)
        ledger.slow |= life.still.suspect
        shape = self._canaries.get(row.id)
        side = self._side(account)
        if shape is None:
            self.standings.join(ledger, row.service)
        else:
            side = canary.beside(side, shape)
        live = Live(
            key,
            self._verifier(row),
            self._authority(row, account, service),
            ledger,
            side,
            row.service,
            life.state,
            curb_of(row, life, account, self._wind_down_us),
            removed=life.state is not KeyState.ACTIVE and life.still.cause in REMOVING,
            canary=shape is not None,
            watcher=self.watcher if shape is None else None,  # nobody uses a canary, so nothing of it is unusual
            networks=read_networks(service.networks),
            familiar=frozenset(service.fingerprints) if service.fingerprints and shape is None else None,
            created_us=row.created * 1000,
            idle_since_us=(row.last_used or row.created) * 1000,
        )
        self._live[key] = live
        return live

    def _verifier(self, row: KeyRow) -> Verifier:
        dialect = self._side(self._accounts[row.account]).venue.dialect
        previous = row.previous()
        self.overlaps.pop(row.id, None)
        if previous is None:
            return self._verifier_of(dialect, row)
        material, until_ms = previous
        old = self._verifier_of(dialect, msgspec.structs.replace(row, material=material))
        found = self.overlaps[row.id] = Overlap(self._verifier_of(dialect, row), old, until_ms * 1000, wall_us)
        return found

    def account_of(self, key_id: str) -> str:
        """The account of a key."""
        return self._rows[key_id].account

    def _verifier_of(self, dialect: Dialect, row: KeyRow) -> Verifier:
        if row.kind is KeyKind.HMAC:
            return dialect.hmac_verifier(self._vault.hmac_secret(row.sealed()))
        return dialect.public_verifier(row.material)

    def _authority(self, row: KeyRow, account: Account, service: Service) -> Authority:
        place = (row.grant, account.id, service.id)
        found = self._authorities.get(place)
        if found is None:
            found = self._authorities[place] = authority(self._grants[row.grant], *bounds_of(account, service))
        return found

    def side(self, account_id: str) -> AccountSide:
        """An account as its keys have it.

        Raises:
            KeyError: if there is no such account in force.
        """
        return self._side(self._accounts[account_id])

    def _side(self, account: Account) -> AccountSide:
        side = self._sides.get(account.id)
        if side is None:
            side = self._sides[account.id] = self._links.connect(account)
        return side

    def markets(self) -> set[tuple[str, str]]:
        """Every symbol that some grant names, with the currency in which that grant counts."""
        named: set[tuple[str, str]] = set()
        for grant in self._grants.values():
            if grant.what.symbols != "all":
                named.update((symbol, grant.currency) for symbol in grant.what.symbols)
        return named
