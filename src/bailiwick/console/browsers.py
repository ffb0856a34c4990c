"""Which requests come from a page of ours, and who is signed in there: the gate of the control API for browsers."""

from collections.abc import Iterable, Mapping
from typing import final

from bailiwick.authority.people import People
from bailiwick.console import cookies
from bailiwick.console.door import Client
from bailiwick.console.refusals import Refused
from bailiwick.console.routes import OPEN, Visit
from bailiwick.model.person import SignedIn
from bailiwick.model.secret import Secret


def headers_of(raw: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """The headers of a request by their lower-case names; of one that comes twice, both, so that neither hides."""
    found: dict[str, str] = {}
    for name, value in raw:
        text, shown = name.decode("latin-1").lower(), value.decode("latin-1")
        between = "; " if text == "cookie" else ", "
        found[text] = f"{found[text]}{between}{shown}" if text in found else shown
    return found


@final
class Browsers:
    """Recognises browsers by their cookie, and pages of ours by what else a browser says."""

    def __init__(self, people: People, marks: Secret, *, tls: bool) -> None:
        self._people = people
        self._marks = marks
        self._tls = tls

    def opens(self, path: str) -> bool:
        """Whether this path needs no session, since it leads to one."""
        return path.startswith(OPEN)

    def known(self, headers: Mapping[str, str]) -> str:
        """The mark of a browser in which somebody signed in before; empty for every other."""
        mark = cookies.read(headers.get("cookie", "")).get(cookies.MARK, "")
        return mark if cookies.is_mark(mark, mark.partition("~")[0], self._marks) else ""

    def admit(self, method: str, path: str, headers: Mapping[str, str]) -> SignedIn | None:
        """Who is signed in; None if nobody.

        Args:
            method: of HTTP.
            path: what is asked for.
            headers: by their lower-case names. Host was checked.

        Raises:
            Refused: if it does not come from a page of ours.
        """
        opens = self.opens(path)
        cookie = cookies.read(headers.get("cookie", "")).get(cookies.SESSION)
        if cookie is None and not opens:
            return None
        origin = cookies.origin_of(headers["host"], tls=self._tls)
        wrong = cookies.strange(method, headers, origin, None if opens else cookie)
        signed = None if cookie is None else self._people.recognise(cookie)
        if wrong is not None and (opens or signed is not None):
            raise Refused(403, wrong)
        return signed

    def visit(self, headers: Mapping[str, str], source: str, signed: SignedIn | None) -> Visit:
        """The request as the ways in take it; which act it is comes from its body."""
        found = cookies.read(headers.get("cookie", ""))
        client = Client(
            host=headers["host"],
            origin=cookies.origin_of(headers["host"], tls=self._tls),
            source=source,
            agent=headers.get("user-agent", ""),
            mark=found.get(cookies.MARK, ""),
        )
        return Visit(client, signed, found.get(cookies.SESSION, ""))
