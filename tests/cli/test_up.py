"""`bailiwick up`: two processes that live and end together, over real sockets and a real gateway."""

import contextlib
import json
import os
import re
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bailiwick import app
from bailiwick.authority.verbs import Status
from bailiwick.cli import main
from bailiwick.cli.exits import Exit
from bailiwick.config import load
from bailiwick.link.client import Client
from bailiwick.link.questions import Health

PATIENCE_S = 60.0  # the machine may be busy; nothing waits this long when all is well


class Up:
    """A `bailiwick up` in a process of its own."""

    def __init__(self, path: Path, **environment: str) -> None:
        self.path = path
        self.config = load(path)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bailiwick.cli", "up", "--config", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
        )
        self.told = ""

    def wait_for(self, words: str) -> None:
        """Read what it says until these words come."""
        assert self.process.stdout is not None
        until = time.monotonic() + PATIENCE_S
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            while words not in self.told:
                if not selector.select(until - time.monotonic()):
                    raise AssertionError(f"{words!r} never came: {self.told}")
                chunk = os.read(self.process.stdout.fileno(), 65536)
                assert chunk, self.told
                self.told += chunk.decode()

    def gateway_pid(self) -> int:
        return Client(self.config.gateway_socket).ask(Health()).pid

    def children(self) -> list[int]:
        """The processes that it started."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(number) for number in listed.split()]

    def end(self, signal_number: int = signal.SIGTERM) -> int:
        """Send a signal and wait; the exit code."""
        self.process.send_signal(signal_number)
        return self.process.wait(PATIENCE_S)

    def clean(self) -> None:
        """Whatever became of the test, leave nothing running."""
        if self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.end()
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A configuration that takes any free port."""
    made = tmp_path / "b.toml"
    assert main(["init", str(made), "--port", "0", "--health", ""]) == 0
    return made


@pytest.fixture
def up(path: Path) -> Iterator[Up]:
    """It serves."""
    running = Up(path)
    try:
        running.wait_for("serving http")
        yield running
    finally:
        running.clean()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_it_serves_and_ends_in_order(up: Up, capsys: pytest.CaptureFixture[str]) -> None:
    """Both processes answer; SIGTERM ends both with exit code 0, and nothing is left: no process, no socket."""
    health = Client(up.config.control_socket).ask(Status())
    children = up.children()
    assert (health.ready, len(children), health.pid in children) == (True, 2, True)
    assert main(["status", "--config", str(up.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["listening"] == list(health.listening or ())
    assert up.end() == 0
    assert ([alive(pid) for pid in children], list(up.config.run_directory.iterdir())) == ([False, False], [])


def test_if_the_gateway_dies_the_other_ends_too(up: Up) -> None:
    """Half of it never goes on alone: the supervisor says which died, and ends with 1 for systemd to restart it."""
    children = up.children()
    os.kill(up.gateway_pid(), signal.SIGKILL)
    up.wait_for("the gateway process ended by itself")
    assert up.process.wait(PATIENCE_S) == 1
    assert [alive(pid) for pid in children] == [False, False]


def test_a_second_one_on_the_same_data_refuses(up: Up) -> None:
    """Two gateways would count every budget twice: the second says that somebody serves there, and ends.

    And acts survive: what was done is there after the next start, and the journal of both lives verifies.
    """
    option = ("--config", str(up.path))
    second = Up(up.path)
    try:
        assert main(["service", "add", "bot", *option]) == 0
        assert second.process.wait(PATIENCE_S) == 1
    finally:
        second.clean()
    assert Client(up.config.control_socket).ask(Status()).ready is True
    assert up.end(signal.SIGINT) == 0  # a Ctrl-C is an orderly end: the children hear of it once
    again = Up(up.path)
    try:
        again.wait_for("serving http")
        assert [main(["service", "show", "bot", *option]), main(["journal", "verify", *option])] == [0, 0]
        assert again.end() == 0
    finally:
        again.clean()
    assert "Traceback" not in up.told + again.told


def test_a_passphrase_reaches_the_gateway_through_a_pipe(tmp_path: Path) -> None:
    """A passphrase vault opens, and the passphrase stands in no process's environment or command line.

    And systemd is told of readiness, of the watchdog's beat and of the end.
    """
    words = tmp_path / "words"
    words.write_text("canary several words\n")
    words.chmod(0o600)
    path = tmp_path / "b.toml"
    init = ["init", str(path), "--port", "0", "--health", "", "--vault", "passphrase"]
    assert main([*init, "--passphrase-file", str(words)]) == 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(PATIENCE_S)
        place = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"}
        running = Up(path, BAILIWICK_PASSPHRASE_FILE=str(words), **place)
        try:
            messages = [listening.recv(4096).decode() for _ in range(3)]
            seen = b""
            for pid in (running.process.pid, *running.children()):
                with contextlib.suppress(PermissionError):
                    seen += Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
            assert running.end() == 0
            listening.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                while True:
                    messages.append(listening.recv(4096).decode())
        finally:
            running.clean()
    assert (b"canary" in seen, "canary" in running.told) == (False, False)
    assert (messages[0], messages[-1]) == ("READY=1\nSTATUS=serving", "STOPPING=1")
    assert messages[1].startswith("WATCHDOG=1\n")


def test_without_a_keyring_nothing_starts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A data directory that was never made, or lost its keyring, is told before any process starts."""
    (tmp_path / "b.toml").write_text("")
    assert main(["up", "--config", str(tmp_path / "b.toml")]) == Exit.REFUSED
    assert "bailiwick init" in capsys.readouterr().err


def test_the_watchdog_is_for_the_process_it_names() -> None:
    """Half of the span that systemd allows; none where it asks for none, or asks another process."""
    mine = str(os.getpid())
    cases = [
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": mine}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ]
    assert [app.watchdog_s(environment) for environment, _ in cases] == [span for _, span in cases]


def test_the_unit_file_fits_the_program() -> None:
    """The systemd unit starts a command that there is, hears the watchdog, and may write its data alone."""
    unit = (Path(__file__).parents[2] / "contrib" / "bailiwick.service").read_text()
    settings = dict(re.findall(r"(?m)^(\w+)=(.*)$", unit))
    assert settings["ExecStart"].split()[1:2] == ["up"]
    assert (settings["Type"], settings["NotifyAccess"], settings["Restart"]) == ("notify", "main", "on-failure")
    assert float(settings["WatchdogSec"]) >= 10
    hardened = ("NoNewPrivileges", "ProtectSystem", "ProtectHome", "PrivateTmp", "MemoryDenyWriteExecute")
    assert [name for name in hardened if settings.get(name) in {None, "no"}] == []
