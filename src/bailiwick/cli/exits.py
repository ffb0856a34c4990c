"""Exit codes, and how a failure becomes one sentence and one code."""

import os
import sys
from collections.abc import Callable
from enum import IntEnum


class Exit(IntEnum):
    """What the command line ends with."""

    DONE = 0
    REFUSED = 1  # understood and not done; the sentence says what to change
    USAGE = 2  # the command itself is not written as it must be
    ABSENT = 3  # Bailiwick is not running, or a part of it does not answer; nothing was done
    NOT_FOUND = 4
    CONFLICT = 5  # what is there already stands against it
    UNCERTAIN = 6  # the answer was lost: look whether it was done
    FOUND_ERRORS = (
        7  # `doctor`, `journal verify`, `grant check`, `key explain`, `audit`: it looked, and the answer is no
    )
    FOUND_WARNINGS = 8  # `audit`: nothing that is dangerous, and something to mend
    FAULT = 70
    INTERRUPTED = 130
    CUT_OFF = 141  # whoever read the output wanted no more of it, as `| head` does


class Stop(Exception):
    """Ends the command with one sentence and a code."""

    def __init__(self, sentence: str, code: Exit = Exit.REFUSED) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.code = code


def ending(command: Callable[[], object], *, json: bool = False) -> int:
    """Run a command; its exit code. What a person can do something about is told in one sentence, or as an object of
    JSON for a program: ``code``, ``exit``, ``message`` and ``remedy``.

    Raises:
        BaseException: whatever else the command raises.
    """
    try:
        result = command()
        sys.stdout.flush()  # here, so that a reader who has gone is met here
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left would complain at the end
        return Exit.CUT_OFF
    except (Exception, KeyboardInterrupt) as error:
        stop = explained(error)
        if stop is None:
            raise
        tell(stop, json=json)
        return stop.code
    return result if isinstance(result, int) else Exit.DONE


def tell(stop: Stop, *, json: bool) -> None:
    """Say on standard error why a command ended."""
    if not json:
        sys.stderr.write(f"bailiwick: {stop.sentence}\n")
        return
    import msgspec  # noqa: PLC0415

    message, _, remedy = stop.sentence.rpartition("; ")
    told = {"code": stop.code.name.lower(), "exit": int(stop.code), "message": message or remedy}
    sys.stderr.write(msgspec.json.encode(told | {"remedy": remedy if message else ""}).decode() + "\n")


def explained(error: BaseException) -> Stop | None:
    """The sentence and code of an error that a person can do something about; None of any other."""
    if isinstance(error, Stop):
        return error
    found = _linked(error)
    if found is not None:
        return found
    if isinstance(error, _foreseen()):
        return Stop(str(error))
    if isinstance(error, KeyboardInterrupt):
        return Stop("interrupted", Exit.INTERRUPTED)
    if isinstance(error, OSError):
        what = f"{error.filename}: " if error.filename else ""
        return Stop(f"{what}{error.strerror or error}; check that it is there and who may use it")
    return None


def _linked(error: BaseException) -> Stop | None:
    from bailiwick.link.wire import Code, LinkError  # noqa: PLC0415

    if not isinstance(error, LinkError):
        return None
    codes = {
        Code.NOT_FOUND: Exit.NOT_FOUND,
        Code.CONFLICT: Exit.CONFLICT,
        Code.UNAVAILABLE: Exit.ABSENT,
        Code.UNCERTAIN: Exit.UNCERTAIN,
        Code.FAULT: Exit.FAULT,
    }
    return Stop(error.sentence, codes.get(error.code, Exit.REFUSED))


def _foreseen() -> tuple[type[BaseException], ...]:
    """The errors of parts that were loaded; of a part that was not, there can be none."""
    names = (
        ("bailiwick.config", "ConfigError"),
        ("bailiwick.vault.errors", "VaultError"),
        ("bailiwick.store.errors", "StoreError"),
        ("bailiwick.journal.error", "JournalError"),
        ("bailiwick.journal.verify_proof", "ProofError"),
        ("bailiwick.model.grant", "GrantError"),
    )
    return tuple(getattr(sys.modules[module], name) for module, name in names if module in sys.modules)
