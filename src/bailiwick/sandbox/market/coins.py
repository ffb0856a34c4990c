"""The coins, and what their markets are calibrated to.

Known figures, and where they are from:

* AXS: ``axsusdt_3m_2022-11.csv`` (Binance's candles of three minutes, 6 to 20 November 2022): 6.5 to 40 m USDT a day
  before the attack; 5.5 thousandths standard deviation in three minutes, which is 12 % a day; kurtosis 163; a tick of
  0.01 at 7 USDT, so a spread of 14 bps or more; 1.05 m AXS (11 m USDT) in the bar that rose by 175 %.
* DMG, SYS, NXT: thin enough that thousands of small trades of one account were most of the market.
* DMG and the other coins of the last tier: a seven-day average daily volume under 100 k USD is what PrismLabs' rule of
  compromised accounts calls illiquid.

Assumed, as orders of magnitude of Binance's spot markets late in 2022: prices, the volumes of the others, spreads, and
depth: what rests within a hundredth of the mid on each side is a thousandth of a day's volume in the major coins and
three to five thousandths in thin ones, and grows with the distance to the power of .7 beyond. For AXS this asks about
2 m USDT of net buying for +175 %, beside the 11 m that changed hands while it rose.
"""

from dataclasses import dataclass
from typing import Final

from bailiwick.sandbox.amount import SCALE, read
from bailiwick.sandbox.symbols import Symbol

MAJOR: Final = "major"
MID: Final = "mid"
THIN: Final = "thin"
DUST: Final = "dust"


@dataclass(frozen=True, slots=True)
class Tier:
    """How the markets of a class of coins behave.

    Attributes:
        half_spread_bps: from the mid to the best price.
        depth: what rests within 1 % of the mid on one side, as a share of a day's volume.
        day_sigma: the standard deviation of a day's logarithmic return.
        beta: how much of the whole market's movement it shares.
        jumps_a_month: sudden moves, with a standard deviation of ``jump_sigma``.
        trades_a_minute: public trades in a usual minute, where they are played one by one.
    """

    name: str
    half_spread_bps: float
    depth: float
    day_sigma: float
    beta: float
    jumps_a_month: float
    jump_sigma: float
    trades_a_minute: float


TIERS: Final = {
    MAJOR: Tier(MAJOR, 0.5, 0.004, 0.035, 1.0, 1.0, 0.02, 240.0),
    MID: Tier(MID, 5.0, 0.004, 0.055, 1.1, 2.0, 0.04, 30.0),
    THIN: Tier(THIN, 20.0, 0.008, 0.075, 0.9, 4.0, 0.08, 3.0),
    DUST: Tier(DUST, 80.0, 0.015, 0.11, 0.5, 8.0, 0.12, 0.3),
}
DEPTH_POWER: Final = 0.7


@dataclass(frozen=True, slots=True)
class Coin:
    """One market. ``day_worth`` is what a usual day trades, in USDT; ``price`` is in the quote asset."""

    symbol: Symbol
    tier: Tier
    day_worth: float
    price: float

    @property
    def name(self) -> str:
        """The symbol's name."""
        return self.symbol.name

    @property
    def depth_worth(self) -> float:
        """What rests within 1 % of the mid on one side, in USDT."""
        return self.day_worth * self.tier.depth


def _coin(base: str, tier: str, price: str, day_worth: float, tick: str, step: str, quote: str = "USDT") -> Coin:
    units = max(int(day_worth / _IN_USDT[quote] / float(price)), 1)
    symbol = Symbol(
        name=base + quote,
        base=base,
        quote=quote,
        tick=read(tick),
        step=read(step),
        price=read(price),
        daily_volume=units * SCALE,
        level_quantity=read(step),
        max_quantity=max(units, 100_000) * 100 * SCALE,
        max_market_quantity=max(units, 100_000) * 100 * SCALE,
        min_notional=read("5") if quote == "USDT" else read("0.0001"),
        percent_up=5,
        margin=False,
    )
    return Coin(symbol, TIERS[tier], day_worth, float(price))


_IN_USDT: Final = {"USDT": 1.0, "BTC": 16_500.0}
_M: Final = 1_000_000.0

