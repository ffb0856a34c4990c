"""The side of the sandbox that tests and demonstrations hold: JSON over HTTP below ``/sandbox/``, on the same port.

Nobody is asked for a password here: the server listens on loopback, and nothing in the sandbox is worth anything.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Final
from urllib.parse import parse_qsl

import msgspec

from bailiwick.sandbox.amount import BPS, read, show
from bailiwick.sandbox.exchange import Sandbox
from bailiwick.sandbox.faults import Fault
from bailiwick.sandbox.keys import EVERYTHING, PERMISSIONS
from bailiwick.sandbox.ledger import SPOT, WALLETS
from bailiwick.sandbox.orders import OrderRequest
from bailiwick.sandbox.refusal import Refusal
from bailiwick.sandbox.shapes import full, result

PREFIX: Final = "/sandbox/"


class NewAccount(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Open an account; ``funds`` are deposited into its spot wallet, commissions are in basis points."""

    name: str
    funds: dict[str, str] = {}
    maker_bps: int = 10
    taker_bps: int = 10
    trade_group: int = -1


class Deposit(msgspec.Struct, forbid_unknown_fields=True):
    """Money from outside."""

    account: str
    asset: str
    amount: str
    wallet: str = SPOT


class NewKey(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Issue a key; with ``public_key`` that one's owner signs, with ``api_key`` and ``secret`` both are as given."""

    account: str
    permissions: list[str] | None = None
    public_key: str | None = None
    api_key: str | None = None
    secret: str | None = None


class Price(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """Set a symbol's price, or shift it by basis points (negative: down)."""

    symbol: str
    price: str | None = None
    shift_bps: int = 0


class CounterOrder(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """An order of a named account, placed past the front."""

    account: str
    symbol: str
    side: str
    quantity: str
    price: str | None = None
    type: str = "LIMIT"
    time_in_force: str = "GTC"
    new_client_order_id: str = ""


class OwnCancel(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """A cancel that the owner makes on the exchange's own pages."""

    account: str
    symbol: str
    client_order_id: str


class Admin:
    """The endpoints below ``/sandbox/``."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self._listings: dict[str, Callable[[str], object]] = {
            "orders": self._received,
            "balances": self._sandbox.balances,
            "client-ids": self._client_ids,
        }
        self._verbs: dict[tuple[str, str], Callable[[bytes, int], object]] = {
            ("POST", "accounts"): self._open_account,
            ("POST", "deposits"): self._deposit,
            ("POST", "keys"): self._issue_key,
            ("POST", "prices"): self._set_price,
            ("POST", "orders"): self._place,
            ("DELETE", "orders"): self._cancel,
            ("POST", "tick"): self._tick,
            ("POST", "faults"): self._inject,
            ("DELETE", "faults"): self._clear_faults,
            ("POST", "clear"): self._clear,
            ("GET", "totals"): self._totals,
        }

    def answer(self, method: str, target: str, body: bytes, now: int) -> tuple[int, object]:
        """Do what is asked at a time (ms): the status and what to say."""
        path, _, query = target.removeprefix(PREFIX).partition("?")
        try:
            if method == "GET" and (listing := self._listings.get(path)) is not None:
                return 200, listing(dict(parse_qsl(query)).get("account", ""))
            verb = self._verbs.get((method, path))
            if verb is None:
                known = ", ".join(
                    sorted(
                        f"{verb} {PREFIX}{name}" for verb, name in [*self._verbs, *(("GET", x) for x in self._listings)]
                    )
                )
                return 404, {"error": f"no such endpoint; there are {known}"}
            return 200, verb(body, now)
        except Refusal as refusal:
            return 400, {"error": refusal.message, "code": refusal.code}
        except KeyError as error:
            return 404, {"error": f"no account {error}: open it with POST {PREFIX}accounts"}
        except (ValueError, msgspec.MsgspecError) as error:
            return 400, {"error": str(error)}

    def _open_account(self, body: bytes, now: int) -> object:
        asked = msgspec.json.decode(body, type=NewAccount)
        account = self._sandbox.open_account(
            asked.name,
            now,
            asked.funds,
            maker_bps=asked.maker_bps,
            taker_bps=asked.taker_bps,
            trade_group=asked.trade_group,
        )
        return {"name": account.name, "uid": account.uid}

    def _deposit(self, body: bytes, now: int) -> object:
        asked = msgspec.json.decode(body, type=Deposit)
        if asked.wallet not in WALLETS:
            raise ValueError(f"unknown wallet {asked.wallet!r}: choose one of {', '.join(WALLETS)}")
        self._sandbox.deposit(asked.account, asked.asset, asked.amount, asked.wallet, now=now)
        return {}

    def _issue_key(self, body: bytes, now: int) -> object:
        asked = msgspec.json.decode(body, type=NewKey)
        permissions = EVERYTHING if asked.permissions is None else frozenset(asked.permissions)
        if not permissions <= EVERYTHING:
            raise ValueError(f"unknown permission: choose from {', '.join(PERMISSIONS)}")
        owner = self._sandbox.account(asked.account).name
        if asked.api_key is not None and asked.secret is not None:
            self._sandbox.keys.register(asked.api_key, asked.secret, owner, permissions, now)
            return {"apiKey": asked.api_key, "secret": asked.secret}
        key, secret = self._sandbox.issue_key(owner, now, permissions=permissions, public_key=asked.public_key)
        return {"apiKey": key.api_key, "secret": secret}

    def _set_price(self, body: bytes, now: int) -> object:
        asked = msgspec.json.decode(body, type=Price)
        market = self._sandbox.engine.market(asked.symbol)
        if asked.price is None:
            level = self._sandbox.paths[asked.symbol].level(now) * (BPS + asked.shift_bps) // BPS
            asked.price = show(level)
        self._sandbox.set_price(asked.symbol, asked.price, now)
        return {"symbol": asked.symbol, "price": show(market.last)}

    def _place(self, body: bytes, now: int) -> object:
        asked = msgspec.json.decode(body, type=CounterOrder)
        request = OrderRequest(
            symbol=asked.symbol,
            side=asked.side,
            type=asked.type,
            quantity=read(asked.quantity),
            price=read(asked.price) if asked.price is not None else 0,
            time_in_force=asked.time_in_force,
            client_id=asked.new_client_order_id,
        )
        outcome = self._sandbox.order_as(asked.account, request, now)
        return full(outcome.order, outcome.fills)

    def _cancel(self, body: bytes, now: int) -> object:
        asked = msgspec.json.decode(body, type=OwnCancel)
        return result(self._sandbox.cancel_as(asked.account, asked.symbol, asked.client_order_id, now))

    def _tick(self, body: bytes, now: int) -> object:
        self._sandbox.tick(now)
        return {}

    def _inject(self, body: bytes, now: int) -> object:
        self._sandbox.faults.inject(msgspec.json.decode(body, type=Fault))
        return {}

    def _clear_faults(self, body: bytes, now: int) -> object:
        self._sandbox.faults.clear()
        return {}

    def _clear(self, body: bytes, now: int) -> object:
        self._sandbox.faults.clear()
        self._sandbox.received.clear()
        self._sandbox.meter.clear()
        return {}

    def _totals(self, body: bytes, now: int) -> object:
        ledger = self._sandbox.ledger
        return {
            "totals": {asset: show(amount) for asset, amount in sorted(ledger.totals().items())},
            "deposited": {asset: show(amount) for asset, amount in sorted(ledger.deposited.items())},
            "withdrawn": {asset: show(amount) for asset, amount in sorted(ledger.withdrawn.items())},
            "imbalance": {asset: show(amount) for asset, amount in sorted(ledger.imbalance().items())},
        }

    def _client_ids(self, name: str) -> object:
        """The client ids of all accepted orders in the order of their arrival: short enough for a long load."""
        rows = self._sandbox.received[self._sandbox.account(name).name]
        return [client_id for row in rows if row.method == "POST" and not row.code for client_id in row.client_ids]

    def _received(self, name: str) -> object:
        return [asdict(row) for row in self._sandbox.received[self._sandbox.account(name).name]]
