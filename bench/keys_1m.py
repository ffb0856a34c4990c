"""What a million issued keys cost: the start, the memory, and a look-up beside that of a thousand keys."""

import hashlib
import hmac
import http.client
import sys
import time
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode

import keyfile
from compare import Gateway, Plan, compare
from prepare import prepare
from processes import EXCHANGE_PORT, cores, exchange, resident_mib, spawn, stop

MILLION = 1_000_000
FEW = 1_000
CONNECTIONS = 16


def measure(run: Path, port: int, plan: Plan, keys: int = MILLION) -> dict[str, float]:
    """Prepare a gateway with so many keys and one with a thousand, and weigh them against each other.

    `start_s` runs from the command to the first signed request that is answered; `rss_mib` is taken after the load.
    The look-up is seen as CPU per request of the same load with a thousand keys: of all, or drawn from the million.
    """
    upstream = f"http://127.0.0.1:{EXCHANGE_PORT}"
    many, few = run / "many", run / "few"
    began = time.monotonic()
    command = prepare(many, keys, port, upstream)
    prepared = time.monotonic() - began
    other = prepare(few, FEW, port + 1, upstream)
    keyfile.sample(many / "keys.tsv", run / "drawn.tsv", FEW)
    start_s, idle_mib = started(run, command, port, run / "drawn.tsv")
    figures = compare(
        [],
        [Gateway("few", port + 1, other, few / "keys.tsv"), Gateway("many", port, command, run / "drawn.tsv")],
        run / "drawn.tsv",
        Plan((CONNECTIONS,), plan.rounds, plan.seconds),
        show=False,
    )
    small, large = figures["few"][str(CONNECTIONS)], figures["many"][str(CONNECTIONS)]
    return {
        "keys": keys,
        "prepare_s": round(prepared, 1),
        "start_s": round(start_s, 2),
        "rss_idle_mib": round(idle_mib, 1),
        "rss_mib": round(figures["many"]["resident_mib"]["value"], 1),
        "cpu_us": round(large["cpu"], 2),
        "cpu_us_with_1k": round(small["cpu"], 2),
        "cpu_ratio_to_1k": round(large["cpu"] / small["cpu"], 3),
        "refused": large["refused"],
    }


def started(run: Path, command: list[str], port: int, keys: Path) -> tuple[float, float]:
    """Seconds until the gateway answers a signed request with 200, and its memory then, MiB."""
    directory = run / "start"
    directory.mkdir()
    with exchange(directory):
        began = time.monotonic()
        process = spawn(command, cores()[0], port, run / "start.log", patience=300)
        try:
            with keys.open() as lines:
                key, secret = next(islice(lines, 1)).split()
            while (status := account_status(port, key, secret)) != http.client.OK:
                if time.monotonic() - began > 300:
                    sys.exit(f"the gateway answers a signed request with {status}; its log is {run / 'start.log'}")
                time.sleep(0.02)
            return time.monotonic() - began, resident_mib(process.pid)
        finally:
            stop(process)


def account_status(port: int, key: str, secret: str) -> int:
    """The status of one signed look at the account."""
    query = urlencode({"recvWindow": 5000, "timestamp": time.time_ns() // 1_000_000})
    signature = hmac.digest(secret.encode(), query.encode(), hashlib.sha256).hex()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", f"/api/v3/account?{query}&signature={signature}", headers={"X-MBX-APIKEY": key})
        return connection.getresponse().status
    finally:
        connection.close()
