"""Money in and out: deposit addresses, withdrawals, transfers between wallets and accounts, sub-accounts.

Pure like the engine. Codes and sentences of refusals are the exchange's where it publishes any; those of
sub-accounts are the sandbox's own. A withdrawal to an address of this exchange arrives there at once; any other
leaves for good.
"""

import hashlib
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from bailiwick.sandbox.amount import read, show
from bailiwick.sandbox.ledger import SPOT, Account, Ledger
from bailiwick.sandbox.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Network:
    """A way for a coin out of the exchange; amounts in hundred-millionths."""

    name: str
    title: str
    address: str
    fee: int
    least: int
    memo: str = ""

    def check(self, address: str, tag: str, amount: int) -> None:
        """Whether so much can be sent there.

        Raises:
            Refusal: for an address or tag that the network does not take, or an amount below its least.
        """
        if re.fullmatch(self.address, address, re.ASCII) is None:
            raise Refusal(-4033, "Illegal address.")
        if tag and (not self.memo or re.fullmatch(self.memo, tag, re.ASCII) is None):
            raise Refusal(-4008, "Address tag validation is not passed.")
        if amount < self.least:
            raise Refusal(-4022, f"Not less than the minimum pick-up quantity {show(self.least)}.")


_EVM: Final = "^(0x)[0-9A-Fa-f]{40}$"
_BTC: Final = "^[13][a-km-zA-HJ-NP-Z1-9]{25,34}$|^(bc1)[0-9A-Za-z]{39,59}$"
_TRX: Final = "^T[1-9A-HJ-NP-Za-km-z]{33}$"
_TON: Final = "^[UE][Qf][0-9a-zA-Z_-]{46}$"


def _network(name: str, title: str, address: str, fee: str, least: str, memo: str = "") -> Network:
    return Network(name, title, address, read(fee), read(least), memo)


NETWORKS: Final[dict[str, tuple[Network, ...]]] = {
    "BTC": (_network("BTC", "Bitcoin", _BTC, "0.0001", "0.001"),),
    "ETH": (
        _network("ETH", "Ethereum (ERC20)", _EVM, "0.001", "0.01"),
        _network("ARBITRUM", "Arbitrum One", _EVM, "0.0001", "0.001"),
    ),
    "USDT": (
        _network("ETH", "Ethereum (ERC20)", _EVM, "4", "10"),
        _network("TRX", "Tron (TRC20)", _TRX, "1", "10"),
        _network("BSC", "BNB Smart Chain (BEP20)", _EVM, "0.2", "10"),
        _network("TON", "The Open Network (TON)", _TON, "0.3", "1", memo="^[0-9A-Za-z\\-_]{1,120}$"),
    ),
    "BNB": (_network("BSC", "BNB Smart Chain (BEP20)", _EVM, "0.0005", "0.01"),),
}
_FALLBACK: Final = (_network("ETH", "Ethereum (ERC20)", _EVM, "1", "2"),)
_TITLES: Final = {"BTC": "Bitcoin", "ETH": "Ethereum", "USDT": "TetherUS", "BNB": "BNB", "AXS": "Axie Infinity"}

# What each word of a universal transfer's type stands for.
_TRANSFER_WORDS: Final = {
    "MAIN": "SPOT",
    "FUNDING": "FUNDING",
    "MARGIN": "MARGIN",
    "UMFUTURE": "UMFUTURE",
    "CMFUTURE": "CMFUTURE",
}
_SUB_WALLETS: Final = {
    "SPOT": "SPOT",
    "MARGIN": "MARGIN",
    "USDT_FUTURE": "UMFUTURE",
    "COIN_FUTURE": "CMFUTURE",
}


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Money that left, the address and tag exactly as they were asked for."""

    withdrawal_id: str
    account: str
    coin: str
    network: str
    address: str
    tag: str
    amount: int
    fee: int
    client_id: str
    wallet: str
    internal: bool
    time: int


@dataclass(frozen=True, slots=True)
class DepositRecord:
    """Money that arrived."""

    deposit_id: str
    account: str
    coin: str
    network: str
    address: str
    tag: str
    amount: int
    internal: bool
    time: int


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money that moved between wallets or accounts."""

    transfer_id: int
    kind: str
    coin: str
    amount: int
    source: str
    target: str
    source_wallet: str
    target_wallet: str
    client_id: str
    time: int


