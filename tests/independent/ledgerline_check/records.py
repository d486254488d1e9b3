"""Vocabulary of section 1 and event records of section 2."""

import hashlib
import re
from typing import NamedTuple

from .salts import hmac_sha256
from .tree import leaf_hash
from .wire import MAX_TIME, Malformed, Reader, need, u8, u32, u48, u64

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
TERRITORY = re.compile(r"[A-Z]{2}")
WORD = re.compile(r"[a-z0-9._-]{1,32}")
KINDS = {1: "start", 2: "heartbeat", 3: "end"}
ACTIVE, OFFLINE = 1, 2


def pack_isrc(text):
    """The base-36 number of 12 characters that are already in the plain form."""
    need(ISRC.fullmatch(text), f"not an ISRC: {text!r}")
    return int(text, 36)


def read_isrc(text):
    """The lenient reading of section 1, to the packed number."""
    plain = text.strip().upper().replace("-", "")
    if not ISRC.fullmatch(plain) and plain.startswith("ISRC"):
        plain = plain[4:].lstrip().removeprefix(":").lstrip()
    return pack_isrc(plain)


def isrc_text(number):
    """The 12 characters of a packed ISRC; refuses numbers that are not one."""
    out = ""
    for _ in range(12):
        number, digit = divmod(number, 36)
        out = DIGITS[digit] + out
    need(number == 0 and ISRC.fullmatch(out), f"not a packed ISRC: {out}")
    return out


def check_isrc(number):
    isrc_text(number)
    return number


def read_territory(reader):
    text = reader.take(2).decode("latin-1")
    need(TERRITORY.fullmatch(text), f"{reader.what}: not a territory: {text!r}")
    return text


def read_word(reader, name):
    """A tier or a right."""
    text = reader.str()
    need(WORD.fullmatch(text), f"{reader.what}: not a {name}: {text!r}")
    return text


def play_id(text):
    """16 hex digits, or any other text by its hash (section 1)."""
    if re.fullmatch(r"[0-9a-f]{16}", text):
        return int(text, 16)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def pseudonym(listener_key, user):
    return int.from_bytes(hmac_sha256(listener_key, user.encode())[:8], "big")


class Event(NamedTuple):
    """An event without its salt, its fields first in the order that section 7.1 sorts by."""

    time: int
    position: int
    kind: int
    isrc: int
    territory: str
    flags: int
    play: int
    listener: int


def encode(event, salt):
    """The 54 bytes of section 2."""
    return b"".join((
        salt, u8(event.kind), u8(event.flags), event.territory.encode(), u48(event.time),
        u32(event.position), u64(event.isrc), u64(event.play), u64(event.listener)))


def decode(record):
    """Fields of a record and its salt; refuses what section 2 refuses."""
    reader = Reader(record, "record")
    salt = reader.take(16)
    kind, flags = reader.u8(), reader.u8()
    territory = read_territory(reader)
    event = Event(time=reader.u48(), position=reader.u32(), kind=kind, isrc=reader.u64(),
                  territory=territory, flags=flags, play=reader.u64(), listener=reader.u64())
    reader.end()
    check(event)
    return event, salt


def check(event):
    need(event.kind in KINDS, f"record: kind {event.kind}")
    need(event.flags & ~3 == 0, f"record: flags {event.flags}")
    need(event.time <= MAX_TIME, f"record: time {event.time}")
    check_isrc(event.isrc)


def record_leaf(record):
    return leaf_hash(record)


__all__ = ["Malformed", "Event", "encode", "decode", "check", "record_leaf", "pack_isrc", "read_isrc",
           "isrc_text", "play_id", "pseudonym"]
