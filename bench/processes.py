"""Processes under measurement: started on a core of their own, weighed with all that they start, and ended."""

import contextlib
import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
EXCHANGE_PORT = 9100


def cores() -> tuple[str, str]:
    """The core for the process under measurement, and the one for the load and the stub exchange."""
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        sys.exit("the bench needs two cores: one for the gateway, one for the load and the stub exchange")
    return str(usable[0]), str(usable[1])


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += family(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    """Processor time that the living threads of a process and its family have used; nanosecond counters."""
    used = 0
    for member in family(pid):
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{member}/task").iterdir():
                used += int((task / "schedstat").read_text().split()[0])
    return used / 1e9


def resident_mib(pid: int) -> float:
    """Resident memory of a process and its family, MiB; shared pages count in each."""
    kib = 0
    for member in family(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{member}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    kib += int(line.split()[1])
    return kib / 1024


def answers(port: int) -> bool:
    """Whether something on this port of the loopback answers HTTP, with any status at all."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/api/v3/ping")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def spawn(
    command: list[str], core: str, port: int, log: Path, *, env: Mapping[str, str] | None = None, patience: float = 60
) -> subprocess.Popen[bytes]:
    """Start a server on a core and wait until it answers on its port.

    Ends the program, showing the tail of the log, where the port is taken, the server ends, or nothing answers
    within `patience` seconds.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            sys.exit(f"port {port} is in use: end what listens there, or wait for the other bench to finish")
    with log.open("wb") as out:
        process = subprocess.Popen(
            ["taskset", "-c", core, *command], stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **(env or {})}
        )
    end = time.monotonic() + patience
    while not answers(port):
        if process.poll() is not None or time.monotonic() > end:
            stop(process)
            sys.exit(
                f"{command[0]} does not answer on port {port}; it said:\n{log.read_text(errors='replace')[-2000:]}"
            )
        time.sleep(0.005)
    return process


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a process to end, and after 8 s make it and its family end."""
    members = family(process.pid)
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(8)
    kill(members)
    process.wait()


def kill(members: list[int]) -> None:
    """End processes at once, without their say, and wait until they hold nothing any more."""
    for member in members:
        with contextlib.suppress(ProcessLookupError):
            os.kill(member, signal.SIGKILL)
    while any(lives(member) for member in members):
        time.sleep(0.001)


def lives(pid: int) -> bool:
    """Whether a process still has memory and sockets; one that has not been waited for has neither.

    The first thread may be gone while another still waits for the disk, and what they share is there until it ends.
    """
    try:
        if len(list(Path(f"/proc/{pid}/task").iterdir())) > 1:
            return True
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def nginx(directory: Path, configuration: str) -> list[str]:
    """The command for an nginx that keeps everything it writes in a directory which holds its configuration."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    return [program, "-p", f"{directory}/", "-e", "error.log", "-c", str(directory / configuration)]


@contextmanager
def exchange(run: Path, record: str = "access_log off;") -> Iterator[None]:
    """The stub exchange on its port while the block runs; `record` is nginx configuration for what it writes down."""
    directory = run / "exchange"
    shutil.copytree(HERE / "exchange", directory)
    (directory / "record.conf").write_text(record)
    process = spawn(nginx(directory, "nginx.conf"), cores()[1], EXCHANGE_PORT, run / "exchange.log")
    try:
        yield
    finally:
        stop(process)
