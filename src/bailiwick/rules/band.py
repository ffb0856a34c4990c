"""Rules of how far from the market an order stands, on the adverse side: buys above it, sells below."""

from decimal import Decimal

from bailiwick.model.decision import Deny
from bailiwick.model.intent import Side
from bailiwick.model.money import of_asset, times
from bailiwick.model.reason import Reason
from bailiwick.rules.authority import Band
from bailiwick.rules.case import Case
from bailiwick.rules.pricing import Leg

_BUY = Side.BUY


def priced(case: Case) -> Deny | None:
    """What cannot be priced is denied. An order without a limit price is bound to the band's edge."""
    return case.unpriced


def fresh(case: Case) -> Deny | None:
    """An order that opens needs fresh references; one that reduces, an anchor of the last 15 minutes."""
    if not case.reducing:
        return None  # what opens without them is already unpriced
    authority = case.authority
    if authority.near is None and authority.anchor is None:
        return None
    for leg in case.legs:
        if leg.anchor is None and leg.near is None:
            return Deny(Reason.REFERENCE_STALE, f"{leg.draft.symbol} has had no price for 15 minutes")
    return None


def bands(case: Case) -> Deny | None:
    """No buy above and no sell below the band around near and anchor; a stop is held to its trigger instead."""
    authority = case.authority
    for leg in case.legs:
        price = leg.price
        if price is None:
            continue
        side = leg.draft.side
        if leg.trigger is None:
            # Written out twice rather than by _beyond: every order of every key passes here.
            near, band = leg.near, authority.near
            if (
                near is not None
                and band is not None
                and (price > times(near, band.buy) if side is _BUY else price < times(near, band.sell))
            ):
                return _deny(Reason.BAND_NEAR, leg, near, band)
            anchor, band = leg.anchor, authority.anchor
            if (
                anchor is not None
                and band is not None
                and (price > times(anchor, band.buy) if side is _BUY else price < times(anchor, band.sell))
            ):
                return _deny(Reason.BAND_ANCHOR, leg, anchor, band)
        else:
            if _beyond(price, side, leg.trigger, authority.stop_gap):
                return _deny(Reason.BAND_STOP, leg, leg.trigger, authority.stop_gap)
            if leg.anchor is not None and _beyond(price, side, leg.anchor, authority.stop):
                return _deny(Reason.BAND_ANCHOR, leg, leg.anchor, authority.stop)
    return None


def _beyond(price: Decimal, side: Side, reference: Decimal, band: Band | None) -> bool:
    if band is None:
        return False
    if side is _BUY:
        return price > times(reference, band.buy)
    return price < times(reference, band.sell)


def _deny(reason: Reason, leg: Leg, reference: Decimal, band: Band | None) -> Deny:
    bps = 0 if band is None else band.bps
    quote = "" if leg.info is None else leg.info.quote
    price = "none" if leg.price is None else of_asset(leg.price, quote)
    return Deny(reason, f"{leg.draft.side} at {price} is more than {bps} bps from {of_asset(reference, quote)}")
