"""What every client's run must show, whatever the client calls it."""

from typing import Any

Found = dict[str, Any]


def value(found: Found, step: str) -> Any:
    """What a step that must have succeeded gave."""
    assert "value" in found[step], (step, found[step])
    return found[step]["value"]


def refusal(found: Found, step: str) -> tuple[str, str]:
    """The client's own exception class for a step that must have been refused, and the reason in its text."""
    assert "error" in found[step], (step, found[step])
    text = found[step]["text"]
    return found[step]["error"], text.partition("[bailiwick ")[2].partition("]")[0]
