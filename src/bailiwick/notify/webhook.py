"""Signed webhooks: JSON by POST, with an HMAC-SHA256 over the time and the body, so that a receiver knows who sent it.

::

    Bailiwick-Timestamp: 1790000000
    Bailiwick-Signature: v1=HEX        HMAC-SHA256(secret, timestamp + "." + body)
    Bailiwick-Notice: 17               the same for each attempt, so that a repeated one is recognised

Each receiver has a secret of its own, derived from the one key of the installation and the receiver's address.
"""

import hashlib
import hmac
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import final

import msgspec

from bailiwick.model.secret import Secret
from bailiwick.notify.fault import ChannelFault
from bailiwick.notify.message import Message, moment
from bailiwick.notify.web import request, trust

FRESH_S = 300


@final
class Webhook:
    """Sends webhooks."""

    def __init__(self, key: Secret, clock: Callable[[], int], ca_file: Path | None = None) -> None:
        self._key = key
        self._clock = clock  # ms
        self._context: ssl.SSLContext = trust(ca_file)

    def secret_of(self, owner: str, url: str) -> Secret:
        """The secret of one receiver of one owner."""
        return receiver_secret(self._key, owner, url)

    async def send(self, owner: str, url: str, message: Message, link: str = "") -> None:
        """Send a message.

        Raises:
            ChannelFault: if the receiver does not answer with 2xx.
        """
        body = msgspec.json.encode(
            {
                "notices": message.numbers,
                "kinds": message.kinds,
                "urgency": message.urgency,
                "count": message.count,
                "at": moment(message.at),
                "owner": owner,
                "account": message.account,
                "key": message.key,
                "title": message.title,
                "text": message.text,
                "not_me": link,
            }
        )
        at_s = self._clock() // 1000
        headers = {
            "Content-Type": "application/json",
            "Bailiwick-Timestamp": str(at_s),
            "Bailiwick-Signature": signature(self.secret_of(owner, url), at_s, body),
            "Bailiwick-Notice": str(message.numbers[0]),
        }
        reply = await request("POST", url, body, headers, context=self._context)
        if not 200 <= reply.status < 300:
            # 410: the receiver says that it is gone for good. Everything else may be mended.
            after = reply.headers.get("retry-after", "")
            raise ChannelFault(
                f"webhook: status {reply.status}",
                for_good=reply.status == 410,
                after_s=float(after) if after.isascii() and after.isdigit() else 0.0,
            )


def receiver_secret(key: Secret, owner: str, url: str) -> Secret:
    """The secret of one receiver, in hexadecimal, as it is handed over."""
    context = b"bailiwick webhook\x00" + owner.encode() + b"\x00" + url.encode()
    return Secret(hmac.digest(key.reveal(), context, hashlib.sha256).hex().encode())


def signature(secret: Secret, at_s: int, body: bytes) -> str:
    """What ``Bailiwick-Signature`` holds."""
    return "v1=" + hmac.digest(secret.reveal(), str(at_s).encode() + b"." + body, hashlib.sha256).hex()


def verify(secret: Secret, headers: dict[str, str], body: bytes, now_s: int) -> bool:
    """What a receiver does: is this of the sender, and of the last five minutes?"""
    stamped = headers.get("bailiwick-timestamp", "")
    if not (stamped.isascii() and stamped.isdigit() and len(stamped) <= 12) or abs(now_s - int(stamped)) > FRESH_S:
        return False
    given = headers.get("bailiwick-signature", "")
    return hmac.compare_digest(signature(secret, int(stamped), body).encode(), given.encode())
