"""What was ended behind a backup's place in the journal, and is ended again by a restore: tokens, people, ways in."""

from collections.abc import Iterable

import msgspec

from bailiwick.store.errors import NotFoundError
from bailiwick.store.store import Store

CHOSEN = "password and codes"
"""How the journal calls what is chosen in the place of a passkey."""


class _After(msgspec.Struct, frozen=True):
    """What an act says of the way in that it made or removed."""

    passkey: str = ""  # its id, in hex
    made: str = ""


def end_again(store: Store, acts: Iterable[tuple[str, str, str]], at: int) -> int:
    """End what these acts ended; how many of them found something to end.

    A password that was chosen since is not in the backup, and the older one is not to open any more: its person comes
    in by a passkey, or by a new link. An act that was recorded and then not done is believed as well: it takes away.

    Args:
        store: the restored one.
        acts: verb, subject and ``after`` of each, in order.
        at: ms since 1970 UTC.
    """
    return sum(_end(store, verb, subject, after, at) for verb, subject, after in acts)


def _end(store: Store, verb: str, subject: str, after: str, at: int) -> bool:
    try:
        match verb:
            case "token.revoke":
                known = store.tokens.get(subject).revoked is None
                store.tokens.revoke(subject, at)
            case "person.end":
                known = store.people.get(subject).ended is None
                store.people.end(subject, at)
            case "passkey.remove":
                made = store.people.passkey(bytes.fromhex(_read(after).passkey))
                known = made is not None
                if made is not None:
                    store.people.remove_passkey(made)
            case "person.enter" if _read(after).made == CHOSEN:
                known = store.people.get(subject).password is not None
                store.people.drop_password(subject)
            case _:
                return False
    except (NotFoundError, ValueError):
        return False  # it is not in the backup
    return known


def _read(after: str) -> _After:
    try:
        return msgspec.json.decode(after, type=_After)
    except msgspec.MsgspecError:
        return _After()
