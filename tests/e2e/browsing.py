"""A person before the console: Chromium with a passkey of its own, and a record of everything it complained of."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
SCREENS = ROOT / "build/screens"
BUILT = ROOT / "src/bailiwick/console/built/index.html"
AXE = ROOT / "console/node_modules/axe-core/axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WAIT_MS = 15_000
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Person:
    """Somebody at a page. ``complaints`` are errors of the console, violations of its policy, and strange requests."""

    def __init__(self, page: Any, own_host: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self._own = own_host
        page.set_default_timeout(WAIT_MS)
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(f"fault: {error}"))
        page.on("request", self._asked)
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})

    def _heard(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text}")

    def _asked(self, request: Any) -> None:
        if urlsplit(request.url).netloc != self._own:
            self.complaints.append(f"a request to {urlsplit(request.url).netloc}")

    def press(self, name: str, *, within: str = "main") -> None:
        """Press the button of this name."""
        self.page.locator(within).get_by_role("button", name=name, exact=True).first.click()

    def go(self, name: str) -> None:
        """Follow a link of the main navigation, and wait for its page."""
        self.page.get_by_role("navigation", name="Main").get_by_role("link", name=name, exact=True).click()
        self.page.get_by_role("heading", level=1, name=name).wait_for()

    def confirm(self) -> None:
        """Show once more who it is."""
        self.press("Confirm with a passkey", within="dialog")

    def barriers(self) -> list[str]:
        """What axe finds on this page against WCAG 2.2 AA."""
        found = self.page.evaluate(AXE.read_text(encoding="utf-8") + f";axe.run({{runOnly: {RULES}}})")
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    def picture(self, name: str) -> None:
        """Keep a picture of the page."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENS / f"{name}.png", full_page=True)


@contextmanager
def browser() -> Iterator[Any]:
    """Debian's Chromium. A test is skipped, and says so, where it or the pages cannot be had."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no chromium here: apt-get install chromium")
    if not BUILT.exists():
        pytest.skip("the console's pages are not built here: make console")
    from playwright.sync_api import sync_playwright

    arguments = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE *.localhost, EXCLUDE 127.0.0.1"]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")
    with sync_playwright() as running:
        started = running.chromium.launch(executable_path=chromium, args=arguments)
        yield started
        started.close()
