"""What the gateway answers about the watch."""

from math import exp
from typing import TYPE_CHECKING, final

from bailiwick.gateway.watchfacts import origin_of
from bailiwick.link.watch_questions import (
    MOST_SIGNS,
    HabitView,
    KnownAnswer,
    KnownOfKey,
    SignsAnswer,
    TellSigns,
)
from bailiwick.link.wire import Code, LinkError, Peer
from bailiwick.watch.event import MarketSign
from bailiwick.watch.words import amount

if TYPE_CHECKING:
    from bailiwick.gateway.process import House


@final
class WatchDesk:
    """Answers for the watch."""

    def __init__(self, house: "House") -> None:
        self._house = house

    async def signs(self, question: TellSigns, peer: Peer) -> SignsAnswer:
        """Take what the pump detector says."""
        if len(question.signs) > MOST_SIGNS:
            raise LinkError(Code.REFUSED, f"signs: at most {MOST_SIGNS} at once")
        venues = self._house.links.venues()
        if not venues:
            return SignsAnswer(taken=0)
        told = [
            MarketSign(at_us=each.at_us, symbol=each.symbol, score=each.score, why=each.why[:300])
            for each in question.signs
        ]
        return SignsAnswer(taken=self._house.watching.hear(told, venues[0].clock.now_us()))

    async def known(self, question: KnownOfKey, peer: Peer) -> KnownAnswer:
        """What is known of a key, in words."""
        state = self._house.watching.state
        found = state.find(question.key)
        if found is None:
            return KnownAnswer(known=False)
        profile = found.profile
        names = {
            state.digest(symbol): symbol for venue in self._house.links.venues() for symbol in venue.market.symbols
        }
        habits = sorted(profile.symbols.items(), key=lambda each: (-each[1].count, each[0]))
        return KnownAnswer(
            known=True,
            orders=profile.orders,
            days=profile.days,
            settled=profile.settled,
            habits=tuple(
                HabitView(
                    symbol=names.get(symbol, "a symbol that is gone"),
                    orders=habit.count,
                    usual=amount(exp(habit.mean / 1000)),
                    largest=amount(exp(habit.largest / 1000)),
                )
                for symbol, habit in habits
            ),
            networks=len(profile.networks),
            clients=len(profile.fingerprints),
            score=found.course.sum_now(self._house.watching.now_us() // 1_000_000),
            usual_sources=tuple(each for each in question.sources if _network(each) in profile.networks),
            usual_fingerprints=tuple(each for each in question.fingerprints if _client(each) in profile.fingerprints),
        )


def _network(source: str) -> int | None:
    try:
        return origin_of(source, "", ()).network
    except ValueError:
        return None


def _client(fingerprint: str) -> int | None:
    try:
        return origin_of("127.0.0.1", fingerprint, ()).fingerprint
    except ValueError:
        return None
