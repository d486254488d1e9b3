"""Vectors of C2SP formats for other implementations: tests/vectors/c2sp, described in its README.md.

Made from the specifications (signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof, tlog-tiles,
tlog-witness) with cryptography's Ed25519 and dilithium-py's ML-DSA-44, without the product's code.
"""

import base64
import json
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from dilithium_py.ml_dsa import ML_DSA_44

from ledgerline_check import notes, tree

SEED = b"TEST ONLY, never use: "
ORIGIN = "test-only.example/log"
OTHER_ORIGIN = "test-only.example/other-log"
WITNESSES = ("test-only.example/witness-1", "test-only.example/witness-2")
POST_QUANTUM = "test-only.example/witness-ml-dsa-44"
TIME = 1_767_225_600  # 2026-01-01T00:00:00Z

SMALL = (0, 1, 2, 255, 256, 257, 511, 512, 513)
LARGE = (65_535, 65_536, 65_537, 70_000)

NOTE, ED25519, ML_DSA = 0x01, 0x04, 0x06


class Key(NamedTuple):
    """A test key; its seed is SHA-256 of SEED, its type and its name."""

    name: str
    kind: int

    def seed(self):
        return tree.sha256(SEED + b"%02x " % self.kind + self.name.encode())

    def public(self):
        if self.kind == ML_DSA:
            return ML_DSA_44.key_derive(self.seed())[0]
        return Ed25519PrivateKey.from_private_bytes(self.seed()).public_key().public_bytes_raw()

    def id(self):
        return tree.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public())[:4]

    def vkey(self):
        return f"{self.name}+{self.id().hex()}+{notes.b64(bytes([self.kind]) + self.public())}"

    def secret(self):
        return f"PRIVATE+KEY+{self.name}+{self.id().hex()}+{notes.b64(bytes([self.kind]) + self.seed())}"

    def sign(self, message):
        if self.kind == ML_DSA:
            signature = ML_DSA_44.sign(ML_DSA_44.key_derive(self.seed())[1], message, deterministic=True)
            MLDSA44PublicKey.from_public_bytes(self.public()).verify(signature, message)
            return signature
        return Ed25519PrivateKey.from_private_bytes(self.seed()).sign(message)

    def line(self, blob):
        """A signature line over what comes behind the key id."""
        return f"— {self.name} {notes.b64(self.id() + blob)}\n"


LOG = Key(ORIGIN, NOTE)
OTHER_LOG = Key(OTHER_ORIGIN, NOTE)
COSIGNERS = tuple(Key(name, ED25519) for name in WITNESSES)
PQ = Key(POST_QUANTUM, ML_DSA)


def signed(text, key=LOG):
    return text + "\n" + key.line(key.sign(text.encode()))


def message(key, time, text):
    """What a cosignature of a checkpoint's text is over."""
    if key.kind == ED25519:
        return f"cosignature/v1\ntime {time}\n{text}".encode()
    origin, size, root = text.split("\n")[:3]
    return subtree_message(key.name, time, origin, 0, int(size), base64.b64decode(root))


def subtree_message(name, time, origin, start, end, root):
    def short(text):
        return bytes([len(text.encode())]) + text.encode()

    numbers = start.to_bytes(8, "big") + end.to_bytes(8, "big")
    return b"subtree/v1\n\0" + short(name) + time.to_bytes(8, "big") + short(origin) + numbers + root


def cosignature(key, time, text):
    return key.line(time.to_bytes(8, "big") + key.sign(message(key, time, text)))


