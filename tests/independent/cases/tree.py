"""tree.json: roots of section 3."""

from ledgerline_check import tree

DESCRIPTION = "Roots of trees whose leaf number i has the data i in decimal (ASCII): leaf hash = SHA-256(0x00 || data)."
SOURCE = "docs/format.md section 3, RFC 6962 section 2.1"


def leaves(size):
    return [tree.leaf_hash(str(i).encode()) for i in range(size)]


def naive_root(hashes):
    """The recursion of RFC 6962 as it stands there."""
    if len(hashes) < 2:
        return hashes[0] if hashes else tree.EMPTY
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    return tree.node_hash(naive_root(hashes[:half]), naive_root(hashes[half:]))


def make():
    out = []
    for size in [*range(71), 127, 128, 129, 255, 256, 257, 1000, 65_536, 70_001]:
        root = tree.root(leaves(size))
        assert root == naive_root(leaves(size))
        out.append({"size": size, "root": root.hex()})
    return out
