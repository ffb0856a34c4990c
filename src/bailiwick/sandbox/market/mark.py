"""A victim's key in a thief's hands: what he does with it, and how he sends it.

He sees what a client sees: whether an order was executed. A refusal and a hold look alike to him.
"""

from decimal import Decimal
from typing import TYPE_CHECKING, Final, final

from bailiwick.model.intent import Endpoint, Intent, OrderType, Side
from bailiwick.sandbox.amount import SCALE
from bailiwick.sandbox.market import wire
from bailiwick.sandbox.market.coins import BY_NAME
from bailiwick.sandbox.market.crowd import home_address, service_address
from bailiwick.sandbox.market.door import Manner, Ruled, Ruling
from bailiwick.sandbox.market.hand import DAY_S, SECOND_US, Hand
from bailiwick.sandbox.market.scenario import Dress, Play, Source
from bailiwick.sandbox.market.stream import Stream, seed_of

if TYPE_CHECKING:
    from bailiwick.sandbox.market.thief import Heist

BUY: Final = Side.BUY
SELL: Final = Side.SELL
_MINUTE_US: Final = 60 * SECOND_US
_DAY_US: Final = 1_440 * _MINUTE_US
_BPS: Final = 10_000
_SCRIPTS: Final = ("ccxt", "python-binance", "go", "binance-connector")


