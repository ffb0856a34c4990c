"""The Merkle tree of RFC 6962, section 2.1, over leaf hashes: roots, paths and consistency proofs.

Proofs are made through a function that gives the root of a complete subtree, so that they can be made from a list
of leaves as well as from tiles on disk.
"""

from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256

from bailiwick.journal.verify_proof import ProofError, node_hash

Subtree = Callable[[int, int], bytes]
"""``(height, index) -> hash`` of the complete subtree over leaves ``[index << height, (index + 1) << height)``."""

EMPTY_ROOT = sha256(b"").digest()


def complete(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The complete subtrees, from the left, of the RFC's tree over leaves ``[begin, end)``.

    ``begin`` must be a multiple of the largest power of two below ``end - begin``, as all ranges of the RFC are.
    """
    while begin < end:
        height = (end - begin).bit_length() - 1
        yield height, begin >> height
        begin += 1 << height


def fold(hashes: Sequence[bytes]) -> bytes:
    """The root over complete subtrees of falling height, given from the left."""
    if not hashes:
        return EMPTY_ROOT
    node = hashes[-1]
    for left in hashes[-2::-1]:
        node = node_hash(left, node)
    return node


def root(size: int, subtree: Subtree) -> bytes:
    """The root of the tree over the first ``size`` leaves."""
    return _range(0, size, subtree)


def _range(begin: int, end: int, subtree: Subtree) -> bytes:
    return fold([subtree(height, index) for height, index in complete(begin, end)])


def inclusion(position: int, size: int, subtree: Subtree) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962, section 2.1.1: the hashes from the leaf's sibling up to the root's child."""
    if not 0 <= position < size:
        raise ValueError(f"position {position} is outside of a tree of {size}")
    path: list[bytes] = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if position < middle:
            path.append(_range(middle, end, subtree))
            end = middle
        else:
            path.append(_range(begin, middle, subtree))
            begin = middle
    return path[::-1]


def consistency(old: int, new: int, subtree: Subtree) -> list[bytes]:
    """PROOF(m, D[n]) of RFC 6962, section 2.1.2: that the first ``old`` leaves of the tree are unchanged."""
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} is not the beginning of a tree of {new}")
    if old in (0, new):
        return []
    proof: list[bytes] = []
    begin, end, whole = 0, new, True
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            proof.append(_range(middle, end, subtree))
            end = middle
        else:
            proof.append(_range(begin, middle, subtree))
            begin, whole = middle, False
    if not whole:
        proof.append(_range(begin, end, subtree))
    return proof[::-1]


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check a consistency proof (RFC 9162, section 2.1.4.2).

    Raises:
        ProofError: if the tree of size ``new`` does not begin with the tree of size ``old``.
    """
    if not 0 <= old <= new:
        raise ProofError(f"a tree of {old} is not the beginning of a tree of {new}")
    if old in (0, new):
        if proof or (old == new and old_root != new_root) or (old == 0 and old_root != EMPTY_ROOT):
            raise ProofError("the two trees are not consistent")
        return
    nodes = list(proof)
    if old & (old - 1) == 0:
        nodes.insert(0, old_root)
    if not nodes:
        raise ProofError("the consistency proof is too short")
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            raise ProofError("the consistency proof is too long")
        if place & 1 or place == last:
            before, after = node_hash(node, before), node_hash(node, after)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            after = node_hash(after, node)
        place, last = place >> 1, last >> 1
    if last != 0 or before != old_root or after != new_root:
        raise ProofError("the two trees are not consistent: records were changed, removed or put in between")


def over(leaves: Sequence[bytes]) -> Subtree:
    """The subtrees over a list of leaf hashes."""

    def subtree(height: int, index: int) -> bytes:
        nodes = list(leaves[index << height : (index + 1) << height])
        if len(nodes) != 1 << height:
            raise ValueError(f"no complete subtree of height {height} at {index}")
        while len(nodes) > 1:
            nodes = [node_hash(nodes[at], nodes[at + 1]) for at in range(0, len(nodes), 2)]
        return nodes[0]

    return subtree


def _split(count: int) -> int:
    """The largest power of two smaller than ``count``."""
    return 1 << ((count - 1).bit_length() - 1)
