"""``bailiwick up``: starts the gateway and the control process, and ends both when one ends.

The supervisor itself holds nothing: no key, no store, no socket that anybody connects to. A passphrase passes through
it once, from the terminal into a pipe that the gateway reads and closes.
"""

import asyncio
import contextlib
import ctypes
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import final

from bailiwick.authority.verbs import Status
from bailiwick.config import Config
from bailiwick.link.asyncclient import AsyncClient
from bailiwick.link.wire import LinkError
from bailiwick.model.secret import Secret
from bailiwick.opening import PASSPHRASE_PIPE
from bailiwick.vault.process import harden_process

START_S = 120.0  # a million keys take twenty seconds
STOP_S = 10.0  # beyond what the gateway gives to requests that it has forwarded
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>

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


@final
class Child:
    """One of the two processes."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.process = process

    @classmethod
    async def start(
        cls, name: str, config_path: Path, environment: Mapping[str, str], pass_fds: Sequence[int] = ()
    ) -> "Child":
        """Start it, in a session of its own: a Ctrl-C at the terminal reaches it through the supervisor alone."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            f"bailiwick.{name}",
            str(config_path),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            env=dict(environment),
            pass_fds=pass_fds,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        return cls(name, process)

    async def ready(self) -> str:
        """Wait for its ready line; what stands behind the word.

        Raises:
            StartError: if it ends, or is not ready in time.
        """
        assert self.process.stdout is not None
        try:
            async with asyncio.timeout(START_S):
                while line := await self.process.stdout.readline():
                    word, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
                    if word == "ready":
                        return rest
        except TimeoutError:
            raise StartError(f"the {self.name} process was not ready within {START_S:.0f} s") from None
        raise StartError(f"the {self.name} process ended with code {await self.process.wait()}; its log says why")

    async def stop(self, patience_s: float) -> int:
        """Ask it to end, and end it if it does not; its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(patience_s):
                return await self._gone()
        except TimeoutError:
            self.process.kill()
            return await self._gone()

    async def _gone(self) -> int:
        assert self.process.stdout is not None
        while await self.process.stdout.read(1 << 16):
            pass  # a full pipe would keep it from ending
        return await self.process.wait()


_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """For a child, before it begins: be asked to end when its parent is gone, even by SIGKILL. Linux alone can."""
    # Between fork and exec: only a system call, nothing that takes a lock.
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


@final
class Supervisor:
    """Keeps the two processes together."""

    def __init__(self, config: Config, config_path: Path, say: Say) -> None:
        self._config = config
        self._path = config_path
        self._say = say
        self._children: list[Child] = []
        self._ended = asyncio.Event()

    async def run(self, passphrase: Secret | None) -> int:
        """Run both until a signal comes or one of them ends; the exit code."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ended.set)
        starting = asyncio.create_task(self._start(passphrase))
        asked = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait({starting, asked}, return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                return 0
            self._say(await starting)
            return await self._watch(asked)
        except StartError as error:
            self._say(str(error))
            return 1
        finally:
            starting.cancel()
            asked.cancel()
            await asyncio.gather(starting, asked, return_exceptions=True)
            await self._stop()

    async def _start(self, passphrase: Secret | None) -> str:
        environment = dict(os.environ)
        gateway = await self._start_gateway(environment, passphrase)
        serving = await gateway.ready()
        environment.pop(self._config.vault.variable, None)  # the control process has no business with the vault's key
        environment.pop("CREDENTIALS_DIRECTORY", None)
        control = await Child.start("authority", self._path, environment)
        self._children.append(control)
        await control.ready()
        scheme = "https" if self._config.gateway.tls_certificate else "http"
        notify("READY=1\nSTATUS=serving")
        return f"serving {scheme}://{serving}"

    async def _start_gateway(self, environment: Mapping[str, str], passphrase: Secret | None) -> Child:
        if passphrase is None:
            child = await Child.start("gateway", self._path, environment)
        else:
            reading, writing = os.pipe()
            try:
                os.write(writing, passphrase.reveal())  # at most 4096 bytes: a pipe takes them without a reader
                os.close(writing)
                child = await Child.start(
                    "gateway", self._path, {**environment, PASSPHRASE_PIPE: str(reading)}, pass_fds=(reading,)
                )
            finally:
                os.close(reading)
        self._children.append(child)
        return child

    async def _watch(self, asked: "asyncio.Task[bool]") -> int:
        waits = {asyncio.create_task(child.process.wait(), name=child.name) for child in self._children}
        heart = asyncio.create_task(self._beat())
        try:
            done, _ = await asyncio.wait({asked, *waits}, return_when=asyncio.FIRST_COMPLETED)
            for wait in waits & done:
                self._say(f"the {wait.get_name()} process ended by itself; ending the other")
            return 1 if waits & done else 0
        finally:
            for task in (heart, *waits):
                task.cancel()
            await asyncio.gather(heart, *waits, return_exceptions=True)

    async def _beat(self) -> None:
        """Tell systemd that both processes answer. A gateway that refuses everything still lives: its health says so,
        and a restart would not give it its disk back."""
        every = watchdog_s()
        if every is None:
            return
        client = AsyncClient(self._config.control_socket, timeout_s=every / 2)
        while True:
            try:
                health = await client.ask(Status())
            except LinkError:
                await asyncio.sleep(every / 10)  # there is time for a few more tries before systemd acts
                continue
            state = "serving" if health.ready else f"not serving: {health.detail}"
            notify(f"WATCHDOG=1\nSTATUS={state}")
            await asyncio.sleep(every)

    async def _stop(self) -> None:
        notify("STOPPING=1")
        for child in reversed(self._children):  # control first, so that nobody acts on a gateway that is going
            await child.stop(self._config.gateway.shutdown_s + STOP_S)


def up(config: Config, config_path: Path, say: Say, passphrase: Secret | None = None) -> int:
    """Run until a signal comes or a process ends; the exit code: 0 if asked to end, else 1."""

    harden_process()  # a passphrase may be in its memory

    async def run() -> int:
        return await Supervisor(config, config_path, say).run(passphrase)

    return asyncio.run(run())
