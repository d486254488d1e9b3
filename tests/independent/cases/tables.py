"""tables.json: rows, leaves, salts and roots of sections 6.3 and 8."""

import make as maker
from dice import Dice
from ledgerline_check import registry, salts, tables, tree
from ledgerline_check.attribution import Play
from ledgerline_check.records import isrc_text
from ledgerline_check.settle import Amount, Balance, Cell, Line
from ledgerline_check.wire import I64_MAX, I64_MIN, MAX_TIME

from . import h64, refused

DESCRIPTION = ("Rows of the five tables: fields, key and row in hex, a salt, the leaf hash. Open bounds are null. K_run, "
               "K_reg, the keys and salts under them. Roots of the tables of the tiny run in bundle.json. Territory texts "
               "and what they match. Registry rows to refuse (key, row), and snapshots to refuse (lists of key, row).")
SOURCE = "docs/format.md sections 6.3 and 8"


def bound(time):
    return None if time in (I64_MIN, I64_MAX) else time


def registry_fields(row):
    kind = type(row).__name__.lower()
    out = {"kind": kind, **row._asdict()}
    for name in ("isrc", "party", "listener"):
        if name in out:
            out[name] = isrc_text(out[name]) if name == "isrc" else h64(out[name])
    if "account" in out and out["account"] is None:
        del out["account"]
    if "start" in out:
        out["from"], out["to"] = bound(out.pop("start")), bound(out.pop("end"))
    return out


def fields(row):
    out = row._asdict()
    for name in ("party", "listener", "play"):
        if name in out:
            out[name] = h64(out[name])
    if "isrc" in out:
        out["isrc"] = isrc_text(out["isrc"])
    if isinstance(row, Play):
        flags = out.pop("flags")
        out.update(active=bool(flags & 1), offline=bool(flags & 2), late=bool(flags & 4))
    if isinstance(row, Cell):
        out["amounts"] = [amount._asdict() for amount in row.amounts]
        out["weight_before"], out["n"] = out.pop("before"), out.pop("total")
    if isinstance(row, Balance):
        out["brought_forward"], out["carried_forward"] = out.pop("brought"), out.pop("carried")
    return out


def extremes():
    """Rows at the ends of their ranges, beside those of the tiny run."""
    a, z, top = int("AA0000000000", 36), int("ZZZZZ9999999", 36), 2**64 - 1
    amounts = tuple(Amount(right, currency, *sums) for right, currency, *sums in (
        ("a", "EUR", 0, 0, 0), ("a", "USD", 2**63 - 1, 2**63 - 1, 1), ("aa", "JPY", 5, 5, 4), ("b" * 32, "KWD", 7, 1, 5)))
    return {
        "registry": [registry.Recording(a, "", "", 0), registry.Recording(z, "題名", "Ärzte", 2**32 - 1),
                     registry.Holder(0, "", "KWD"), registry.Holder(top, "x" * 300, "JPY"),
                     registry.Share(top, z, "a.b_c-9", "* -DE -FR", 1_000_000, I64_MIN, I64_MAX),
                     registry.Share(0, a, "m", "DE", 1, 0, MAX_TIME), registry.Share(1, a, "m", "AT DE ZZ", 7, I64_MIN, 5),
                     registry.Subscription(top, "t" * 32, I64_MIN, 1), registry.Subscription(0, "free", 5, I64_MAX),
                     registry.Licence(z, "*", I64_MIN, I64_MAX), registry.Licence(a, "DE", 1, 2)],
        "plays": [Play(a, "AA", 0, 0, 0, 0, 0, 0, 0, 0), Play(z, "ZZ", 65_535, 65_535, MAX_TIME, top, top, 2**32 - 1, 2**32 - 1, 7)],
        "cells": [Cell(a, "AA", 0, 0, 1000, 0, 1000, 0, 1, ()), Cell(z, "ZZ", 65_535, 65_535, top, top, top, top - 1, top, amounts)],
        "lines": [Line(0, a, "AA", 1, 0, "a", "EUR", 1, 0, 0), Line(top, z, "ZZ", 65_535, 65_535, "b" * 32, "KWD", 1_000_000, 0, 2**63 - 1)],
        "holders": [Balance(0, "EUR", 0, 0, 0, 0, 0), Balance(top, "USD", -(2**63), 2**63 - 1, -(2**63), 2**63 - 1, -1)],
    }


def rows(world):
    out = {}
    decode = {"plays": world.run.plays, "cells": world.run.cells, "lines": world.run.lines, "holders": world.run.holders,
              "registry": world.inputs.snapshot.rows}
    for table, special in extremes().items():
        dice, out[table] = Dice(table), []
        for row in [*special, *decode[table][::3]]:
            key, content = tables.ENCODE[table](row)
            reader = tables.Reader(content)
            assert tables.read_row(table, key, reader) == (row, content)
            reader.end()
            salt = dice.bytes(16)
            leaf = tables.leaf(key, tables.row_hash(salt, content))
            out[table].append({"row": registry_fields(row) if table == "registry" else fields(row), "key": key.hex(),
                               "bytes": content.hex(), "salt": salt.hex(), "leaf": leaf.hex()})
    return out


