"""The tree against the published vectors of RFC 6962, and its proofs at every size."""

from hashlib import sha256

import pytest

from bailiwick.journal import merkle
from bailiwick.journal.verify_proof import ProofError, leaf_hash, root_of_inclusion

# The eight leaves and roots with which Certificate Transparency implementations test themselves.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    bytes.fromhex(text)
    for text in (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    )
]
SUBTREE = merkle.over([leaf_hash(leaf) for leaf in LEAVES])
MOST = 70


def hexes(*texts: str) -> list[bytes]:
    """Hashes from their hexadecimal form."""
    return [bytes.fromhex(text) for text in texts]


def leaves(count: int) -> list[bytes]:
    """Leaf hashes of a made-up log."""
    return [leaf_hash(b"%d" % number) for number in range(count)]


def plain_root(hashes: list[bytes]) -> bytes:
    """The definition of RFC 6962, section 2.1, word for word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return sha256(b"\x01" + plain_root(hashes[:split]) + plain_root(hashes[split:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_of_the_published_vectors(size: int) -> None:
    """The first n of the eight well-known leaves have the well-known root."""
    assert merkle.root(size, SUBTREE) == ROOTS[size - 1]


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    """RFC 6962: the root of an empty tree is SHA-256 of the empty string."""
    assert merkle.root(0, SUBTREE).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_an_inclusion_path_is_that_of_the_published_vectors() -> None:
    """The path of leaf 5 in the tree of eight is the well-known one."""
    expected = hexes(
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    )
    assert merkle.inclusion(5, 8, SUBTREE) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            6,
            8,
            hexes(
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ),
        ),
        (
            2,
            5,
            hexes(
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ),
        ),
    ],
)
def test_a_consistency_proof_is_that_of_the_published_vectors(old: int, new: int, expected: list[bytes]) -> None:
    """The proofs from 6 to 8 and from 2 to 5 leaves are the well-known ones."""
    assert merkle.consistency(old, new, SUBTREE) == expected
    merkle.check_consistency(old, new, ROOTS[old - 1], ROOTS[new - 1], expected)


@pytest.mark.parametrize("size", range(1, MOST + 1))
def test_every_leaf_of_every_size_has_a_path_to_the_root(size: int) -> None:
    """For all sizes up to 70, each leaf's path leads to the root by definition, and from no other place."""
    hashes = leaves(size)
    subtree, root = merkle.over(hashes), plain_root(hashes)
    assert merkle.root(size, subtree) == root
    for position in range(size):
        path = merkle.inclusion(position, size, subtree)
        assert root_of_inclusion(position, size, hashes[position], path) == root
        assert root_of_inclusion(position, size, leaf_hash(b"other"), path) != root


@pytest.mark.parametrize("new", range(1, MOST + 1))
def test_every_smaller_tree_is_proved_to_be_the_beginning(new: int) -> None:
    """For all pairs of sizes up to 70 the proof holds; against a changed older root it does not."""
    hashes = leaves(new)
    subtree, root = merkle.over(hashes), plain_root(hashes)
    for old in range(new + 1):
        proof = merkle.consistency(old, new, subtree)
        merkle.check_consistency(old, new, plain_root(hashes[:old]), root, proof)
        with pytest.raises(ProofError):
            merkle.check_consistency(old, new, leaf_hash(b"other"), root, proof)


def test_a_path_of_the_wrong_length_or_place_is_refused() -> None:
    """A path that is too short, too long, or for a position outside of the tree proves nothing."""
    path = merkle.inclusion(5, 8, SUBTREE)
    leaf = leaf_hash(LEAVES[5])
    for position, size, wrong in ((5, 8, path[:-1]), (5, 8, [*path, path[0]]), (8, 8, path), (-1, 8, path)):
        with pytest.raises(ProofError):
            root_of_inclusion(position, size, leaf, wrong)
    with pytest.raises(ValueError, match="outside"):
        merkle.inclusion(8, 8, SUBTREE)


def test_a_consistency_proof_with_a_changed_hash_is_refused() -> None:
    """Changing, dropping or adding any hash of a consistency proof makes it fail."""
    proof = merkle.consistency(6, 8, SUBTREE)
    wrongs = [[*proof[:at], leaf_hash(b"x"), *proof[at + 1 :]] for at in range(len(proof))]
    for wrong in [*wrongs, proof[:-1], [*proof, proof[0]], []]:
        with pytest.raises(ProofError):
            merkle.check_consistency(6, 8, ROOTS[5], ROOTS[7], wrong)
