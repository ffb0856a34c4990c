"""Logs tell where a fault was, and never what a variable or a message held."""

import pytest

from bailiwick.logs import log


def fail(secret: str) -> None:
    inner = secret.upper()
    raise ValueError(f"bad value {inner}")


@pytest.mark.parametrize("way", ["exception", "error"])
def test_a_fault_is_logged_by_kind_and_place(way: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line with the kind and the places; neither the exception's words nor any local stand in it."""
    try:
        fail("canary")
    except ValueError as error:
        if way == "exception":
            log.exception("fault", verb="seal")
        else:
            log.error("fault", verb="seal", error=error)
    line = capsys.readouterr().err
    assert (line.count("\n"), "canary" in line.lower()) == (1, False)
    assert [
        word for word in ("level=error", "event=fault", "verb=seal", "ValueError at", ":fail") if word not in line
    ] == []


def test_a_line_is_names_and_values(capsys: pytest.CaptureFixture[str]) -> None:
    """What is logged stands on one line that a program can take apart, whatever is in it."""
    log.info("serving", address="127.0.0.1:1", note='two "words"\nand a line')
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert "level=info event=serving address=127.0.0.1:1" in line
