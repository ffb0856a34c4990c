"""A hand: one key in use, with the bot behind it. Whatever it does goes through the door."""

from decimal import Decimal
from typing import TYPE_CHECKING, Final, Protocol, final

from bailiwick.model.intent import Endpoint, Intent, OrderDraft, OrderType, Side, TimeInForce
from bailiwick.model.order import OrderReport
from bailiwick.sandbox.amount import SCALE
from bailiwick.sandbox.ledger import Account
from bailiwick.sandbox.market import wire
from bailiwick.sandbox.market.coins import BY_NAME
from bailiwick.sandbox.market.crowd import Member
from bailiwick.sandbox.market.door import Ruled, Ruling
from bailiwick.sandbox.market.floor import decimal
from bailiwick.sandbox.market.stream import Stream

if TYPE_CHECKING:
    from bailiwick.sandbox.market.world import World

SECOND_US: Final = 1_000_000
DAY_S: Final = 86_400.0
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_GTC: Final = TimeInForce.GTC
_UNPRICED: Final = frozenset({OrderType.MARKET, OrderType.STOP_LOSS, OrderType.TAKE_PROFIT})
_WITHOUT_TIME: Final = _UNPRICED | {OrderType.LIMIT_MAKER}


class Bot(Protocol):
    """What decides. It keeps to its hand's own stream, so that others never feel its draws."""

    symbols: list[str]
    worth: float  # of a usual order, in USDT

    def wake(self, hand: "Hand", stream: Stream) -> float:
        """Act, and say after how many seconds again."""
        ...

    def filled(self, hand: "Hand", report: OrderReport) -> float | None:
        """Hear of an order that rested; the seconds until it acts on it, None where it does not."""
        ...

    def restart(self, hand: "Hand", stream: Stream) -> None:
        """Begin anew: what was open is cancelled."""
        ...


@final
class Hand:
    """One key in use. ``at_us`` is the moment of its act; ``due_us`` when its bot acts next."""

    __slots__ = (
        "_names", "account", "address", "at_us", "bot", "due_us", "lag_us", "manner", "member", "quiet_until_us",
        "refused", "symbols", "wakes", "world",
    )  # fmt: skip

    def __init__(self, world: "World", member: Member, account: Account, bot: Bot) -> None:
        self.world = world
        self.member = member
        self.account = account
        self.bot = bot
        self.address = member.address
        self.manner = member.manner
        self.symbols = member.facts.symbols  # as granted by now
        self.at_us = 0
        self.due_us = -1
        self.quiet_until_us = 0
        self.refused = 0
        self.lag_us = member.seed % 400_000 + 20_000  # how far the client's clock is behind, with the way it takes
        self.wakes = 0
        self._names = 0

    def act(self, now_us: int) -> int | None:
        """The bot's turn; when it is next, in microseconds from now."""
        if self.due_us != now_us:
            return None  # it was woken earlier, and has set another time
        self.at_us = now_us
        self.wakes += 1
        stream = Stream(self.member.seed, self.wakes)
        if now_us < self.quiet_until_us:
            wait_us = self.quiet_until_us - now_us
        else:
            wait_us = int(self.bot.wake(self, stream) * SECOND_US)
        wait_us = max(wait_us, SECOND_US)
        self.due_us = now_us + wait_us
        return wait_us

    # What it does

    def order(
        self,
        symbol: str,
        side: Side,
        quantity: int,
        price: int = 0,
        *,
        kind: OrderType = OrderType.LIMIT,
        stop: int = 0,
        quote: int = 0,
        tif: TimeInForce = _GTC,
    ) -> OrderReport | None:
        """Send an order, amounts in hundred-millionths; the venue's report, None where it was not taken."""
        draft = self.draft(symbol, side, quantity, price, kind=kind, stop=stop, quote=quote, tif=tif)
        if draft is None:
            return None
        ruling = self.send(wire.placing(draft, self.at_us - self.lag_us, self.manner.window_ms * 1000))
        answer = ruling.answer
        if ruling.ruled is not Ruled.PASSED or answer is None or not answer.executed:
            self.refused += 1
            return None
        return answer.orders[-1]

    def draft(
        self,
        symbol: str,
        side: Side,
        quantity: int,
        price: int,
        *,
        kind: OrderType = OrderType.LIMIT,
        stop: int = 0,
        quote: int = 0,
        tif: TimeInForce = _GTC,
        prefix: str | None = None,
    ) -> OrderDraft | None:
        """An order of whole steps and ticks under a name of its own; None where it would be too small."""
        form = BY_NAME[symbol].symbol
        quantity -= quantity % form.step
        price, stop = price // form.tick * form.tick, stop // form.tick * form.tick
        paid = quote or quantity * (price or stop or form.price) // SCALE
        if paid < form.min_notional * 1.02 or (not quote and quantity <= 0):
            return None
        return OrderDraft(
            symbol=symbol,
            side=side,
            type=kind,
            quantity=None if quote else decimal(quantity),
            quote_quantity=decimal(quote) if quote else None,
            price=None if kind in _UNPRICED else decimal(max(price, form.tick)),
            stop_price=decimal(stop) if stop else None,
            time_in_force=None if kind in _WITHOUT_TIME else tif,
            client_id=self.name(prefix),
        )

    def cancel(self, symbol: str, client_id: str) -> bool:
        """Cancel an order; whether it was still open."""
        ruling = self.send(wire.cancelling(symbol, client_id, self.at_us - self.lag_us, self.manner.window_ms * 1000))
        return ruling.answer is not None and bool(ruling.answer.executed)

    def cancel_all(self, symbol: str) -> None:
        """Cancel whatever is open in a symbol."""
        self.read(wire.CANCEL_ALL, symbol)

    def read(self, endpoint: Endpoint, symbol: str | None = None) -> Ruling:
        """Ask for something."""
        return self.send(wire.asking(endpoint, self.at_us - self.lag_us, self.manner.window_ms * 1000, symbol))

    def send(self, intent: Intent) -> Ruling:
        """Put an intent to the door, from here and as this client."""
        return self.world.ask(self, intent, self.address, self.manner)

    def pause(self, milliseconds: int) -> None:
        """Requests of one turn do not all come in the same moment."""
        self.at_us += milliseconds * 1000

    # What it knows

    def mid(self, symbol: str) -> int:
        """Where the market stands."""
        return self.world.floor.mid(symbol, self.at_us)

    def quantity(self, symbol: str, worth: float) -> int:
        """How much of a coin is worth so much, in USDT."""
        coin = BY_NAME[symbol]
        price = self.mid(symbol) / SCALE * self.world.floor.in_usdt(coin.symbol.quote, self.at_us)
        return int(worth / price * SCALE)

    def free(self, asset: str) -> int:
        """What of an asset the account has free."""
        return self.account.spot[asset].free

    def affords(self, symbol: str, side: Side, quantity: int, price: int) -> int:
        """So much of a wish as the account can pay, in whole steps."""
        form = BY_NAME[symbol].symbol
        most = self.free(form.base) if side is Side.SELL else self.free(form.quote) * SCALE // max(price, 1)
        quantity = min(quantity, most)
        return quantity - quantity % form.step

    def name(self, prefix: str | None = None) -> str:
        """A new client order id, as this client forms them."""
        self._names += 1
        text, number = "", self.member.seed % 36**6 * 4096 + self._names
        while number:
            number, digit = divmod(number, 36)
            text = _DIGITS[digit] + text
        return (self.manner.prefix if prefix is None else prefix) + text

    def amount(self, value: Decimal | None) -> int:
        """A reported amount in hundred-millionths."""
        return 0 if value is None else int(value * SCALE)
