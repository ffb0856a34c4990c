"""Who owns what: balances free and locked, in several wallets, and the flows in and out of the exchange.

The books balance: for each asset, all balances together are what was deposited less what was withdrawn. Nothing
here makes an amount appear or vanish except ``deposit`` and ``withdraw``.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from bailiwick.sandbox.refusal import INSUFFICIENT, rejected

SPOT: Final = "SPOT"
WALLETS: Final = ("SPOT", "FUNDING", "MARGIN", "UMFUTURE", "CMFUTURE")


@dataclass(slots=True)
class Balance:
    """What an account has of one asset in one wallet."""

    free: int = 0
    locked: int = 0


@dataclass(slots=True)
class Hold:
    """An amount set aside for one order, or for the legs of one list that can never both execute."""

    asset: str
    amount: int
    owners: int = 1


@dataclass(slots=True)
class Account:
    """A holder of balances. ``house`` marks the market's own account, whose closed orders are not kept.

    Accounts of one ``trade_group`` count as one for self-trade prevention; -1 is none.
    """

    name: str
    uid: int
    maker_bps: int = 10
    taker_bps: int = 10
    master: str | None = None
    email: str = ""
    house: bool = False
    can_trade: bool = True
    trade_group: int = -1
    created: int = 0
    updated: int = 0
    wallets: dict[str, dict[str, Balance]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.wallets = {wallet: defaultdict(Balance) for wallet in WALLETS}

    @property
    def spot(self) -> dict[str, Balance]:
        """The wallet that orders draw on."""
        return self.wallets[SPOT]


class Ledger:
    """All accounts, the fee account among them, and what went in and out."""

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.deposited: dict[str, int] = defaultdict(int)
        self.withdrawn: dict[str, int] = defaultdict(int)
        self._uid = 1000
        self.fees = self.open("fees", 0)

    def open(self, name: str, now: int, *, master: str | None = None, email: str = "", house: bool = False) -> Account:
        """Open an account.

        Raises:
            ValueError: if the name is taken.
        """
        if name in self.accounts:
            raise ValueError(f"account {name!r} exists already: choose another name")
        self._uid += 1
        account = Account(name, self._uid, master=master, email=email, house=house, created=now, updated=now)
        self.accounts[name] = account
        return account

    def deposit(self, account: Account, asset: str, amount: int, wallet: str = SPOT) -> None:
        """Money comes in from outside."""
        if amount < 0:
            raise ValueError("a deposit is never negative")
        account.wallets[wallet][asset].free += amount
        self.deposited[asset] += amount

    def withdraw(self, account: Account, asset: str, amount: int, wallet: str = SPOT) -> None:
        """Money leaves to outside."""
        self.take(account, asset, amount, wallet)
        self.withdrawn[asset] += amount

    def move(self, source: Account, target: Account, asset: str, amount: int, wallets: tuple[str, str]) -> None:
        """Money moves between wallets or accounts."""
        self.take(source, asset, amount, wallets[0])
        target.wallets[wallets[1]][asset].free += amount

    def take(self, account: Account, asset: str, amount: int, wallet: str = SPOT) -> None:
        """Remove a free amount; the caller books it elsewhere.

        Raises:
            Refusal: if less is free.
        """
        balance = account.wallets[wallet][asset]
        if amount < 0 or balance.free < amount:
            raise rejected(INSUFFICIENT)
        balance.free -= amount

    def hold(self, account: Account, asset: str, amount: int) -> Hold:
        """Set a free amount aside for an order.

        Raises:
            Refusal: if less is free.
        """
        balance = account.spot[asset]
        if balance.free < amount:
            raise rejected(INSUFFICIENT)
        balance.free -= amount
        balance.locked += amount
        return Hold(asset, amount)

    def trim(self, account: Account, hold: Hold, need: int) -> None:
        """Free what a hold has above its need."""
        surplus = hold.amount - need
        if surplus > 0:
            hold.amount = need
            balance = account.spot[hold.asset]
            balance.locked -= surplus
            balance.free += surplus

    def spend(self, account: Account, hold: Hold | None, asset: str, amount: int) -> None:
        """Pay for a fill out of the order's hold first, then out of what is free.

        Raises:
            Refusal: if both together are less; nothing is taken then.
        """
        balance = account.spot[asset]
        held = min(hold.amount, amount) if hold is not None else 0
        if balance.free < amount - held:
            raise rejected(INSUFFICIENT)
        if hold is not None:
            hold.amount -= held
            balance.locked -= held
        balance.free -= amount - held

    def totals(self) -> dict[str, int]:
        """For each asset, the sum of every balance there is."""
        sums: dict[str, int] = defaultdict(int)
        for asset, balance in self._balances():
            sums[asset] += balance.free + balance.locked
        return dict(sums)

    def imbalance(self) -> dict[str, int]:
        """The assets whose balances differ from what was deposited less what was withdrawn: always empty."""
        sums = self.totals()
        assets = set(sums) | set(self.deposited)
        gaps = {asset: sums.get(asset, 0) - self.deposited[asset] + self.withdrawn[asset] for asset in assets}
        return {asset: gap for asset, gap in gaps.items() if gap}

    def _balances(self) -> Iterator[tuple[str, Balance]]:
        for account in self.accounts.values():
            for wallet in account.wallets.values():
                yield from wallet.items()
