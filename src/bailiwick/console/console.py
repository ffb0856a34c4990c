"""The console's parts, put together for the control API."""

from pathlib import Path
from typing import NamedTuple

from bailiwick.authority.people import People
from bailiwick.console.browsers import Browsers
from bailiwick.console.door import Door
from bailiwick.console.factors import Locker
from bailiwick.console.feed import Feed
from bailiwick.console.pages import Pages
from bailiwick.console.routes import SignIn
from bailiwick.store.store import Store

KEY_FILE = "console.key"


class Console(NamedTuple):
    """What the control API mounts and asks."""

    browsers: Browsers
    door: Door
    sign_in: SignIn
    pages: Pages
    feed: Feed


def make_console(people: People, store: Store, data: Path, journal: Path, *, tls: bool) -> Console:
    """The console over this data.

    Args:
        people: the authority over people.
        store: where they are kept.
        data: the directory of the console's own key.
        journal: the directory of the journal, for the feed.
        tls: whether the server has a certificate.

    Raises:
        LinkError: if the key is not kept as a secret must be.
    """
    door = Door(people, store, Locker.at(data / KEY_FILE))
    return Console(
        Browsers(people, door.locker.marks, tls=tls), door, SignIn(door, store), Pages(), Feed(journal, store)
    )
