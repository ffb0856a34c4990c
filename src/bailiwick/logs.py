"""How processes log: lines of names and values on standard error, and never what a variable held.

A traceback that shows locals shows secrets on their way to be sealed, so faults are logged by kind and place alone; an
exception's own words are left out too, since a library may quote in them what it was given.

The lines are written here and not by a library: the usual ones load terminal colours and tracebacks for 0.15 s, which
a gateway that was killed has not (ADR 12).
"""

import json
import sys
import traceback
from datetime import UTC, datetime
from typing import final

NAKED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/+@[]()',;%#*")
"""What a value may consist of to stand without quotation marks."""


@final
class Log:
    """Writes a line for each event: time, level, event, then the names and values given."""

    def info(self, event: str, **values: object) -> None:
        """Tell what goes as it should."""
        self._write("info", event, values)

    def warning(self, event: str, **values: object) -> None:
        """Tell what should be looked at."""
        self._write("warning", event, values)

    def error(self, event: str, *, error: BaseException | None = None, **values: object) -> None:
        """Tell what has failed; of an exception, the kind and the place."""
        if error is not None:
            values["fault"] = where(error)
        self._write("error", event, values)

    def exception(self, event: str, **values: object) -> None:
        """Tell of the exception that is being handled, by kind and place."""
        self.error(event, error=sys.exc_info()[1], **values)

    def _write(self, level: str, event: str, values: dict[str, object]) -> None:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        told = {"timestamp": now, "level": level, "event": event, **values}
        line = " ".join(f"{name}={_shown(value)}" for name, value in told.items())
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


log = Log()
"""The log of this process."""


def _shown(value: object) -> str:
    text = str(value)
    if text and NAKED.issuperset(text):
        return text
    return json.dumps(text, ensure_ascii=False)  # on one line, with what is odd in it escaped


def where(error: BaseException) -> str:
    """The kind of an exception and the places that it came through, innermost last; none of its words."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " > ".join(
        f"{frame.filename.rpartition('/bailiwick/')[2]}:{frame.lineno}:{frame.name}" for frame in frames
    )
    return f"{type(error).__name__} at {places or 'unknown'}"
