"""Addresses that requests leave from: pauses, and the second address for exits."""

from pathlib import Path

import pytest

from bailiwick.config import ConfigError, parse
from bailiwick.gateway.exchange import Exchange
from bailiwick.gateway.parties import AccountSide, Way
from bailiwick.gateway.pipeline import Gateway
from bailiwick.gateway.weight import AddressWeight, KeyWeight, OrderLimits
from bailiwick.model.reason import Reason

NOW = 1_800_000_000_000_000


class _Venue:
    """All that an account needs of its venue here."""

    order_limits = OrderLimits()


class Holder:
    """Stands where a key in use and its exchange do."""

    def __init__(self, *, second: bool) -> None:
        first, other = (Way(None, AddressWeight()) for _ in range(2))  # type: ignore[arg-type]  # nothing is sent
        self.account = AccountSide("main", _Venue(), first, None, None, other if second else None)  # type: ignore[arg-type]
        self.weight = KeyWeight()
        self.way: Way | None = None


def choose(holder: Holder, *, exit_: bool) -> Reason | None:
    exchange: Exchange = holder  # type: ignore[assignment]  # only its way is set
    return Gateway._choose_way(exchange, holder, 1, NOW, exit_=exit_)  # type: ignore[arg-type]


def test_nothing_leaves_from_an_address_that_was_asked_to_wait() -> None:
    """While the venue has asked an address to wait, neither entries nor exits leave from it."""
    holder = Holder(second=False)
    holder.account.way.weight.pause(30, NOW)
    assert [choose(holder, exit_=False), choose(holder, exit_=True)] == [Reason.VENUE_PAUSED, Reason.VENUE_PAUSED]


def test_exits_leave_from_the_second_address_while_the_first_waits() -> None:
    """A second address serves exits, and exits alone, while the first was asked to wait."""
    holder = Holder(second=True)
    holder.account.way.weight.pause(30, NOW)
    assert choose(holder, exit_=False) is Reason.VENUE_PAUSED
    assert [choose(holder, exit_=True), holder.way is holder.account.exits] == [None, True]


def test_exits_use_the_first_address_as_long_as_it_may_speak() -> None:
    """Without a pause everything leaves from the account's own address."""
    holder = Holder(second=True)
    assert [choose(holder, exit_=True), holder.way is holder.account.way] == [None, True]


def test_a_second_address_that_waits_too_serves_nothing() -> None:
    """If both addresses were asked to wait, an exit waits."""
    holder = Holder(second=True)
    holder.account.way.weight.pause(30, NOW)
    assert holder.account.exits is not None
    holder.account.exits.weight.pause(30, NOW)
    assert choose(holder, exit_=True) is Reason.VENUE_PAUSED


def test_an_exit_address_that_is_none_is_refused(tmp_path: Path) -> None:
    """A misspelt exit address is found when the configuration is read."""
    with pytest.raises(ConfigError, match="exit_address"):
        parse(b'[gateway]\nexit_address = "not an address"\n', tmp_path / "bailiwick.toml")
