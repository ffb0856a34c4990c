"""The page behind a link of a notice: one button, no script, and nothing that comes from outside.

The page itself changes nothing, since programs that check mail open every address in it. The button is a POST.
"""

from html import escape

from bailiwick.authority.notice_verbs import IncidentAnswer
from bailiwick.authority.openroutes import OpenAnswer
from bailiwick.model.life import DIFFERENCE

HTML = "text/html; charset=utf-8"
GONE = 410


def asks(key: str) -> OpenAnswer:
    """Ask whether the key shall be wound down."""
    return _page(
        "Was this not you?",
        f"<p>This winds the key <code>{escape(key)}</code> down: it can still read, cancel and sell what it bought, "
        "and opens nothing. Its latest orders are disputed, and a file for the exchange's support is written.</p>"
        f"<p>{escape(DIFFERENCE)}</p>"
        "<p>It works once. To undo it, sign in on the server.</p>"
        '<form method="post"><button type="submit">This was not me: wind it down</button></form>',
    )


def done(answer: IncidentAnswer) -> OpenAnswer:
    """Say what was done."""
    lines = "".join(f"<li>{escape(line)}</li>" for line in answer.said)
    return _page("It is done", f"<ul>{lines}</ul><p>Incident <code>{escape(answer.id)}</code>.</p>")


def spent() -> OpenAnswer:
    """Say that the link does nothing any more. The same for one that never did."""
    remedy = "On the server: <code>bailiwick key not-me KEY</code>"
    text = f"<p>This link was used, is too old, or never was one. {remedy}</p>"
    return _page("This link does nothing", text, status=GONE)


def _page(title: str, body: str, status: int = 200) -> OpenAnswer:
    text = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{title}</title></head><body><h1>{title}</h1>{body}</body></html>"
    )
    return OpenAnswer(status, text.encode(), HTML)