class Log:
    """Leaf i is i in decimal."""

    leaves = [tree.leaf_hash(b"%d" % i) for i in range(LARGE[-1])]
    built = {}

    @classmethod
    def levels(cls, size):
        if size not in cls.built:
            cls.built[size] = tree.levels(cls.leaves[:size])
        return cls.built[size]

    @classmethod
    def root(cls, size):
        return cls.levels(size)[-1][0] if size else tree.EMPTY

    @classmethod
    def part(cls, size, low, high):
        """The root over a subtree into which RFC 6962 splits the tree of this size."""
        height = (high - low - 1).bit_length()
        return cls.levels(size)[height][low >> height]

    @classmethod
    def inclusion(cls, index, size):
        """PATH of RFC 6962 section 2.1.1, from the leaf upwards."""
        def path(low, high):
            if high - low == 1:
                return []
            middle = low + tree.split(high - low)
            if index < middle:
                return path(low, middle) + [cls.part(size, middle, high)]
            return path(middle, high) + [cls.part(size, low, middle)]

        return path(0, size)

    @classmethod
    def consistency(cls, old, size):
        """PROOF of RFC 6962 section 2.1.2."""
        def proof(low, high, known):
            if high == old:
                return [] if known else [cls.part(size, low, high)]
            middle = low + tree.split(high - low)
            if old <= middle:
                return proof(low, middle, known) + [cls.part(size, middle, high)]
            return proof(middle, high, False) + [cls.part(size, low, middle)]

        return proof(0, size, True) if old else []

    @classmethod
    def text(cls, size, origin=ORIGIN):
        return notes.checkpoint_text(origin, size, cls.root(size))


def dump(value):
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def keys_file():
    what = {NOTE: "Ed25519 note", ED25519: "Ed25519 cosignature/v1", ML_DSA: "ML-DSA-44 cosignature"}
    keys = [{"name": key.name, "type": key.kind, "what": what[key.kind], "seed": key.seed().hex(),
             "public": key.public().hex(), "key_id": key.id().hex(), "vkey": key.vkey(), "secret": key.secret()}
            for key in (LOG, OTHER_LOG, *COSIGNERS, PQ)]
    return {"keys.json": dump({"description": "TEST KEYS: published, never use them.", "keys": keys})}


def number_path(number):
    """C2SP tlog-tiles: groups of three digits, all but the last with an x."""
    groups = [f"{number % 1000:03}"]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03}")
    return "/".join(groups)


