"""Everything else, by Apprise (BSD-2-Clause), where the ``apprise`` extra is installed."""

import importlib
import importlib.util
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
    apprise: Any = importlib.import_module("apprise")
    sender = apprise.Apprise()
    if not sender.add(url):
        raise ChannelFault("apprise: it does not know this kind of address", for_good=True)
    if not sender.notify(title=message.title, body=message.text):
        raise ChannelFault("apprise: it could not deliver")