COINS: Final[tuple[Coin, ...]] = (
    _coin("BTC", MAJOR, "16500", 4_000 * _M, "0.01", "0.00001"),
    _coin("ETH", MAJOR, "1250", 1_200 * _M, "0.01", "0.0001"),
    _coin("BNB", MAJOR, "280", 400 * _M, "0.1", "0.001"),
    _coin("XRP", MAJOR, "0.35", 350 * _M, "0.0001", "1"),
    _coin("SOL", MAJOR, "14", 300 * _M, "0.01", "0.01"),
    _coin("DOGE", MAJOR, "0.085", 450 * _M, "0.00001", "1"),
    _coin("ADA", MID, "0.34", 90 * _M, "0.0001", "0.1"),
    _coin("MATIC", MID, "0.95", 160 * _M, "0.0001", "0.1"),
    _coin("LTC", MID, "58", 110 * _M, "0.01", "0.001"),
    _coin("DOT", MID, "5.7", 60 * _M, "0.001", "0.01"),
    _coin("AVAX", MID, "13.5", 60 * _M, "0.01", "0.01"),
    _coin("LINK", MID, "6.4", 55 * _M, "0.001", "0.01"),
    _coin("ATOM", MID, "10.2", 65 * _M, "0.001", "0.01"),
    _coin("UNI", MID, "5.8", 40 * _M, "0.001", "0.01"),
    _coin("NEAR", MID, "1.9", 45 * _M, "0.001", "0.1"),
    _coin("FTM", MID, "0.19", 50 * _M, "0.0001", "1"),
    _coin("GALA", MID, "0.027", 40 * _M, "0.00001", "1"),
    _coin("SAND", MID, "0.61", 40 * _M, "0.0001", "1"),
    _coin("APE", MID, "3.2", 50 * _M, "0.001", "0.01"),
    _coin("CHZ", MID, "0.21", 90 * _M, "0.0001", "1"),
    _coin("EOS", MID, "0.92", 35 * _M, "0.001", "0.1"),
    _coin("ETC", MID, "20", 55 * _M, "0.01", "0.01"),
    _coin("FIL", MID, "4.3", 30 * _M, "0.001", "0.01"),
    _coin("TRX", MID, "0.051", 45 * _M, "0.00001", "0.1"),
    _coin("ALGO", MID, "0.28", 30 * _M, "0.0001", "1"),
    _coin("AXS", MID, "6.92", 18 * _M, "0.01", "0.01"),
    _coin("CRV", MID, "0.60", 30 * _M, "0.001", "0.1"),
    _coin("ZIL", MID, "0.022", 18 * _M, "0.00001", "0.1"),
    _coin("KAVA", THIN, "0.90", 4 * _M, "0.001", "0.1"),
    _coin("ENJ", THIN, "0.33", 6 * _M, "0.0001", "0.1"),
    _coin("STORJ", THIN, "0.32", 3 * _M, "0.0001", "1"),
    _coin("BAND", THIN, "1.9", 4 * _M, "0.001", "0.1"),
    _coin("SUN", THIN, "0.0055", 1.5 * _M, "0.000001", "1"),
    _coin("FUN", THIN, "0.0065", 2 * _M, "0.000001", "1"),
    _coin("GLM", THIN, "0.20", 1 * _M, "0.0001", "1"),
    _coin("ARDR", THIN, "0.085", 1.2 * _M, "0.0001", "1"),
    _coin("OSMO", THIN, "0.85", 2 * _M, "0.001", "0.1"),
    _coin("STEEM", THIN, "0.17", 1.5 * _M, "0.0001", "1"),
    _coin("QTUM", THIN, "2.1", 5 * _M, "0.001", "0.1"),
    _coin("LSK", THIN, "0.82", 1 * _M, "0.001", "0.1"),
    _coin("DATA", THIN, "0.025", 1.3 * _M, "0.00001", "1"),
    _coin("WAN", THIN, "0.20", 0.7 * _M, "0.0001", "1"),
    _coin("PIVX", THIN, "0.19", 0.6 * _M, "0.0001", "1"),
    _coin("SYS", THIN, "0.11", 0.7 * _M, "0.0001", "1"),
    _coin("VITE", THIN, "0.02", 0.6 * _M, "0.00001", "1"),
    _coin("FIO", THIN, "0.03", 0.5 * _M, "0.00001", "1"),
    _coin("NULS", THIN, "0.21", 0.6 * _M, "0.0001", "1"),
    _coin("BTS", THIN, "0.009", 0.8 * _M, "0.000001", "1"),
    _coin("NXT", DUST, "0.0000015", 0.09 * _M, "0.00000001", "1", "BTC"),
    _coin("DMG", DUST, "0.0075", 0.08 * _M, "0.000001", "1"),
    _coin("NAV", DUST, "0.04", 0.09 * _M, "0.0001", "1"),
    _coin("MTL", DUST, "0.70", 0.1 * _M, "0.001", "0.1"),
    _coin("REQ", DUST, "0.09", 0.1 * _M, "0.0001", "1"),
    _coin("VIB", DUST, "0.045", 0.07 * _M, "0.0001", "1"),
    _coin("OAX", DUST, "0.09", 0.06 * _M, "0.0001", "1"),
    _coin("GRS", DUST, "0.34", 0.08 * _M, "0.0001", "1"),
    _coin("ETH", MID, "0.0757", 60 * _M, "0.00001", "0.0001", "BTC"),
    _coin("LTC", THIN, "0.00351", 4 * _M, "0.000001", "0.01", "BTC"),
)

BY_NAME: Final = {coin.name: coin for coin in COINS}
