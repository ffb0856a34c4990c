"""``python -m bailiwick.demo [--stay]``."""

import argparse
import signal
import sys
from types import FrameType

from bailiwick.demo.performance import perform

_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main(argv: list[str]) -> int:
    """Run the demonstration; the exit code: 0 if all went as it must."""
    parser = argparse.ArgumentParser("bailiwick.demo", description=__doc__)
    parser.add_argument("--stay", action="store_true", help="keep everything running at the end, until Ctrl-C")
    options = parser.parse_args(argv)
    for number in _ENDS:  # so that what was started is ended whichever way this ends
        signal.signal(number, _interrupt)
    return perform(stay=options.stay)


def _interrupt(number: int, frame: FrameType | None) -> None:
    for each in _ENDS:  # a second Ctrl-C would break off the ending, and leave processes and files behind
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
