"""The sandbox: one exchange with its engine, market, keys, limits and wallet. Time is passed in."""

from collections import defaultdict, deque
from dataclasses import dataclass, replace

from bailiwick.model.secret import Secret
from bailiwick.sandbox.amount import BPS, read, show
from bailiwick.sandbox.engine import Engine
from bailiwick.sandbox.faults import Faults
from bailiwick.sandbox.house import House
from bailiwick.sandbox.keys import EVERYTHING, ApiKey, KeyRing
from bailiwick.sandbox.ledger import SPOT, WALLETS, Account, Ledger
from bailiwick.sandbox.limits import Limits, Meter
from bailiwick.sandbox.orders import Order, OrderRequest, Outcome
from bailiwick.sandbox.path import CALM, Path
from bailiwick.sandbox.refusal import UNKNOWN_ORDER, Refusal
from bailiwick.sandbox.symbols import LISTED, Symbol
from bailiwick.sandbox.wallet import Wallet


@dataclass(frozen=True, slots=True)
class Received:
    """A state-changing request that reached the exchange and passed its authentication.

    ``position`` is the journal position that a trusted request states, ``code`` what it was refused with (0: accepted).
    """

    time: int
    account: str
    api_key: str
    method: str
    path: str
    parameters: dict[str, str]
    status: int
    code: int
    order_ids: tuple[int, ...]
    client_ids: tuple[str, ...]
    position: int | None


class Sandbox:
    """An exchange to rehearse on.

    Everything follows from ``seed``, the moment it opens (``now``, ms since the epoch) and what is done to it.
    ``amplitude`` is how far prices wander, in parts per million; ``limits`` can be raised out of a load test's way;
    ``max_orders`` replaces the filter of open orders per account and symbol; the books of the symbols in
    ``without_house`` hold nothing but what accounts put there. With ``trusted_secret`` it is an
    exchange's own engine: requests carry the trusted header instead of a signature.
    """

    def __init__(
        self,
        seed: int = 1,
        now: int = 1_790_000_000_000,
        *,
        symbols: tuple[Symbol, ...] = LISTED,
        amplitude: int = CALM,
        limits: Limits | None = None,
        max_orders: int | None = None,
        trusted_secret: Secret | None = None,
        without_house: frozenset[str] = frozenset(),
    ) -> None:
        if max_orders is not None:
            symbols = tuple(replace(symbol, max_orders=max_orders) for symbol in symbols)
        self.seed = seed
        self.opened = now
        self.trusted_secret = trusted_secret
        self.ledger = Ledger()
        self.engine = Engine(self.ledger, symbols)
        self.paths = {symbol.name: Path(symbol, seed, amplitude) for symbol in symbols}
        self.keys = KeyRing(seed)
        coins = {symbol.base for symbol in symbols} | {symbol.quote for symbol in symbols}
        self.wallet = Wallet(self.ledger, frozenset(coins), seed)
        self.meter = Meter(limits or Limits())
        self.engine.first_fill = self.meter.first_fill
        self.faults = Faults()
        self.received: dict[str, list[Received]] = defaultdict(list)
        self.house = House(self.engine, self.paths, now, without_house)
        for name, path in self.paths.items():
            self.engine.market(name).last = path.mid(now)
        self.tick(now)
        self._macs: deque[tuple[int, str]] = deque()
        self._seen: set[str] = set()

    def tick(self, now: int) -> None:
        """The market goes on: the house brings its quotes to the path."""
        self.house.tick(now)

    def account(self, name: str) -> Account:
        """An account by name.

        Raises:
            KeyError: if there is none.
        """
        return self.ledger.accounts[name]

    def open_account(
        self,
        name: str,
        now: int,
        funds: dict[str, str] | None = None,
        *,
        maker_bps: int = 10,
        taker_bps: int = 10,
        trade_group: int = -1,
    ) -> Account:
        """Open an account with its commissions in basis points and deposit funds (asset to amount).

        Accounts of one ``trade_group`` do not trade with each other; -1 is none.

        Raises:
            ValueError: if the name is taken, or an amount or a commission makes no sense.
        """
        if not 0 <= min(maker_bps, taker_bps) <= max(maker_bps, taker_bps) <= BPS:
            raise ValueError("a commission is from 0 to 10000 basis points")
        account = self.ledger.open(name, now, email=f"{name}@sandbox.invalid")
        account.maker_bps, account.taker_bps, account.trade_group = maker_bps, taker_bps, trade_group
        for asset, amount in (funds or {}).items():
            self.deposit(name, asset, amount, now=now)
        return account

    def deposit(self, name: str, asset: str, amount: str, wallet: str = SPOT, *, now: int | None = None) -> None:
        """Put money into an account from outside: at ``now``, or when the sandbox opened."""
        account = self.account(name)
        self.wallet.deposit(account, asset, read(amount), self.opened if now is None else now)
        if wallet != SPOT:
            self.ledger.move(account, account, asset, read(amount), (SPOT, wallet))

    def issue_key(
        self, name: str, now: int, *, permissions: frozenset[str] = EVERYTHING, public_key: str | None = None
    ) -> tuple[ApiKey, str | None]:
        """Make an API key of an account; the secret is None for a key with a public key of its own."""
        return self.keys.issue(self.account(name).name, permissions, now, public_key=public_key)

    def set_price(self, symbol: str, price: str, now: int) -> None:
        """From now on the market of a symbol runs around another price; the house quotes it at once."""
        self.paths[self.engine.market(symbol).symbol.name].set_level(read(price), now)
        self.tick(now)

    def order_as(self, name: str, request: OrderRequest, now: int) -> Outcome:
        """Place an order as a counterparty, past the front."""
        return self.engine.place(self.account(name), request, now)

    def cancel_as(self, name: str, symbol: str, client_id: str, now: int) -> Order:
        """Cancel an order as its owner would on the exchange's own pages, past the front.

        Raises:
            Refusal: -2011 if there is no such order or it has ended.
        """
        order = self.engine.records.by_client_id(self.account(name), symbol, client_id)
        if order is None:
            raise Refusal(-2011, UNKNOWN_ORDER)
        self.engine.cancel(order, now)
        return order

    def balances(self, name: str) -> dict[str, dict[str, tuple[str, str]]]:
        """What an account has: wallet, asset, then free and locked, zeros left out."""
        wallets = self.account(name).wallets
        return {
            wallet: {
                asset: (show(balance.free), show(balance.locked))
                for asset, balance in sorted(wallets[wallet].items())
                if balance.free or balance.locked
            }
            for wallet in WALLETS
            if wallets[wallet]
        }

    def fresh_mac(self, mac: str, now: int, kept_ms: int) -> bool:
        """Note the MAC of a trusted request; False if it was seen before."""
        while self._macs and self._macs[0][0] < now:
            self._seen.discard(self._macs.popleft()[1])
        if mac in self._seen:
            return False
        self._seen.add(mac)
        self._macs.append((now + kept_ms, mac))
        return True
