"""The two cookies, and what shows that a request comes from a page of ours.

``__Host-`` makes a browser take a cookie only with ``Secure``, for this host alone and for the whole of it. Chromium
and Firefox take ``Secure`` cookies from http://localhost and http://*.localhost too, so there is no weaker form for
loopback; a browser that does not (Safari) needs a certificate. Cookies do not know ports: on loopback the console calls
itself ``bailiwick.localhost``, so that no other server of this machine is sent its cookie by chance.
"""

import hashlib
import hmac
from collections.abc import Mapping

from bailiwick.model.secret import Secret, same

SESSION = "__Host-bailiwick"
MARK = "__Host-bailiwick-known"
MARK_S = 180 * 86_400
CSRF_HEADER = "x-bailiwick-csrf"
OWN_HOST = "bailiwick.localhost"
_SAFE = frozenset({"GET", "HEAD"})


def read(header: str) -> Mapping[str, str]:
    """The cookies of a request. A name that is given twice is nobody's."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for part in header.split(";"):
        name, _, value = part.strip().partition("=")
        if name in found:
            twice.add(name)
        found[name] = value
    return {name: value for name, value in found.items() if name not in twice}


def write(name: str, value: str, seconds: int | None = None) -> str:
    """A cookie as it is set; empty ends it, and without a time it ends with the browser."""
    age = "; Max-Age=0" if not value else "" if seconds is None else f"; Max-Age={seconds}"
    return f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Strict{age}"


def csrf_of(cookie: str) -> str:
    """What a page must say beside its cookie when it changes something. Only a page that may read us learns it."""
    return hashlib.sha256(b"bailiwick csrf " + cookie.encode()).hexdigest()[:43]


def mark_of(name: str, key: Secret) -> str:
    """What a browser keeps in which this person has signed in."""
    return f"{name}~{hmac.new(key.reveal(), name.encode(), hashlib.sha256).hexdigest()[:43]}"


def is_mark(text: str, name: str, key: Secret) -> bool:
    """Whether a browser's mark is this person's."""
    return same(text.encode(), mark_of(name, key).encode())


def origin_of(host: str, *, tls: bool) -> str:
    """How a page of ours at this host calls its origin. Beyond loopback it is https, if need be by a proxy's doing."""
    name = host.rpartition(":")[0] or host
    local = name in {"localhost", "127.0.0.1", "[::1]"} or name.endswith(".localhost")
    return f"{'http' if local and not tls else 'https'}://{host}"


def site_of(host: str) -> str:
    """What a passkey is made for at this host: the name without the port (the relying party's id)."""
    return host.rpartition(":")[0] or host


def strange(method: str, headers: Mapping[str, str], origin: str, cookie: str | None) -> str | None:
    """Why a request is not one of a page of ours; None if it is.

    Args:
        method: of HTTP.
        headers: by their lower-case names.
        origin: ours.
        cookie: of the session; None where there is none yet, as when somebody signs in.
    """
    if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return "sec-fetch-site: another site's page asks; open the console's own"
    if method in _SAFE:
        return None
    if headers.get("origin") != origin:
        return "origin: another page asks; open the console's own"
    if cookie is not None and not same(headers.get(CSRF_HEADER, "").encode(), csrf_of(cookie).encode()):
        return f"{CSRF_HEADER}: it is missing or of another session; load the page again"
    return None
