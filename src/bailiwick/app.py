"""``bailiwick up``: starts the gateway and the control process, ends both when the gateway ends, and starts the control
process again where that one ends: bots must find their way to the exchange whatever befalls it.

The supervisor itself holds nothing: no key, no store, no socket that anybody connects to. A passphrase passes through
it once, from the terminal into a pipe that the gateway reads and closes.

It stands before both processes at every start, so it loads little: no event loop, and nothing of what they are made of.
"""

import contextlib
import ctypes
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, final

from bailiwick.config import PASSPHRASE_PIPE, Config
from bailiwick.vault.process import harden_process

if TYPE_CHECKING:
    from bailiwick.model.secret import Secret

START_S = 120.0  # a million keys take twenty seconds
STOP_S = 10.0  # beyond what the gateway gives to requests that it has forwarded
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
AGAIN_S = (
    1.0  # until a control process that ended is started again; twice that each time that it is not ready in between
)
LONGEST_S = 60.0
READY = b"ready"

Say = Callable[[str], None]


class StartError(Exception):
    """A process did not come up; its own log has said why."""


def notify(text: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Tell systemd, where it listens (``sd_notify(3)``); whether it does."""
    address = environment.get("NOTIFY_SOCKET")
    if not address:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out, contextlib.suppress(OSError):
        out.connect(address)
        out.sendall(text.encode())
        return True
    return False


def watchdog_s(environment: Mapping[str, str] = os.environ) -> float | None:
    """How often systemd wants to hear from this process: half of what it allows (``sd_watchdog_enabled(3)``)."""
    text = environment.get("WATCHDOG_USEC", "")
    if not text.isdigit() or not int(text):
        return None
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    return int(text) / 2_000_000


_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """For a child, before it begins: be asked to end when its parent is gone, even by SIGKILL. Linux alone can."""
    # Between fork and exec: only a system call, nothing that takes a lock.
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


@final
class Child:
    """One of the two processes. ``told`` is what stood behind the word "ready"; None until it came."""

    def __init__(self, name: str, config_path: Path, environment: Mapping[str, str], pass_fds: Sequence[int]) -> None:
        # In a session of its own: a Ctrl-C at the terminal reaches it through the supervisor alone.
        self.name = name
        self.told: str | None = None
        self._rest = b""
        self._process = subprocess.Popen(  # noqa: S603  (this program, with a path of its owner's)
            [sys.executable, "-m", f"bailiwick.{name}", str(config_path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=dict(environment),
            pass_fds=pass_fds,
            start_new_session=True,
            # A thread may be telling systemd that all is well; it holds no lock that this system call needs.
            preexec_fn=die_with_parent,  # noqa: PLW1509
        )
        assert self._process.stdout is not None
        self.output: IO[bytes] = self._process.stdout

    def hear(self) -> bool:
        """Take in what it says, a readable pipe at a time; whether it goes on."""
        chunk = os.read(self.output.fileno(), 1 << 16)
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            word, _, behind = line.strip().partition(b" ")
            if word == READY:
                self.told = behind.decode("utf-8", "replace")
        return bool(chunk)

    def ended(self) -> int:
        """Wait for its end; its exit code."""
        code = self._process.wait()
        self.output.close()
        return code

    def ask_to_end(self) -> None:
        """Send SIGTERM; it may be gone already."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)

    def stop(self, patience_s: float) -> int:
        """Ask it to end, and end it if it does not; its exit code."""
        self.ask_to_end()
        # A full pipe would keep it from ending, so whatever it still says is read away.
        reader = threading.Thread(target=self._read_away, daemon=True)
        reader.start()
        try:
            return self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            reader.join(STOP_S)
            self.output.close()

    def _read_away(self) -> None:
        while not self.output.closed and os.read(self.output.fileno(), 1 << 16):
            pass


@final
class Supervisor:
    """Keeps the two processes together."""

    def __init__(self, config: Config, config_path: Path, say: Say) -> None:
        self._config = config
        self._path = config_path
        self._say = say
        self._children: list[Child] = []
        self._selector = selectors.DefaultSelector()
        self._again_at: float | None = None  # when the control process is started again, while there is none
        self._pause_s = AGAIN_S
        self._began = 0.0  # when the control process was started last

    def run(self, passphrase: "Secret | None") -> int:
        """Run both until a signal comes or the gateway ends; the exit code."""
        with self._signals() as asked, self._selector:
            self._selector.register(asked, selectors.EVENT_READ, None)
            try:
                # Side by side: neither needs the other to begin with, and each takes its time to load.
                self._start_gateway(passphrase)
                self._start_control()
                serving = self._await_both()
                if serving is None:
                    return 0
                self._say(serving)
                return self._watch()
            except StartError as error:
                self._say(str(error))
                return 1
            finally:
                self._stop()

    @contextmanager
    def _signals(self) -> Iterator[socket.socket]:
        """A socket that is readable once SIGTERM, SIGINT or, when a terminal closes, SIGHUP has come."""
        reading, writing = socket.socketpair()
        writing.setblocking(False)
        numbers = [signal.SIGTERM, signal.SIGINT]
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # ignored, where nohup has begun this
            numbers.append(signal.SIGHUP)
        before = [signal.signal(number, lambda number, frame: None) for number in numbers]
        waking = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
        try:
            with reading, writing:
                yield reading
        finally:
            signal.set_wakeup_fd(waking)
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)

    def _start_gateway(self, passphrase: "Secret | None") -> None:
        environment = dict(os.environ)
        if passphrase is None:
            self._add("gateway", environment)
            return
        reading, writing = os.pipe()
        try:
            os.write(writing, passphrase.reveal())  # at most 4096 bytes: a pipe takes them without a reader
            os.close(writing)
            self._add("gateway", {**environment, PASSPHRASE_PIPE: str(reading)}, (reading,))
        finally:
            os.close(reading)

    def _start_control(self) -> None:
        environment = dict(os.environ)
        environment.pop(self._config.vault.variable, None)  # the control process has no business with the vault's key
        environment.pop("CREDENTIALS_DIRECTORY", None)
        self._began = time.monotonic()
        self._add("authority", environment)

    def _add(self, name: str, environment: Mapping[str, str], pass_fds: Sequence[int] = ()) -> None:
        child = Child(name, self._path, environment, pass_fds)
        self._children.append(child)
        self._selector.register(child.output, selectors.EVENT_READ, child)

    def _await_both(self) -> str | None:
        """Wait until both are ready; where they serve, or None if a signal came first.

        Raises:
            StartError: if one ends, or is not ready in time.
        """
        until = time.monotonic() + START_S
        while waiting := [child for child in self._children if child.told is None]:
            ready = self._selector.select(max(0.0, until - time.monotonic()))
            if not ready:
                names = " and the ".join(child.name for child in waiting)
                raise StartError(f"the {names} process was not ready within {START_S:.0f} s")
            for key, _ in ready:
                if key.data is None:
                    return None
                if not key.data.hear():
                    raise StartError(
                        f"the {key.data.name} process ended with code {key.data.ended()}; its log says why"
                    )
        scheme = "https" if self._config.gateway.tls_certificate else "http"
        notify("READY=1\nSTATUS=serving")
        return f"serving {scheme}://{self._children[0].told}"

    def _watch(self) -> int:
        every = watchdog_s()
        if every is not None:
            threading.Thread(target=self._beat, args=(every,), daemon=True).start()
        while True:
            if self._again_at is not None and time.monotonic() >= self._again_at:
                self._again_at = None
                self._start_control()
            until = None if self._again_at is None else max(0.0, self._again_at - time.monotonic())
            for key, _ in self._selector.select(until):
                if key.data is None:
                    return 0
                goes_on = key.data.hear()
                if key.data is self._children[0]:
                    if not goes_on:
                        self._say("the gateway process ended by itself; ending the other")
                        return 1
                elif not goes_on:
                    self._start_again_after(key.data)

    def _start_again_after(self, ended: Child) -> None:
        """Have the control process started again. The gateway goes on meanwhile: it decides by itself, and writes down
        what the control process must hear of."""
        self._selector.unregister(ended.output)
        self._children.remove(ended)
        self._pause_s = AGAIN_S if ended.told is not None else min(2 * self._pause_s, LONGEST_S)
        self._again_at = time.monotonic() + self._pause_s
        code = ended.ended()
        self._say(
            f"the {ended.name} process ended with code {code}; the gateway goes on, and in {self._pause_s:.0f} s it is "
            "started again"
        )

    def _beat(self, every: float) -> None:
        """Tell systemd that both processes answer, or the gateway while the control process is started again. A gateway
        that refuses everything still lives: its health says so, and a restart would not give it its disk back."""
        from bailiwick.authority.verbs import Status  # noqa: PLC0415
        from bailiwick.link.client import Client  # noqa: PLC0415
        from bailiwick.link.questions import Health  # noqa: PLC0415
        from bailiwick.link.wire import LinkError  # noqa: PLC0415

        control = Client(self._config.control_socket, timeout_s=every / 2)
        gateway = Client(self._config.gateway_socket, timeout_s=every / 2)
        while True:
            try:
                starting = len(self._children) == 1 or self._children[1].told is None
                alone = starting and time.monotonic() - self._began < START_S
                health = gateway.ask(Health()) if alone else control.ask(Status())
            except LinkError:
                time.sleep(every / 10)  # there is time for a few more tries before systemd acts
                continue
            state = "serving" if health.ready else f"not serving: {health.detail}"
            notify(f"WATCHDOG=1\nSTATUS={state}")
            time.sleep(every)

    def _stop(self) -> None:
        notify("STOPPING=1")
        for child in reversed(self._children):  # control first, so that nobody acts on a gateway that is going
            child.stop(self._config.gateway.shutdown_s + STOP_S)


def up(config: Config, config_path: Path, say: Say, passphrase: "Secret | None" = None) -> int:
    """Run until a signal comes or the gateway ends; the exit code: 0 if asked to end, else 1."""
    harden_process()  # a passphrase may be in its memory
    return Supervisor(config, config_path, say).run(passphrase)
