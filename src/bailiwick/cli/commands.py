"""The commands by name. Each is imported when it is run."""

from collections.abc import Sequence

from cyclopts import App, CycloptsError, Parameter

from bailiwick import __version__
from bailiwick.cli.exits import Exit, Stop, ending, tell
from bailiwick.cli.overview import COMMANDS, EPILOGUE, HELP


def make_app() -> App:
    """The application; its commands are imported when they are used."""
    app = App(
        name="bailiwick",
        help=HELP,
        help_epilogue=EPILOGUE,
        version=__version__,
        result_action="return_value",
        suppress_keyboard_interrupt=False,
        help_format="plaintext",
        default_parameter=Parameter(negative=(), show_default=False),
    )
    for path, name, _ in COMMANDS:
        app.command(path, name=name)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit code."""
    json = "--json" in arguments
    try:
        return ending(lambda: make_app()(arguments, exit_on_error=False, print_error=not json), json=json)
    except CycloptsError as error:
        if json:
            tell(Stop(f"{' '.join(str(error).split())}; see --help", Exit.USAGE), json=True)
        return Exit.USAGE
