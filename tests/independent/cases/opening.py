"""opening.json: opening proofs of section 3."""

from dice import Dice
from ledgerline_check import tree

from .tree import leaves

DESCRIPTION = ("Opening proofs over the trees of tree.json: `opened` positions, hashes of the proof in order, root. "
               "`refused`: proofs that must not verify against their root.")
SOURCE = "docs/format.md section 3"


def shapes():
    dice = Dice("opening")
    yield 0, []
    for size in (1, 2, 3, 5, 7, 8, 13):
        yield size, []
        yield size, list(range(size))
        for position in range(size):
            yield size, [position]
    for size in (6, 9, 21, 64, 100):
        for _ in range(8):
            yield size, sorted({dice.below(size) for _ in range(dice.between(1, 8))})
        low = dice.below(size)
        yield size, list(range(low, dice.between(low + 1, size)))
    yield 1000, [0, 1, 2, 500, 501, 998, 999]
    yield 1000, list(range(250, 270))
    yield 70_001, [0, 65_535, 65_536, 70_000]


def case(size, opened, proof, root):
    return {"size": size, "opened": opened, "proof": [h.hex() for h in proof], "root": root.hex()}


def holds(size, opened, proof, root):
    hashes = leaves(size)
    try:
        return tree.opened_root(size, [(p, hashes[p]) for p in opened], proof) == root
    except tree.ProofError:
        return False


def make():
    good, bad = [], []
    for size, opened in shapes():
        hashes = leaves(size)
        proof, root = tree.prove(hashes, opened), tree.root(hashes)
        assert holds(size, opened, proof, root)
        good.append(case(size, opened, proof, root))
    for c in good[20:60:4]:
        size, opened, root = c["size"], c["opened"], bytes.fromhex(c["root"])
        proof = [bytes.fromhex(h) for h in c["proof"]]
        bad.append({"why": "one hash more", **case(size, opened, [*proof, root], root)})
        if proof:
            bad.append({"why": "one hash less", **case(size, opened, proof[:-1], root)})
            flipped = bytes([proof[0][0] ^ 1]) + proof[0][1:]
            bad.append({"why": "a changed hash", **case(size, opened, [flipped, *proof[1:]], root)})
        if len(proof) > 1 and proof[0] != proof[1]:
            bad.append({"why": "hashes swapped", **case(size, opened, [proof[1], proof[0], *proof[2:]], root)})
    bad.append({"why": "a hash for a tree without leaves", **case(0, [], [tree.EMPTY], tree.EMPTY)})
    bad.append({"why": "no hash where nothing is opened", **case(8, [], [], tree.root(leaves(8)))})
    assert not any(holds(c["size"], c["opened"], [bytes.fromhex(h) for h in c["proof"]], bytes.fromhex(c["root"]))
                   for c in bad)
    return {"good": good, "refused": bad}
