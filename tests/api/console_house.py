"""A house with a console, and a browser in front of it."""

import re
from pathlib import Path
from typing import Any

import msgspec
from api_house import HOST, Answer, ApiHouse
from soft_passkey import SoftPasskey

from bailiwick.api.app import make_app
from bailiwick.authority.people_verbs import InvitePerson
from bailiwick.console.again import act_of
from bailiwick.console.console import make_console
from bailiwick.console.pages import Pages

OWN = "bailiwick.localhost:8082"
ORIGIN = f"http://{OWN}"


def act_asked(method: str, path: str, body: Any = None) -> dict[str, str]:
    """What a page says of an act before it is confirmed."""
    return {"act": act_of(method, path, b"" if body is None else msgspec.json.encode(body))}


class ConsoleHouse(ApiHouse):
    """An API house whose application has the console in it."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.console = make_console(self.desk.people, self.store, directory, self.config.journal_directory, tls=False)
        self.console = self.console._replace(pages=Pages(directory / "built"))
        self.app = make_app(
            self.desk, self.store, self.desk.tokens.recognise, [HOST, OWN], self.desk.open_routes, console=self.console
        )

    async def link(self, name: str = "eve", role: str = "operator", owner: str = "") -> str:
        """A one-time link, as the command line gets it."""
        answer = await self.ask(InvitePerson(name=name, role=role, owner=owner))
        return str(answer.link.reveal().decode())


class Browser:
    """A browser with cookies of its own, on a page of the console."""

    def __init__(self, house: ConsoleHouse, *, host: str = OWN, origin: str = ORIGIN) -> None:
        self.house = house
        self.host, self.origin = host, origin
        self.cookies: dict[str, str] = {}
        self.csrf = ""
        self.passkey = SoftPasskey(host.partition(":")[0], origin)
        self.set_cookies: list[str] = []

    async def ask(self, method: str, path: str, body: Any = None, **more: str) -> Answer:
        """One request of the page."""
        headers = {"Host": self.host, "Sec-Fetch-Site": "same-origin", "User-Agent": "Test browser"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if method != "GET":
            headers |= {"Origin": self.origin, "X-Bailiwick-CSRF": self.csrf}
        headers |= {name.replace("_", "-"): value for name, value in more.items()}
        headers = {name: value for name, value in headers.items() if value}
        answer = await self.house.call(method, path, "", body, headers=headers)
        self.set_cookies = [value for name, value in self.house.headers if name == "set-cookie"]
        for each in self.set_cookies:
            found = re.match(r"([^=]+)=([^;]*)", each)
            assert found is not None
            self.cookies[found[1]] = found[2]
            if not found[2]:
                del self.cookies[found[1]]
        if answer.status == 200 and answer.body.startswith(b'{"name"') and "csrf" in answer.json:
            self.csrf = answer.json["csrf"]
        return answer

    async def enter(self, link: str) -> Answer:
        """Make a passkey by a link, which signs in."""
        asked = (await self.ask("POST", "/v1/enter/passkey/ask", {"link": link})).json
        credential = self.passkey.make(asked["options"])
        body = {"link": link, "challenge": asked["challenge"], "credential": credential, "label": "test"}
        return await self.ask("POST", "/v1/enter/passkey", body)

    async def sign_in(self) -> Answer:
        """Sign in by the passkey."""
        asked = (await self.ask("POST", "/v1/sign-in/passkey/ask")).json
        credential = self.passkey.sign(asked["options"])
        return await self.ask(
            "POST", "/v1/sign-in/passkey", {"challenge": asked["challenge"], "credential": credential}
        )

    async def confirm(self, method: str, path: str, body: Any = None) -> Answer:
        """Show once more who it is, for one act."""
        act = act_asked(method, path, body)
        asked = (await self.ask("POST", "/v1/session/again/ask", act)).json
        credential = self.passkey.sign(asked["options"])
        return await self.ask(
            "POST", "/v1/session/again", {**act, "challenge": asked["challenge"], "credential": credential}
        )
