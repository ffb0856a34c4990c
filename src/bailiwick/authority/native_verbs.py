"""What the control process is asked about native keys: keys of the venue itself that a service holds directly."""

from typing import Any

import msgspec

from bailiwick.link.wire import Answer, Question, Verbs
from bailiwick.model.secret import Secret


class NativeKeyAnswer(Answer, frozen=True, kw_only=True):
    """A native key after what was asked. ``secret`` is that of one just made: it is told this once.

    ``position`` is the act's in the journal (-1 where nothing was decided). ``values`` say what it shall be, what its
    exchange last said and how long ago, and that it is detected, not held.
    """

    values: dict[str, Any]
    notes: tuple[str, ...] = ()
    position: int = -1
    secret: Secret | None = None


class NativeKeysAnswer(Answer, frozen=True, kw_only=True):
    """Native keys by id."""

    rows: tuple[dict[str, Any], ...]


class _About(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    id: str
    account: str  # the master account here, whose sealed credential manages the sub-account's keys
    email: str
    service: str
    trades: bool = True
    symbols: tuple[str, ...] = ()
    reason: str = ""


class IssueNative(Question[NativeKeyAnswer], _About, frozen=True, kw_only=True, tag="issue_native"):
    """Have the exchange make a key of a sub-account for a service, bound to the service's addresses.

    ``addresses`` stand in the place of the service's networks. ``unbound`` must be said where there are neither.
    ``public_key`` in PEM is the service's own, where it brings one: then no secret is made.
    """

    addresses: tuple[str, ...] = ()
    unbound: bool = False
    public_key: str = ""


class RegisterNative(Question[NativeKeyAnswer], _About, frozen=True, kw_only=True, tag="register_native"):
    """Enter a key of a sub-account that its owner made by hand, to be managed from now on as an issued one."""

    api_key: str


class MoveNative(Question[NativeKeyAnswer], frozen=True, kw_only=True, tag="move_native"):
    """Wind down, freeze, unfreeze or revoke a native key: at the exchange, and read back from there."""

    id: str
    to: str  # as ``authority.verbs.Move``
    reason: str = ""


class ShowNative(Question[NativeKeyAnswer], frozen=True, kw_only=True, tag="show_native"):
    """Show a native key, with its exchange's last word and the age of that."""

    id: str


class ReadNative(Question[NativeKeyAnswer], frozen=True, kw_only=True, tag="read_native"):
    """Ask the exchange now what a native key may do, and read the trades made since the last time."""

    id: str


class ListNatives(Question[NativeKeysAnswer], frozen=True, kw_only=True, tag="list_natives"):
    """List native keys by id, of a service or an account where one is named."""

    service: str = ""
    account: str = ""


NATIVE_VERBS: Verbs = (IssueNative, RegisterNative, MoveNative, ShowNative, ReadNative, ListNatives)
"""Everything about native keys."""
