"""Everything else, by Apprise (BSD-2-Clause), where the ``apprise`` extra is installed."""

import importlib
import importlib.util
import logging
from typing import Any

from bailiwick.notify.fault import ChannelFault
from bailiwick.notify.message import Message


def installed() -> bool:
    """Whether Apprise can be used."""
    return importlib.util.find_spec("apprise") is not None


def send(url: str, message: Message) -> None:
    """Send a message; blocks: call it in a thread.

    Raises:
        ChannelFault: if Apprise is not installed, does not know the address, or could not deliver.
    """
    if not installed():
        raise ChannelFault("apprise: it is not installed; install bailiwick[apprise]")
    try:
        added, delivered = _sent(url, message)
    except Exception as error:  # of a plugin: its words may hold the address, whose parts are secrets
        raise ChannelFault(f"apprise: a fault of its own: {type(error).__name__}") from None
    if not added:
        raise ChannelFault("apprise: it does not know this kind of address", for_good=True)
    if not delivered:
        raise ChannelFault("apprise: it could not deliver")


def _sent(url: str, message: Message) -> tuple[bool, bool]:
    """Whether the address was understood, and the message delivered. The text is said to be plain: else what looks
    like HTML in it would be shown as that by the services that show HTML."""
    apprise: Any = importlib.import_module("apprise")
    own = logging.getLogger("apprise")
    own.propagate = False  # what it logs of a failure is for whoever debugs it, and names addresses
    if not own.handlers:
        own.addHandler(logging.NullHandler())
    sender = apprise.Apprise()
    if not sender.add(url):
        return False, False
    return True, bool(sender.notify(title=message.title, body=message.text, body_format=apprise.NotifyFormat.TEXT))