def tiles(size):
    """Path and bytes of every tile and entry bundle of a tree."""
    out = {}
    for level in range(64):
        hashes = size >> 8 * level
        if not hashes:
            break
        nodes = Log.levels(size)[8 * level][:hashes]
        for number in range((hashes + 255) // 256):
            part = nodes[256 * number:256 * (number + 1)]
            suffix = "" if len(part) == 256 else f".p/{len(part)}"
            out[f"tile/{level}/{number_path(number)}{suffix}"] = b"".join(part)
            if level == 0:
                entries = [b"%d" % i for i in range(256 * number, 256 * number + len(part))]
                bundle = b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
                out[f"tile/entries/{number_path(number)}{suffix}"] = bundle
    return out


def trees():
    files = {}
    for size in SMALL:
        files[f"trees/{size}/checkpoint"] = signed(Log.text(size)).encode()
        files |= {f"trees/{size}/{path}": data for path, data in tiles(size).items()}
    for size in LARGE:
        hashes = {path: tree.sha256(data).hex() for path, data in tiles(size).items()}
        files[f"trees/{size}.json"] = dump({"size": size, "root": notes.b64(Log.root(size)),
                                           "checkpoint": signed(Log.text(size)), "sha256": hashes})
    return files


def proof_file(index, size, extra=None, cosigners=(), path=None, note=None):
    lines = ["c2sp.org/tlog-proof@v1"]
    if extra is not None:
        lines.append("extra " + notes.b64(extra))
    lines.append(f"index {index}")
    lines += [notes.b64(h) for h in (Log.inclusion(index, size) if path is None else path)]
    text = Log.text(size)
    note = note or signed(text) + "".join(cosignature(key, TIME + n, text) for n, key in enumerate(cosigners))
    return "\n".join(lines) + "\n\n" + note


def good_proofs():
    cases = {}
    for size in (1, 2, 3, 255, 256, 257, 70_000):
        for index in sorted({0, size // 2, size - 1}):
            cases[f"size-{size}-index-{index}"] = (index, proof_file(index, size), 0)
    cases["size-70000-index-12345-extra"] = (12_345, proof_file(12_345, 70_000, extra=b"12345"), 0)
    cases["size-1-index-0-extra-binary"] = (0, proof_file(0, 1, extra=bytes(range(256))), 0)
    cases["size-257-index-256-one-witness"] = (256, proof_file(256, 257, cosigners=COSIGNERS[:1]), 1)
    cases["size-70000-index-69999-two-witnesses"] = (69_999, proof_file(69_999, 70_000, cosigners=COSIGNERS), 2)
    both = proof_file(65_536, 70_000, extra=b"65536", cosigners=(*COSIGNERS, PQ))
    cases["size-70000-index-65536-extra-three-witnesses-one-ml-dsa-44"] = (65_536, both, 3)
    return cases


def bad_proofs():
    """Name: what is refused, and at which step: parse, checkpoint, cosignature, inclusion."""
    good = proof_file(5, 257, cosigners=COSIGNERS[:1])
    path = Log.inclusion(5, 257)
    note = good[good.index("\n\n") + 2:]
    lines = good.split("\n")
    last_bits = good.replace(lines[2], lines[2][:42] + chr(ord(lines[2][42]) + 1) + "=")
    moved = proof_file(5, 257, note=signed(Log.text(257)).replace("\n257\n", "\n258\n"))
    by_other = proof_file(5, 257, note=signed(Log.text(257), Key(ORIGIN + "2", NOTE)))
    witness = cosignature(COSIGNERS[0], TIME, Log.text(257))
    late = cosignature(COSIGNERS[0], TIME + 1, Log.text(257))
    blob = base64.b64decode(late.split(" ")[2])
    forged = COSIGNERS[0].line(TIME.to_bytes(8, "big") + blob[12:])
    return {
        "empty": ("parse", ""),
        "no-first-line": ("parse", good.split("\n", 1)[1]),
        "another-version": ("parse", good.replace("@v1", "@v2", 1)),
        "space-behind-first-line": ("parse", good.replace("@v1\n", "@v1 \n", 1)),
        "carriage-returns": ("parse", good.replace("\n", "\r\n")),
        "no-index": ("parse", good.replace("index 5\n", "", 1)),
        "index-leading-zero": ("parse", good.replace("index 5", "index 05", 1)),
        "index-sign": ("parse", good.replace("index 5", "index +5", 1)),
        "index-above-64-bits": ("parse", good.replace("index 5", "index 18446744073709551616", 1)),
        "index-two-spaces": ("parse", good.replace("index 5", "index  5", 1)),
        "extra-behind-index": ("parse", good.replace("index 5\n", "index 5\nextra MQ==\n", 1)),
        "extra-twice": ("parse", good.replace("index 5\n", "extra MQ==\nextra MQ==\nindex 5\n", 1)),
        "extra-no-base64": ("parse", good.replace("index 5\n", "extra 1\nindex 5\n", 1)),
        "hash-unused-bits": ("parse", last_bits),
        "hash-short": ("parse", good.replace(lines[2], notes.b64(path[0][:31]), 1)),
        "hash-base64url": ("parse", good.replace(lines[2], "_" * 42 + "8=", 1)),
        "no-blank-line": ("parse", good.replace("\n\n", "\n", 1)),
        "no-checkpoint": ("parse", good[:good.index("\n\n") + 2]),
        "checkpoint-unsigned": ("parse", good[:good.index("\n\n") + 2] + Log.text(257)),
        "cut-off": ("parse", good[:-1]),
        "size-changed": ("checkpoint", moved),
        "signed-by-an-unknown-key": ("checkpoint", by_other),
        "only-cosigned": ("checkpoint", proof_file(5, 257, note=Log.text(257) + "\n" + witness)),
        "cosignature-of-another-time": ("cosignature", proof_file(5, 257, note=signed(Log.text(257)) + forged)),
        "another-index": ("inclusion", proof_file(4, 257, path=path, note=note)),
        "index-out-of-tree": ("inclusion", proof_file(257, 257, path=path, note=note)),
        "one-hash-less": ("inclusion", proof_file(5, 257, path=path[:-1], note=note)),
        "one-hash-more": ("inclusion", proof_file(5, 257, path=[*path, path[0]], note=note)),
        "two-hashes-swapped": ("inclusion", proof_file(5, 257, path=[path[1], path[0], *path[2:]], note=note)),
        "proof-of-another-size": ("inclusion", proof_file(5, 257, path=Log.inclusion(5, 256), note=note)),
        "from-the-root-downwards": ("inclusion", proof_file(5, 257, path=path[::-1], note=note)),
    }


def proofs():
    files, good, bad = {}, [], []
    for name, (index, text, cosigned) in good_proofs().items():
        files[f"proofs/good/{name}.tlog-proof"] = text.encode()
        size = int(name.split("-")[1])
        good.append({"file": f"good/{name}.tlog-proof", "leaf": str(index), "index": index, "size": size,
                     "root": notes.b64(Log.root(size)), "cosignatures": cosigned})
    for name, (step, text) in bad_proofs().items():
        files[f"proofs/bad/{name}.tlog-proof"] = text.encode()
        bad.append({"file": f"bad/{name}.tlog-proof", "leaf": "5", "refused_at": step})
    files["proofs/index.json"] = dump({
        "description": "Proofs that leaf data, in decimal, is in the log; a bad one is refused at its step, not before.",
        "log": LOG.vkey(), "witnesses": [key.vkey() for key in (*COSIGNERS, PQ)], "good": good, "bad": bad})
    return files


def cosignatures():
    good, bad = [], []
    texts = {"size-0": Log.text(0), "size-1": Log.text(1), "size-70000": Log.text(70_000),
             "extension": Log.text(257) + "extension line\n", "long-origin": Log.text(3, "test-only.example/" + "o" * 237)}
    times = {"now": TIME, "first-second": 1, "last-second": 2**63 - 1}
    for key in (COSIGNERS[0], PQ):
        for name, text in texts.items():
            good.append((f"type-{key.kind:02x}-{name}", key, TIME, text))
        for name, time in times.items():
            good.append((f"type-{key.kind:02x}-time-{name}", key, time, Log.text(2)))
    long = Log.text(3, "test-only.example/" + "o" * 238)
    good.append(("type-04-origin-of-256-bytes", COSIGNERS[0], TIME, long))
    cases = [{"name": name, "vkey": key.vkey(), "time": time, "checkpoint": text,
              "message_hex": message(key, time, text).hex(), "line": cosignature(key, time, text)}
             for name, key, time, text in good]

    def refuse(name, why, key, line, text=Log.text(257)):
        bad.append({"name": f"type-{key.kind:02x}-{name}", "why": why, "vkey": key.vkey(), "checkpoint": text, "line": line})

    text = Log.text(257)
    for key in (COSIGNERS[0], PQ):
        at = TIME.to_bytes(8, "big")
        signature = key.sign(message(key, TIME, text))
        other = Key(key.name, ED25519 + ML_DSA - key.kind)
        refuse("time-changed", "the time is signed", key, key.line((TIME + 1).to_bytes(8, "big") + signature))
        refuse("size-changed", "the size is signed", key, key.line(at + signature), Log.text(257).replace("257", "258"))
        refuse("root-changed", "the root is signed", key, key.line(at + signature), notes.checkpoint_text(ORIGIN, 257, Log.root(256)))
        refuse("origin-changed", "the origin is signed", key, key.line(at + signature), Log.text(257, OTHER_ORIGIN))
        refuse("over-the-note", "signed as a note, without header and time", key, key.line(at + key.sign(text.encode())))
        refuse("without-time", "no time in front of the signature", key, key.line(signature))
        refuse("time-above-63-bits", "the time exceeds 2^63 - 1", key,
               key.line((2**63).to_bytes(8, "big") + key.sign(message(key, 2**63, text))))
        refuse("cut-off", "one byte is missing", key, key.line(at + signature[:-1]))
        refuse("one-byte-more", "one byte too many", key, key.line(at + signature + b"\0"))
        refuse("bit-flipped", "a bit of the signature is flipped", key, key.line(at + bytes([signature[0] ^ 1]) + signature[1:]))
        refuse("of-another-type", "made by a key of the other type of cosignatures, under this key's id", key,
               key.line(at + other.sign(message(other, TIME, text))))
        refuse("of-no-checkpoint", "the text is no checkpoint", key,
               key.line(at + key.sign(f"cosignature/v1\ntime {TIME}\nno checkpoint\n".encode())), "no checkpoint\n")
    refuse("extension-changed", "type 0x04 signs extension lines", COSIGNERS[0],
           cosignature(COSIGNERS[0], TIME, text + "extension\n"), text + "another\n")
    malleable = COSIGNERS[0].sign(message(COSIGNERS[0], TIME, text))
    s = int.from_bytes(malleable[32:], "little") + notes.L
    refuse("s-plus-order", "S is not below the group's order", COSIGNERS[0],
           COSIGNERS[0].line(TIME.to_bytes(8, "big") + malleable[:32] + s.to_bytes(32, "little")))
    refuse("another-cosigner", "type 0x06 signs the cosigner's name", PQ,
           PQ.line(TIME.to_bytes(8, "big") + PQ.sign(subtree_message("test-only.example/else", TIME, ORIGIN, 0, 257, Log.root(257)))))
    refuse("subtree", "signed as the subtree [256, 257)", PQ,
           PQ.line(bytes(8) + PQ.sign(subtree_message(PQ.name, 0, ORIGIN, 256, 257, Log.leaves[256]))))
    # Type 0x06 signs no extension line: the same signature holds with others.
    free = cosignature(PQ, TIME, text + "extension\n")
    cases.append({"name": "type-06-extension-changed", "vkey": PQ.vkey(), "time": TIME, "checkpoint": text + "another\n",
                  "message_hex": message(PQ, TIME, text).hex(), "line": free})
    return {"cosignatures.json": dump({
        "description": "Signature lines of cosignatures over a checkpoint's text, with the message signed; bad ones do not verify.",
        "good": cases, "bad": bad})}


def request(old, size, note=None, proof=None):
    proof = Log.consistency(old, size) if proof is None and old <= size else proof or []
    return f"old {old}\n" + "".join(notes.b64(h) + "\n" for h in proof) + "\n" + (note or signed(Log.text(size)))


def witness():
    """Sequences of add-checkpoint requests, each to a witness that starts without any checkpoint."""
    empty_wrong = notes.checkpoint_text(ORIGIN, 0, Log.root(1))
    fork = notes.checkpoint_text(ORIGIN, 3, Log.root(2))
    good3 = signed(Log.text(3))
    flipped = good3[:-8] + ("A" if good3[-8] != "A" else "B") + good3[-7:]
    stranger = signed(Log.text(3), Key(OTHER_ORIGIN + "2", NOTE))
    extended = signed(Log.text(257) + "extension line\n")
    foreign = good3 + "— somebody.example AAAAAAAA\n"
    cosigned = good3 + cosignature(COSIGNERS[1], TIME, Log.text(3))
    sequences = {
        "growth": [
            ("the first checkpoint", request(0, 1), 200, None), ("one more leaf", request(1, 2), 200, None),
            ("the same again", request(2, 2), 200, None), ("one more leaf", request(2, 3), 200, None),
            ("to a full tile", request(3, 256), 200, None), ("past it", request(256, 257), 200, None),
            ("with an extension line", request(257, 257, extended), 200, None),
            ("many leaves", request(257, 65_537), 200, None), ("many more", request(65_537, 70_000), 200, None)],
        "empty-tree": [
            ("size 0 with a root that is not the empty tree's", request(0, 0, signed(empty_wrong)), 422, None),
            ("size 0", request(0, 0), 200, None), ("size 0 again", request(0, 0), 200, None),
            ("the first leaf", request(0, 1), 200, None), ("back to size 0", request(0, 0), 409, "1\n")],
        "other-signatures": [
            ("beside a line of an unknown key", request(0, 3, foreign), 200, None),
            ("beside a cosignature of another witness", request(3, 3, cosigned), 200, None)],
        "conflicts": [
            ("no checkpoint yet, but old is 2", request(2, 3), 409, "0\n"), ("from 0", request(0, 3), 200, None),
            ("from 0 again, to ask for the size", request(0, 3), 409, "3\n"), ("from too early", request(2, 257), 409, "3\n"),
            ("from too late", request(256, 257), 409, "3\n"), ("from the right size", request(3, 257), 200, None)],
        "refused": [
            ("unknown origin", request(0, 3, signed(Log.text(3, OTHER_ORIGIN), OTHER_LOG)), 404, None),
            ("signed by an unknown key only", request(0, 3, stranger), 403, None),
            ("a false signature of the log", request(0, 3, flipped), 403, None),
            ("a false signature of the log beside a good one", request(0, 3, good3 + flipped.split("\n\n")[1]), 403, None),
            ("a proof though old is 0", request(0, 3, proof=[Log.root(1)]), 422, None),
            ("the first checkpoint", request(0, 3), 200, None),
            ("old above the checkpoint's size", request(4, 3), 400, None),
            ("a proof though the size is the same", request(3, 3, proof=[Log.root(3)]), 422, None),
            ("another root at the same size", request(3, 3, signed(fork)), 422, None),
            ("no proof", request(3, 257, proof=[]), 422, None),
            ("a proof from another size", request(3, 257, proof=Log.consistency(2, 257)), 422, None),
            ("a hash less", request(3, 257, proof=Log.consistency(3, 257)[:-1]), 422, None),
            ("a hash more", request(3, 257, proof=[*Log.consistency(3, 257), Log.root(3)]), 422, None),
            ("a tree that does not begin with the old one", request(3, 257, signed(notes.checkpoint_text(ORIGIN, 257, Log.root(256)))), 422, None),
            ("still growing", request(3, 257), 200, None)],
        "malformed": [
            ("empty", "", 400, None), ("old with a leading zero", request(0, 3).replace("old 0", "old 00"), 400, None),
            ("old with a sign", request(0, 3).replace("old 0", "old +0"), 400, None), ("no old line", request(0, 3)[6:], 400, None),
            ("no blank line", request(0, 3).replace("\n\n", "\n", 1).replace("\n\n", "\n"), 400, None),
            ("64 proof lines", request(1, 3, proof=[Log.root(1)] * 64), 400, None),
            ("a proof line that is no hash", request(0, 3).replace("old 0\n", "old 0\nAAAA\n"), 400, None),
            ("size with a leading zero", request(0, 3, signed(Log.text(3).replace("\n3\n", "\n03\n"))), 400, None),
            ("a checkpoint of two lines", request(0, 3, signed(f"{ORIGIN}\n3\n")), 400, None),
            ("a good request after all", request(0, 3), 200, None)],
    }
    out = [{"name": name, "requests": [
        {"what": what, "body": body, "status": status} | ({"answer": answer, "content_type": "text/x.tlog.size"} if answer else {})
        for what, body, status, answer in steps]} for name, steps in sequences.items()]
    return {"witness.json": dump({
        "description": "add-checkpoint requests in order; every sequence starts with a witness that has seen nothing. "
                       "A 200 answers with cosignature lines of the witness over the request's checkpoint.",
        "log": LOG.vkey(), "witness_secret": COSIGNERS[0].secret(), "sequences": out})}


def files():
    """Path below tests/vectors/c2sp and bytes of each file, but for README.md."""
    return keys_file() | trees() | proofs() | cosignatures() | witness()
