"""The chart of a drill."""

from bailiwick.drill.chart import Minute, chart


def drawn(minutes: list[Minute], marks: dict[int, str], width: int = 40, height: int = 4) -> list[str]:
    """Its lines as text."""
    return [line.plain for line in chart(minutes, marks, width=width, height=height)]


def test_a_rise_is_seen_where_it_was() -> None:
    """A minute that rises is a body from its low to its high, and the quiet one beside it stays at the bottom."""
    minutes = [Minute(0, 1.0, 1.0, 1.0, 1.0), Minute(60, 1.0, 5.0, 1.0, 5.0)]
    lines = drawn(minutes, {60: "▲"})
    assert [line.partition("┤")[2] for line in lines[:4]] == [" ┃", " ┃", " ┃", "━┃"]
    assert lines[4].rstrip().endswith("▲")
    assert [lines[0].split()[0], lines[3].split()[0]] == ["5.000", "1.000"]


def test_what_does_not_fit_is_cut_around_the_marks() -> None:
    """Of a long day the minutes around what happened are shown, and no line is wider than the terminal."""
    minutes = [Minute(60 * each, 1.0, 2.0, 0.5, 1.0) for each in range(1000)]
    lines = drawn(minutes, {60 * 500: "■"}, width=50)
    assert "■" in lines[4]
    assert max(map(len, lines)) <= 50


def test_nothing_is_drawn_of_nothing() -> None:
    """A market without a trade has no chart."""
    assert drawn([], {}) == []


def test_a_market_that_stands_still_is_drawn() -> None:
    """One price all day divides nothing by nothing."""
    assert len(drawn([Minute(0, 2.0, 2.0, 2.0, 2.0)], {})) == 6
