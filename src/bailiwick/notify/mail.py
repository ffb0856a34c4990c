"""E-mail by SMTP: encrypted to a server whose certificate is checked, one plain-text message at a time."""

import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import final

from bailiwick.model.secret import Secret
from bailiwick.notify.fault import ChannelFault
from bailiwick.notify.message import Message
from bailiwick.notify.web import trust

TIMEOUT_S = 15.0


@final
class Mail:
    """A way to an SMTP server. ``send`` blocks: call it in a thread."""

    def __init__(
        self,
        host: str,
        port: int,
        security: str,
        sender: str,
        *,
        user: str = "",
        password: Secret | None = None,
        ca_file: Path | None = None,
    ) -> None:
        self._place = (host, port)
        self._security = security
        self._sender = sender
        self._user = user
        self._password = password
        self._context: ssl.SSLContext = trust(ca_file)

    def send(self, to: str, message: Message, link: str = "") -> None:
        """Send a message.

        Raises:
            ChannelFault: if the server does not take it.
        """
        mail = EmailMessage()
        mail["From"] = self._sender
        mail["To"] = to
        mail["Subject"] = f"[bailiwick] {_line(message.title)}"
        mail["Date"] = format_datetime(datetime.fromtimestamp(message.at / 1000, UTC))
        mail["Message-ID"] = make_msgid("-".join(map(str, message.numbers[:3])), self._sender.rpartition("@")[2])
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: out-of-office replies are not wanted
        text = f"{message.text}\nor open, within the hour: {link}" if link else message.text
        mail.set_content(text + "\n")
        try:
            self._deliver(mail)
        except smtplib.SMTPRecipientsRefused as error:
            (code, _), *_ = error.recipients.values()
            raise ChannelFault(f"{to}: refused with {code}", for_good=500 <= code < 600) from None
        except smtplib.SMTPResponseException as error:
            # A wrong password, too, is a 5xx, and a person mends that: it is tried until the notice is too old.
            raise ChannelFault(f"{self._place[0]}: refused with {error.smtp_code}") from None
        except ssl.SSLCertVerificationError as error:
            raise ChannelFault(f"{self._place[0]}: its certificate is not trusted: {error.verify_message}") from None
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelFault(f"{self._place[0]}: it cannot be reached: {type(error).__name__}") from None

    def _deliver(self, mail: EmailMessage) -> None:
        with self._connected() as server:
            if self._security == "starttls":
                server.starttls(context=self._context)  # raises where the server does not offer it: never in the clear
            if self._password is not None:
                server.login(self._user, self._password.reveal().decode())
            server.send_message(mail)

    def _connected(self) -> smtplib.SMTP:
        host, port = self._place
        if self._security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=self._context)
        return smtplib.SMTP(host, port, timeout=TIMEOUT_S)


def _line(text: str) -> str:
    return " ".join(text.split())  # a header is one line
