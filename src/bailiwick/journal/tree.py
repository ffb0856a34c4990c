"""The growing tree, and its tiles on disk (C2SP tlog-tiles).

A tile is up to 256 hashes: leaf hashes at level 0, roots of full tiles of the level below above that. Full tiles are
written at checkpoints, beside the hot path, partial ones when a checkpoint is published (see :mod:`.keeper`). They can
always be made again from the segments; so they are not flushed.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from bailiwick.journal import merkle
from bailiwick.journal.verify_proof import node_hash

HASH_BYTES = 32
TILE_HASHES = 256
TILE_HEIGHT = 8
TILE_BYTES = TILE_HASHES * HASH_BYTES


def tile_path(level: int, index: int, width: int = TILE_HASHES) -> str:
    """The path of a tile below the log: ``tile/0/x001/x234/067`` or, if partial, ``tile/0/000.p/7``."""
    parts = [f"{index % 1000:03d}"]
    while index >= 1000:
        index //= 1000
        parts.append(f"x{index % 1000:03d}")
    name = "/".join(reversed(parts))
    return f"tile/{level}/{name}" if width == TILE_HASHES else f"tile/{level}/{name}.p/{width}"


class Tree:
    """The right edge of the tree: what is needed to append, to state the root, and to write the next tiles.

    Not thread-safe: the caller holds its lock.
    """

    def __init__(self) -> None:
        self.size = 0
        self._stack: list[bytes] = []  # roots of complete subtrees, of falling height
        self._edge: list[bytearray] = [bytearray()]  # by level: the hashes of the partial tile
        self._finished: list[tuple[int, int, bytes]] = []  # level, index, hashes of tiles not yet taken

    def push(self, digests: Sequence[bytes]) -> None:
        """Append entries, given as their digests: SHA-256(salt ‖ record)."""
        self.push_leaves([sha256(b"\x00" + digest).digest() for digest in digests])

    def push_leaves(self, leaves: Sequence[bytes]) -> None:
        """Append entries, given as their leaf hashes."""
        stack, size = self._stack, self.size
        edge = self._edge[0]
        for leaf in leaves:
            edge += leaf
            node = leaf
            height, ones = 0, size
            while ones & 1:
                node = sha256(b"\x01" + stack.pop() + node).digest()
                ones >>= 1
                height += 1
                if height % TILE_HEIGHT == 0:
                    self._finish(height // TILE_HEIGHT, size, node)
            stack.append(node)
            size += 1
        self.size = size

    def _finish(self, level: int, last: int, node: bytes) -> None:
        """The tile below ``level`` is full, with the leaf ``last``, and its root is ``node``."""
        below = self._edge[level - 1]
        self._finished.append((level - 1, last >> (TILE_HEIGHT * level), bytes(below)))
        below.clear()
        if level == len(self._edge):
            self._edge.append(bytearray())
        self._edge[level] += node

    def root(self) -> bytes:
        """The root of the tree as it is."""
        return merkle.fold(self._stack)

    def finished(self) -> list[tuple[int, int, bytes]]:
        """The full tiles (level, index, hashes) that were finished and not yet dropped."""
        return list(self._finished)

    def drop(self, count: int) -> None:
        """Forget the first finished tiles: they are written."""
        del self._finished[:count]

    def partial(self) -> list[tuple[int, int, bytes]]:
        """The partial tiles (level, index, hashes) at the right edge."""
        return [
            (level, self.size >> (TILE_HEIGHT * (level + 1)), bytes(hashes))
            for level, hashes in enumerate(self._edge)
            if hashes
        ]

    @classmethod
    def from_tiles(cls, size: int, read: Callable[[int, int, int], bytes]) -> "Tree":
        """The tree of a size, from the partial tiles at its edge.

        Args:
            size: the number of leaves.
            read: gives the hashes of a tile by level, index and width.

        Raises:
            ValueError: if a tile has not its width.
        """
        tree = cls()
        tree.size = size
        level = 0
        while (count := size >> (TILE_HEIGHT * level)) > 0:
            width = count % TILE_HASHES
            hashes = read(level, count // TILE_HASHES, width) if width else b""
            if len(hashes) != width * HASH_BYTES:
                raise ValueError(f"tile {tile_path(level, count // TILE_HASHES, width)} has not its width")
            if level == len(tree._edge):
                tree._edge.append(bytearray())
            tree._edge[level] += hashes
            level += 1
        tree._stack = [tree._subtree(height, index) for height, index in merkle.complete(0, size)]
        return tree

    def _subtree(self, height: int, index: int) -> bytes:
        """The root of a complete subtree that lies in a partial tile of the edge."""
        level, inner = divmod(height, TILE_HEIGHT)
        first = (index << inner) % TILE_HASHES
        edge = self._edge[level]
        return pyramid([bytes(edge[at * 32 : at * 32 + 32]) for at in range(first, first + (1 << inner))])


def pyramid(nodes: list[bytes]) -> bytes:
    """The root over a power of two of neighbouring hashes."""
    while len(nodes) > 1:
        nodes = [node_hash(nodes[at], nodes[at + 1]) for at in range(0, len(nodes), 2)]
    return nodes[0]


class Tiles:
    """The tiles below a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read: tuple[tuple[int, int], bytes] | None = None  # the tile last read: proofs ask for neighbours

    def write(self, tiles: Sequence[tuple[int, int, bytes]]) -> None:
        """Write tiles; a full one takes the place of its partial forms."""
        for level, index, hashes in tiles:
            width = len(hashes) // HASH_BYTES
            path = f"{self._directory}/{tile_path(level, index, width)}"
            _write(path, hashes)
            if width == TILE_HASHES and Path(f"{path}.p").is_dir():
                shutil.rmtree(f"{path}.p")

    def read(self, level: int, index: int, width: int) -> bytes:
        """The first ``width`` hashes of a tile, from its full form where there is one.

        Raises:
            FileNotFoundError: if the tile is in no form there.
        """
        full = self._directory / tile_path(level, index)
        path = full if width == TILE_HASHES or full.exists() else self._directory / tile_path(level, index, width)
        return path.read_bytes()[: width * HASH_BYTES]

    def leaves(self, size: int) -> Iterator[bytes]:
        """The leaf hashes of a tree of this size, in order.

        Raises:
            FileNotFoundError: if a tile is missing.
        """
        for first in range(0, size, TILE_HASHES):
            hashes = self.read(0, first // TILE_HASHES, min(TILE_HASHES, size - first))
            yield from (hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES))

    def subtree(self, size: int) -> merkle.Subtree:
        """The complete subtrees of a tree of this size, for proofs."""

        def subtree(height: int, index: int) -> bytes:
            level, inner = divmod(height, TILE_HEIGHT)
            tile, first = divmod(index << inner, TILE_HASHES)
            width = min(TILE_HASHES, (size >> (TILE_HEIGHT * level)) - tile * TILE_HASHES)
            if self._read is None or self._read[0] != (level, tile) or len(self._read[1]) < width * HASH_BYTES:
                self._read = (level, tile), self.read(level, tile, width)
            hashes = self._read[1]
            return pyramid([hashes[at * 32 : at * 32 + 32] for at in range(first, first + (1 << inner))])

        return subtree


def _write(path: str, hashes: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, flags, 0o600)
    try:
        os.write(descriptor, hashes)
    finally:
        os.close(descriptor)
