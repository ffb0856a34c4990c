"""The transit engine of OpenBao or HashiCorp Vault as the place that wraps the keyring.

It is asked once, at start, and again only when a rotation writes the keyring. The API is the one both publish:
``POST /v1/{mount}/decrypt/{key}`` and ``/encrypt/{key}`` with ``X-Vault-Token``, plaintext in base64.
"""

import base64
import binascii
import http.client
import ipaddress
import re
import ssl
from pathlib import Path
from typing import final
from urllib.parse import urlsplit

import msgspec

from bailiwick.model.secret import Secret
from bailiwick.vault.errors import CustodyError

TIMEOUT_S = 10.0
MOST_ANSWER_BYTES = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")
_TRANSIT_TEXT = re.compile(rb"vault:v[0-9]+:[A-Za-z0-9+/=]+")


class _Data(msgspec.Struct):
    plaintext: str | None = None
    ciphertext: str | None = None


class _Answer(msgspec.Struct):
    data: _Data


@final
class Transit:
    """One key of a transit engine. Plain HTTP is spoken to loopback alone (an agent beside this process)."""

    __slots__ = ("_context", "_host", "_key", "_mount", "_port", "_timeout", "_tls", "_token")

    def __init__(
        self,
        address: str,
        key: str,
        token: Secret,
        *,
        mount: str = "transit",
        ca_file: Path | None = None,
        timeout: float = TIMEOUT_S,
    ) -> None:
        """Name the engine; nothing is sent yet.

        Args:
            address: such as ``https://vault.example:8200``.
            key: the transit key's name.
            token: a token that may encrypt and decrypt with this key and nothing else.
            mount: where the engine is mounted.
            ca_file: certificates to believe instead of the system's.
            timeout: seconds for connecting and for each answer.

        Raises:
            CustodyError: if the address, token, mount or key name is not usable.
        """
        parts = urlsplit(address)
        if parts.scheme not in {"https", "http"} or not parts.hostname or parts.path not in {"", "/"} or parts.query:
            raise CustodyError("transit address: it looks like https://host:port")
        if parts.scheme == "http" and not _is_loopback(parts.hostname):
            raise CustodyError("transit address: http is for loopback alone; use https")
        for noun, name in (("key", key), ("mount", mount)):
            if _NAME.fullmatch(name) is None or ".." in name:
                raise CustodyError(f"transit {noun}: {name!r} is not a plain name")
        if not token.reveal().isascii() or not token.reveal().decode("ascii").isprintable():
            raise CustodyError("transit token: it is printable ASCII, without a line end")
        self._host, self._key, self._mount, self._token = parts.hostname, key, mount, token
        self._tls = parts.scheme == "https"
        self._port = parts.port or 8200
        self._timeout = timeout
        self._context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))

    def unwrap(self, wrapped: bytes) -> Secret:
        """The plaintext of a transit ciphertext.

        Raises:
            CustodyError: if the engine cannot be reached, refuses, or answers nonsense.
        """
        if _TRANSIT_TEXT.fullmatch(wrapped) is None:
            raise CustodyError("transit: the keyring was not wrapped by a transit engine; check its source")
        answer = self._ask("decrypt", {"ciphertext": wrapped.decode()})
        if answer.plaintext is None:
            raise CustodyError("transit: the answer has no plaintext; check the address")
        try:
            return Secret(base64.b64decode(answer.plaintext, validate=True))
        except binascii.Error:
            raise CustodyError("transit: the answer's plaintext is not base64; check the address") from None

    def wrap(self, plaintext: Secret) -> bytes:
        """The plaintext under the engine's key.

        Raises:
            CustodyError: if the engine cannot be reached, refuses, or answers nonsense.
        """
        answer = self._ask("encrypt", {"plaintext": base64.b64encode(plaintext.reveal()).decode()})
        wrapped = (answer.ciphertext or "").encode()
        if _TRANSIT_TEXT.fullmatch(wrapped) is None:
            raise CustodyError("transit: the answer has no ciphertext; check the address")
        return wrapped

    def _ask(self, act: str, question: dict[str, str]) -> _Data:
        headers = {"X-Vault-Token": self._token.reveal().decode("ascii"), "Content-Type": "application/json"}
        connection = self._connect()
        try:
            path = f"/v1/{self._mount}/{act}/{self._key}"
            connection.request("POST", path, msgspec.json.encode(question), headers)
            response = connection.getresponse()
            body = response.read(MOST_ANSWER_BYTES)
        except (OSError, http.client.HTTPException, ValueError) as error:
            # The name of the fault alone: its text, or the chain behind it, might quote what was sent or received.
            raise CustodyError(f"transit: {act} at {self._host}: {type(error).__name__}; is it running?") from None
        finally:
            connection.close()
        if response.status != http.client.OK:
            raise CustodyError(f"transit: {act} was answered {response.status}; check the token, mount and key name")
        try:
            return msgspec.json.decode(body, type=_Answer).data
        except msgspec.MsgspecError:
            raise CustodyError(
                f"transit: {act} was answered with something else than JSON; check the address"
            ) from None

    def _connect(self) -> http.client.HTTPConnection:
        if self._tls:
            return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=self._context)
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)

    def __repr__(self) -> str:
        return f"Transit({self._host}:{self._port}/{self._mount}/{self._key})"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
