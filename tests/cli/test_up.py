"""`bailiwick up`: a gateway, and a control process beside it, over real sockets."""

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


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def heard(listening: socket.socket) -> list[str]:
    """What systemd was told and has not read yet."""
    messages = []
    listening.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        while True:
            messages.append(listening.recv(4096).decode())
    return messages


def test_two_processes_live_and_end_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They serve, a second start on the same data is refused, a Ctrl-C ends both and leaves nothing, what was done is
    there after the next start, and if the gateway dies the other ends too."""
    path = tmp_path / "b.toml"
    option = ("--config", str(path))
    assert main(["init", str(path), "--port", "0", "--health", ""]) == 0
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(PATIENCE_S)
        first = Up(path, NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="4000000")
        second = None
        try:
            told = [listening.recv(4096).decode() for _ in range(2)]
            second = Up(path)
            health = Client(first.config.control_socket).ask(Status())
            children = first.children()
            assert (health.ready, len(children), health.pid in children) == (True, 2, True)
            capsys.readouterr()
            assert main(["service", "add", "bot", *option, "--json"]) == 0
            assert json.loads(capsys.readouterr().out)["in_force"] is True
            assert second.process.wait(PATIENCE_S) == 1
            assert Client(first.config.control_socket).ask(Status()).ready is True
            assert first.end(signal.SIGINT) == 0
        finally:
            first.clean()
            if second is not None:
                second.clean()
        told += heard(listening)
    assert (told[0], told[1][:11], told[-1]) == ("READY=1\nSTATUS=serving", "WATCHDOG=1\n", "STOPPING=1")
    assert ([alive(pid) for pid in children], list(first.config.run_directory.iterdir())) == ([False, False], [])

    again = Up(path)
    try:
        again.wait_for("serving http")
        assert [main(["service", "show", "bot", *option]), main(["journal", "verify", *option])] == [0, 0]
        children = again.children()
        os.kill(again.gateway_pid(), signal.SIGKILL)
        again.wait_for("the gateway process ended by itself")
        assert again.process.wait(PATIENCE_S) == 1
    finally:
        again.clean()
    assert [alive(pid) for pid in children] == [False, False]
    assert "Traceback" not in first.told + again.told


def test_the_gateway_outlives_the_control_process(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """When the control process dies the gateway goes on as it is, and another control process is started and acts."""
    path = tmp_path / "b.toml"
    assert main(["init", str(path), "--port", "0", "--health", ""]) == 0
    up = Up(path)
    try:
        up.wait_for("serving http")
        gateway = up.gateway_pid()
        (control,) = (pid for pid in up.children() if pid != gateway)
        os.kill(control, signal.SIGKILL)
        up.wait_for("the gateway goes on")
        assert (up.gateway_pid(), alive(gateway)) == (gateway, True)
        until = time.monotonic() + PATIENCE_S
        while main(["service", "add", "bot", "--config", str(path), "--json"]) != 0:
            assert time.monotonic() < until, up.told
        capsys.readouterr()
        assert main(["status", "--config", str(path), "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["pid"] == gateway
        assert up.end() == 0
    finally:
        up.clean()
    assert (alive(gateway), list(up.config.run_directory.iterdir())) == (False, [])


@pytest.mark.parametrize("begun_by_nohup", [False, True])
def test_a_closed_terminal_ends_it_but_for_nohup(tmp_path: Path, begun_by_nohup: bool) -> None:
    """SIGHUP ends both processes in order; where nohup has begun it, it goes on."""
    path = tmp_path / "bailiwick.toml"
    assert main(["init", str(path), "--port", "0", "--health", ""]) == 0
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if begun_by_nohup else signal.SIG_DFL)
    try:
        up = Up(path)
    finally:
        signal.signal(signal.SIGHUP, before)
    try:
        up.wait_for("serving http")
        up.process.send_signal(signal.SIGHUP)
        if begun_by_nohup:
            assert Client(up.config.control_socket).ask(Status()).ready is True
            assert up.end() == 0
        else:
            assert up.process.wait(PATIENCE_S) == 0
        assert list(up.config.run_directory.iterdir()) == []
    finally:
        up.clean()


def test_a_passphrase_reaches_the_gateway_through_a_pipe(tmp_path: Path) -> None:
    """A passphrase vault opens, the passphrase stands in no process's environment or command line, and no process
    outlives a supervisor that was killed."""
    words = tmp_path / "words"
    words.write_text("canary several words\n")
    words.chmod(0o600)
    path = tmp_path / "b.toml"
    init = ["init", str(path), "--port", "0", "--health", "", "--vault", "passphrase"]
    assert main([*init, "--passphrase-file", str(words)]) == 0
    running = Up(path, BAILIWICK_PASSPHRASE_FILE=str(words))
    try:
        running.wait_for("serving http")
        seen = b""
        for pid in (running.process.pid, *running.children()):
            with contextlib.suppress(PermissionError):
                seen += Path(f"/proc/{pid}/cmdline").read_bytes() + Path(f"/proc/{pid}/environ").read_bytes()
        watched = [os.pidfd_open(pid) for pid in running.children()]
        running.end(signal.SIGKILL)
        wait_for_all(watched)
    finally:
        running.clean()
    assert (b"canary" in seen, "canary" in running.told) == (False, False)


def wait_for_all(processes: list[int]) -> None:
    """Wait until all of these have ended, by their descriptors."""
    until = time.monotonic() + PATIENCE_S
    with selectors.DefaultSelector() as selector:
        for descriptor in processes:
            selector.register(descriptor, selectors.EVENT_READ)
        while selector.get_map():
            ended = selector.select(until - time.monotonic())
            assert ended, "a process outlived the supervisor"
            for each, _ in ended:
                selector.unregister(each.fileobj)
                os.close(each.fd)


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
