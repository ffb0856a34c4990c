"""``bailiwick scan``: secrets of Bailiwick in a tree of files. It asks nothing that runs, and sends nothing."""

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bailiwick.cli.exits import Exit, Stop
from bailiwick.cli.output import print_json, remark, say
from bailiwick.model import leaked
from bailiwick.model.leaked import Sort, find

CHUNK_BYTES = 1 << 20
OVERLAP_BYTES = 256  # longer than any word that is looked for
SHOWN_CHARS = 8


@dataclass(frozen=True)
class Seen:
    """Something that was found. ``shown`` is its beginning, which is enough to find it and too little to use it."""

    path: str
    line: int
    sort: str
    shown: str


def scan(
    path: Annotated[Path | None, Parameter()] = None,
    /,
    *,
    gitleaks_rule: Annotated[bool, Parameter(negative="")] = False,
    ids: Annotated[bool, Parameter(negative="")] = False,
    max_mib: int = 64,
    json: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Find secrets of Bailiwick in a file or a tree, ignored and binary files among them; exit code 7 if there are any.

    Example: bailiwick scan ~/bots

    Parameters
    ----------
    path: Path
        Where to look; here, if it is left out.
    gitleaks_rule: bool
        Print a rule for gitleaks instead.
    ids: bool
        Key ids too. They are no secrets: they stand in headers and logs.
    max_mib: int
        Leave out files larger than so many MiB, and say so.
    json: bool
        Print JSON for a program.
    """
    if gitleaks_rule:
        sys.stdout.write(leaked.gitleaks_rule())
        return Exit.DONE
    root = path or Path()
    if not root.exists():
        raise Stop(f"{root}: there is no such file or directory", Exit.USAGE)
    if max_mib < 1:
        raise Stop("--max-mib: at least 1", Exit.USAGE)
    left_out: list[str] = []
    found = [
        seen
        for file in files(root, left_out, max_mib << 20)
        for seen in seen_in(file, left_out)
        if ids or seen.sort != Sort.KEY_ID
    ]
    if json:
        print_json({"found": [vars(each) for each in found], "left_out": left_out})
    else:
        for each in found:
            say(f"{each.path}:{each.line}: {each.sort} {each.shown}…")
        for each_left in left_out:
            remark(f"not looked at: {each_left}")
        if not found:
            remark("nothing was found")
    if any(each.sort != Sort.KEY_ID for each in found):
        if not json:
            remark("Whoever can read these files has the secrets: report them with `bailiwick leak report`.")
        return Exit.FOUND_ERRORS
    return Exit.DONE


def files(root: Path, left_out: list[str], most_bytes: int) -> Iterator[Path]:
    """Every regular file below a directory, in order. Links are not followed, so that no tree has a loop."""
    if root.is_file():
        yield from _fit(root, left_out, most_bytes)
        return

    def failed(error: OSError) -> None:
        left_out.append(f"{error.filename}: {error.strerror}")

    for directory, names, leaves in os.walk(root, onerror=failed):
        names.sort()
        for leaf in sorted(leaves):
            yield from _fit(Path(directory) / leaf, left_out, most_bytes)


def _fit(path: Path, left_out: list[str], most_bytes: int) -> Iterator[Path]:
    try:
        status = path.lstat()
    except OSError as error:
        left_out.append(f"{path}: {error.strerror}")
        return
    if not stat.S_ISREG(status.st_mode):
        return
    if status.st_size > most_bytes:
        left_out.append(f"{path}: {status.st_size >> 20} MiB; --max-mib has them looked at")
        return
    yield path


def seen_in(path: Path, left_out: list[str]) -> Iterator[Seen]:
    """What stands in a file, read in pieces that overlap, whatever its bytes mean."""
    line, kept, told = 1, b"", -1
    offset = 0  # of the first byte of ``kept``
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                text = kept + chunk
                last = len(chunk) < CHUNK_BYTES
                ends = len(text) if last else len(text) - OVERLAP_BYTES
                for each in find(text, private_keys=False):
                    if offset + each.at > told and each.at < ends:
                        told = offset + each.at
                        shown = each.text.reveal()[:SHOWN_CHARS].decode("ascii")
                        yield Seen(str(path), line + text.count(b"\n", 0, each.at), each.sort.value, shown)
                line += text.count(b"\n", 0, max(ends, 0))
                offset, kept = offset + max(ends, 0), text[max(ends, 0) :]
    except OSError as error:
        left_out.append(f"{path}: {error.strerror}")
