"""Watching native keys from their trades, afterwards: read with the key that only reads, and put in the journal.

An exchange lists trades by symbol. Asked are the symbols that the key was given, those in which orders rest, and what
the sub-account holds against its owner's home assets. A round trip in another symbol that begins and ends between two
rounds is not seen; the balance that it cost is.
"""

from collections.abc import Callable
from typing import final

import msgspec

from bailiwick.authority.acts import Act, Acts, Asks
from bailiwick.link.exchange_questions import Doing, NativeCall
from bailiwick.link.wire import Code, LinkError
from bailiwick.model.native import PROTECTION, Native, NativeTrade
from bailiwick.store.store import Store

MOST_SYMBOLS = 40  # a round: each is a question of weight 20
HOME = ("USDT",)
PER_RECORD = 500


@final
class NativeWatch:
    """Reads trades. A trade may be recorded twice after a crash, and none is left out of what was read."""

    def __init__(self, store: Store, acts: Acts, exchange: Asks, clock: Callable[[], int]) -> None:
        self._store = store
        self._acts = acts
        self._exchange = exchange
        self._clock = clock

    async def poll(self) -> None:
        """Look at every key that can be watched."""
        for native in self._store.native.list():
            if native.kept and native.watch is not None:
                await self.look(native)

    async def look(self, native: Native) -> tuple[str, ...]:
        """Read what one has traded since the last time; notes for whoever asked."""
        if native.watch is None or not native.kept:
            return ()
        try:
            held = await self._exchange.ask(NativeCall(doing=Doing.LOOK, native=native.id))
        except LinkError as error:
            return (f"its trades were not read: {error.sentence}",)
        home = self._store.accounts.get(native.account).home_assets or HOME
        guessed = [asset + quote for asset in held.assets for quote in home if asset != quote]
        asked = list(dict.fromkeys([*native.symbols, *held.symbols, *native.seen, *guessed]))
        seen, found, notes = dict(native.seen), list[NativeTrade](), []
        for symbol in asked[:MOST_SYMBOLS]:
            try:
                found += await self._trades(native, symbol, seen)
            except LinkError as error:
                if error.code is not Code.REFUSED or symbol in native.symbols:
                    notes.append(f"{symbol} was not read: {error.sentence}")
        await self._record(native, found)
        last = max((trade.at_ms for trade in found), default=None)
        self._store.native.note(native.id, seen=seen, polled=self._clock(), last_traded=last)
        return (f"{len(found)} new trades, recorded", *notes)

    async def _trades(self, native: Native, symbol: str, seen: dict[str, int]) -> list[NativeTrade]:
        question = NativeCall(doing=Doing.TRADES, native=native.id, symbol=symbol, after=seen.get(symbol))
        answer = await self._exchange.ask(question)
        if answer.trades:
            seen[symbol] = answer.trades[-1].id
        return [trade for trade in answer.trades if trade.at_ms >= native.created]

    async def _record(self, native: Native, trades: list[NativeTrade]) -> None:
        for first in range(0, len(trades), PER_RECORD):
            told = msgspec.to_builtins(trades[first : first + PER_RECORD])
            after = {"service": native.service, "protection": PROTECTION, "trades": told}
            await self._acts.note(Act(actor="control", act="native.trades", subject=native.id, after=after))
