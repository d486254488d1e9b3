"""The bundle's container of section 11: a ZIP archive with exactly one valid encoding."""

import struct
import zlib

from .wire import Malformed, Reader, need, u16, u32

NAMES = ("format", "run.note", "checkpoint", "rules.toml", "pools.csv", "scope", "registry", "holders", "lines",
         "cells", "plays", "events")
FORMAT = b"ledgerline-bundle/1\n"
LIMIT = 1 << 32


def _fields(name, content):
    """What local header and central directory share, little endian."""
    return struct.pack("<HHHHHIIIHH", 10, 0, 0, 0, 0x0021, zlib.crc32(content), len(content), len(content),
                       len(name), 0)


def write(entries):
    """The one encoding of (name, content) pairs."""
    body, directory = b"", b""
    for name, content in entries:
        name = name.encode()
        fields = _fields(name, content)
        directory += b"PK\1\2" + struct.pack("<H", 20) + fields + struct.pack("<HHHII", 0, 0, 0, 0, len(body)) + name
        body += b"PK\3\4" + fields + name + content
    end = struct.pack("<HHHHIIH", 0, 0, len(entries), len(entries), len(directory), len(body), 0)
    return body + directory + b"PK\5\6" + end


def read(data):
    """{name: content}. Only the entries are read; everything else must equal what `write` makes."""
    need(len(data) < LIMIT, "bundle: 4 GiB or more")
    reader, entries = Reader(data, "bundle"), []
    for expected in NAMES:
        need(reader.take(4) == b"PK\3\4", f"bundle: no local header where {expected} starts")
        header = struct.unpack("<HHHHHIIIHH", reader.take(26))
        name = reader.take(header[8])
        need(name == expected.encode(), f"bundle: {name!r} where {expected} stands")
        content = reader.take(header[6])
        need(zlib.crc32(content) == header[5], f"bundle: CRC-32 of {expected}")
        entries.append((expected, content))
    need(write(entries) == bytes(data), "bundle: not the one valid encoding")
    need(entries[0][1] == FORMAT, "bundle: unknown format")
    return dict(entries)


def gunzip(data):
    """One gzip member and nothing behind it."""
    machine = zlib.decompressobj(wbits=31)
    try:
        out = machine.decompress(data, LIMIT)
    except zlib.error as error:
        raise Malformed(f"gzip: {error}") from error
    need(machine.eof and not machine.unused_data, "gzip: cut off, too large, or more than one member")
    return out


__all__ = ["NAMES", "FORMAT", "read", "write", "gunzip", "u16", "u32"]