def networks_of(coin: str) -> tuple[Network, ...]:
    """The networks a coin leaves by."""
    return NETWORKS.get(coin, _FALLBACK)


def title_of(coin: str) -> str:
    """A coin's full name."""
    return _TITLES.get(coin, coin)


def split_transfer(kind: str) -> tuple[str, str]:
    """The wallets of a universal transfer's type, ``MAIN_FUNDING`` for one.

    Raises:
        Refusal: -1130 for a type that is not known here.
    """
    source, _, target = kind.partition("_")
    if source == target or source not in _TRANSFER_WORDS or target not in _TRANSFER_WORDS:
        raise Refusal(-1130, "Data sent for parameter 'type' is not valid.")
    return _TRANSFER_WORDS[source], _TRANSFER_WORDS[target]


def sub_wallet(kind: str, parameter: str) -> str:
    """The wallet that a sub-account transfer's account type names.

    Raises:
        Refusal: -1130.
    """
    wallet = _SUB_WALLETS.get(kind)
    if wallet is None:
        raise Refusal(-1130, f"Data sent for parameter '{parameter}' is not valid.")
    return wallet


class Wallet:
    """All movements of money except trades."""

    def __init__(self, ledger: Ledger, coins: frozenset[str], seed: int) -> None:
        self.coins = coins
        self._ledger = ledger
        self._seed = seed
        self._last_id = 0
        self.withdrawals: dict[str, list[Withdrawal]] = defaultdict(list)
        self.deposits: dict[str, list[DepositRecord]] = defaultdict(list)
        self.transfers: dict[str, list[Transfer]] = defaultdict(list)
        self._addresses: dict[tuple[str, str], str] = {}
        self._client_ids: dict[tuple[str, str], Withdrawal] = {}
        self._emails: dict[str, Account] = {}
        self.subs: dict[str, list[Account]] = defaultdict(list)

    def coin(self, name: str) -> str:
        """A coin's name, if it is listed.

        Raises:
            Refusal: -4018 for one that is not.
        """
        if name not in self.coins:
            raise Refusal(-4018, "We don't have this asset.")
        return name

    def network(self, coin: str, name: str) -> Network:
        """A network of a coin; the first if no name is given.

        Raises:
            Refusal: -4019 for one that the coin does not use.
        """
        for network in networks_of(self.coin(coin)):
            if name in ("", network.name):
                return network
        raise Refusal(-4019, "Current asset is not open for withdrawal.")

    def deposit_address(self, account: Account, coin: str, network: Network) -> tuple[str, str]:
        """Where an account's deposits of a coin arrive: address and tag. EVM networks share one address."""
        kind = "EVM" if network.address == _EVM else network.name
        digest = hashlib.blake2b(f"{self._seed}/{account.name}/{kind}".encode()).hexdigest()
        if kind == "EVM":
            address = "0x" + digest[:40]
        elif kind == "BTC":
            address = "bc1q" + digest[:38]
        elif kind == "TRX":
            address = "T" + digest[:33].replace("0", "9")
        else:
            address = "UQ" + digest[:46]
        tag = str(account.uid) if network.memo else ""
        self._addresses[address, tag] = account.name
        return address, tag

    def deposit(self, account: Account, coin: str, amount: int, now: int, *, network: str = "") -> DepositRecord:
        """Money arrives from outside, with a record of it."""
        chosen = self.network(coin, network)
        self._ledger.deposit(account, coin, amount)
        return self._arrived(account, coin, chosen, amount, internal=False, now=now)

    def withdraw(
        self,
        account: Account,
        coin: str,
        amount: int,
        now: int,
        *,
        network: str,
        address: str,
        tag: str = "",
        client_id: str = "",
        wallet: str = "SPOT",
    ) -> Withdrawal:
        """Send money out; the network's fee is part of the amount.

        Raises:
            Refusal: for an address or tag that the network does not take, an amount below its least, a client id
                that was used, or too little money.
        """
        chosen = self.network(coin, network)
        chosen.check(address, tag, amount)
        if client_id and (account.name, client_id) in self._client_ids:
            raise Refusal(-4032, "Withdraw verification exception.")
        target = self._addresses.get((address, tag))
        fee = 0 if target else chosen.fee
        self._check_funds(account, coin, amount, wallet)
        if target:
            receiver = self._ledger.accounts[target]
            self._ledger.move(account, receiver, coin, amount, (wallet, SPOT))
            self._arrived(receiver, coin, chosen, amount, internal=True, now=now)
        else:
            self._ledger.move(account, self._ledger.fees, coin, fee, (wallet, SPOT))
            self._ledger.withdraw(account, coin, amount - fee, wallet)
        made = Withdrawal(
            withdrawal_id=self._hex_id("withdrawal"),
            account=account.name,
            coin=coin,
            network=chosen.name,
            address=address,
            tag=tag,
            amount=amount,
            fee=fee,
            client_id=client_id,
            wallet=wallet,
            internal=target is not None,
            time=now,
        )
        self.withdrawals[account.name].append(made)
        if client_id:
            self._client_ids[account.name, client_id] = made
        return made

    def transfer(
        self,
        kind: str,
        source: tuple[Account, str],
        target: tuple[Account, str],
        asset: str,
        amount: int,
        now: int,
        *,
        client_id: str = "",
    ) -> Transfer:
        """Move money from one account's wallet to another's.

        Raises:
            Refusal: if less is free.
        """
        self.coin(asset)
        self._check_funds(source[0], asset, amount, source[1])
        self._ledger.move(source[0], target[0], asset, amount, (source[1], target[1]))
        self._last_id += 1
        made = Transfer(
            transfer_id=self._last_id,
            kind=kind,
            coin=asset,
            amount=amount,
            source=source[0].name,
            target=target[0].name,
            source_wallet=source[1],
            target_wallet=target[1],
            client_id=client_id,
            time=now,
        )
        for name in {made.source, made.target}:
            self.transfers[name].append(made)
        return made

    def open_sub(self, master: Account, name: str, now: int) -> Account:
        """Open a sub-account; its name doubles as the local part of its e-mail address.

        Raises:
            Refusal: if the caller is a sub-account itself or the name is taken.
        """
        if master.master is not None:
            raise Refusal(-12022, "Only a master account may do this.")
        email = f"{name.lower()}_virtual@sandbox.invalid"
        full_name = f"{master.name}.{name.lower()}"
        if full_name in self._ledger.accounts or email in self._emails:
            raise Refusal(-12023, "The sub-account exists already.")
        account = self._ledger.open(full_name, now, master=master.name, email=email)
        self._emails[email] = account
        self.subs[master.name].append(account)
        return account

    def sub(self, master: Account, email: str) -> Account:
        """A sub-account of a master.

        Raises:
            Refusal: -12002 if it is not this master's.
        """
        account = self._emails.get(email)
        if account is None or account.master != master.name:
            raise Refusal(-12002, "The sub-account does not exist or is not yours.")
        return account

    @staticmethod
    def _check_funds(account: Account, coin: str, amount: int, wallet: str) -> None:
        if amount <= 0 or account.wallets[wallet][coin].free < amount:
            raise Refusal(-4026, "You have insufficient balance.")

    def _arrived(
        self, account: Account, coin: str, network: Network, amount: int, *, internal: bool, now: int
    ) -> DepositRecord:
        address, tag = self.deposit_address(account, coin, network)
        made = DepositRecord(
            self._hex_id("deposit"), account.name, coin, network.name, address, tag, amount, internal, now
        )
        self.deposits[account.name].append(made)
        return made

    def _hex_id(self, what: str) -> str:
        self._last_id += 1
        return hashlib.blake2b(f"{self._seed}/{what}/{self._last_id}".encode(), digest_size=16).hexdigest()