def keys(world):
    out, dice = [], Dice("table keys")
    for origin, period, revision in ((maker.ORIGIN, "2026-04-01T00:00:00Z 2026-05-01T00:00:00Z", 0),
                                     ("ü.example/log", "1970-01-01T00:00:00Z 9998-12-31T23:59:59Z", 2**32 - 1)):
        master = dice.bytes(32)
        hashes = [dice.bytes(32) for _ in range(4)] + [dice.bytes(32) if revision else bytes(32)]
        run, reg = salts.run_key(master, origin, period, revision, hashes), salts.registry_key(master, origin, hashes[1])
        out.append({"master": master.hex(), "origin": origin, "period": period, "revision": revision,
                    "log_root": hashes[0].hex(), "registry_rows": hashes[1].hex(), "rules": hashes[2].hex(),
                    "pools": hashes[3].hex(), "previous": hashes[4].hex() if revision else None, "k_run": run.hex(),
                    "k_reg": reg.hex(), "registry_salts": [s.hex() for s in salts.salts(reg, 6)],
                    "tables": {t: {"key": salts.table_key(run, t).hex(), "salts": [s.hex() for s in salts.salts(salts.table_key(run, t), 6)]}
                               for t in ("cells", "lines", "holders")},
                    "cells": [{"cell": c, "key": salts.cell_key(run, c).hex(), "salts": [s.hex() for s in salts.salts(salts.cell_key(run, c), 3)]}
                              for c in (0, 1, 2**33)]})
    return out


def territories():
    texts = ["*", "DE", "AT DE", "* -DE", "* -AT -DE"]
    bad = ["", " ", "* ", "*DE", "* DE", "-DE", "DE AT", "DE DE", "DE  AT", "de", "* -DE -AT", "DE *", "AT -DE", "DEU", "* -DE -DE"]
    assert all(refused(lambda t=t: registry.check_territories(t)) for t in bad)
    return {"matches": [{"territories": t, "territory": c, "matches": registry.matches(t, c)} for t in texts for c in ("AT", "DE", "US")],
            "refused": bad}


def bad_rows():
    isrc, i64 = maker.ISRCS[0], tables.i64
    share = tables.u64(isrc) + tables.text("m") + tables.text("*")
    always = i64(0) + i64(10)
    out = [("kind 0", b"\0" + bytes(8), b""), ("kind 6", b"\6" + bytes(8), b""),
           ("ppm 0", b"\3" + bytes(8), share + tables.u32(0) + always),
           ("ppm above a million", b"\3" + bytes(8), share + tables.u32(1_000_001) + always),
           ("an empty interval", b"\3" + bytes(8), share + tables.u32(1) + i64(10) + i64(10)),
           ("a backward interval", b"\5" + tables.u64(isrc), tables.text("*") + i64(10) + i64(9)),
           ("a currency without a minor unit", b"\2" + bytes(8), tables.text("x") + b"XAU"),
           ("no currency", b"\2" + bytes(8), tables.text("x") + b"QQQ"), ("an empty tier", b"\4" + bytes(8), tables.text("") + always),
           ("a tier of 33 characters", b"\4" + bytes(8), tables.text("x" * 33) + always),
           ("a tier with a blank", b"\4" + bytes(8), tables.text("a b") + always),
           ("a right in capitals", b"\3" + bytes(8), tables.u64(isrc) + tables.text("M") + tables.text("*") + tables.u32(1) + always),
           ("no ISRC", b"\1" + bytes(8), tables.text("") * 2 + tables.u32(0)),
           ("text that is not UTF-8", b"\1" + tables.u64(isrc), b"\0\1\xff" + tables.text("") + tables.u32(0)),
           ("a byte too many", b"\1" + tables.u64(isrc), tables.text("") * 2 + tables.u32(0) + b"\0"),
           ("a byte too few", b"\1" + tables.u64(isrc), tables.text("") * 2 + b"\0\0\0"),
           ("territories in descending order", b"\5" + tables.u64(isrc), tables.text("DE AT") + always)]
    assert all(refused(lambda k=k, r=r: registry.parse([(k, r)])) for _, k, r in out)
    return [{"why": why, "key": key.hex(), "row": row.hex()} for why, key, row in out]


def bad_snapshots():
    a, b = maker.ISRCS[:2]
    song, holder = registry.Recording(a, "t", "a", 1), registry.Holder(1, "n", "EUR")
    share = registry.Share(1, a, "m", "*", 5, 0, 10)
    free, premium = registry.Subscription(1, "free", 0, 10), registry.Subscription(1, "premium", 9, 20)
    good = registry.canonical([song, holder, share, free, registry.Licence(a, "*", 0, 1)])
    registry.parse(good)
    out = [("out of order", [good[1], good[0], *good[2:]]), ("a row twice", [good[0], *good]),
           ("two rows of one recording", registry.canonical([song, song._replace(title="u")])),
           ("two rows of one holder", registry.canonical([holder, holder._replace(name="u")])),
           ("a share without recording", registry.canonical([holder, share])), ("a share without holder", registry.canonical([song, share])),
           ("a licence without recording", registry.canonical([song, registry.Licence(b, "*", 0, 1)])),
           ("subscriptions that overlap", registry.canonical([free, premium]))]
    assert all(refused(lambda p=p: registry.parse(p)) for _, p in out)
    return [{"why": why, "rows": [[key.hex(), row.hex()] for key, row in pairs]} for why, pairs in out]


def make():
    world = maker.build()
    roots = {t: {"count": len(v), "root": tree.root(v).hex()} for t, v in world.run.leaves.items()}
    return {"keys": keys(world), "rows": rows(world), "territories": territories(), "refused_registry_rows": bad_rows(),
            "refused_snapshots": bad_snapshots(),
            "run": {"k_run": world.inputs.k_run.hex(), "k_reg": world.inputs.k_reg.hex(), "roots": roots,
                    "rows": {t: [[key.hex(), row.hex()] for key, row in pairs] for t, pairs in world.run.pairs.items()}}}
