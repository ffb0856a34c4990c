"""The demonstration that stays, in a browser: a theft is played at the press of a button, seen, and stopped."""

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from browsing import Person, browser

from bailiwick.demo.environment import Unavailable, python_of

DEMO_S = 180


@contextlib.contextmanager
def staying(place: Path) -> Iterator[str]:
    """`make demo STAY=1`, and the one-time link to its console."""
    demo = subprocess.Popen(
        [sys.executable, "-m", "bailiwick.demo", "--stay"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"TMPDIR": str(place), "PATH": "/usr/bin:/bin", "COLUMNS": "160", "PYTHONUNBUFFERED": "1"},
    )
    assert demo.stdout is not None
    with demo.stdout:
        said = ""
        try:
            for line in demo.stdout:
                said += line
                if "bailiwick doctor" in line:
                    break
            found = re.search(r"http://\S+/console/enter#\S+", said)
            assert found is not None, said
            yield found.group()
        finally:
            demo.send_signal(signal.SIGINT)
            demo.stdout.read()
            demo.wait(DEMO_S)


@pytest.fixture
def chromium() -> Iterator[Any]:
    """The browser."""
    with browser() as started:
        yield started


@pytest.mark.clients
def test_a_theft_is_played_seen_and_stopped(chromium: Any, tmp_path: Path) -> None:
    """While the page is open the thief's orders are held, his key winds down, and the incident tells why."""
    try:
        python_of("ccxt")
    except Unavailable as error:
        pytest.skip(f"ccxt cannot be installed here: {error}")
    with staying(tmp_path) as link:
        person = Person(chromium.new_page(), urlsplit(link).netloc)
        page = person.page
        page.set_default_timeout(60_000)
        page.goto(link)
        person.press("Make a passkey")
        page.get_by_role("heading", level=1, name="Overview").wait_for()
        page.locator(".stream li", has_text="POST /api/v3/order").first.wait_for()  # the bots trade
        person.press("Play a stolen key")
        log = page.get_by_role("log", name="What the thief does")
        log.get_by_text("HELD").first.wait_for()
        page.get_by_label("What the watch said").get_by_text("DMGUSDT").first.wait_for()
        log.get_by_text("KEY_WINDING_DOWN").wait_for()
        page.get_by_text("It is over.").wait_for()
        person.picture("rehearsal")
        bought = log.locator("li", has_text="buys DMG").filter(has_text="allowed").count()
        page.get_by_role("link", name="The stolen key").click()
        page.get_by_text("winding down").first.wait_for()
        person.go("Incidents")
        page.locator("tbody a").first.click()
        page.get_by_text("DMGUSDT").first.wait_for()
        person.picture("rehearsal-incident")
        assert (bought, person.barriers(), person.complaints) == (0, [], [])
