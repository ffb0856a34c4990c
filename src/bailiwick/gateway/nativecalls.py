"""The one question that uses a master account's credential: the keys of its sub-accounts, by a closed list of calls.

What a call is about (sub-account, key, addresses, rights) is read from the store's row, and not from the question: who
asks can only have done what the authority recorded. What changes something is in the journal before it leaves.
"""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from bailiwick.gateway.chronicle import wall_us
from bailiwick.gateway.inspecting import opened
from bailiwick.journal.error import JournalError
from bailiwick.journal.record import Act, encode
from bailiwick.journal.retention import Retention
from bailiwick.link.exchange_questions import Doing, NativeAnswer, NativeCall
from bailiwick.link.wire import Code, LinkError, Peer
from bailiwick.model.credential import Purpose, Sealed
from bailiwick.model.native import Native, native_record
from bailiwick.model.party import Account, Venue
from bailiwick.model.secret import Secret
from bailiwick.store.errors import StoreError
from bailiwick.vault.errors import VaultError
from bailiwick.venues.binance import subkeys
from bailiwick.venues.dialect import Signer

if TYPE_CHECKING:
    from bailiwick.gateway.process import House

CHANGING = frozenset({Doing.CREATE, Doing.CREATE_WATCH, Doing.SWITCH, Doing.DELETE})
WATCHING = frozenset({Doing.LOOK, Doing.TRADES})
DIALECT = "binance"
NAME_PREFIX = "bailiwick-"


class NativeCalls:
    """Answers ``NativeCall``."""

    def __init__(self, house: "House") -> None:
        self._house = house

    async def call(self, question: NativeCall, peer: Peer) -> NativeAnswer:
        """Do it.

        Raises:
            LinkError: as the exchange refused, or if it does not answer; ``uncertain`` where it may have been done.
        """
        try:
            native = await asyncio.to_thread(lambda: self._house.store.whole().native.get(question.native))
        except StoreError as error:
            raise LinkError(Code.NOT_FOUND, str(error)) from None
        account, venue, credential, signer = opened(self._house, native.account)
        if venue.dialect != DIALECT:
            raise LinkError(Code.REFUSED, f"account {account.id}: native keys are managed at Binance alone")
        if question.doing in CHANGING:
            await self._record(question, native, credential.api_key)
        reach = _Reach(self._house, account, venue, signer, changing=question.doing in CHANGING)
        try:
            if question.doing in WATCHING:
                return await asyncio.to_thread(_watched, reach.by(self._watcher(native)), question, native)
            return await asyncio.to_thread(self._managed, reach, question, native)
        except ValueError as error:
            raise LinkError(Code.UNCERTAIN if reach.changing else Code.REFUSED, str(error)) from None

    async def _record(self, question: NativeCall, native: Native, by: str) -> None:
        act = Act(
            wall_us(), "gateway", f"native.call.{question.doing}", native.id, "", "", f"with the master key {by[:6]}…"
        )
        journal = self._house.journal
        try:
            await asyncio.to_thread(journal.append_now, encode(act), retention=Retention.KEEP, essential=True)
        except JournalError as error:
            raise LinkError(Code.UNAVAILABLE, f"journal: {error}") from None

    def _watcher(self, native: Native) -> Signer:
        if native.watch is None:
            raise LinkError(Code.REFUSED, f"native key {native.id}: it has no reading key beside it")
        record = native_record(native.id, native.account)
        try:
            secret = self._house.vault.hmac_secret(Sealed(record, Purpose.UPSTREAM_HMAC, native.watch))
        except VaultError as error:
            raise LinkError(Code.REFUSED, f"native key {native.id}: {error}") from None
        return self._house.links.venue(self._venue_of(native)).dialect.hmac_signer(native.watch_key.encode(), secret)

    def _venue_of(self, native: Native) -> str:
        account = self._house.store.accounts.find(native.account)
        assert account is not None  # ``opened`` has found it
        return account.venue

    def _managed(self, reach: "_Reach", question: NativeCall, native: Native) -> NativeAnswer:
        name = NAME_PREFIX + native.id
        match question.doing:
            case Doing.CREATE:
                made = subkeys.read_created(reach.ask(subkeys.create(native, name, question.public_key)))
                secret = Secret(made.secretKey.encode()) if made.secretKey else None
                return NativeAnswer(api_key=made.apiKey, secret=secret)
            case Doing.CREATE_WATCH:
                watch = subkeys.create_watch(native, name + subkeys.WATCH_SUFFIX)
                made = subkeys.read_created(reach.ask(watch))
                record = native_record(native.id, native.account)
                sealed = self._house.vault.seal(record, Purpose.UPSTREAM_HMAC, Secret(made.secretKey.encode()))
                return NativeAnswer(api_key=made.apiKey, envelope=sealed.envelope)
            case Doing.SWITCH:
                if question.trade and not native.may_trade:
                    raise LinkError(Code.REFUSED, f"native key {native.id}: it is {native.state}, and may not trade")
                reach.ask(subkeys.switch(native, trade=question.trade))
            case Doing.DELETE:
                _delete(reach, native, name)
            case _:
                pass
        listed = reach.ask(subkeys.listing(native))
        there = native.api_key.encode() in listed
        restricted = reach.ask(subkeys.restriction(native)) if there and native.api_key else b""
        return NativeAnswer(said=subkeys.read_said(native.api_key, listed, restricted))


