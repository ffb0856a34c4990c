"""Spans of time on the command line."""

import pytest

from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.options import span_s


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("1h", 3600), ("2d", 172_800)])
def test_a_span_has_a_number_and_a_unit(text: str, seconds: int) -> None:
    """Seconds, minutes, hours and days are read."""
    assert span_s("overlap", text) == seconds


@pytest.mark.parametrize("text", ["1x", "h", "0h", "-1h", "1.5h", "1 h", "9999999h", ""])
def test_what_is_no_span_names_the_option(text: str) -> None:
    """Anything else ends the command as a wrong use, with the option's name and how one is written."""
    with pytest.raises(Stop, match="--overlap: write a number and a unit") as stopped:
        span_s("overlap", text)
    assert stopped.value.code is Exit.USAGE
