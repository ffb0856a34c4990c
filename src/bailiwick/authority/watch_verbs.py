"""What the control process is asked about the watch: its alerts, and "that was me"."""

import msgspec

from bailiwick.link.watch_questions import HabitView
from bailiwick.link.wire import Answer, Question, Verbs


class AlertView(msgspec.Struct, frozen=True, kw_only=True):
    """What the watch said of a key, as it is shown.

    ``why`` has a sentence for each reason; ``worth`` is what the request came to; ``hold`` is the approval that lets
    the request pass once, ``vouch`` the owner's word for it.
    """

    id: str
    at: str
    key: str
    account: str
    kind: str
    symbol: str
    worth: str
    what: str
    score: float
    scope: str
    done: str
    why: tuple[str, ...]
    request: str
    source: str
    hold: str
    incident: str
    vouch: str
    not_me: str


class AlertAnswer(Answer, frozen=True, kw_only=True):
    """An alert. ``seen`` marks what was shown: whoever vouches must bring it back."""

    alert: AlertView
    seen: str
    notes: tuple[str, ...] = ()


class AlertsAnswer(Answer, frozen=True, kw_only=True):
    """Alerts, newest first. ``more`` says that there are older ones."""

    rows: tuple[AlertView, ...]
    more: bool = False


class ListAlerts(Question[AlertsAnswer], frozen=True, kw_only=True, tag="list_alerts"):
    """List what the watch said, newest first: of one key or account, older than an id."""

    key: str = ""
    account: str = ""
    after: str = ""
    limit: int = 50


class ShowAlert(Question[AlertAnswer], frozen=True, kw_only=True, tag="show_alert"):
    """Show what the watch said of a request, and why."""

    id: str


class VouchView(msgspec.Struct, frozen=True, kw_only=True):
    """An owner's word: the key's orders in this symbol up to this size are his, until a moment."""

    id: str
    key: str
    symbol: str
    worth: str
    made: str
    made_by: str
    until: str
    alert: str
    ended: str | None = None


class VouchAnswer(Answer, frozen=True, kw_only=True):
    """An owner's word, and where it stands in the journal."""

    vouch: VouchView
    position: int = -1
    notes: tuple[str, ...] = ()


class VouchAlert(Question[VouchAnswer], frozen=True, kw_only=True, tag="vouch_alert"):
    """That was me: the symbol and the size of this alert, for 30 days. ``seen`` is the mark of what was shown."""

    id: str
    seen: str
    reason: str = ""


class EndVouch(Question[VouchAnswer], frozen=True, kw_only=True, tag="end_vouch"):
    """End an owner's word before its time."""

    id: str
    reason: str = ""


class VouchesAnswer(Answer, frozen=True, kw_only=True):
    """What is vouched for, newest first."""

    rows: tuple[VouchView, ...]


class ListVouches(Question[VouchesAnswer], frozen=True, kw_only=True, tag="list_vouches"):
    """List what an owner vouches for of this key."""

    key: str


class WatchedKeyAnswer(Answer, frozen=True, kw_only=True):
    """What the watch knows of a key, in sentences and in numbers."""

    key: str
    sentences: tuple[str, ...]
    habits: tuple[HabitView, ...] = ()
    last_alert: str = ""


class ShowWatchedKey(Question[WatchedKeyAnswer], frozen=True, kw_only=True, tag="show_watched_key"):
    """What does the watch know of this key?"""

    key: str


WATCH_VERBS: Verbs = (ListAlerts, ShowAlert, VouchAlert, EndVouch, ListVouches, ShowWatchedKey)
"""Everything about the watch."""
