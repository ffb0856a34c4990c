"""The command line. Nothing is imported here before it is asked for: it is started often, and by scripts."""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit code (``docs/operating.md`` lists them)."""
    from bailiwick.cli.overview import overview  # noqa: PLC0415

    given = sys.argv[1:] if arguments is None else list(arguments)
    text = overview(given)
    if text is not None:
        sys.stdout.write(text)
        return 0
    from bailiwick.cli.starting import plainly, start  # noqa: PLC0415

    plain = plainly(given)
    if plain is not None:
        from bailiwick.cli.exits import ending  # noqa: PLC0415

        return ending(lambda: start(*plain))
    from bailiwick.cli.commands import run  # noqa: PLC0415

    return run(given)
