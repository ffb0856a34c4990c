"""The growing tree and its tiles."""

from pathlib import Path

import pytest

from bailiwick.journal import merkle
from bailiwick.journal.tree import Tiles, Tree, tile_path
from bailiwick.journal.verify_proof import leaf_hash


def grown(size: int) -> Tree:
    """A tree over made-up digests."""
    tree = Tree()
    tree.push([b"%032d" % number for number in range(size)])
    return tree


@pytest.mark.parametrize(
    ("level", "index", "width", "expected"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        (1, 17, 3, "tile/1/017.p/3"),
        (2, 1000, 256, "tile/2/x001/000"),
    ],
)
def test_tile_paths_are_those_of_the_specification(level: int, index: int, width: int, expected: str) -> None:
    """Indexes are spelt in groups of three digits, partial tiles with their width."""
    assert tile_path(level, index, width) == expected


def test_the_tiles_of_seventy_thousand_leaves_are_those_of_the_specification() -> None:
    """The example of C2SP tlog-tiles: 273 full and one of 112 at level 0, one and one of 17, and one of 1."""
    tree = grown(70_000)
    full = [level for level, _, hashes in tree.finished() if len(hashes) == 8192]
    assert (full.count(0), full.count(1), len(full)) == (273, 1, 274)
    assert [(level, index, len(hashes) // 32) for level, index, hashes in tree.partial()] == [
        (0, 273, 112),
        (1, 1, 17),
        (2, 0, 1),
    ]


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 700, 65_536, 65_537])
def test_a_tree_from_its_tiles_is_the_tree_that_wrote_them(size: int, tmp_path: Path) -> None:
    """Root, further growth and proofs are the same after reading the edge back from tiles."""
    tree = grown(size)
    tiles = Tiles(tmp_path)
    tiles.write(tree.finished() + tree.partial())
    again = Tree.from_tiles(size, tiles.read)
    assert again.root() == tree.root()
    assert list(tiles.leaves(size)) == [leaf_hash(b"%032d" % number) for number in range(size)]
    assert merkle.root(size, tiles.subtree(size)) == tree.root()
    for more in (again, tree):
        more.push([b"%032d" % (size + number) for number in range(300)])
    assert again.root() == tree.root()
    assert again.partial() == tree.partial()


def test_a_full_tile_takes_the_place_of_its_partial_forms(tmp_path: Path) -> None:
    """Once a tile is full its partial forms are gone, and a smaller tree is still read from the full one."""
    tiles = Tiles(tmp_path)
    tiles.write(grown(200).partial())
    assert (tmp_path / "tile/0/000.p/200").exists()
    tree = grown(300)
    tiles.write(tree.finished() + tree.partial())
    assert not (tmp_path / "tile/0/000.p").exists()
    assert Tree.from_tiles(200, tiles.read).root() == grown(200).root()


def test_a_short_tile_is_not_taken_for_a_tile(tmp_path: Path) -> None:
    """A tile that was not written whole is refused."""
    tiles = Tiles(tmp_path)
    tiles.write(grown(200).partial())
    path = tmp_path / "tile/0/000.p/200"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="width"):
        Tree.from_tiles(200, tiles.read)