@final
class Mark:
    """One victim's key in the thief's hands."""

    def __init__(self, heist: "Heist", hand: Hand, place: int, symbol: str) -> None:
        self._heist = heist
        self._hand = hand
        self._place = place
        self._symbol = symbol
        attack = heist.attack
        self._seed = seed_of(heist.seed, "mark", place)
        self._others = [each for each in attack.other_symbols if each != symbol]
        self._worth = attack.order_worth or hand.bot.worth
        self._size = float(self._worth)
        self._left = float(hand.member.facts.worth) * attack.spend_bps / _BPS
        self._turns = self._orders = self._refusals = self._row = 0
        self._bought = 0  # of the coin, not yet sold back (contra)
        self._funded = not attack.fund
        self._probed = False
        self._winding = False
        stream = Stream(self._seed)
        self._address, self._manner = self._disguise(stream)
        self._lag_us = stream.below(150_000) + 5_000 if attack.dress is not Dress.VICTIM else hand.lag_us
        self._names = stream.word() >> 24

    def first_us(self) -> int:
        """When it begins: the teaching, or the robbery itself."""
        attack, heist = self._heist.attack, self._heist
        begin_us = heist.begin_us + self._place * attack.stagger_ms * 1000
        if attack.teach_days:
            begin_us -= attack.teach_days * _DAY_US
        return max(begin_us, heist.world.start_us)

    def act(self, now_us: int) -> int | None:
        """One turn; microseconds until the next."""
        heist, attack, hand = self._heist, self._heist.attack, self._hand
        self._turns += 1
        stream = Stream(self._seed, self._turns)
        self._at_us = now_us
        begin_us = heist.begin_us + self._place * attack.stagger_ms * 1000
        if now_us < begin_us:
            self._teach(now_us, begin_us)
            return min(int(stream.between(0.3, 0.7) * _DAY_US), max(begin_us - now_us, SECOND_US))
        if now_us >= heist.end_us or self._orders >= attack.orders:
            return None
        if not self._probed:
            self._probed = True
            if self._probe():
                return stream.below(4_000_000) + 500_000
        if self._winding:
            return self._wind_down(stream)
        if not self._funded:
            self._funded = not self._fund()
            return self._pace(stream) // 2 + 1
        passed = self._contra(stream) if attack.kind in (Play.CONTRA, Play.DRIP) else self._buy()
        if passed is None:
            return None
        if passed:
            self._row = 0
            return self._pace(stream)
        if hand.world.end_us <= now_us:
            return None
        return self._adapt()

    # What he does

    def _buy(self) -> bool | None:
        """Buy the coin above its price; None when the money is spent."""
        attack, hand = self._heist.attack, self._hand
        form = BY_NAME[self._symbol].symbol
        of_quote = hand.world.floor.in_usdt(form.quote, self._at_us)
        worth = min(self._size, self._left, hand.free(form.quote) / SCALE * of_quote * 0.998)
        if worth < 11.0:
            return None
        mid = hand.mid(self._symbol) if hand.at_us == self._at_us else hand.world.floor.mid(self._symbol, self._at_us)
        limit = mid * (_BPS + attack.price_bps) // _BPS
        quantity = int(worth / of_quote * SCALE / (mid if attack.market_orders else limit) * SCALE)
        passed = self._order(BUY, quantity, 0 if attack.market_orders else limit)
        if passed:
            self._left -= worth if attack.market_orders else worth * mid / limit
        return passed

    def _contra(self, stream: Stream) -> bool | None:
        """Buy of himself far above, sell to himself far below, to and fro."""
        attack, hand, heist = self._heist.attack, self._hand, self._heist
        floor = hand.world.floor
        form = BY_NAME[self._symbol].symbol
        fair = floor.fair(self._symbol).mid(self._at_us)
        of_quote = floor.in_usdt(form.quote, self._at_us)
        lean = stream.between(0.7, 1.0)
        if self._bought:
            price = self._inside(BUY, int(fair * (1 - attack.width_bps * lean / _BPS)) // form.tick * form.tick)
            quantity = min(self._bought, hand.free(form.base))
            quantity -= quantity % form.step
            if not quantity or price < form.tick:
                self._bought = 0
                return True
            heist.counter(self._symbol, BUY, quantity, price, self._at_us)
            passed = self._order(SELL, quantity, price)
            self._bought = 0 if passed else self._bought
            return passed
        worth = min(self._size * stream.between(0.8, 1.0), self._left, hand.free(form.quote) / SCALE * of_quote * 0.99)
        if worth < 11.0:
            return None
        price = int(fair * (1 + attack.width_bps * lean / _BPS)) // form.tick * form.tick
        price = self._inside(SELL, max(price, form.tick))
        quantity = int(worth / of_quote * SCALE / price * SCALE)
        quantity -= quantity % form.step
        heist.counter(self._symbol, SELL, quantity, price, self._at_us)
        before = hand.account.spot[form.base].free
        passed = self._order(BUY, quantity, price)
        self._bought = max(hand.account.spot[form.base].free - before, 0)
        return passed

    def _inside(self, side: Side, price: int) -> int:
        """Where his own order waits: of one who drips, before all others, so that the victim meets it alone."""
        if self._heist.attack.kind is not Play.DRIP:
            return price
        market = self._hand.world.floor.engine.markets[self._symbol]
        best = market.book.best(side)
        if best is None or any(order.account is self._heist.account for order in best.orders.values()):
            return price
        tick = market.symbol.tick
        return max(price, best.price + tick) if side is BUY else min(price, best.price - tick)

    def _fund(self) -> bool:
        """Sell one of the victim's holdings for money; whether there may be more to sell."""
        attack, hand = self._heist.attack, self._hand
        quote = BY_NAME[self._symbol].symbol.quote
        base = BY_NAME[self._symbol].symbol.base
        floor = hand.world.floor
        for asset in sorted(hand.account.spot):
            symbol = f"{asset}USDT"
            if asset in (quote, base, "USDT") or symbol not in BY_NAME:
                continue
            worth = hand.free(asset) / SCALE * floor.in_usdt(asset, self._at_us)
            keep = float(hand.member.facts.worth) * (_BPS - attack.fund_bps) / _BPS
            part = min(worth - keep, self._size * 4)
            if part > 12.0:
                quantity = int(part / floor.in_usdt(asset, self._at_us) * SCALE)
                return self._order(SELL, quantity, 0, symbol=symbol) or self._refuse()
        if quote == "BTC" and hand.free("USDT") > 20 * SCALE:
            worth = min(hand.free("USDT") / SCALE * 0.995, self._size * 4)
            quantity = int(worth / floor.in_usdt("BTC", self._at_us) * SCALE)
            return self._order(BUY, quantity, 0, symbol="BTCUSDT") or self._refuse()
        return False

    def _refuse(self) -> bool:
        """A sale was refused: he tries a few times, and then goes on with the money that is there."""
        self._refusals += 1
        return self._refusals <= self._heist.attack.retries

    def _teach(self, now_us: int, begin_us: int) -> None:
        """A small order at a fair price, so that the coin is no longer new."""
        attack = self._heist.attack
        day = attack.teach_days - (begin_us - now_us) / _DAY_US
        worth = min(attack.teach_worth * (1 + attack.teach_growth_bps / _BPS) ** max(int(day), 0), self._worth)
        floor = self._hand.world.floor
        mid = floor.mid(self._symbol, now_us)
        form = BY_NAME[self._symbol].symbol
        of_quote = floor.in_usdt(form.quote, now_us)
        half = BY_NAME[self._symbol].tier.half_spread_bps
        quantity = int(max(worth, 11.0) / of_quote * SCALE / mid * SCALE)
        self._order(BUY, quantity, int(mid * (1 + 1.6 * half / _BPS)) + form.tick)

    def _probe(self) -> bool:
        """Look around first; whether he did."""
        attack = self._heist.attack
        if attack.probe_balance:
            self._ask(wire.BALANCES)
            self._ask(wire.OPEN_ORDERS)
        if attack.probe_withdrawal:
            self._ask(wire.ADDRESS, (("coin", "USDT"), ("network", "TRX")))
            window_us = self._manner.window_ms * 1000
            to = f"T{self._seed:x}"
            self._send(wire.withdrawing("USDT", "TRX", to, Decimal(50), self._at_us - self._lag_us, window_us))
        return attack.probe_balance or attack.probe_withdrawal

    def _wind_down(self, stream: Stream) -> int | None:
        """What a key in wind-down may still do: cancel, and sell what it bought, if to himself."""
        hand, attack, heist = self._hand, self._heist.attack, self._heist
        symbols = sorted({self._symbol, *hand.bot.symbols[:4]})
        symbol = symbols[self._turns % len(symbols)]
        form = BY_NAME[symbol].symbol
        self._ask(wire.CANCEL_ALL, symbol=symbol)
        quantity = hand.free(form.base)
        floor = hand.world.floor
        mid = floor.mid(symbol, self._at_us)
        price = mid * (_BPS - max(attack.price_bps, 100)) // _BPS // form.tick * form.tick
        most = int(self._size / floor.in_usdt(form.base, self._at_us) * SCALE)
        quantity = min(quantity, max(most, 0))
        quantity -= quantity % form.step
        self._refusals += 1
        if quantity and price:
            if symbol in floor.arenas:
                heist.counter(symbol, BUY, quantity, price, self._at_us)
            self._order(SELL, quantity, price, symbol=symbol)
        return self._pace(stream) if self._refusals < attack.patience * 4 else None

    def _adapt(self) -> int | None:
        """After a refusal: smaller, then elsewhere, then not at all."""
        attack = self._heist.attack
        self._row += 1
        self._refusals += 1
        if self._row > attack.patience:
            if attack.wind_down and not self._winding:
                self._winding = True
                return attack.wait_ms * 1000 + 1
            return None
        self._size = max(self._size * attack.shrink_bps / _BPS, 12.0)
        if self._row > attack.retries and self._others:
            self._symbol = self._others.pop(0)
            self._size, self._bought = float(self._worth), 0
            self._hand.world.stage(self._symbol, self._at_us, self._heist.end_us + _MINUTE_US)
        return attack.wait_ms * 1000 + 1

    def _pace(self, stream: Stream) -> int:
        attack, member = self._heist.attack, self._hand.member
        uneven = stream.between(1 - attack.jitter_bps / _BPS, 1 + attack.jitter_bps / _BPS)
        if attack.bot_pace and member.orders_a_day > 0:
            return max(int(DAY_S / member.orders_a_day * SECOND_US * stream.wait(1.0)), SECOND_US)
        return max(int(attack.pace_ms * 1000 * uneven), 1_000)

    # How he sends

    def _order(self, side: Side, quantity: int, price: int, *, symbol: str = "") -> bool:
        """Send an order through the victim's key; whether it was executed or rests."""
        symbol = symbol or self._symbol
        form = BY_NAME[symbol].symbol
        hand = self._hand
        kind = OrderType.LIMIT if price else OrderType.MARKET
        prefix = None
        if self._heist.attack.dress is not Dress.VICTIM:
            self._names += 1
            prefix = f"{self._manner.prefix}{self._names:x}"
        draft = hand.draft(symbol, side, quantity, price // form.tick * form.tick, kind=kind, prefix=prefix)
        if draft is None:
            return False
        self._orders += 1
        ruling = self._send(wire.placing(draft, self._at_us - self._lag_us, self._manner.window_ms * 1000))
        return ruling.ruled is Ruled.PASSED and ruling.answer is not None and bool(ruling.answer.executed)

    def _ask(self, endpoint: Endpoint, params: wire.Pairs = (), symbol: str | None = None) -> None:
        intent = wire.asking(endpoint, self._at_us - self._lag_us, self._manner.window_ms * 1000, symbol, params)
        self._send(intent)

    def _send(self, intent: Intent) -> Ruling:
        title = self._heist.title
        return self._hand.world.ask(self._hand, intent, self._address, self._manner, title, self._at_us)

    def _disguise(self, stream: Stream) -> tuple[str, Manner]:
        attack, hand, world = self._heist.attack, self._hand, self._heist.world
        service = world.services[hand.member.facts.service]
        if attack.source is Source.NEW or not service.networks:
            # He has a few machines, each for several victims.
            address = home_address(Stream(seed_of(self._heist.seed, "machine", self._place // 5)))
        else:
            inside = Stream(seed_of(self._heist.seed, "seat")) if attack.source is Source.FRESH_ACCOUNT else stream
            address = service_address(service, inside)
        if attack.dress is Dress.VICTIM:
            return address, hand.manner
        if attack.dress is Dress.SERVICE and attack.source is not Source.NEW:
            return address, service.manner
        return address, wire.manner_of(Stream(seed_of(self._heist.seed, "script")).choose(_SCRIPTS))
