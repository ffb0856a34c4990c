"""What it takes to stop every key of a service in one act, under load, and when the last of their orders left."""

import os
import signal
import sys
import time
from pathlib import Path

import keyfile
import msgspec
from crash import start_load
from prepare import ACCOUNT, SERVICE, prepare
from processes import EXCHANGE_PORT, cores, exchange, spawn, stop

from bailiwick import config
from bailiwick.authority.service_verbs import CompromiseService
from bailiwick.journal.log import Journal
from bailiwick.journal.record import Act, encode
from bailiwick.journal.retention import Retention
from bailiwick.journal.verify_act import verify_act
from bailiwick.journal.verify_holdings import ISSUE_VERB
from bailiwick.journal.verify_proof import Verifier
from bailiwick.link.client import Client
from bailiwick.opening import journal_key

KEYS = 100_000
IN_USE = 5_000  # of them, drawn over all
BEFORE_S, AFTER_S = 5.0, 5.0
LONG_S = 120.0
# Unbuffered, one line an order: when it had arrived, and whether it opens.
RECORD = """
map $request_method$uri $is_order { "POST/api/v3/order" 1; default 0; }
log_format orders '$msec $args $request_body';
access_log orders.log orders if=$is_order;
"""


def measure(run: Path, port: int, keys: int = KEYS) -> dict[str, float]:
    """Compromise the service of so many keys while some of them trade as fast as they are answered.

    `act_s` is the time from asking for the act to its answer: journalled, checkpointed, in force, its rows written.
    `last_opening_order_s` is the time from asking for it to the arrival of the last order that opens at the exchange.
    """
    directory = run / "compromise"
    command = prepare(directory, keys, port, f"http://127.0.0.1:{EXCHANGE_PORT}")
    settings = config.load(directory / "bailiwick.toml")
    record_issues(settings, directory / "keys.tsv")
    keyfile.sample(directory / "keys.tsv", run / "in_use.tsv", min(IN_USE, keys))
    mine, load = cores()
    with exchange(run, RECORD):
        gateway = spawn(command, mine, port, run / "compromise.log", patience=120)
        try:
            under_load = start_load(port, run / "in_use.tsv", load)
            time.sleep(BEFORE_S)
            asked, began = time.time(), time.monotonic()
            question = CompromiseService(id=SERVICE, reason="measured")
            answer = Client(settings.control_socket).ask(question, timeout_s=LONG_S)
            act_s = time.monotonic() - began
            time.sleep(AFTER_S)
            os.killpg(under_load.pid, signal.SIGKILL)
            under_load.wait()
        finally:
            stop(gateway)
    if answer.ever.keys != keys or answer.in_force < 0:
        sys.exit(f"the act speaks of {answer.ever.keys} keys, in force from {answer.in_force}: it has shown nothing")
    before, last_s = arrivals(run / "exchange" / "orders.log", asked)
    if not before:
        sys.exit("no order reached the exchange before the act: it was not under load")
    began = time.monotonic()
    verdict = verify_act(settings.journal_directory, answer.position, verifier(settings.journal_directory))
    return {
        "keys": keys,
        "act_s": round(act_s, 3),
        "last_opening_order_s": round(last_s, 3),
        "orders_before": before,
        "proven": int(verdict.proven),
        "verify_s": round(time.monotonic() - began, 2),
        "records": verdict.signed,
    }


def record_issues(settings: config.Config, keys: Path) -> None:
    """Put the issuing of each key into the journal, as the authority would have."""
    now = time.time_ns() // 1000
    with (
        Journal.open(
            settings.journal_directory,
            origin=settings.journal.origin,
            signer=journal_key(settings.journal_key),
            clock=lambda: time.time_ns() // 1000,
        ) as journal,
        keys.open() as lines,
    ):
        for line in lines:
            key = line.split()[0]
            after = {"id": key, "account": ACCOUNT, "service": SERVICE, "state": "active"}
            act = Act(now, "bench (uid 0)", ISSUE_VERB, key, "", msgspec.json.encode(after).decode(), "")
            journal.append(encode(act), retention=Retention.KEEP)


def arrivals(log: Path, asked: float) -> tuple[int, float]:
    """How many orders that open had arrived when the act was asked for, and how long after that the last one did."""
    before, last = 0, asked
    with log.open() as lines:
        for line in lines:
            moment, _, rest = line.partition(" ")
            if "side=BUY" not in rest:
                continue
            before += float(moment) <= asked
            last = max(last, float(moment))
    return before, last - asked


def verifier(journal: Path) -> Verifier:
    """The journal's public key."""
    return Verifier.parse((journal / "verifier").read_text(encoding="utf-8"))
