"""sample.json: which plays of a cell are opened, section 11."""

from ledgerline_check import bundle, notes, tree

DESCRIPTION = ("Sampled positions of a cell: run note text and checkpoint text of `texts`, the cell's number, position of its "
               "first play, number of plays, nonce in hex -> positions. Hashes of the texts and the seed stand beside.")
SOURCE = "docs/format.md section 11, events"


def seed(cell, note, checkpoint, nonce):
    return tree.sha256(b"ledgerline/sample/v1" + b"\x0a" + tree.sha256(note.encode()) + tree.sha256(checkpoint.encode())
                       + cell.to_bytes(8, "big") + nonce)


def make():
    note, checkpoint = "a run note's text\n", notes.checkpoint_text("example.com/log", 9, tree.sha256(b"root"))
    cases = []
    for number, plays in enumerate([1, 2, 3, 63, 64, 65, 127, 128, 129, 255, 256, 1000, 4096, 65_535, 3_000_000, 2**32, 2**40 + 1]):
        for cell, first, nonce in ((0, 0, b""), (number + 7, 10**6 + number, b"\0"), (2**40, 2**41, bytes(range(number + 1)))):
            picked = bundle.sample(cell, first, plays, note, checkpoint, nonce)
            count = min(plays, max(1, len(f"{plays:b}") - 6))
            assert len(set(picked)) == count and picked == sorted(picked)
            assert all(first + plays * t // count <= p < first + plays * (t + 1) // count for t, p in enumerate(picked))
            cases.append({"cell": cell, "first": first, "plays": plays, "nonce": nonce.hex(),
                          "seed": seed(cell, note, checkpoint, nonce).hex(), "positions": picked})
    return {"texts": {"run_note": note, "checkpoint": checkpoint, "run_note_hash": tree.sha256(note.encode()).hex(),
                      "checkpoint_hash": tree.sha256(checkpoint.encode()).hex()}, "samples": cases}
