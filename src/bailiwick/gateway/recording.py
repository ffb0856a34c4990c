"""Reads a real account once, so that a canary beside it can be answered like it: a closed list of questions.

They are signed here with the account's own credential and leave over its own connections, one after the other, so that
what is measured is what its real keys wait for.
"""

import asyncio
import secrets
from typing import TYPE_CHECKING, final

from bailiwick.gateway.canary import worth_in
from bailiwick.gateway.inspecting import opened
from bailiwick.gateway.parties import AccountSide
from bailiwick.gateway.upstream import Failure
from bailiwick.gateway.weight import KeyWeight
from bailiwick.link.exchange_questions import RecordShape, ShapeAnswer
from bailiwick.link.wire import Code, LinkError, Peer
from bailiwick.model.intent import Intent
from bailiwick.model.shape import shape_to_json
from bailiwick.venues import decoys
from bailiwick.venues.dialect import Dialect, Signer

if TYPE_CHECKING:
    from bailiwick.gateway.process import House

MOST_SYMBOLS = 10
WINDOW_US = 5_000_000
ANSWER_S = 15.0
SALT_BYTES = 32
CURRENCY = "USDT"  # in which "too little for an order" is counted
HURRIED = frozenset({418, 429})


@final
class _Answered:
    """Awaits one answer."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[tuple[int, bytes, bytes]] = asyncio.get_running_loop().create_future()

    def answered(self, status: int, head: bytes, body: bytes) -> None:
        """It is there."""
        if not self.answer.done():
            self.answer.set_result((status, head, body))

    def failed(self, failure: Failure) -> None:
        """There is none."""
        if not self.answer.done():
            self.answer.set_exception(LinkError(Code.UNAVAILABLE, UNREACHED))


UNREACHED = "the exchange does not answer; a canary is drawn after the account, so try again when it does"


@final
class Recorder:
    """Answers ``RecordShape``."""

    def __init__(self, house: "House") -> None:
        self._house = house
        self._weight = KeyWeight()

    async def record(self, question: RecordShape, peer: Peer) -> ShapeAnswer:
        """Read the account.

        Raises:
            LinkError: if it has no credential, its exchange speaks otherwise or does not answer.
        """
        account, venue, _, signer = opened(self._house, question.account)
        if venue.dialect not in decoys.DIALECTS:
            raise LinkError(
                Code.REFUSED, f"account {account.id}: no canary can answer in the manner of {venue.dialect} yet"
            )
        try:
            side = self._house.registry.side(account.id)
        except KeyError:
            raise LinkError(Code.UNAVAILABLE, f"account {account.id}: it is not in force yet; try again") from None
        dialect = side.venue.dialect
        asked: list[decoys.Asked] = []
        latencies: list[int] = []
        await self._ask(side, dialect, signer, *decoys.RECORDED[0])  # opens a connection, and is not measured
        for method, path in decoys.RECORDED:
            asked.append(await self._put(side, signer, latencies, method, path))
        for symbol in question.symbols[:MOST_SYMBOLS]:
            for path, long in decoys.BY_SYMBOL:
                asked.append(await self._put(side, signer, latencies, "GET", path, symbol, long=long))
        if asked[0].status != 200:
            raise LinkError(
                Code.REFUSED, f"account {account.id}: the exchange refused to show it: {asked[0].body[:200]!r}"
            )
        worth = worth_in(side.venue.market, CURRENCY)
        shape = decoys.record(asked, latencies, secrets.token_bytes(SALT_BYTES), worth)
        return ShapeAnswer(shape=shape_to_json(shape))

    async def _put(
        self,
        side: AccountSide,
        signer: Signer,
        latencies: list[int],
        method: str,
        path: str,
        symbol: str = "",
        *,
        long: bool = False,
    ) -> decoys.Asked:
        params = {"symbol": symbol} if symbol else {}
        if long:
            params["limit"] = str(decoys.LONGEST)
        begun = side.venue.clock.now_us()
        status, head, body = await self._ask(side, side.venue.dialect, signer, method, path, params)
        latencies.append(max(1, side.venue.clock.now_us() - begun))
        counted = side.venue.dialect.read_usage(head).weight >= 0
        return decoys.Asked(method, path, symbol, status, body, counted)

    async def _ask(
        self,
        side: AccountSide,
        dialect: Dialect,
        signer: Signer,
        method: str,
        path: str,
        params: dict[str, str] | None = None,
    ) -> tuple[int, bytes, bytes]:
        endpoint = dialect.endpoint(method, path)
        assert endpoint is not None  # they are in the dialect's own list
        now = side.venue.clock.now_us()
        if side.way.weight.admit(endpoint.weight, self._weight, now, exit_=False) is not None:
            raise LinkError(Code.UNAVAILABLE, "the exchange's limit of requests is nearly used; try again in a minute")
        intent = Intent(endpoint=endpoint, params=tuple((params or {}).items()))
        waiter = _Answered()
        side.way.pool.send(dialect.countersign(intent, signer, now, WINDOW_US), waiter)
        try:
            async with asyncio.timeout(ANSWER_S):
                status, head, body = await waiter.answer
        except TimeoutError:
            raise LinkError(Code.UNAVAILABLE, UNREACHED) from None
        side.way.heed(status, dialect.read_usage(head), now)
        if status in HURRIED:
            raise LinkError(Code.UNAVAILABLE, "the exchange asked to wait; try again then")
        return status, head, body
