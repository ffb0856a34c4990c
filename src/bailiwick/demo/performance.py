"""The demonstration from the first line to the last."""

import contextlib
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from bailiwick.demo.company import begin_business
from bailiwick.demo.environment import Unavailable, is_ready, python_of
from bailiwick.demo.program import Program
from bailiwick.demo.stage import Stage, StageError
from bailiwick.model.grant import grant_from_toml

CLIENT = "ccxt"
FUNDS = {"USDT": "10000", "BTC": "1"}
PRICES_S = 30.0
LOOK_MS = 500
CONSOLE = 8082
GRANT = """\
purpose = "signal bot"

[what]
may = ["public", "read", "trade", "cancel"]
symbols = ["BTCUSDT", "ETHUSDT"]
sides = ["BUY", "SELL"]
order_types = ["LIMIT", "MARKET"]

[how_much]
order_notional = 500
day_notional = 2000

[where]
networks = ["127.0.0.1/32"]
"""


def perform(*, stay: bool) -> int:
    """Run it all; the exit code: 0 if everything was allowed and denied as it must be."""
    program = Program(Console(highlight=False))
    began = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="bailiwick-demo-", dir=_place()) as directory:
            return _perform(Path(directory), program, began, stay=stay)
    except Unavailable as error:
        program.fail(f"ccxt, the client of this demonstration, cannot be installed.\n{error}")
    except StageError as error:
        program.fail(str(error))
    except KeyboardInterrupt:
        program.remark("interrupted; everything that was started has been ended")
        return 130
    return 1


def _place() -> str | None:
    """Where temporary files go; a socket's path is short, so a long $TMPDIR is not used."""
    wanted = tempfile.gettempdir()
    return wanted if len(os.fsencode(wanted)) < 60 else "/tmp"  # noqa: S108  (mkdtemp makes it 0700)


def _perform(directory: Path, program: Program, began: float, *, stay: bool) -> int:
    program.title()
    if not is_ready(CLIENT):
        program.remark("setting up ccxt in an environment of its own (.clients/ccxt); this happens once")
    python = python_of(CLIENT)
    with Stage(directory, program.command) as stage:
        key = _set_up(stage, program, moving=stay)
        for said in _trade(python, {"url": stage.url, "key": key["id"], "secret": key["secret"]}):
            program.tell(said)
        report = _look_back(stage, program, key["id"])
        good = program.summary(report, time.monotonic() - began)
        if stay:
            begin_business(stage, program, python)
            program.stay(stage, key)
            _stay(stage)
        else:
            program.remark("to look around in it, with the console open: make demo STAY=1")
        return 0 if good else 1


def _stay(stage: Stage) -> None:
    """Until Ctrl-C, or until nobody can read any more what was said: make keeps the end of its terminal to itself.

    Raises:
        StageError: if something of it ends by itself.
    """
    reader = select.poll()
    reader.register(sys.stdout.fileno(), 0)  # hears of nothing but that it is closed
    try:
        while stage.alive:
            if reader.poll(LOOK_MS):
                return
    except KeyboardInterrupt:
        return
    raise StageError("something that should have stayed has ended")


def _set_up(stage: Stage, program: Program, *, moving: bool) -> dict[str, Any]:
    """Exchange, gateway, account, service and key; the key."""
    program.part("The exchange and the gateway")
    stage.open_exchange(FUNDS, moving=moving)
    program.remark(f"sandbox exchange at {stage.exchange['url']}, an account with 10,000 USDT and 1 BTC")
    stage.command("init", str(stage.config), "--port", "0", "--health", "", "--api", f"127.0.0.1:{_free(CONSOLE)}")
    stage.up()
    program.remark(f"gateway at {stage.url}")
    stage.command("venue", "add", "sandbox", "--url", stage.exchange["url"])
    stage.command(
        "account", "add", "trader", "--venue", "sandbox", "--owner", "Ada", "--api-key", stage.exchange["apiKey"],
        "--secret-file", "-", given=stage.exchange["secret"],
    )  # fmt: skip
    program.remark("the exchange's real key is sealed in the vault; no bot ever sees it")
    stage.command("service", "add", "signals", "--name", "Signal Bot Inc.")
    program.part("A key for the bot")
    (stage.directory / "grant.toml").write_text(GRANT)
    key: dict[str, Any] = stage.command(
        "key", "issue", "--account", "trader", "--service", "signals", "--grant", "grant.toml"
    )
    program.grant(grant_from_toml(GRANT))
    _await_prices(stage, key["id"])
    return key


def _free(wanted: int) -> int:
    """This port, or the next where somebody listens, such as a second demonstration."""
    for port in range(wanted, wanted + 100):
        with socket.socket() as asked, contextlib.suppress(OSError):
            asked.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            asked.bind(("127.0.0.1", port))
            return int(asked.getsockname()[1])
    return wanted


def _await_prices(stage: Stage, key_id: str) -> None:
    """Wait until the gateway knows what the market does: it judges no order before."""
    until = time.monotonic() + PRICES_S
    while time.monotonic() < until:
        asked = [
            stage.command(
                "key", "explain", key_id, "POST", "/api/v3/order",
                f"symbol={symbol}&side=BUY&type=MARKET&quantity=0.001", echo=False, codes=(0, 1, 7),
            )
            for symbol in ("BTCUSDT", "ETHUSDT")
        ]  # fmt: skip
        if not any(each["reason"] in {"UNPRICEABLE", "REFERENCE_STALE", "SYMBOL_UNKNOWN"} for each in asked):
            return
        time.sleep(0.2)
    raise StageError("the gateway has learnt no prices from the exchange")


def _trade(python: Path, given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the bot says, line by line.

    Raises:
        StageError: if it breaks off.
    """
    script = Path(__file__).with_name("trader.py")
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(  # noqa: S603  (our own words)
            [str(python), "-W", "ignore", str(script)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True,
        ) as bot,
    ):  # fmt: skip
        assert bot.stdin is not None
        assert bot.stdout is not None
        try:
            json.dump(given, bot.stdin)
            bot.stdin.close()
            for line in bot.stdout:
                yield json.loads(line)
        finally:
            if sys.exc_info()[0] is not None:
                bot.kill()
        if bot.wait():
            errors.seek(0)
            raise StageError(f"the bot broke off:\n{errors.read()[-2000:]}")


def _look_back(stage: Stage, program: Program, key_id: str) -> dict[str, Any]:
    """What the owner can see afterwards; the report on the journal."""
    program.part("What its owner sees")
    program.usage(stage.command("key", "use", key_id))
    report: dict[str, Any] = stage.command("journal", "verify", codes=(0, 7))
    program.journal(report)
    return report
