"""Who reports leaks: GitHub's secret-scanning partner protocol, and a signed form for everybody else.

GitHub signs the raw body by ECDSA on P-256 with SHA-256 and names the key by ``Github-Public-Key-Identifier``; the keys
are published at ``/meta/public_keys/secret_scanning`` (docs.github.com, "Secret scanning partner program"). They are
kept for a day, and fetched again sooner for a key that is not among them, at most once a minute: whoever sends made-up
names must not make this house ask GitHub for each.

The form is the same array of findings with ``Bailiwick-Timestamp`` and ``Bailiwick-Signature`` as webhooks have them.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, final

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from bailiwick.logs import log
from bailiwick.model.secret import Secret
from bailiwick.notify.fault import ChannelFault
from bailiwick.notify.settings import Leaks, SourceError, read_source
from bailiwick.notify.web import Reply, request, trust
from bailiwick.notify.webhook import verify

KEPT_MS = 24 * 3_600_000
ANEW_MS = 60_000
IDENTIFIER = "github-public-key-identifier"
SIGNATURE = "github-public-key-signature"
FORM_SIGNATURE = "bailiwick-signature"
MOST_BYTES = 4 << 20
MOST_FINDINGS = 10_000
MOST_PLACE_CHARS = 300


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One match: the text that was found, by which rule, at which public address (it may be empty), and in what."""

    token: str
    type: str = ""
    url: str = ""
    source: str = ""

    @property
    def place(self) -> str:
        """Where it was found, as it may be shown: bounded, and in letters that a terminal does nothing with."""
        text = (self.url or self.source)[:MOST_PLACE_CHARS]
        return "".join(letter if letter.isprintable() else "?" for letter in text)


_FINDINGS = msgspec.json.Decoder(list[Finding])


@final
class Partner:
    """Checks who sent a report."""

    def __init__(self, settings: Leaks, clock: Callable[[], int]) -> None:
        self._settings = settings
        self._clock = clock
        self._keys: dict[str, EllipticCurvePublicKey] = {}
        self._etag = ""
        self._read = -KEPT_MS  # when the keys were fetched
        self._asked = -ANEW_MS  # when that was last tried
        self._form_key: Secret | None = None
        try:
            self._form_key = read_source("leaks.form_key", settings.form_key)
        except SourceError as error:
            log.error("signed reports of leaks cannot be checked", why=str(error))

    async def sender(self, headers: Mapping[str, str], body: bytes) -> str:
        """``github``, ``form``, or "" where nobody is proven to have sent it. Names of headers are in lower case."""
        if IDENTIFIER in headers or SIGNATURE in headers:
            key = await self._key(headers.get(IDENTIFIER, ""))
            return "github" if key is not None and _signed(key, headers.get(SIGNATURE, ""), body) else ""
        if FORM_SIGNATURE in headers and self._form_key is not None:
            return "form" if verify(self._form_key, dict(headers), body, self._clock() // 1000) else ""
        return ""

    async def _key(self, identifier: str) -> EllipticCurvePublicKey | None:
        now = self._clock()
        old = now - self._read >= KEPT_MS
        if (old or identifier not in self._keys) and now - self._asked >= ANEW_MS:
            self._asked = now
            await self._fetch(now)
        return self._keys.get(identifier)

    async def _fetch(self, now: int) -> None:
        settings = self._settings
        context = trust(settings.github_ca_file) if settings.github_keys.startswith("https:") else None
        headers = {"If-None-Match": self._etag} if self._etag and self._keys else {}
        try:
            reply = await request("GET", settings.github_keys, headers=headers, context=context, timeout_s=5.0)
        except ChannelFault as fault:
            log.warning("the keys of leak reports cannot be fetched; those that are known serve on", why=str(fault))
            return
        if reply.status == 304:
            self._read = now
        elif reply.status == 200:
            self._take(reply, now)
        else:
            log.warning("the keys of leak reports cannot be fetched; those that are known serve on", why=reply.status)

    def _take(self, reply: Reply, now: int) -> None:
        keys: dict[str, EllipticCurvePublicKey] = {}
        try:
            listed: list[dict[str, Any]] = msgspec.json.decode(reply.body, type=dict[str, Any])["public_keys"]
            for each in listed:
                key = load_pem_public_key(str(each["key"]).encode())
                if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
                    keys[str(each["key_identifier"])] = key
        except (msgspec.MsgspecError, KeyError, TypeError, ValueError, UnsupportedAlgorithm):
            log.warning("the keys of leak reports are of another form than documented; those that are known serve on")
            return
        self._keys, self._etag, self._read = keys, reply.headers.get("etag", ""), now


def _signed(key: EllipticCurvePublicKey, signature: str, body: bytes) -> bool:
    try:
        key.verify(base64.b64decode(signature, validate=True), body, ECDSA(SHA256()))
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def findings(body: bytes) -> list[Finding]:
    """The findings of a report; none of what is no report.

    At most ten thousand are read.
    """
    if len(body) > MOST_BYTES:
        return []
    try:
        return _FINDINGS.decode(body)[:MOST_FINDINGS]
    except msgspec.MsgspecError:
        return []
