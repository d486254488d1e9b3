"""Reads what an auditor gets of a ledger (section 5)."""

import hashlib
import re
import tomllib
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from . import notes, records, salts, tree
from .runnote import parse_time
from .wire import Malformed, need

SEGMENT = 65_536
KINDS = {name: number for number, name in records.KINDS.items()}
COLUMNS = {"kind": "string", "active": "bool", "offline": "bool", "territory": "string",
           "time": "timestamp[ms, tz=UTC]", "position_ms": "uint32", "isrc": "string", "play": "uint64",
           "listener": "uint64"}


def read_file(path):
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise Malformed(f"cannot read {path}: {error.strerror}") from error


def parse_sums(data):
    """`sha256sum` lines of segments/SHA256SUMS, in order."""
    sums = re.findall(r"([0-9a-f]{64}) [ *](?:.*/)?([0-9]{6}\.parquet)\n", data.decode())
    need(len(sums) == data.count(b"\n") and data[-1:] in (b"\n", b""), "SHA256SUMS: a line that is none")
    need([name for _, name in sums] == [f"{i:06}.parquet" for i in range(len(sums))], "SHA256SUMS: order")
    return {name: digest for digest, name in sums}


def parse_salt_keys(data):
    keys = re.findall(r"([0-9]+) ([0-9a-f]{64})\n", data.decode())
    need(len(keys) == data.count(b"\n"), "salt-keys: a line that is none")
    need([int(number) for number, _ in keys] == list(range(len(keys))), "salt-keys: order")
    return [bytes.fromhex(key) for _, key in keys]


def read_segment(data, name):
    """Events of one Parquet file, in leaf order."""
    try:
        table = pq.read_table(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        raise Malformed(f"{name}: {error}") from error
    need(table.column_names == list(COLUMNS), f"{name}: columns {table.column_names}")
    columns = []
    for field, column in zip(table.schema, table.columns):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        need(str(kind) == COLUMNS[field.name], f"{name}: {field.name} is {kind}")
        need(not field.nullable and column.null_count == 0, f"{name}: {field.name} is nullable")
        if field.name == "time":
            column = pc.cast(column, pa.int64())
        columns.append(column.to_pylist())
    packed = {text: records.pack_isrc(text) for text in set(columns[6])}
    events = []
    for kind, active, offline, territory, time, position, isrc, play, listener in zip(*columns):
        need(kind in KINDS and records.TERRITORY.fullmatch(territory), f"{name}: kind {kind}, territory {territory}")
        need(0 <= time, f"{name}: time {time}")
        flags = records.ACTIVE * active | records.OFFLINE * offline
        events.append(records.Event(time, position, KINDS[kind], packed[isrc], territory, flags, play, listener))
    return events


def read_log(ledger, report):
    """All events and their leaf hashes."""
    folder = Path(ledger) / "segments"
    sums = parse_sums(read_file(folder / "SHA256SUMS"))
    keys = parse_salt_keys(read_file(folder / "salt-keys"))
    report.expect("segments", sorted(p.name for p in folder.glob("*.parquet")) == list(sums),
                  "the segment files are not those of SHA256SUMS")
    report.expect("segments", len(keys) == len(sums), "not one salt key for each segment")
    events, leaves = [], []
    for (name, digest), key in zip(sums.items(), keys):
        data = read_file(folder / name)
        report.expect("segments", hashlib.sha256(data).hexdigest() == digest, f"{name}: not the file of SHA256SUMS")
        part = read_segment(data, name)
        last = len(events) + SEGMENT >= len(sums) * SEGMENT
        report.expect("segments", 0 < len(part) <= SEGMENT and (last or len(part) == SEGMENT),
                      f"{name}: {len(part)} events")
        for event, salt in zip(part, salts.salts(key, len(part))):
            records.check(event)
            leaves.append(records.record_leaf(records.encode(event, salt)))
        events += part
    return events, leaves


def tile_path(level, number, width):
    """C2SP tlog-tiles path."""
    parts = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        parts.insert(0, f"x{number % 1000:03}")
    return f"tile/{level}/{'/'.join(parts)}" + (f".p/{width}" if width < 256 else "")


def check_tiles(ledger, built, size, report):
    """Hash tiles from level 1 up are those of the tree; `built` = levels of the log's tree."""
    level = 1
    while size >> 8 * level:
        nodes = size >> 8 * level
        for number in range(-(-nodes // 256)):
            width = min(256, nodes - 256 * number)
            path = Path(ledger) / tile_path(level, number, width)
            whole = b"".join(built[8 * level][256 * number:256 * number + width])
            found = path.read_bytes() if path.exists() else b""
            report.expect("tiles", found == whole, f"{tile_path(level, number, width)} is another")
        level += 1
    report.begin("tiles")


def read_settings(ledger):
    """(origin, period) of ledger.toml."""
    try:
        table = tomllib.loads(read_file(Path(ledger) / "ledger.toml").decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Malformed(f"ledger.toml: {error}") from error
    need(table.get("format") == 1, "ledger.toml: format")
    bounds = []
    for name in ("from", "to"):
        bounds.append(parse_time(str(table.get(name))))
    return table.get("origin"), tuple(bounds)


__all__ = ["read_file", "read_log", "check_tiles", "read_settings", "notes", "tree"]
