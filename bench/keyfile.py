"""Key files: one HMAC key a line, its id, a tab and its secret."""

import hashlib
import random
from collections.abc import Iterable
from itertools import islice
from pathlib import Path


def write(path: Path, keys: Iterable[tuple[str, str]]) -> None:
    """Write (id, secret) pairs to a key file that only its owner can read."""
    path.touch(mode=0o600)
    with path.open("w") as out:
        out.writelines(f"{key}\t{secret}\n" for key, secret in keys)


def demonstration(count: int) -> Iterable[tuple[str, str]]:
    """Keys for the peers, which accept whatever file they are given; no real gateway knows them."""
    for number in range(count):
        yield hashlib.sha256(b"key %d" % number).hexdigest(), hashlib.sha256(b"secret %d" % number).hexdigest()


def sample(source: Path, target: Path, count: int, seed: int = 1) -> None:
    """Copy `count` keys of a file, drawn over the whole of it, to another file."""
    with source.open() as lines:
        total = sum(1 for _ in lines)
    chosen = sorted(random.Random(seed).sample(range(total), min(count, total)))
    target.touch(mode=0o600)
    with source.open() as lines, target.open("w") as out:
        passed = 0
        for place in chosen:
            out.writelines(islice(lines, place - passed, place - passed + 1))
            passed = place + 1
