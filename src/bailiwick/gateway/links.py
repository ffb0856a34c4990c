"""How venues and accounts are reached: one pool and one count of weight for each address that requests leave from."""

import ssl
import time
from urllib.parse import urlsplit

from bailiwick.config import Config
from bailiwick.gateway.clock import VenueClock
from bailiwick.gateway.parties import AccountSide, VenueSide, Way
from bailiwick.gateway.prices import Prices
from bailiwick.gateway.upstream import Origin, Pool
from bailiwick.gateway.weight import AddressWeight
from bailiwick.logs import log
from bailiwick.model.credential import Purpose
from bailiwick.model.party import Account, Credential, Venue
from bailiwick.model.secret import Secret
from bailiwick.rules.market import Market
from bailiwick.store.reader import StoreReader
from bailiwick.vault.errors import VaultError
from bailiwick.vault.vault import Vault
from bailiwick.venues import dialects
from bailiwick.venues.dialect import Dialect, Signer


class Links:
    """Makes and keeps the sides of venues and accounts."""

    def __init__(self, config: Config, store: StoreReader, vault: Vault) -> None:
        self._config = config
        self._store = store
        self._vault = vault
        self._venues: dict[str, Venue] = {}
        self._sides: dict[str, VenueSide] = {}
        self._ways: dict[tuple[str, str | None], Way] = {}

    def load(self) -> None:
        """Read the venues. A venue whose address changed is reached at the new one from then on."""
        for venue in self._store.venues.list():
            if self._venues.get(venue.id) != venue:
                self._venues[venue.id] = venue
                self._sides.pop(venue.id, None)
                for place in [place for place in self._ways if place[0] == venue.id]:
                    self._ways.pop(place).pool.close()

    def venues(self) -> list[VenueSide]:
        """Every venue."""
        return [self.venue(venue_id) for venue_id in self._venues]

    def default(self) -> VenueSide | None:
        """The venue that requests without a key are for: the first."""
        return next((self.venue(venue_id) for venue_id in self._venues), None)

    def dialect(self) -> Dialect:
        """How clients of the first venue speak, and how requests without a key are refused."""
        venue = self.default()
        return dialects.DEFAULT if venue is None else venue.dialect

    def pools(self) -> list[Pool]:
        """Every pool of connections."""
        return [way.pool for way in self._ways.values()]

    def venue(self, venue_id: str) -> VenueSide:
        """A venue's side."""
        side = self._sides.get(venue_id)
        if side is None:
            venue = self._venues[venue_id]
            dialect = dialects.find(venue.dialect)
            side = self._sides[venue_id] = VenueSide(
                venue_id, dialect, VenueClock(), Prices(Market()), self._way(venue, None)
            )
        return side

    def _way(self, venue: Venue, local: str | None) -> Way:
        place = (venue.id, local)
        found = self._ways.get(place)
        if found is None:
            set_ = self._config.weight
            weight = AddressWeight(
                set_.per_minute, float(set_.exit_reserve), float(set_.key_share), float(set_.public_share)
            )
            found = self._ways[place] = Way(Pool(self._origin(venue, local), time.monotonic), weight)
        return found

    def _origin(self, venue: Venue, local: str | None) -> Origin:
        parts = urlsplit(venue.base_url)
        tls = ssl.create_default_context() if parts.scheme == "https" else None
        times = self._config.gateway
        assert parts.hostname is not None  # the model has checked it
        return Origin(
            parts.hostname,
            parts.port or (443 if tls else 80),
            tls,
            local=local,
            most=times.upstream_connections,
            connect_s=times.upstream_connect_s,
            wait_s=times.upstream_answer_s,
        )

    def connect(self, account: Account) -> AccountSide:
        """An account's side. Without a credential that opens, nothing of it can leave."""
        venue = self._venues[account.venue]
        side = self.venue(account.venue)
        way = self._way(venue, account.local_address)
        exit_address = self._config.gateway.exit_address
        exits = self._way(venue, exit_address) if exit_address else None
        signer: Signer | None = None
        engine: Secret | None = None
        credential = self._store.credential_of(account)
        if credential is not None:
            try:
                if venue.mode == "trusted":
                    engine = self._vault.hmac_secret(credential.sealed())
                else:
                    signer = self._signer(side.dialect, credential)
            except VaultError as error:
                log.error("credential cannot be opened", account=account.id, why=str(error))
        return AccountSide(account.id, side, way, signer, engine, exits, closed=credential is None)

    def signer(self, account: Account, credential: Credential) -> Signer:
        """What signs with an account's own credential, for the few questions that the authority asks its exchange.

        Raises:
            VaultError: if the credential does not open.
        """
        return self._signer(self.venue(account.venue).dialect, credential)

    def _signer(self, dialect: Dialect, credential: Credential) -> Signer:
        name = credential.api_key.encode("ascii")
        if credential.purpose is Purpose.UPSTREAM_HMAC:
            return dialect.hmac_signer(name, self._vault.hmac_secret(credential.sealed()))
        return dialect.private_signer(name, self._vault.private_key(credential.sealed()))
