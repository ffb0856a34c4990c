"""The pages that the build made, as they are served: one document, and what it loads, under the strictest policy.

Nothing is rendered here and nothing of a request is in a page, so there is nothing to inject into. What is served is
what stood in the package when the process began: a request names a file, and never a path.
"""

import gzip
import mimetypes
from importlib import resources
from importlib.resources.abc import Traversable
from typing import NamedTuple, final

PREFIX = "/console/"
ASSETS = PREFIX + "assets/"
BUILT = "built"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
EVERYWHERE = (
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
"""What every answer says, of pages and of the control API."""
HEADERS = ((b"content-security-policy", POLICY.encode()), *EVERYWHERE)
HSTS = (b"strict-transport-security", b"max-age=31536000")
"""Where this process speaks TLS itself: from then on browsers come to this name by nothing less. Of this name alone."""
KEEP = (b"cache-control", b"private, max-age=31536000, immutable")  # the build names each asset by its content
ASK = (b"cache-control", b"no-store")
ABSENT = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Bailiwick</title>
<h1>The console was not built</h1><p>This is a checkout in which its pages were not made: run <code>make console</code>.
The command line and the control API work without them.</p></html>
"""


class Page(NamedTuple):
    """A file as it is served, and compressed where that is shorter: once, when it is read."""

    body: bytes
    media_type: str
    packed: bytes | None = None


@final
class Pages:
    """What the build made."""

    def __init__(self, place: Traversable | None = None) -> None:
        self._files: dict[str, Page] = {}
        built = resources.files("bailiwick.console") / BUILT if place is None else place
        if built.is_dir():
            self._read(built, "")
        self.index = self._files.get("index.html", Page(ABSENT, "text/html; charset=utf-8"))

    def _read(self, place: Traversable, prefix: str) -> None:
        for each in place.iterdir():
            name = prefix + each.name
            if each.is_dir():
                self._read(each, name + "/")
            else:
                body = each.read_bytes()
                packed = gzip.compress(body, mtime=0)
                self._files[name] = Page(body, _media_type(each.name), packed if len(packed) < len(body) else None)

    def page(self, path: str) -> Page | None:
        """What is served at this path: a file that was built; for every other name below the console, its document."""
        if path.startswith(ASSETS):
            return self._files.get(path.removeprefix(PREFIX))
        name = path.removeprefix(PREFIX)
        return self._files.get(name, self.index) if "/" not in name and "." in name else self.index


def headers_of(path: str, status: int) -> tuple[tuple[bytes, bytes], ...] | None:
    """What every answer at this path says; None where it is not of the console.

    That an asset is not there (any more, or yet) is never kept.
    """
    if not path.startswith(PREFIX):
        return None
    return (*HEADERS, KEEP if path.startswith(ASSETS) and status == 200 else ASK)


def _media_type(name: str) -> str:
    found = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith("text/") else found
