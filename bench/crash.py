"""Kill the gateway under load, again and again, and look for orders at the exchange that its journal does not hold."""

import http.client
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from compare import load_command, load_environment, wrk
from keys_1m import account_status
from prepare import journalled, prepare
from processes import EXCHANGE_PORT, cores, exchange, family, kill, spawn, stop

CONNECTIONS = 16
KEYS = 1_000
# written unbuffered, one line an order, so that the list is complete whenever it is read
RECORD = """
map $request_method$uri $is_order { "POST/api/v3/order" 1; default 0; }
log_format orders '$args $request_body';
access_log orders.log orders if=$is_order;
"""
ORDER_ID = re.compile(r"newClientOrderId=([^&\s]+)")


def measure(run: Path, port: int, *, rounds: int = 100, records: int = 1_000_000, seed: int = 1) -> dict[str, float]:
    """Fill the journal with so many records, then kill and restart so many times, at moments that `seed` decides.

    `missing` counts orders that reached the exchange and have no record; `restart_s` is the slowest restart, from the
    command to the first signed request that is answered with 200. Nothing else runs meanwhile, and both cores are free
    for it.
    """
    directory, keys = run / "crash", run / "crash" / "keys.tsv"
    command = prepare(directory, KEYS, port, f"http://127.0.0.1:{EXCHANGE_PORT}")
    moments = random.Random(seed)
    mine, load = cores()
    key, secret = keys.read_text().splitlines()[0].split()
    restarts: list[float] = []

    def restart() -> subprocess.Popen[bytes]:
        began = time.monotonic()
        process = spawn(command, f"{mine},{load}", port, run / "crash.log")
        while account_status(port, key, secret) != http.client.OK:
            time.sleep(0.005)
        restarts.append(time.monotonic() - began)
        for child in family(process.pid):
            for thread in Path(f"/proc/{child}/task").iterdir():
                os.sched_setaffinity(int(thread.name), {int(mine)})  # the load has the other
        return process

    with exchange(run, RECORD):
        gateway = restart()
        filled = 0.0
        while filled < records:
            filled += wrk(port, CONNECTIONS, 10, keys, load)["req"]
        for _ in range(rounds):
            under_load = start_load(port, keys, load)
            time.sleep(moments.uniform(0.2, 1.2))
            kill(family(gateway.pid))
            gateway.wait()
            os.killpg(under_load.pid, signal.SIGKILL)
            under_load.wait()
            gateway = restart()
        stop(gateway)
    arrived = set(ORDER_ID.findall((run / "exchange" / "orders.log").read_text()))
    if not arrived:
        sys.exit("no order reached the stub exchange: the crashes have shown nothing")
    recorded = {order for parameters in journalled(directory) for order in ORDER_ID.findall(parameters)}
    missing = arrived - recorded
    return {
        "rounds": rounds,
        "seed": seed,
        "requests_before": filled,
        "orders": len(arrived),
        "missing": len(missing),
        "restart_s": round(max(restarts[1:]), 3),
        "restart_median_s": round(sorted(restarts[1:])[(len(restarts) - 1) // 2], 3),
    }


def start_load(port: int, keys: Path, core: str) -> subprocess.Popen[bytes]:
    """The load, until it is killed."""
    return subprocess.Popen(
        load_command(port, CONNECTIONS, 3600, core),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=load_environment(keys),
        start_new_session=True,
    )
