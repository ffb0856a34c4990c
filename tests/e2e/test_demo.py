"""The demonstration runs by itself, is right, and leaves nothing behind."""

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bailiwick.demo import environment
from bailiwick.demo.environment import Unavailable, python_of

DEMO_S = 180


@pytest.mark.clients
def test_the_demonstration_ends_by_itself_and_leaves_nothing(tmp_path: Path) -> None:
    """It shows every denial with its one true reason, verifies the journal, ends with 0; no process or file stays."""
    try:
        python_of("ccxt")
    except Unavailable as error:
        pytest.skip(f"ccxt cannot be installed here: {error}")
    done = subprocess.run(
        [sys.executable, "-m", "bailiwick.demo"],
        capture_output=True,
        text=True,
        timeout=DEMO_S,
        env={"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin", "COLUMNS": "160"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    denials = re.findall(r"✘ denied .*  ([A-Z_]+)$", done.stdout, re.MULTILINE)
    assert denials == [
        "SYMBOL_NOT_GRANTED",
        "ORDER_NOTIONAL",
        "BAND_NEAR",
        "CAPABILITY_NOT_GRANTED",
        "ADDRESS_FOREIGN",
        "REPLAYED",
        "SIGNATURE_WRONG",
        "DAY_NOTIONAL",
    ]
    assert "journal verified" in done.stdout
    (config,) = set(re.findall(r"\S+/bailiwick\.toml", done.stdout))
    assert list(tmp_path.iterdir()) == []
    assert not Path(config).parent.exists()
    assert running_with(Path(config).parent.name) == []


@pytest.mark.clients
def test_an_impatient_person_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C, and again before the first has ended everything: no process, no file, and no traceback stays."""
    demo = subprocess.Popen(
        [sys.executable, "-m", "bailiwick.demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin", "COLUMNS": "160", "PYTHONUNBUFFERED": "1"},
    )
    assert demo.stdout is not None
    with demo.stdout:
        said = ""
        for line in demo.stdout:
            said += line
            if "gateway at" in line or "cannot be installed" in line:
                break
        if "cannot be installed" in said:
            demo.wait(DEMO_S)
            pytest.skip("ccxt cannot be installed here")
        demo.send_signal(signal.SIGINT)
        (config,) = set(re.findall(r"\S+/bailiwick\.toml", said))
        assert Path(config).exists()
        while demo.poll() is None:
            demo.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                demo.wait(0.05)
        said += demo.stdout.read()
    assert (demo.returncode, "Traceback" in said) == (130, False), said
    assert not Path(config).parent.exists()
    assert running_with(Path(config).parent.name) == []


@pytest.mark.clients
def test_a_closed_terminal_ends_a_demonstration_that_stays(tmp_path: Path) -> None:
    """Where the terminal goes and no signal comes, as below make, the demonstration ends, and leaves nothing."""
    ours, terminal = os.openpty()
    demo = subprocess.Popen(
        [sys.executable, "-m", "bailiwick.demo", "--stay"],
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=terminal,
        env={"TMPDIR": str(tmp_path), "PATH": "/usr/bin:/bin", "COLUMNS": "160"},
    )
    os.close(terminal)
    said = ""
    try:
        while "bailiwick doctor" not in said and "cannot be installed" not in said:
            said += os.read(ours, 4096).decode(errors="replace")
    finally:
        os.close(ours)
        demo.wait(DEMO_S)
    if "cannot be installed" in said:
        pytest.skip("ccxt cannot be installed here")
    (config,) = set(re.findall(r"\S+/bailiwick\.toml", said))
    assert (list(tmp_path.iterdir()), running_with(Path(config).parent.name)) == ([], [])


def running_with(text: str) -> list[str]:
    """The command lines of processes that name a text."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = place.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it ended just now
        if text in line:
            found.append(line)
    return found


def test_a_client_that_cannot_be_had_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a client's packages cannot be installed, the failure says which command failed and how."""
    monkeypatch.setattr(environment, "CHECKOUT", tmp_path)
    locked = tmp_path / "requirements" / "clients"
    locked.mkdir(parents=True)
    (locked / "ccxt.txt").write_text(f"no-such-client==1.0 --hash=sha256:{'0' * 64}\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(Unavailable, match=r"pip install .*failed:\n.*no-such-client"):
        python_of("ccxt")
    with pytest.raises(Unavailable, match=r"other\.txt is missing; run this from a checkout"):
        python_of("other")
