"""The optional compiled build of the same source."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SELECTION = (
    "tests/venues",
    "tests/rules",
    "tests/journal",
    "tests/gateway/test_framing.py",
    "tests/gateway/test_upstream.py",
)
# These put something else in the place of a part that is compiled, which only Python that is not compiled allows.
REPLACING = "test_a_batch_wakes_the_loop_once"


def script() -> ModuleType:
    """The script behind ``make compiled``."""
    spec = importlib.util.spec_from_file_location("compile_hot", ROOT / "scripts" / "compile_hot.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_hot_module_is_there() -> None:
    """The list of modules to compile names files that exist, each once."""
    hot = script().HOT
    assert [path for path in hot if not (ROOT / "src" / "bailiwick" / path).is_file()] == []
    assert len(set(hot)) == len(hot)


def test_without_a_compiler_nothing_is_done(tmp_path: Path) -> None:
    """Without a compiler it says what is missing, makes nothing and ends without an error."""
    target = tmp_path / "compiled"
    command = [sys.executable, str(ROOT / "scripts" / "compile_hot.py"), "--target", str(target)]
    ran = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "CC": "no-such-compiler"})
    assert (ran.returncode, "no-such-compiler is not found" in ran.stdout, target.exists()) == (0, True, False)


@pytest.mark.slow
def test_the_compiled_build_passes_the_same_tests(tmp_path: Path) -> None:
    """Compiled, the dialect, the rules, the journal and the framing pass the tests that they pass in Python."""
    build = script()
    if lacking := build.missing():
        pytest.skip(f"nothing can be compiled here; it needs {lacking}")
    target = tmp_path / "compiled"
    build.build(target)
    environment = {**os.environ, "PYTHONPATH": str(target)}
    where = "import bailiwick.rules.decide as decide; print(decide.__file__)"
    ran = subprocess.run([sys.executable, "-c", where], capture_output=True, text=True, env=environment)
    assert ran.stdout.startswith(f"{target}/bailiwick/rules/decide.") and ran.stdout.strip().endswith(".so")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        "not slow",
        "-k",
        f"not {REPLACING}",
        "-p",
        "no:cacheprovider",
    ]
    ran = subprocess.run([*command, *SELECTION], cwd=ROOT, capture_output=True, text=True, env=environment)
    assert ran.returncode == 0, ran.stdout[-4000:]
