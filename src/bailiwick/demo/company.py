"""Who trades in a demonstration that is kept running: owners, services, bots of six kinds, and a thief who waits."""

import json
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

from bailiwick.config import load
from bailiwick.demo.program import Program
from bailiwick.demo.stage import Stage

FUNDS = {"USDT": "20000", "BTC": "0.3", "ETH": "5", "BNB": "20", "AXS": "500"}
OWNERS = {"bea": "Bea", "carl": "Carl"}
SERVICES = {"gridhouse": "Gridhouse", "taxbook": "Taxbook", "makers": "Makers & Co."}
# What people gave their bots in 2022, to a thief's delight: every symbol, no budget, no band. The watch alone is left.
WIDE = """\
purpose = "{purpose}, with a grant as wide as was usual"
kind = "{kind}"

[what]
may = ["public", "read", "cancel", "trade"]
symbols = "all"
sides = ["BUY", "SELL"]
order_types = ["LIMIT", "LIMIT_MAKER", "STOP_LOSS_LIMIT"]
market_orders = "deny"

[how_far]
near_bps = "none"
anchor_bps = "none"
stop_bps = "none"
"""


class Role(NamedTuple):
    """A bot: what it is in ``bots.py``, whose account it acts for, who runs it, and what its key may.

    ``words`` are those of `bailiwick key issue`; with none the grant is the wide one, of ``kind``.
    """

    bot: str
    name: str
    account: str
    service: str
    words: tuple[str, ...] = ()
    kind: str = ""


CAST = (
    Role("grid", "Bea's grid bot", "bea", "gridhouse", kind="grid-bot"),
    Role("rebalancer", "Carl's rebalancer", "carl", "gridhouse", kind="signal-bot"),
    Role("guardian", "Carl's stop keeper", "carl", "signals", ("--preset", "signal-bot", "--symbol", "AXSUSDT")),
    Role("saver", "Bea's savings plan", "bea", "signals", ("--preset", "dca", "--symbol", "ETHUSDT")),
    Role("maker", "Bea's market maker", "bea", "makers", ("--preset", "market-maker", "--symbol", "BNBUSDT")),
    Role("momentum", "Carl's trend follower", "carl", "signals", ("--preset", "signal-bot", "--symbol", "ETHUSDT")),
    Role("tracker", "Carl's tax tool", "carl", "taxbook", ("--preset", "tax-tool")),
)
BUDGET = "50000"


def begin_business(stage: Stage, program: Program, python: Path) -> None:
    """Add the owners, the services and the keys, and start the bots and the player of thefts.

    Raises:
        StageError: if something does not start.
    """
    program.part("Others come to trade")
    for account, owner in OWNERS.items():
        _open(stage, account, owner)
    for service, name in SERVICES.items():
        stage.command("service", "add", service, "--name", name, echo=False)
    issued = [(role, _issue(stage, role)) for role in CAST]
    bots = [
        {"name": role.name, "kind": role.bot, "key": key["id"], "secret": key["secret"]} for role, key in issued
    ]  # fmt: skip
    stage.start(
        "the bots", [str(python), "-W", "ignore", str(Path(__file__).with_name("bots.py"))],
        given=json.dumps({"url": stage.url, "bots": bots}),
    )  # fmt: skip
    for role, _ in issued:
        program.remark(f"{role.name}, run by {SERVICES.get(role.service, 'Signal Bot Inc.')}")
    cast = {
        "socket": str(load(stage.config).rehearsal_socket),
        "python": str(python),
        "url": stage.url,
        "exchange": stage.exchange["url"],
        "victims": [
            {"name": role.name, "key": key["id"], "secret": key["secret"]} for role, key in issued if role.kind
        ],
    }
    stage.start("the player of thefts", stage.module("bailiwick.demo.rehearsal"), given=json.dumps(cast))
    program.remark("the first two hold keys as wide as was usual in 2022: those a thief will use")


def _open(stage: Stage, account: str, owner: str) -> None:
    _ask(stage, "accounts", {"name": account, "funds": FUNDS})
    credential = _ask(stage, "keys", {"account": account})
    stage.command(
        "account", "add", account, "--venue", "sandbox", "--owner", owner, "--api-key", credential["apiKey"],
        "--secret-file", "-", given=credential["secret"], echo=False,
    )  # fmt: skip


def _issue(stage: Stage, role: Role) -> dict[str, Any]:
    words = ["key", "issue", "--account", role.account, "--service", role.service, "--name", role.name, *role.words]
    if not role.words:
        grant = stage.directory / f"{role.bot}.toml"
        grant.write_text(WIDE.format(purpose=role.name, kind=role.kind))
        words += ["--grant", str(grant)]
    elif "--symbol" in role.words:
        words += ["--budget", BUDGET]
    key: dict[str, Any] = stage.command(*words, echo=False)
    return key


def _ask(stage: Stage, what: str, body: dict[str, Any]) -> dict[str, Any]:
    sent = urllib.request.Request(  # noqa: S310  (loopback, and our own exchange)
        f"{stage.exchange['url']}/sandbox/{what}", json.dumps(body).encode(), method="POST"
    )
    with urllib.request.urlopen(sent, timeout=10) as answer:  # noqa: S310
        found: dict[str, Any] = json.load(answer)
    return found
