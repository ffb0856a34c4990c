"""`bailiwick sandbox`: an exchange to rehearse on, in one command."""

import hashlib
import hmac
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

from bailiwick.cli import main


def test_it_serves_an_account_until_it_is_told_to_end() -> None:
    """It prints where it listens and a key with the funds asked for, answers what that key signs, and ends in order."""
    command = [sys.executable, "-m", "bailiwick.cli", "sandbox", "--port", "0", "--json", "--fund", "BTC=2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        query = f"timestamp={time.time_ns() // 1_000_000}"
        signature = hmac.new(told["secret"].encode(), query.encode(), hashlib.sha256).hexdigest()
        connection = http.client.HTTPConnection(urlsplit(told["url"]).netloc, timeout=30)
        target = f"/api/v3/account?{query}&signature={signature}"
        connection.request("GET", target, headers={"X-MBX-APIKEY": told["apiKey"]})
        answer = json.loads(connection.getresponse().read())
        connection.close()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    assert {each["asset"]: each["free"] for each in answer["balances"] if float(each["free"])} == {"BTC": "2.00000000"}


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A port in use ends it with one sentence."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["sandbox", "--port", str(taken.getsockname()[1])]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--fund", "USDT"], "ASSET=AMOUNT"),
        (["--fund", "USDT=many"], "many"),
        (["--fund", "NOSUCHCOIN=1"], "fund"),
        (["--host", "192.0.2.1"], "loopback"),
    ],
)
def test_what_cannot_be_rehearsed_is_told(arguments: list[str], word: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Funds that are none and an address that others can reach end it with one sentence that names them."""
    assert main(["sandbox", "--port", "0", *arguments]) in {1, 2}
    told = capsys.readouterr().err
    assert word in told
    assert told.count("\n") == 1
