"""Numbers as a person reads them."""


def amount(value: float, unit: str = "") -> str:
    """A worth with three digits that matter: ``1,230,000 USDT``."""
    if 1000 <= value < 1e18:
        digits = len(str(int(value))) - 3
        rounded = round(value / 10**digits) * 10**digits
        text = f"{rounded:,}"
    else:
        text = f"{value:.3g}"
    return f"{text} {unit}".rstrip()


def percent(share: float) -> str:
    """A share as per cent: ``2.5 %``."""
    value = share * 100
    if value >= 100:
        return f"{value:,.0f} %"
    return f"{value:.2g} %"


def span(seconds: int) -> str:
    """A length of time in its largest unit: ``3 days``."""
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = seconds // length
            return f"{count} {unit}" + ("s" if count != 1 else "")
    return f"{seconds} second" + ("s" if seconds != 1 else "")
