"""A control API over a real store and desk, with a gateway that only remembers, spoken to without a socket."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from bailiwick.api.app import make_app
from bailiwick.authority.desk import Desk
from bailiwick.authority.people import digest_of
from bailiwick.authority.token_verbs import IssueToken
from bailiwick.authority.verbs import AddAccount, AddService, AddVenue, IssueKey, NewCredential
from bailiwick.config import Config
from bailiwick.link.questions import Event
from bailiwick.link.wire import Peer, Question
from bailiwick.model.life import KeyState
from bailiwick.model.native import Native, Origin
from bailiwick.model.person import Entry, Person, Session
from bailiwick.model.secret import Secret
from bailiwick.model.token import Role
from bailiwick.store.alerts import Alert
from bailiwick.store.incidents import Incident
from bailiwick.store.store import Store
from bailiwick.store.vouches import Vouch
from remembering import RememberingGateway

PEER = Peer(1, 0)
NOW = 1_790_000_000_000
HOST = "127.0.0.1:8082"
GRANT = """
purpose = "Trades two symbols"
[what]
may = ["public", "read", "cancel", "trade"]
symbols = ["BTCUSDT", "ETHUSDT"]
sides = ["BUY", "SELL"]
order_types = ["LIMIT", "MARKET"]
[how_much]
order_notional = 500
day_notional = 2000
"""


class Answer(msgspec.Struct):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class ApiHouse:
    """Two owners, Ada and Bob, each with an account and a key; tokens of every role."""

    def __init__(self, directory: Path) -> None:
        self.now = NOW
        self.config = Config(data=directory)
        self.store = Store.open(directory / "bailiwick.db", clock=lambda: self.now)
        self.gateway = RememberingGateway(self.store)
        self.desk = Desk(self.config, self.store, self.gateway, clock=lambda: self.now)
        self.handlers = self.desk.handlers()
        self.app = make_app(self.desk, self.store, self.desk.tokens.recognise, [HOST], self.desk.open_routes)
        self.tokens: dict[str, str] = {}
        self.keys: dict[str, str] = {}
        self.held: dict[str, str] = {}
        self.headers: list[tuple[str, str]] = []  # of the latest answer

    def like(self, settled: "ApiHouse") -> None:
        """Know the parties and tokens of the house whose database this is a copy of."""
        self.tokens, self.keys = dict(settled.tokens), dict(settled.keys)
        self.held = dict(settled.held)

    async def ask(self, question: Question[Any]) -> Any:
        """Over the socket, as the command line does."""
        return await self.handlers[type(question)](question, PEER)

    async def settle(self) -> None:
        """The parties and the tokens."""
        await self.ask(AddVenue(id="binance", name="Binance", base_url="https://api.binance.com"))
        await self.ask(AddService(id="bot", name="A bot"))
        for owner, account in (("Ada", "main"), ("Bob", "other")):
            credential = NewCredential(api_key=f"venuekey-{account}", secret=Secret(b"canary-venue-secret"))
            added = AddAccount(id=account, venue="binance", name=account, owner=owner, credential=credential)
            await self.ask(added)
            issued = await self.ask(IssueKey(account=account, service="bot", grant=GRANT))
            self.keys[owner] = issued.id
            self.held[owner] = await self.hold(issued.id, account)
            opened = Incident(id=f"inc-{owner}", opened=NOW, kind="test", title="x", owner=owner, keys=(issued.id,))
            self.store.incidents.open(opened)
            self.watch(owner, issued.id, account)
            self.sign_in(owner)
            self.store.native.add(
                Native(
                    id=f"native-{owner.lower()}", account=account, email=f"{account}@example.com", service="bot",
                    origin=Origin.REGISTERED, state=KeyState.ACTIVE, created=NOW, api_key="k" * 64,
                )
            )  # fmt: skip
        for name, role, owner, person in (
            ("ada", "owner", "Ada", True),
            ("ada.bot", "owner", "Ada", False),
            ("bob", "owner", "Bob", True),
            ("ops", "operator", "", True),
            ("ops.bot", "operator", "", False),
            ("audit", "auditor", "", False),
        ):
            await self.token(name, role, owner, person=person)

    def watch(self, owner: str, key: str, account: str) -> None:
        """Something that the watch said of this owner's key, and the owner's word for it."""
        position = len(self.keys)
        alert = Alert(position=position, at=NOW, key=key, account=account, kind="alert", symbol="BTCUSDT")
        self.store.alerts.add(alert)
        self.store.vouches.add(
            Vouch(
                id=f"v-{owner.lower()}", key=key, symbol="BTCUSDT", worth="1", worth_in="USDT", made=NOW, made_by="x",
                until=NOW + 1000, alert=position,
            )
        )  # fmt: skip

    def sign_in(self, owner: str) -> None:
        """A person who acts for this owner, with a session."""
        name = owner.lower()
        person = Person(name=name, role=Role.OWNER, owner=owner, created=NOW)
        link = Entry(digest=name.encode(), person=name, created=NOW, expires=NOW + 1)
        self.store.people.invite(person, link)
        session = Session(
            id=f"s-{name}", digest=digest_of(f"cookie-{name}"), person=name, begun=NOW, last_seen=NOW, by="passkey",
            source="127.0.0.1", agent="test",
        )  # fmt: skip
        self.store.people.begin(session)

    async def hold(self, key: str, account: str) -> str:
        """A request of this key's that waits for a person; its id."""
        position = 100 + len(self.held)
        detail = {"digest": "d", "what": "a withdrawal of USDT", "request00": "POST /w\namount = 5"}
        event = Event(position=position, at_ms=self.now, kind="hold", key=key, account=account, detail=detail)
        await self.desk.approvals.held(event)
        return f"h{position}"

    async def token(self, name: str, role: str, owner: str = "", **fields: Any) -> str:
        """A token's text."""
        answer = await self.ask(IssueToken(name=name, role=role, owner=owner, **fields))
        self.tokens[name] = answer.secret.reveal().decode()
        return self.tokens[name]

    async def call(
        self,
        method: str,
        path: str,
        token: str = "ops",
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Answer:
        """One request, as uvicorn would hand it over."""
        target, _, query = path.partition("?")
        sent = {"host": HOST}
        if token:
            sent["authorization"] = f"Bearer {self.tokens.get(token, token)}"
        payload = raw if raw is not None else b"" if body is None else msgspec.json.encode(body)
        if payload:
            sent["content-type"] = "application/json"
        sent |= {name.lower(): value for name, value in (headers or {}).items()}
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
            "path": target, "raw_path": target.encode(), "query_string": query.encode(), "root_path": "",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in sent.items()],
            "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8082), "state": {},
        }  # fmt: skip
        return await self.speak(scope, payload)

    async def speak(self, scope: dict[str, Any], payload: bytes) -> Answer:
        """One ASGI exchange."""
        got: list[dict[str, Any]] = []
        waiting = [{"type": "http.request", "body": payload, "more_body": False}]

        async def receive() -> dict[str, Any]:
            if waiting:
                return waiting.pop()
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Any) -> None:
            got.append(message)

        await self.app(scope, receive, send)
        self.headers = [(name.decode(), value.decode()) for name, value in got[0]["headers"]]
        headers = dict(self.headers)
        return Answer(got[0]["status"], headers, b"".join(part.get("body", b"") for part in got[1:]))
