"""Intervals, against published values."""

import pytest

from bailiwick.drill.interval import poisson, quantile, ratio


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (5, 1.6235, 11.6683), (10, 4.7954, 18.3904)]
)
def test_a_rare_count_has_the_exact_interval(count: int, low: float, high: float) -> None:
    """The interval of a count is Garwood's, which tables of the chi-square distribution give."""
    assert poisson(count, 1.0) == pytest.approx((count, low, high), abs=1e-3)


def test_a_rate_is_told_for_so_much_exposure() -> None:
    """Three events in a million and a half key-days are two a million."""
    found = poisson(3, 1_500_000, 1e6)
    assert found is not None
    assert found.value == pytest.approx(2.0)


def test_nothing_tried_has_no_interval() -> None:
    """No exposure, no loss and no case give no figure instead of a good one."""
    assert [poisson(0, 0.0), ratio([], 1), ratio([(0.0, 0.0)], 1), quantile([], 0.5)] == [None] * 4


def test_a_ratio_is_weighted_by_value() -> None:
    """A victim who lost a hundred times as much counts a hundred times as much, and the same seed draws the same."""
    parts = [(100.0, 100.0), (0.0, 1.0)]
    found = ratio(parts, 7)
    assert found is not None
    assert found.value == pytest.approx(100 / 101)
    assert found.low <= found.value <= found.high
    assert found == ratio(parts, 7)


def test_a_quantile_is_a_value_that_occurred() -> None:
    """95 in a hundred are at most the value, and it is one of those that were seen."""
    assert [quantile(range(1, 101), 0.95), quantile([0, 0, 0, 9], 0.5), quantile([3], 0.95)] == [95, 0, 3]
