"""Signed notes and checkpoints: section 4, C2SP signed-note and tlog-checkpoint."""

import base64
import binascii
import re
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .tree import sha256
from .wire import Malformed, need

RUN_MAGIC = "ledgerline/run/v1"
ED25519 = b"\x01"
MAX_LINES, MAX_BYTES = 64, 1 << 20

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_MINUS_1 = pow(2, (P - 1) // 4, P)


def base64_decode(text):
    """Standard alphabet, padded, no line breaks, unused bits zero (section 1)."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"not base64: {text!r}") from error
    need(base64.b64encode(raw).decode() == text, f"base64 that is not canonical: {text!r}")
    return raw


def base64_hash(text):
    raw = base64_decode(text)
    need(len(raw) == 32, "a hash that is not 32 bytes")
    return raw


def b64(raw):
    return base64.b64encode(raw).decode()


def decompress(raw):
    """The point of a canonical encoding, or None (RFC 8032 5.1.3, non-canonical ones refused)."""
    number = int.from_bytes(raw, "little")
    sign, y = number >> 255, number & (1 << 255) - 1
    if y >= P:
        return None
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    if v * x * x % P == -u % P:
        x = x * SQRT_MINUS_1 % P
    elif v * x * x % P != u:
        return None
    if x == 0 and sign:
        return None
    return (P - x if x & 1 != sign else x), y


def double(point):
    x, y = point
    product = D * x * x * y * y % P
    return (2 * x * y * pow(1 + product, -1, P) % P, (y * y + x * x) * pow(1 - product, -1, P) % P)


def sound_point(raw):
    """A canonical encoding of a point that is not of small order."""
    point = decompress(raw)
    if point is None:
        return False
    for _ in range(3):
        point = double(point)
    return point != (0, 1)


def ed25519_verify(public, message, signature):
    """Strict: canonical A, R and S, A and R not of small order."""
    if len(signature) != 64 or int.from_bytes(signature[32:], "little") >= L:
        return False
    if not sound_point(public) or not sound_point(signature[:32]):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def check_name(name):
    """C2SP: not empty, no Unicode spaces, no plus; nor control characters, as in any note."""
    need(name and not any(c.isspace() or c == "+" or c < " " for c in name), f"not a key name: {name!r}")
    return name


def key_id(name, public):
    return sha256(name.encode() + b"\n" + ED25519 + public)[:4]


class VerifyingKey(NamedTuple):
    name: str
    id: bytes
    public: bytes

    def text(self):
        return f"{self.name}+{self.id.hex()}+{b64(ED25519 + self.public)}"


def parse_vkey(text):
    parts = text.split("+", 2)
    need(len(parts) == 3, f"not a verifier key: {text!r}")
    name, identity, key = check_name(parts[0]), parts[1], base64_decode(parts[2])
    need(re.fullmatch("[0-9a-f]{8}", identity), f"verifier key: key id {identity!r}")
    need(len(key) == 33 and key[:1] == ED25519, "verifier key: not an Ed25519 key of type 0x01")
    need(key_id(name, key[1:]).hex() == identity, "verifier key: the key id is of another key")
    need(sound_point(key[1:]), "verifier key: no point, or one of small order")
    return VerifyingKey(name, bytes.fromhex(identity), key[1:])


class SigningKey(NamedTuple):
    name: str
    seed: bytes

    def verifier(self):
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        return VerifyingKey(self.name, key_id(self.name, public), public)

    def text(self):
        return f"PRIVATE+KEY+{self.name}+{self.verifier().id.hex()}+{b64(ED25519 + self.seed)}"

    def sign(self, text):
        """A signed note."""
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return text + "\n" + f"— {self.name} {b64(self.verifier().id + signature)}\n"


class Signature(NamedTuple):
    name: str
    id: bytes
    bytes: bytes


class Note(NamedTuple):
    text: str
    signatures: list

    def verify(self, vkey):
        """None if signed by the key, else what is wrong."""
        own = [s for s in self.signatures if s.name == vkey.name and s.id == vkey.id]
        if not own:
            return f"no signature of {vkey.name}"
        if not all(ed25519_verify(vkey.public, self.text.encode(), s.bytes) for s in own):
            return f"the signature of {vkey.name} does not verify"
        return None


def parse_note(data):
    need(len(data) <= MAX_BYTES, "note: more than 1 MiB")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed("note: not UTF-8") from error
    need(not any(c < " " and c != "\n" for c in whole), "note: a control character")
    cut = whole.rfind("\n\n")
    need(cut >= 0, "note: no blank line")
    text, rest = whole[:cut + 1], whole[cut + 2:]
    need(rest.endswith("\n"), "note: no signature line, or the last one has no end")
    lines = rest[:-1].split("\n")
    need(len(lines) <= MAX_LINES, "note: too many signature lines")
    signatures = []
    for line in lines:
        match = re.fullmatch(r"— ([^ ]+) ([^ ]+)", line)
        need(match, f"note: not a signature line: {line!r}")
        raw = base64_decode(match[2])
        need(len(raw) >= 5, "note: a signature that is too short")
        signatures.append(Signature(check_name(match[1]), raw[:4], raw[4:]))
    return Note(text, signatures)


def decimal(text):
    need(re.fullmatch("0|[1-9][0-9]{0,19}", text) and int(text) < 1 << 64, f"not a number: {text!r}")
    return int(text)


class Checkpoint(NamedTuple):
    origin: str
    size: int
    root: bytes
    note: Note


def parse_checkpoint(data):
    note = parse_note(data)
    lines = note.text[:-1].split("\n")
    need(len(lines) >= 3 and all(lines), "checkpoint: fewer than three lines, or an empty one")
    need(lines[0] != RUN_MAGIC, "checkpoint: the origin is that of a run note")
    return Checkpoint(lines[0], decimal(lines[1]), base64_hash(lines[2]), note)


def checkpoint_text(origin, size, root):
    return f"{origin}\n{size}\n{b64(root)}\n"
