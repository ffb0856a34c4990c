"""Compile the modules that every request passes through in a copy of the package: an optional build of one source.

    python scripts/compile_hot.py            # or: make compiled
    PYTHONPATH=build/compiled bailiwick up   # anything that imports bailiwick runs on it, the tests too

The copy stands in ``build/compiled``. Where there is no compiler, or no setuptools, this says so and does nothing.
"""

import argparse
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "bailiwick"

# What runs for every request and has work of its own to do. Left out are records that msgspec reads (the model,
# ``answerform``, ``tracked``): it goes by their annotations, which the compiler does not keep; and it is C already.
HOT = (
    "gateway/chronicle.py",
    "gateway/exchange.py",
    "gateway/framing.py",
    "gateway/parties.py",
    "gateway/pipeline.py",
    "gateway/dispatch.py",
    "gateway/settle.py",
    "gateway/server.py",
    "gateway/upstream.py",
    "gateway/weight.py",
    "journal/frame.py",
    "journal/log.py",
    "journal/tree.py",
    "journal/writer.py",
    "rules/band.py",
    "rules/budget.py",
    "rules/calendar.py",
    "rules/capability.py",
    "rules/case.py",
    "rules/decide.py",
    "rules/ledger.py",
    "rules/liquidity.py",
    "rules/market.py",
    "rules/netbuying.py",
    "rules/notional.py",
    "rules/owned.py",
    "rules/ownership.py",
    "rules/place.py",
    "rules/pricing.py",
    "rules/rate.py",
    "rules/replay.py",
    "rules/spending.py",
    "rules/state.py",
    "rules/straight.py",
    "rules/usage.py",
    "rules/winding.py",
    "rules/withdrawal.py",
    "venues/binance/answer.py",
    "venues/binance/clock.py",
    "venues/binance/compose.py",
    "venues/binance/countersign.py",
    "venues/binance/form.py",
    "venues/binance/parse.py",
    "venues/binance/signature.py",
    "venues/binance/values.py",
)

# Run where the copy is, so that the modules are found under their own names.
BUILD = """
import sys
from mypyc.build import mypycify
from setuptools import setup
modules = mypycify(["--config-file=", "--ignore-missing-imports", *sys.argv[1:]], opt_level="3", debug_level="0")
setup(name="bailiwick-hot", packages=[], ext_modules=modules, script_args=["-q", "build_ext", "--inplace"])
"""


def missing() -> str:
    """What the build needs and has not, in words; "" if nothing."""
    compiler = os.environ.get("CC", "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"a C compiler: {compiler} is not found (on Debian, apt-get install gcc; another is named by CC)"
    header = Path(__import__("sysconfig").get_path("include")) / "Python.h"
    if not header.exists():
        return f"the headers of this Python: {header} is not there (on Debian, apt-get install python3-dev)"
    for module in ("mypyc", "setuptools"):
        if importlib.util.find_spec(module) is None:
            package = "mypy" if module == "mypyc" else module
            return f"{module}: pip install {package} in the environment of {sys.executable}"
    return ""


def build(target: Path) -> None:
    """Copy the package and compile its hot modules beside their sources.

    Raises:
        subprocess.CalledProcessError: if they cannot be compiled; what was said is on standard error.
    """
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(SOURCE, target / "bailiwick", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    paths = [f"bailiwick/{path}" for path in HOT]
    subprocess.run([sys.executable, "-c", BUILD, *paths], cwd=target, check=True, env={**os.environ, "MYPYPATH": "."})
    shutil.rmtree(target / "build", ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", type=Path, default=ROOT / "build" / "compiled")
    args = parser.parse_args()
    if lacking := missing():
        print(f"nothing was compiled, and everything runs without it. It needs {lacking}.")
        return
    build(args.target)
    print(f"compiled: {len(HOT)} modules. To run on them: PYTHONPATH={args.target} bailiwick up")


if __name__ == "__main__":
    main()
