"""What the watch would have said of what the journal holds, with other thresholds: same records, same answer.

Both are asked beside each other about the same events, each with a memory of its own. What happened then is as it was:
an order that other thresholds would have held was executed, and one that was held was not.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec

from bailiwick.gateway.retelling import LEAKED_ID, EndpointOf, Told, leaked_id, retell
from bailiwick.gateway.watchfacts import told as worded
from bailiwick.journal import record
from bailiwick.watch.event import Asked, Holder, Refused, Vouched
from bailiwick.watch.respond import DEFAULT, Policy, policy_of
from bailiwick.watch.signal import Measure, Verdict
from bailiwick.watch.state import State
from bailiwick.watch.step import step

VOUCH, UNVOUCH = "watch.vouch", "watch.unvouch"


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """What one set of thresholds says of one request. ``position`` is the request's in the journal."""

    position: int
    at_us: int
    key: str
    symbol: str
    measure: str
    score: int
    scope: str
    why: tuple[str, ...]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What was said with the usual thresholds and with the others: ``before`` or ``after`` is None where nothing."""

    before: Alarm | None
    after: Alarm | None

    @property
    def changed(self) -> str:
        """``comes``, ``goes``, ``changes`` or ``stays``."""
        if self.before is None:
            return "comes"
        if self.after is None:
            return "goes"
        return "stays" if self.before.measure == self.after.measure else "changes"


class _Word(msgspec.Struct, frozen=True):
    """What the journal has of an owner's word."""

    key: str
    symbol: str
    worth: str = "0"
    until: int = 0


class _Run:
    """A memory, and its thresholds."""

    def __init__(self, thresholds: Policy) -> None:
        self.state = State()
        self._thresholds = thresholds

    def step(self, told: Told) -> Verdict:
        policy = msgspec.structs.replace(self._thresholds, most=policy_of(told.most).most)
        return step(self.state, told.event, told.now_us, policy)[1]


def backtest(
    records: Iterable[tuple[int, record.Record]],
    endpoint_of: EndpointOf,
    thresholds: Policy,
    *,
    usual: Policy = DEFAULT,
    least: Measure = Measure.ALERT,
) -> Iterator[Difference]:
    """What is said of each request of which either says something.

    Args:
        records: of the journal, each with its position, oldest first.
        endpoint_of: the endpoint of a method and a path.
        thresholds: those to be tried; how far the watch may go is each key's own as it was then.
        usual: those that they are compared with.
        least: what is less than this is not told of.
    """
    before, after = _Run(usual), _Run(thresholds)
    holders: dict[str, Holder] = {}
    for position, each in records:
        if isinstance(each, record.Act):
            for state in (before.state, after.state):
                _hear(state, each)
            continue
        for told in retell(each, endpoint_of, holders):
            found = Difference(
                before=_alarm(position, told, before.step(told), least),
                after=_alarm(position, told, after.step(told), least),
            )
            if found.before is not None or found.after is not None:
                yield found


def _hear(state: State, act: record.Act) -> None:
    """Let an act say to the watch what it said then."""
    if act.verb in {VOUCH, UNVOUCH}:
        word = msgspec.json.decode(act.after, type=_Word)
        state.vouch(Vouched(key=word.key, symbol=word.symbol, worth=Decimal(word.worth), until_us=word.until * 1000))
    key_id = leaked_id(act)
    if key_id:
        state.lean(key_id, LEAKED_ID, act.at_us // 1_000_000)


def _alarm(position: int, told: Told, verdict: Verdict, least: Measure) -> Alarm | None:
    event = told.event
    if verdict.measure < least or not isinstance(event, Asked | Refused):
        return None
    words = worded(verdict, event.symbol)
    return Alarm(
        position=position,
        at_us=event.at_us,
        key=told.key,
        symbol=event.symbol,
        measure=words["measure"],
        score=verdict.score,
        scope=verdict.scope,
        why=tuple(text for name, text in words.items() if name.startswith("why")),
    )
