"""The registry of reasons as a whole."""

import re
from pathlib import Path

from bailiwick.model.reason import Reason

ROOT = Path(__file__).parents[2]


def named_in(folder: str, but: str) -> set[str]:
    """Every word in capitals of the Python files below a folder."""
    texts = (path.read_text() for path in (ROOT / folder).rglob("*.py") if path.name != but)
    return {word for text in texts for word in re.findall(r"\b[A-Z][A-Z_]+\b", text)}


def test_every_reason_is_given_and_tested() -> None:
    """A reason that nothing refuses for would promise a check that there is not, and one without a test is a guess."""
    names = {reason.name for reason in Reason}
    assert names - named_in("src", but="reason.py") == set()
    assert names - named_in("tests", but="test_reason.py") == set()
