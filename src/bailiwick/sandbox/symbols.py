"""The pairs that the sandbox lists, with their filters and the character of their market."""

from dataclasses import dataclass
from typing import Final

from bailiwick.sandbox.amount import read


@dataclass(frozen=True, slots=True)
class Symbol:
    """A pair: its filters (all amounts in hundred-millionths) and how its market looks.

    ``price`` is the price at which the market starts, ``daily_volume`` the base quantity a usual day trades,
    ``half_spread`` and ``level_gap`` are parts per million of the price, ``level_quantity`` is what the house shows
    on its best level (each further level shows that much more).
    """

    name: str
    base: str
    quote: str
    tick: int
    step: int
    price: int
    daily_volume: int
    level_quantity: int
    half_spread: int = 10
    level_gap: int = 50
    levels: int = 20
    min_quantity: int = 0
    max_quantity: int = read("9000")
    max_market_quantity: int = read("100")
    max_price: int = read("1000000")
    min_notional: int = read("5")
    max_notional: int = read("9000000")
    percent_up: int = 5
    percent_down_tenths: int = 2
    max_orders: int = 200
    max_algo_orders: int = 5
    iceberg_parts: int = 100
    margin: bool = True

    @property
    def least_quantity(self) -> int:
        """The smallest quantity of an order."""
        return self.min_quantity or self.step


def _symbol(
    base: str,
    quote: str,
    tick: str,
    step: str,
    *,
    price: str,
    volume: str,
    level: str,
    margin: bool = True,
    **more: int,
) -> Symbol:
    most = read(volume)
    return Symbol(
        name=base + quote,
        base=base,
        quote=quote,
        tick=read(tick),
        step=read(step),
        price=read(price),
        daily_volume=most,
        level_quantity=read(level),
        max_quantity=max(most, read("9000")),
        max_market_quantity=max(most // 10, read("100")),
        margin=margin,
        **more,
    )


LISTED: Final[tuple[Symbol, ...]] = (
    _symbol("BTC", "USDT", "0.01", "0.00001", price="65000", volume="20000", level="0.5"),
    _symbol("ETH", "USDT", "0.01", "0.0001", price="3500", volume="300000", level="8"),
    _symbol(
        "ETH", "BTC", "0.00001", "0.0001", price="0.05385", volume="20000", level="5",
        min_notional=read("0.0001"), half_spread=200,
    ),
    _symbol("BNB", "USDT", "0.01", "0.001", price="600", volume="300000", level="20", half_spread=20),
    _symbol(
        "AXS", "USDT", "0.001", "0.01", price="7", volume="900000", level="300",
        half_spread=200, level_gap=400,
    ),
    _symbol(
        "DMG", "USDT", "0.00001", "1", price="0.02", volume="500000", level="2000",
        half_spread=5_000, level_gap=10_000, levels=8, margin=False,
    ),
)  # fmt: skip
