"""Snapshots of the state that the records lead to, so that a start reads only the tail."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from struct import Struct

from bailiwick.files import replace_durably

DIRECTORY = "snapshots"
_HEAD = Struct("<16sQQQ32s")
_MAGIC = b"bailiwick-snapsh"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state and the place in the journal that it stands for."""

    position: int  # the state covers the records before this position
    note: int  # position of the SnapshotNote that vouches for it
    state: bytes
    digest: str  # SHA-256 of the state, as its note has it


def write(directory: Path, snapshot: Snapshot, keep: int) -> Path:
    """Write a snapshot so that it is whole or not there, and drop all but the newest ``keep``."""
    head = _HEAD.pack(_MAGIC, snapshot.position, snapshot.note, len(snapshot.state), bytes.fromhex(snapshot.digest))
    path = directory / DIRECTORY / f"{snapshot.position:016d}.snap"
    replace_durably(path, head + sha256(head).digest() + snapshot.state)
    for old in listed(directory)[keep:]:
        old.unlink()
    return path


def listed(directory: Path) -> list[Path]:
    """The snapshot files, the newest first."""
    return sorted((directory / DIRECTORY).glob("*.snap"), reverse=True)


def read(path: Path) -> Snapshot | None:
    """The snapshot in a file, or None if the file is damaged."""
    data = path.read_bytes()
    if len(data) < _HEAD.size + 32:
        return None
    magic, position, note, length, digest = _HEAD.unpack_from(data)
    state = data[_HEAD.size + 32 :]
    right = (
        magic == _MAGIC
        and sha256(data[: _HEAD.size]).digest() == data[_HEAD.size : _HEAD.size + 32]
        and len(state) == length
        and sha256(state).digest() == digest
        and path.stem == f"{position:016d}"
    )
    return Snapshot(position, note, state, digest.hex()) if right else None
