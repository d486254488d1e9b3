"""Byte encodings of section 1: a strict reader and the few writers."""

import struct

MAX_TIME = 253_370_764_799_999  # end of the year 9998, section 1
I64_MIN = -(1 << 63)
I64_MAX = (1 << 63) - 1


class Malformed(Exception):
    """The input does not have the form that the document asks for."""


def need(condition, message):
    """Refuse input that breaks the grammar."""
    if not condition:
        raise Malformed(message)


class Reader:
    """Reads big-endian fields from bytes and never past their end."""

    def __init__(self, data, what="input"):
        self.data = bytes(data)
        self.at = 0
        self.what = what

    def take(self, count):
        end = self.at + count
        if end > len(self.data):
            raise Malformed(f"{self.what}: ends at {len(self.data)}, {end} bytes needed")
        part = self.data[self.at:end]
        self.at = end
        return part

    def uint(self, width):
        return int.from_bytes(self.take(width), "big")

    def u8(self):
        return self.uint(1)

    def u16(self):
        return self.uint(2)

    def u32(self):
        return self.uint(4)

    def u48(self):
        return self.uint(6)

    def u64(self):
        return self.uint(8)

    def i64(self):
        return int.from_bytes(self.take(8), "big", signed=True)

    def hash(self):
        return self.take(32)

    def str(self):
        raw = self.take(self.u16())
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed(f"{self.what}: text that is not UTF-8") from error

    def left(self):
        return len(self.data) - self.at

    def end(self):
        need(self.left() == 0, f"{self.what}: {self.left()} bytes too many")


def u8(value):
    return struct.pack(">B", value)


def u16(value):
    return struct.pack(">H", value)


def u32(value):
    return struct.pack(">I", value)


def u48(value):
    return value.to_bytes(6, "big")


def u64(value):
    return struct.pack(">Q", value)


def i64(value):
    return struct.pack(">q", value)


def text(value):
    """`str` of section 1."""
    raw = value.encode("utf-8")
    return u16(len(raw)) + raw
