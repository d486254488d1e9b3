"""The five tables of section 8: rows to bytes and back, leaves, roots."""

from . import registry, salts
from .attribution import Play
from .money import read_currency
from .records import check_isrc, read_territory, read_word
from .settle import Amount, Balance, Cell, Line
from .tree import sha256
from .wire import Malformed, Reader, i64, need, text, u8, u16, u32, u48, u64

TABLES = ("registry", "plays", "cells", "lines", "holders")
KEY_LENGTH = {"registry": 9, "plays": 8, "cells": 8, "lines": 8, "holders": 8}


def encode_play(play):
    return u64(play.isrc), b"".join((
        play.territory.encode(), u16(play.tier), u16(play.version), u48(play.time), u64(play.listener),
        u64(play.play), u32(play.listened), u32(play.weight), u8(play.flags)))


def decode_play(key, r):
    play = Play(check_isrc(int.from_bytes(key, "big")), read_territory(r), r.u16(), r.u16(), r.u48(), r.u64(),
                r.u64(), r.u32(), r.u32(), r.u8())
    need(play.flags & ~7 == 0, f"play: flags {play.flags}")
    return play


def encode_cell(cell):
    row = [cell.territory.encode(), u16(cell.tier), u16(cell.version), u64(cell.weight), u64(cell.before),
           u64(cell.total), u64(cell.first), u64(cell.last), u16(len(cell.amounts))]
    for a in cell.amounts:
        row.append(text(a.right) + a.currency.encode() + i64(a.amount) + i64(a.suspended) + u8(a.reason))
    return u64(cell.isrc), b"".join(row)


def decode_cell(key, r):
    head = [check_isrc(int.from_bytes(key, "big")), read_territory(r), r.u16(), r.u16(), r.u64(), r.u64(), r.u64(),
            r.u64(), r.u64()]
    need(head[-2] < head[-1], "cell: no plays")
    amounts = []
    for _ in range(r.u16()):
        amounts.append(Amount(read_word(r, "right"), read_currency(r), r.i64(), r.i64(), r.u8()))
        need(amounts[-1].amount >= 0 and amounts[-1].suspended >= 0, "cell: a negative amount")
        need(amounts[-1].reason in (0, 1, 2, 3, 4, 5, 7), f"cell: reason {amounts[-1].reason}")
    need(all(a[:2] < b[:2] for a, b in zip(amounts, amounts[1:])), "cell: pools are not in order")
    return Cell(*head, tuple(amounts))


def encode_line(line):
    return u64(line.party), b"".join((
        u64(line.isrc), line.territory.encode(), u16(line.tier), u16(line.version), text(line.right),
        line.currency.encode(), u32(line.ppm), u32(line.before), i64(line.amount)))


def decode_line(key, r):
    line = Line(int.from_bytes(key, "big"), check_isrc(r.u64()), read_territory(r), r.u16(), r.u16(),
                read_word(r, "right"), read_currency(r), r.u32(), r.u32(), r.i64())
    need(line.amount >= 0, "line: a negative amount")
    return line


def encode_balance(row):
    return u64(row.party), row.currency.encode() + b"".join(i64(x) for x in row[2:])


def decode_balance(key, r):
    return Balance(int.from_bytes(key, "big"), read_currency(r), r.i64(), r.i64(), r.i64(), r.i64(), r.i64())


ENCODE = {"registry": registry.encode, "plays": encode_play, "cells": encode_cell, "lines": encode_line,
          "holders": encode_balance}
DECODE = {"registry": registry.decode, "plays": decode_play, "cells": decode_cell, "lines": decode_line,
          "holders": decode_balance}


def encode(table, rows):
    """(key, row) pairs."""
    one = ENCODE[table]
    return [one(row) for row in rows]


def read_row(table, key, reader):
    """One row at the reader: what it says and its bytes."""
    start = reader.at
    value = DECODE[table](key, reader)
    return value, reader.data[start:reader.at]


def read_rows(table, data):
    """A `.rows` file (section 10) as (key, row) pairs."""
    reader, pairs = Reader(data, table + ".rows"), []
    while reader.left():
        key = reader.take(KEY_LENGTH[table])
        pairs.append((key, read_row(table, key, reader)[1]))
    return pairs


def row_hash(salt, row):
    return sha256(salt + row)


def leaf(key, hashed):
    return sha256(b"\0" + u16(len(key)) + key + hashed)


def leaves(pairs, row_salts):
    return [leaf(key, row_hash(salt, row)) for (key, row), salt in zip(pairs, row_salts, strict=True)]


def table_salts(table, rows, k_run, k_reg, cells):
    """Salts of all rows of a table; `cells` says how the plays are cut (section 8)."""
    if table == "registry":
        return salts.salts(k_reg, rows)
    if table != "plays":
        return salts.salts(salts.table_key(k_run, table), rows)
    out = []
    for number, cell in enumerate(cells):
        out += salts.salts(salts.cell_key(k_run, number), cell.last - cell.first)
    return out


__all__ = ["Malformed", "TABLES", "KEY_LENGTH", "encode", "read_row", "read_rows", "row_hash", "leaf", "leaves",
           "table_salts"]
