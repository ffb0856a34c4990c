"""Write the OpenAPI document of the control API, with the console's own routes: what its client is made from.

    python scripts/api_document.py console/openapi.json

The one argument is the file to be written.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any, cast

import msgspec

from bailiwick.api.app import described, make_routes
from bailiwick.authority.people import People
from bailiwick.console.console import make_console
from bailiwick.store.store import Store, epoch_ms


def document() -> dict[str, Any]:
    """The document, of a house in which nobody lives."""
    with tempfile.TemporaryDirectory() as place:
        data = Path(place)
        with Store.open(data / "bailiwick.db") as store:
            people = People(store, cast("Any", None), epoch_ms)
            console = make_console(people, store, data, data / "journal", tls=False)
            return described(make_routes(cast("Any", None), store, console=console))


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(msgspec.json.format(msgspec.json.encode(document()), indent=1))
