"""How processes log: lines of names and values on standard error, and never what a variable held.

A traceback that shows locals shows secrets on their way to be sealed, so faults are logged by kind and place alone; an
exception's own words are left out too, since a library may quote in them what it was given.
"""

import sys
import traceback
from collections.abc import MutableMapping
from typing import Any

import structlog


def configure() -> None:
    """Set up logging for this process. To be called first."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _place_only,
            structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], drop_missing=True),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def where(error: BaseException) -> str:
    """The kind of an exception and the places that it came through, innermost last; none of its words."""
    frames = traceback.extract_tb(error.__traceback__)
    places = " > ".join(
        f"{frame.filename.rpartition('/bailiwick/')[2]}:{frame.lineno}:{frame.name}" for frame in frames
    )
    return f"{type(error).__name__} at {places or 'unknown'}"


def _place_only(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Put kind and place where other renderers would print the whole exception."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["fault"] = where(error)
    return event