def _delete(reach: "_Reach", native: Native, name: str) -> None:
    """Delete what the row names and whatever has its name: a key whose making was never answered has no other trace."""
    listed = reach.ask(subkeys.listing(native))
    doomed = [native.api_key, native.watch_key] if native.api_key else []
    doomed += subkeys.find_named(listed, name) + subkeys.find_named(listed, name + subkeys.WATCH_SUFFIX)
    for api_key in dict.fromkeys(each for each in doomed if each and each.encode() in listed):
        reach.ask(subkeys.delete(native, api_key))


def _watched(reach: "_Reach", question: NativeCall, native: Native) -> NativeAnswer:
    if question.doing is Doing.LOOK:
        assets = subkeys.read_assets(reach.ask(subkeys.holdings()))
        return NativeAnswer(assets=assets, symbols=subkeys.read_open(reach.ask(subkeys.open_orders())))
    return NativeAnswer(trades=subkeys.read_trades(reach.ask(subkeys.trades(question.symbol, question.after))))


class _Reach:
    """The way to the exchange for one question. Blocks: for a thread."""

    def __init__(self, house: "House", account: Account, venue: Venue, signer: Signer, *, changing: bool) -> None:
        side = house.links.venue(venue.id)
        paused_us = side.way.weight.paused_until_us - side.clock.now_us()
        if paused_us > 0:
            raise LinkError(Code.UNAVAILABLE, f"the exchange asked to wait {paused_us / 1e6:.0f} s; try again then")
        self._now_us: Callable[[], int] = side.clock.now_us
        self._base_url = venue.base_url
        self._local = account.local_address
        self._signer = signer
        self.changing = changing

    def by(self, signer: Signer) -> "_Reach":
        """The same way, signed by another key."""
        self._signer = signer
        return self

    def ask(self, call: subkeys.Call) -> bytes:
        """The body of a good answer.

        Raises:
            LinkError: as the exchange refused, or if it did not answer.
        """
        from bailiwick.audit.caller import Unreachable, send  # noqa: PLC0415  (a start does not wait for it)
        from bailiwick.audit.question import Question, Refused  # noqa: PLC0415

        leaves = subkeys.sign(call, self._signer, self._now_us() // 1000)
        headers = tuple(
            (name, value) for name, _, value in (line.partition(": ") for line in leaves.headers.decode().splitlines())
        )
        question = Question(leaves.method.decode(), leaves.target.decode(), headers, leaves.body)
        try:
            status, body = send(self._base_url, question, local=self._local)
        except (Unreachable, Refused) as error:
            raise LinkError(Code.UNCERTAIN if self.changing else Code.UNAVAILABLE, str(error)) from None
        if status >= 500:
            raise LinkError(
                Code.UNCERTAIN if self.changing else Code.UNAVAILABLE, f"the exchange answered {status}; look again"
            )
        if status != 200:
            said = body[:300].decode("utf-8", "replace")
            raise LinkError(Code.REFUSED, f"the exchange refused: {status} {said}")
        return body
