"""Bundle of section 11: its entries parsed, and written."""

from bisect import bisect_left
from typing import NamedTuple

from . import container, notes, records, runnote, tables
from .money import parse_pools, parse_rules
from .tree import sha256
from .wire import Reader, need, u8, u16, u32, u64

SAMPLE, FULL = 0, 1
SLICES = ("registry", "holders", "lines", "cells", "plays")


class Scope(NamedTuple):
    party: int
    evidence: int
    nonce: bytes
    isrcs: list

    def keys(self, table):
        """Scope keys of a slice, ascending."""
        isrcs = [u64(isrc) for isrc in self.isrcs]
        if table == "registry":
            return ([b"\1" + isrc for isrc in isrcs] + [b"\2" + u64(self.party), b"\3" + u64(self.party)]
                    + [b"\5" + isrc for isrc in isrcs])
        return isrcs if table in ("cells", "plays") else [u64(self.party)]

    def encode(self):
        return (u64(self.party) + u8(self.evidence) + u8(len(self.nonce)) + self.nonce + u32(len(self.isrcs))
                + b"".join(u64(isrc) for isrc in self.isrcs))


def parse_scope(data):
    reader = Reader(data, "scope")
    party, evidence = reader.u64(), reader.u8()
    need(evidence in (SAMPLE, FULL), f"scope: evidence {evidence}")
    length = reader.u8()
    need(length <= 32, f"scope: nonce of {length} bytes")
    nonce = reader.take(length)
    isrcs = [records.check_isrc(reader.u64()) for _ in range(reader.u32())]
    need(all(a < b for a, b in zip(isrcs, isrcs[1:])), "scope: ISRCs are not ascending")
    reader.end()
    return Scope(party, evidence, nonce, isrcs)


class Row(NamedTuple):
    position: int
    key: bytes
    salt: bytes | None  # None in plays
    value: object
    bytes: bytes


class Slice(NamedTuple):
    table: str
    ranges: list  # (key, first, after the last)
    rows: list
    cell_keys: list
    boundary: list  # (position, key, hash)
    proof: list

    def encode(self):
        out = [u32(len(self.ranges))]
        out += [u16(len(key)) + key + u64(first) + u64(last) for key, first, last in self.ranges]
        if self.table == "plays":
            out += [u32(len(self.cell_keys)), *self.cell_keys]
        out += [(row.salt or b"") + row.bytes for row in self.rows]
        out += [u16(len(key)) + key + hashed for _, key, hashed in self.boundary]
        return b"".join(out) + encode_proof(self.proof)


def encode_proof(proof):
    return u32(len(proof)) + b"".join(proof)


def boundary_positions(ranges, count):
    """Positions next to the ranges that exist and are not opened as rows."""
    ends = [last for _, first, last in ranges if first < last]
    starts = [first for _, first, last in ranges if first < last]

    def opened(position):
        at = bisect_left(ends, position + 1)
        return at < len(ends) and starts[at] <= position

    near = {p for _, first, last in ranges for p in (first - 1, last) if 0 <= p < count}
    return sorted(p for p in near if not opened(p))


def parse_slice(table, data, count):
    """`count`: rows of the table according to the run note."""
    reader, what = Reader(data, table), table
    length = tables.KEY_LENGTH[table]

    def key():
        need(reader.u16() == length, f"{what}: key length")
        return reader.take(length)

    ranges = []
    for _ in range(reader.u32()):
        ranges.append((key(), reader.u64(), reader.u64()))
        need(ranges[-1][1] <= ranges[-1][2] <= count, f"{what}: a range that the table does not have")
    for a, b in zip(ranges, ranges[1:]):
        need(a[0] < b[0], f"{what}: scope keys are not ascending")
        need(a[2] <= b[1], f"{what}: ranges overlap")
    cell_keys = [reader.hash() for _ in range(reader.u32())] if table == "plays" else []
    rows = []
    for scope_key, first, last in ranges:
        for position in range(first, last):
            salt = None if table == "plays" else reader.take(16)
            rows.append(Row(position, scope_key, salt, *tables.read_row(table, scope_key, reader)))
    boundary = [(position, key(), reader.hash()) for position in boundary_positions(ranges, count)]
    proof = [reader.hash() for _ in range(reader.u32())]
    reader.end()
    return Slice(table, ranges, rows, cell_keys, boundary, proof)


class OpenedPlay(NamedTuple):
    position: int
    events: list  # (leaf index, record, Event)


def parse_events(data):
    """Opened plays and the proof; plays stand by position, events in the order of section 7.1."""
    reader, plays = Reader(data, "events"), []
    for _ in range(reader.u32()):
        position, events = reader.u64(), []
        for _ in range(reader.u32()):
            index, record = reader.u64(), reader.take(54)
            events.append((index, record, records.decode(record)[0]))
        need(all(a[2][:6] < b[2][:6] for a, b in zip(events, events[1:])), "events: out of order, or one twice")
        plays.append(OpenedPlay(position, events))
    need(all(a.position < b.position for a, b in zip(plays, plays[1:])), "events: plays are not ascending")
    proof = [reader.hash() for _ in range(reader.u32())]
    reader.end()
    return plays, proof


def encode_events(plays, proof):
    out = [u32(len(plays))]
    for play in plays:
        out.append(u64(play.position) + u32(len(play.events)))
        out += [u64(index) + record for index, record, _ in play.events]
    return b"".join(out) + encode_proof(proof)


def sample(cell, first, plays, note_text, checkpoint_text, nonce):
    """Positions of the sampled plays of a cell."""
    picked = min(plays, max(1, plays.bit_length() - 6))
    seed = sha256(b"ledgerline/sample/v1\n" + sha256(note_text.encode()) + sha256(checkpoint_text.encode())
                  + u64(cell) + nonce)
    out = []
    for t in range(picked):
        low, high = plays * t // picked, plays * (t + 1) // picked
        number = int.from_bytes(sha256(seed + u32(t))[:8], "big")
        out.append(first + low + number % (high - low))
    return out


class Bundle(NamedTuple):
    signed: notes.Note
    note: runnote.RunNote
    checkpoint: notes.Checkpoint
    rules_bytes: bytes
    pools_bytes: bytes
    rules: object
    pools: list
    scope: Scope
    slices: dict
    opened: list
    events_proof: list


def parse(data):
    """A whole bundle; whatever does not parse is Malformed, and only that."""
    if data[:2] == b"\x1f\x8b":
        data = container.gunzip(data)
    entries = container.read(data)
    signed = notes.parse_note(entries["run.note"])
    note = runnote.parse_text(signed.text)
    counts = {table: getattr(note, table)[0] for table in SLICES}
    slices = {table: parse_slice(table, entries[table], counts[table]) for table in SLICES}
    return Bundle(signed, note, notes.parse_checkpoint(entries["checkpoint"]), entries["rules.toml"],
                  entries["pools.csv"], parse_rules(entries["rules.toml"]), parse_pools(entries["pools.csv"]),
                  parse_scope(entries["scope"]), slices, *parse_events(entries["events"]))
