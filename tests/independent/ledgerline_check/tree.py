"""Trees of section 3: RFC 6962 roots and opening proofs."""

import hashlib
from bisect import bisect_left

EMPTY = hashlib.sha256(b"").digest()


def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_hash(data):
    return sha256(b"\0" + data)


def node_hash(left, right):
    return sha256(b"\1" + left + right)


def levels(leaves):
    """All levels of the tree over leaf hashes; an odd last node moves up as it is.

    Node i of level k is the root of the leaves [i * 2^k, (i + 1) * 2^k), cut at the end, which is
    the same as the split at the largest power of two of RFC 6962.
    """
    out = [list(leaves)]
    while len(out[-1]) > 1:
        below = out[-1]
        above = [node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
        if len(below) % 2:
            above.append(below[-1])
        out.append(above)
    return out


def root(leaves):
    return levels(leaves)[-1][0] if leaves else EMPTY


def split(size):
    """The largest power of two smaller than size."""
    return 1 << ((size - 1).bit_length() - 1)


def prove(leaves, opened, built=None):
    """Opening proof for a sorted list of opened positions; `built` = levels(leaves) if known."""
    proof = []
    built = built or levels(leaves)

    def walk(low, high):
        if bisect_left(opened, low) == bisect_left(opened, high):
            height = (high - low - 1).bit_length()
            proof.append(built[height][low >> height])
        elif high - low > 1:
            middle = low + split(high - low)
            walk(low, middle)
            walk(middle, high)

    if leaves:
        walk(0, len(leaves))
    return proof


class ProofError(Exception):
    """An opening proof that does not fit its tree."""


def opened_root(size, opened, proof):
    """The root that an opening proof leads to. `opened`: sorted list of (position, leaf hash)."""
    positions = [position for position, _ in opened]
    if any(a >= b for a, b in zip(positions, positions[1:])):
        raise ProofError("opened positions are not ascending")
    if positions and positions[-1] >= size:
        raise ProofError(f"position {positions[-1]} is not in a tree of {size}")
    used = 0

    def walk(low, high):
        nonlocal used
        first = bisect_left(positions, low)
        if first == bisect_left(positions, high):
            if used == len(proof):
                raise ProofError("the proof has too few hashes")
            used += 1
            return proof[used - 1]
        if high - low == 1:
            return opened[first][1]
        middle = low + split(high - low)
        left = walk(low, middle)
        return node_hash(left, walk(middle, high))

    result = walk(0, size) if size else EMPTY
    if used != len(proof):
        raise ProofError(f"the proof has {len(proof) - used} hashes too many")
    return result
