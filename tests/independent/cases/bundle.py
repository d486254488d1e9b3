"""bundle.json: bundles of section 11 made here, changed ones, and those of operators who cheat."""

import base64
import struct
import zlib

import make as maker
from ledgerline_check import bundle, bundle_checks, container, notes, records, registry, runnote, settle, tree
from ledgerline_check.attribution import DAY, LATE
from ledgerline_check.wire import I64_MAX, I64_MIN, Malformed, u32, u64

DESCRIPTION = (
    "`good`: bundles (base64), vkey, run note text, verdict with the key (without: incomplete). `mutations`: a good bundle, named "
    "by `of`, changed: `patch` = list of {offset, xor in hex}; `splice` = {offset, remove: number of bytes, insert in hex}; "
    "`entries` = contents by name (base64) put in place of the good bundle's, in a container written anew; `bundle` = the whole "
    "file (base64). `cheats`: an operator signs what is not so, given as `entries` like a mutation; `check` and `fails` name the checks of "
    "tests/independent. `outcome`: malformed (does not parse by sections 1 to 11) or disputed (parses and is wrong).")
SOURCE = "docs/format.md sections 4 and 6 to 11"

A, B, C, D, E, F = maker.ISRCS
P0, P1, P2, P3 = maker.PARTIES
ME = 0x0123456789ABCDEF  # the holder of the small bundles
VKEY = maker.KEY.verifier()


def small_market():
    """Two recordings, one of them with two share versions; the holder is not alone in either."""
    always = I64_MIN, I64_MAX
    rows = [registry.Recording(isrc, f"Title {n}", "Künstler", 180_000) for n, isrc in enumerate((A, B, C))]
    rows += [registry.Holder(party, "x", "EUR") for party in (P0, ME, P3)]
    rows += [registry.Share(P0, A, "master", "*", 250_000, *always), registry.Share(ME, A, "master", "*", 500_000, I64_MIN, maker.MIDDLE),
             registry.Share(ME, A, "master", "*", 750_000, maker.MIDDLE, I64_MAX), registry.Share(ME, B, "master", "*", 1_000_000, *always),
             registry.Share(P3, C, "master", "*", 1_000_000, *always)]
    rows += [registry.Subscription(listener, "premium", maker.FROM - 10**10, maker.TO) for listener in range(1, 4)]
    return rows + [registry.Licence(A, "*", *always), registry.Licence(B, "* -FR", *always), registry.Licence(C, "*", *always)]


def small_events(times=None):
    """Three plays of A in each half of the month and of B and C, one of B in FR; one is late."""
    times = times or [("DE", A, 2), ("DE", A, 3), ("DE", A, -2), ("DE", A, 20), ("DE", A, 21), ("DE", B, 5), ("DE", B, 6), ("FR", B, 7),
                      ("DE", C, 8), ("DE", C, 22)]
    events = []
    for number, (territory, isrc, day) in enumerate(times):
        start = maker.FROM + day * DAY + number
        for step, kind in ((0, 1), (20_000, 2), (40_000 + number, 3)):
            events.append(records.Event(start + step, step, kind, isrc, territory, number % 4, 1000 + number, number % 3 + 1))
    return events


SMALL_POOLS = (b"territory,tier,right,currency,amount\nDE,premium,master,EUR,1000.000001\nDE,premium,master,JPY,777\nDE,free,master,EUR,50\n"
               b"FR,premium,master,EUR,5\n")


def small(tamper=maker.plain, rows=None, events=None):
    return maker.build(rows or small_market(), events or small_events(), tamper, maker.RULES, SMALL_POOLS)


def small_bundle(tamper=maker.plain, evidence=bundle.FULL, rows=None, events=None, nonce=b""):
    return maker.make_bundle(small(tamper, rows, events), ME, evidence, nonce, tamper)


def outcome(data, vkey=VKEY):
    try:
        return bundle_checks.verify(data, vkey).verdict()
    except Malformed:
        return "malformed"


def failing(data):
    return [check.id for check in bundle_checks.verify(data, VKEY).checks() if check.status == "fail"]


def b64(data):
    return base64.b64encode(data).decode()


# Changes to a finished bundle

def xors(before, after):
    """Runs of changed bytes; `before` and `after` have one length."""
    out, at = [], 0
    while at < len(before):
        if before[at] != after[at]:
            end = at
            while end < len(before) and before[end] != after[end]:
                end += 1
            out.append({"offset": at, "xor": bytes(a ^ b for a, b in zip(before[at:end], after[at:end])).hex()})
            at = end
        at += 1
    return out


def replaced(good, **entries):
    """The container written anew with other entries."""
    contents = {**container.read(good), **entries}
    return container.write([(name, contents[name]) for name in container.NAMES])


def flip(data, at, bit=1):
    at %= len(data)
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1:]


def container_changes(good):
    """(name, bytes): each breaks the one encoding."""
    entries = container.read(good)
    directory = good.index(b"PK\1\2")
    end = len(good) - 22
    yield "version needed", flip(good, 4)
    yield "general purpose flags", flip(good, 7, 8)
    yield "compression method", flip(good, 8, 8)
    yield "time", flip(good, 10)
    yield "date", flip(good, 12, 2)
    yield "CRC-32 in the local header", flip(good, 14)
    yield "CRC-32 in the directory", flip(good, directory + 16)
    yield "compressed size", flip(good, 18)
    yield "uncompressed size", flip(good, 22)
    yield "extra field length", flip(good, 28)
    yield "name of an entry", flip(good, 30)
    yield "content without its CRC-32", flip(good, good.index(b"ledgerline/run/v1"))
    yield "version made by", flip(good, directory + 4)
    yield "host system", flip(good, directory + 5, 3)
    yield "directory disk number", flip(good, directory + 34)
    yield "internal attributes", flip(good, directory + 36)
    yield "external attributes", flip(good, directory + 38)
    yield "offset of a local header", flip(good, directory + 42)
    yield "disk number", flip(good, end + 4)
    yield "number of entries", flip(good, end + 8)
    yield "directory size", flip(good, end + 12)
    yield "directory offset", flip(good, end + 16)
    yield "comment length", flip(good, end + 20)
    yield "a byte behind", good + b"\0"
    yield "a byte before", b"\0" + good
    yield "cut off", good[:-1]
    yield "empty", b""
    yield "a comment", good[:-2] + struct.pack("<H", 2) + b"hi"
    yield "an entry more", container.write([*entries.items(), ("extra", b"")])
    yield "an entry less", container.write([item for item in entries.items() if item[0] != "scope"])
    yield "entries in another order", container.write([*list(entries.items())[:-2], *list(entries.items())[:-3:-1]])
    yield "a deflated entry", deflated(entries)
    yield "another format", replaced(good, format=b"ledgerline-bundle/2\n")
    yield "format without line end", replaced(good, format=b"ledgerline-bundle/1")


def stored(content):
    """One stored deflate block."""
    return b"\1" + struct.pack("<HH", len(content), len(content) ^ 0xFFFF) + content


def gzip_member(content):
    """A gzip member of one stored block, the same everywhere."""
    return b"\x1f\x8b\x08" + bytes(6) + b"\xff" + stored(content) + struct.pack("<II", zlib.crc32(content), len(content))


def gzip_changes(good):
    member = gzip_member(good)
    yield "gzip with a byte behind", member + b"\0"
    yield "two gzip members", member + member
    yield "gzip cut off", member[:-1]
    yield "gzip with another CRC-32", flip(member, -8)
    yield "gzip in gzip", gzip_member(member)


def deflated(entries):
    """Valid for an unzip program, not for us."""
    whole = container.write(list(entries.items()))
    packed = stored(container.FORMAT)
    at = 30 + len("format")
    head = bytearray(whole[:at])
    head[8:10], head[18:22] = struct.pack("<H", 8), struct.pack("<I", len(packed))
    return bytes(head) + packed + whole[at + len(container.FORMAT):]


def grammar_changes(good):
    """(name, entries) that do not parse."""
    e = container.read(good)
    scope, text = e["scope"], e["run.note"]
    isrcs = scope[-16:]
    yield "evidence 2", {"scope": scope[:8] + b"\2" + scope[9:]}
    yield "nonce of 33 bytes", {"scope": scope[:9] + bytes([33]) + bytes(33) + scope[10:]}
    yield "scope ISRCs in descending order", {"scope": scope[:-16] + isrcs[8:] + isrcs[:8]}
    yield "a scope ISRC twice", {"scope": scope[:-16] + isrcs[:8] * 2}
    yield "scope cut off", {"scope": scope[:-1]}
    for name in ("scope", *bundle.SLICES, "events"):
        yield f"a byte behind {name}", {name: e[name] + b"\0"}
        yield f"{name} cut off", {name: e[name][:-1]}
        yield f"{name} empty", {name: b""}
    for name in bundle.SLICES:
        length = 9 if name == "registry" else 8
        first = 4 + 2 + length
        yield f"{name}: a range past the table", {name: e[name][:first] + u64(0) + u64(2**63) + e[name][first + 16:]}
        yield f"{name}: a range that ends before it starts", {name: e[name][:first] + u64(1) + u64(0) + e[name][first + 16:]}
        yield f"{name}: four thousand million scope keys", {name: u32(2**32 - 1) + e[name][4:]}
    record = e["events"].index(b"\1", 4 + 8 + 4 + 8 + 16)
    assert 4 + 8 + 4 + 8 + 16 == record
    yield "a record of kind 4", {"events": e["events"][:record] + b"\4" + e["events"][record + 1:]}
    yield "a record with flag 4", {"events": e["events"][:record + 1] + b"\4" + e["events"][record + 2:]}
    opened, proof = bundle.parse_events(e["events"])
    first = opened[0]
    for why, events in (("events in another order", first.events[::-1]), ("an event twice", [first.events[0], *first.events])):
        yield why, {"events": bundle.encode_events([first._replace(events=events), *opened[1:]], proof)}
    yield "opened plays in another order", {"events": bundle.encode_events(opened[::-1], proof)}
    yield "an opened play twice", {"events": bundle.encode_events([first, *opened], proof)}
    yield "a run note that is no note", {"run.note": b"no note"}
    yield "a run note of another version", {"run.note": text.replace(b"run/v1", b"run/v2")}
    yield "a run note with CRLF", {"run.note": text.replace(b"\n", b"\r\n")}
    yield "a run note without its signature", {"run.note": text[:text.index("—".encode())]}
    yield "a checkpoint with a leading zero", {"checkpoint": e["checkpoint"].replace(b"\n30\n", b"\n030\n")}
    yield "rules with an unknown key", {"rules.toml": b"qualify = 1\n" + e["rules.toml"]}
    yield "rules of an unknown model", {"rules.toml": e["rules.toml"].replace(b"pro-rata", b"user-centric")}
    yield "a pool twice", {"pools.csv": e["pools.csv"] + b"FR,premium,master,EUR,5\n"}
    yield "a pool of seven decimals", {"pools.csv": e["pools.csv"].replace(b"1000.000001", b"1000.0000010")}
    yield "a negative pool", {"pools.csv": e["pools.csv"].replace(b",777", b",-777")}


def wrong_changes(good):
    """(name, entries) that parse and are wrong."""
    e = container.read(good)
    yield "a blank line more in the rules", {"rules.toml": e["rules.toml"] + b"\n"}
    yield "another qualifying time", {"rules.toml": e["rules.toml"].replace(b"30000", b"30001")}
    yield "pools in another order", {"pools.csv": reordered(e["pools.csv"])}
    yield "another pool amount", {"pools.csv": e["pools.csv"].replace(b",777", b",778")}
    yield "scope of another party", {"scope": flip(e["scope"], 7)}
    yield "revision in the note", {"run.note": e["run.note"].replace(b"revision 0", b"revision 1")}
    yield "paid in the note", {"run.note": e["run.note"].replace(b"paid EUR ", b"paid EUR 1")}
    yield "signature of the note", {"run.note": resigned(e["run.note"], notes.SigningKey(maker.ORIGIN, bytes(32)))}
    yield "note signed under another name", {"run.note": resigned(e["run.note"], notes.SigningKey("other.example/log", maker.KEY.seed))}
    yield "checkpoint signed by another key", {"checkpoint": resigned(e["checkpoint"], notes.SigningKey(maker.ORIGIN, bytes(32)))}
    yield "a signed checkpoint of another size", {"checkpoint": resigned(e["checkpoint"].replace(b"\n30\n", b"\n31\n"), maker.KEY)}
    yield "a signed checkpoint of another origin", {"checkpoint": resigned(e["checkpoint"].replace(maker.ORIGIN.encode(), b"other.example/log"), maker.KEY)}
    for name in bundle.SLICES:
        yield f"{name}: last proof hash", {name: flip(e[name], -1)} if e[name][-4:] != bytes(4) else {name: flip(e[name], -5)}
    yield "events: last proof hash", {"events": flip(e["events"], -1)} if e["events"][-4:] != bytes(4) else {"events": flip(e["events"], 4 + 8 + 4 + 8)}
    for name in ("registry", "holders", "lines", "cells"):
        at = rows_start(name, e[name])
        yield f"{name}: a salt", {name: flip(e[name], at)}
    plays = rows_start("plays", e["plays"])
    yield "plays: a cell key", {"plays": flip(e["plays"], plays + 4)}
    yield "events: a salt", {"events": flip(e["events"], 4 + 8 + 4 + 8)}
    yield "events: a position", {"events": flip(e["events"], 4 + 8 + 4 + 16 + 8 + 26 - 16)}
    yield "events: a leaf index", {"events": flip(e["events"], 4 + 8 + 4 + 7)}
    balance = rows_start("holders", e["holders"])
    yield "holders: earned", {"holders": flip(e["holders"], balance + 16 + 3 + 8 + 7)}
    yield "registry: ppm", {"registry": ppm_changed(e["registry"])}


def reordered(pools):
    header, *rows = pools.splitlines(True)
    return header + b"".join(rows[::-1])


def ppm_changed(data):
    at = data.index(u32(750_000))
    return data[:at] + u32(749_999) + data[at + 4:]


def resigned(signed, key):
    return key.sign(notes.parse_note(signed).text).encode()


def rows_start(name, data):
    """Where the part behind the ranges starts."""
    length = 9 if name == "registry" else 8
    return 4 + int.from_bytes(data[:4], "big") * (2 + length + 16)


def splice(before, after):
    """The one stretch that differs."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    return {"offset": start, "remove": len(before) - end - start, "insert": after[start:len(after) - end].hex()}


def changed_entries(good, data):
    before, after = container.read(good), container.read(data)
    return {"entries": {name: b64(after[name]) for name in container.NAMES if after[name] != before[name]}}


def mutations(good, of):
    out = []
    for name, data in container_changes(good):
        assert outcome(data) == "malformed", name
        change = {"patch": xors(good, data)} if len(data) == len(good) else {"splice": splice(good, data)}
        out.append({"of": of, "name": f"container: {name}", **change, "outcome": "malformed"})
    for wanted, changes in (("malformed", grammar_changes(good)), ("disputed", wrong_changes(good))):
        for name, entries in changes:
            data = replaced(good, **entries)
            assert data != good and outcome(data) == wanted, (name, outcome(data))
            change = {"patch": xors(good, data)} if len(data) == len(good) else changed_entries(good, data)
            out.append({"of": of, "name": name, **change, "outcome": wanted})
    return out


# Operators who cheat, consistently and signed

def at(stage, change):
    """A tamper that changes the value of one stage."""
    return lambda now, value: change(value) if now == stage else value


def in_split(pick_line, change_line=None, pick_cell=None, change_cell=None):
    """Changes the first fitting line and cell after the split; a line changed to None is dropped."""
    def change(value):
        cells, lines = value
        cells, lines = list(cells), list(lines)
        if pick_line:
            number = next(i for i, line in enumerate(lines) if pick_line(line))
            lines[number:number + 1] = [line for line in [change_line(lines[number])] if line]
        if pick_cell:
            number = next(i for i, cell in enumerate(cells) if pick_cell(cell))
            cells[number] = change_cell(cells[number])
        return cells, sorted(lines)
    return at("split", change)


def mine(line):
    return line.party == ME and line.currency == "EUR" and line.isrc == A and line.version == 0


def cell_of(isrc, territory="DE", version=0):
    return lambda cell: (cell.isrc, cell.territory, cell.version) == (isrc, territory, version)


def amount_changed(number=0, **fields):
    def change(cell):
        amounts = list(cell.amounts)
        amounts[number] = amounts[number]._replace(**fields)
        return cell._replace(amounts=tuple(amounts))
    return change


def cell_changed(pick, **fields):
    def change(cells):
        return [cell._replace(**{name: value(getattr(cell, name)) for name, value in fields.items()}) if pick(cell) else cell for cell in cells]
    return at("cells", change)


def play_changed(pick, **fields):
    """Changes the first fitting play of A."""
    def change(plays):
        number = next(i for i, play in enumerate(plays) if play.isrc == A and pick(play))
        plays[number] = plays[number]._replace(**{name: value(getattr(plays[number], name)) for name, value in fields.items()})
        return sorted(plays)
    return at("plays", change)


def any_row(_):
    return True


def holder_rows(change):
    return at("holders", lambda rows: [row for old in rows for row in (change(old) if old.party == ME and old.currency == "EUR" else [old])])


def in_note(**fields):
    return at("note", lambda note: note._replace(**{name: value(getattr(note, name)) for name, value in fields.items()}))


def eur(*change):
    return lambda totals: {c: tuple(a + b for a, b in zip(sums, change)) if c == "EUR" else sums for c, sums in totals.items()}


def cut_range(table, number=0, first=0, last=0):
    def change(ranges):
        key, low, high = ranges[number]
        ranges[number] = (key, low + first, high + last)
        return ranges
    return at("ranges " + table, change)


def opened_changed(change):
    def apply(opened):
        opened[0] = opened[0]._replace(events=change(opened[0].events))
        return opened
    return at("opened", apply)


def both(*tampers):
    def apply(stage, value):
        for tamper in tampers:
            value = tamper(stage, value)
        return value
    return apply


def cook_books(totals):
    """Pool = paid + suspense whatever was done before."""
    return {currency: (pool, pool - suspense, suspense) for currency, (pool, _, suspense) in totals.items()}


def drop_share_version(plays):
    return sorted(play._replace(version=0) for play in plays)


def twice(plays):
    play = next(play for play in plays if play.isrc == A)
    return sorted([*plays, play._replace(time=play.time + 1)])


def without(isrc):
    return lambda scope: scope._replace(isrcs=[i for i in scope.isrcs if i != isrc])


def cheats():
    """(name, failing check, tamper)."""
    yield "a line is one micro short", "lines", in_split(mine, lambda line: line._replace(amount=line.amount - 1))
    yield "a line is missing", "lines", in_split(mine, lambda line: None)
    yield "a line of fewer ppm", "lines", in_split(mine, lambda line: line._replace(
        ppm=400_000, amount=settle.part(line_amount(), line.before, 400_000, 10**6)))
    yield "a line with another before", "lines", in_split(mine, lambda line: line._replace(
        before=200_000, amount=settle.part(line_amount(), 200_000, line.ppm, 10**6)))
    yield "a line that goes past the whole", "lines", in_split(mine, lambda line: line._replace(
        before=500_001, amount=settle.part(line_amount(), 500_001, line.ppm, 10**6)))
    yield "suspended without a reason", "reasons", in_split(None, None, cell_of(B), amount_changed(suspended=5))
    yield "no-shares although there is a share", "reasons", both(
        in_split(lambda line: line.party == ME and line.isrc == B and line.currency == "EUR", lambda line: None),
        in_split(None, None, cell_of(B), lambda cell: amount_changed(suspended=cell.amounts[0].amount, reason=3)(cell)))
    yield "unknown-isrc of a known recording", "reasons", both(
        in_split(lambda line: line.party == ME and line.isrc == B and line.currency == "EUR", lambda line: None),
        in_split(None, None, cell_of(B), lambda cell: amount_changed(suspended=cell.amounts[0].amount, reason=1)(cell)))
    yield "not-licensed although there is a licence", "reasons", both(
        in_split(lambda line: line.party == ME and line.isrc == B and line.currency == "EUR", lambda line: None),
        in_split(None, None, cell_of(B), lambda cell: amount_changed(suspended=cell.amounts[0].amount, reason=2)(cell)))
    yield "no-shares where there is no licence", "reasons", in_split(None, None, cell_of(B, "FR"), amount_changed(reason=3))
    yield "over-claimed for one currency only", "reasons", both(
        in_split(mine, lambda line: None),
        in_split(None, None, cell_of(A), lambda cell: amount_changed(suspended=cell.amounts[0].amount, reason=4)(cell)))
    yield "more suspended than any unclaimed part", "reasons", in_split(None, None, cell_of(A), lambda cell: amount_changed(
        suspended=cell.amounts[0].amount - cell.amounts[0].amount // 2 + 5_000_000)(cell))
    yield "unclaimed parts that do not fit each other", "reasons", in_split(None, None, cell_of(A), lambda cell: amount_changed(
        suspended=cell.amounts[0].amount - cell.amounts[0].amount * 700_000 // 10**6)(cell))
    yield "a pool pays a cell less", "amounts", at("cells", lambda cells: [
        amount_changed(amount=cell.amounts[0].amount - 1000)(cell) if cell_of(A)(cell) else cell for cell in cells])
    yield "a pool is left out of a cell", "amounts", at("cells", lambda cells: [
        cell._replace(amounts=cell.amounts[:1]) if cell_of(A)(cell) else cell for cell in cells])
    yield "N is larger", "chain", cell_changed(lambda cell: cell_of(A)(cell), total=lambda n: n + 1000)
    yield "weight before is larger", "chain", cell_changed(lambda cell: cell_of(A, "DE", 1)(cell), before=lambda n: n + 1000)
    yield "weight before of the first cell", "chain", cell_changed(cell_of(A), before=lambda n: 1000)
    yield "weight above that of the plays", "tiling", cell_changed(cell_of(A, "DE", 1), weight=lambda n: n + 1000)
    yield "a gap between cells", "tiling", cell_changed(cell_of(A, "DE", 0), last=lambda n: n - 1)
    yield "a longer play than the events say", "recomputed", play_changed(any_row, listened=lambda n: n + 5_000)
    yield "an earlier play than the events say", "recomputed", play_changed(any_row, time=lambda t: t - 1)
    yield "a play that the listener did not choose", "recomputed", play_changed(lambda p: p.flags & 1, flags=lambda f: f & ~1)
    yield "a late play without the flag", "plays", play_changed(lambda p: p.flags & LATE, flags=lambda f: f & ~LATE)
    yield "a play in the period with the late flag", "plays", play_changed(lambda p: not p.flags & LATE, flags=lambda f: f | LATE)
    yield "a play that is not qualified", "plays", play_changed(any_row, listened=lambda n: 29_999)
    yield "a play after the period", "plays", play_changed(lambda p: p.version == 1, time=lambda t: maker.TO)
    yield "a play before the late days", "plays", play_changed(lambda p: p.flags & LATE, time=lambda t: maker.FROM - 30 * DAY - 1)
    yield "a play that weighs twice", "plays", play_changed(any_row, weight=lambda w: 2 * w)
    yield "share versions that ignore a boundary", "versions", at("plays", drop_share_version)
    yield "a play twice", "order", at("plays", twice)
    yield "payable above the balance", "holders", holder_rows(lambda r: [r._replace(payable=r.payable + 10_000, carried=r.carried - 10_000)])
    yield "payable not in minor units", "holders", holder_rows(lambda r: [r._replace(payable=r.payable + r.carried, carried=0)])
    yield "earned below the lines", "holders", holder_rows(lambda r: [settle.balance(r.party, r.currency, 0, r.earned - 10_000)])
    yield "no row for a currency", "holders", holder_rows(lambda r: [])
    yield "a row without lines", "holders", holder_rows(lambda r: [r, settle.Balance(r.party, "GBP", 0, 0, 0, 0, 0)])
    yield "brought forward from nowhere", "holders", holder_rows(lambda r: [settle.balance(r.party, r.currency, -10_000, r.earned)])
    yield "taking back an earlier revision without one", "holders", holder_rows(
        lambda r: [settle.balance(r.party, r.currency, 0, r.earned, 10_000)])
    yield "a payment held back that the rules do not", "holders", holder_rows(
        lambda r: [r._replace(payable=0, carried=r.payable + r.carried)])
    yield "pool is not paid and suspense", "totals", in_note(totals=eur(0, -1, 0))
    yield "pool line above the pools file", "totals", in_note(totals=eur(1, 0, 1))
    yield "suspense below the cells", "totals", in_note(totals=lambda t: {c: (p, p, 0) for c, (p, _, _) in t.items()})
    yield "rules of another hash", "rules", in_note(rules=lambda h: tree.sha256(b"other"))
    yield "pools of another hash", "pools", in_note(pools=lambda h: tree.sha256(b"other"))
    yield "another log in the note", "checkpoint", in_note(log=lambda log: (log[0] + 1, log[1]))
    yield "another registry root", "registry-root", in_note(registry=lambda r: (r[0], tree.sha256(b"other")))
    yield "a recording left out of scope", "scope", at("scope", without(B))
    yield "the scope says sample and all is opened", "sample", at("entries", sample_scope)
    yield "plays left closed", "sample", at("positions", lambda positions: positions[1:])
    yield "a line hidden at the end", "lines-complete", cut_range("lines", last=-1)
    yield "a line hidden at the start", "lines-complete", cut_range("lines", first=1)
    yield "a balance hidden", "holders-complete", cut_range("holders", last=-1)
    yield "a share hidden", "registry-complete", cut_range("registry", 3, last=-1)
    yield "a recording said to be absent", "registry-complete", cut_range("registry", 0, last=-1)
    yield "a cell hidden", "cells-complete", both(cut_range("cells", 1, last=-1))
    yield "a play hidden", "plays-complete", cut_range("plays", 1, last=-1)
    yield "an event left out", "recomputed", opened_changed(lambda events: events[:1] + events[2:])
    yield "a play without events", "recomputed", opened_changed(lambda events: [])
    yield "a checkpoint signed for another log", "checkpoint", at("checkpoint", lambda text: text.replace(maker.ORIGIN, "other.example/log"))
    yield "signed by another key of that name", "note-signature", at("key", lambda key: notes.SigningKey(maker.ORIGIN, bytes(32)))


def apart():
    """The holder has A and C, and B stands hidden between them; FR is licensed."""
    rows = [row for row in small_market() if not isinstance(row, registry.Licence) and getattr(row, "isrc", 0) != C]
    rows = [row._replace(party=P3) if isinstance(row, registry.Share) and row.isrc == B else row for row in rows]
    return rows + [registry.Recording(C, "Title 2", "Künstler", 180_000), registry.Share(ME, C, "master", "*", 1_000_000, I64_MIN, I64_MAX)]


def two_tiers():
    """Listener 3 is in another tier."""
    rows = [row for row in small_market() if not (isinstance(row, registry.Subscription) and row.listener == 3)]
    return rows + [registry.Subscription(3, "free", maker.FROM - 10**10, maker.TO)]


def all_cells(**fields):
    return cell_changed(any_row, **fields)


def over_claimed(pick):
    """Suspends whole what a fitting cell earns, for all its pools."""
    def change(value):
        cells, lines = value
        picked = [cell for cell in cells if pick(cell)]
        assert picked
        cells = [cell._replace(amounts=tuple(a._replace(suspended=a.amount, reason=4) for a in cell.amounts)) if pick(cell) else cell
                 for cell in cells]
        return cells, [line for line in lines if not any(line[1:5] == cell[:4] for cell in picked)]
    return at("split", change)


def borrowed(plays):
    """A play of A counted for B as well."""
    play = next(play for play in plays if play.isrc == A and play.version == 0)
    return sorted([*plays, play._replace(isrc=B)])


def more_lines(**fields):
    """A second line for one cell and pool."""
    def change(value):
        cells, lines = value
        again = next(line for line in lines if mine(line))
        return cells, sorted([*lines, again._replace(**fields)])
    return at("split", change)


def registry_changed(change):
    """A table that is not in the order of section 6.3; the run itself is honest."""
    return at("registry", lambda pairs: change(list(pairs)))


def pair_of(row):
    return registry.encode(row)


def with_rows(*rows):
    return registry_changed(lambda pairs: sorted([*pairs, *map(pair_of, rows)]))


def swapped(key):
    """The rows of one key in descending order."""
    def change(pairs):
        return [p for p in pairs if p[0] < key] + [p for p in pairs if p[0] == key][::-1] + [p for p in pairs if p[0] > key]
    return registry_changed(change)


def empty_cell(cells):
    cell = cells[0]
    return [cell, cell._replace(version=0, territory="DE", first=cell.last, last=cell.last, weight=0, before=cell.before + cell.weight,
                                amounts=tuple(a._replace(amount=0) for a in cell.amounts)), *cells[1:]]


def more_cheats():
    """Those that need another market: (name, check, tamper, rows)."""
    yield "over-claimed for one tier only", "reasons", over_claimed(lambda c: cell_of(A)(c) and c.tier == 2), two_tiers()
    yield "not-licensed in a registry without licences", "reasons", at("split", lambda v: (
        [c._replace(amounts=tuple(a._replace(suspended=a.amount, reason=2) for a in c.amounts)) if c.isrc == C else c for c in v[0]],
        [line for line in v[1] if line.isrc != C])), apart()
    yield "weight before falls across a hidden cell", "chain", cell_changed(lambda c: c.isrc == C and c.version == 0, before=lambda n: 2000), apart()
    yield "N below the last cell", "chain", all_cells(total=lambda n: 5000), apart()
    yield "N differs from cell to cell", "chain", cell_changed(lambda c: c.isrc == C, total=lambda n: n + 1000), apart()
    yield "N above the weight of all plays", "chain", all_cells(total=lambda n: 11_000), apart()
    yield "a play of A counted for B as well", "order", at("plays", borrowed), None
    yield "a line stands twice", "order", more_lines(), None
    yield "a second line, of fewer ppm and nothing", "order", more_lines(ppm=250_000, amount=0), None
    yield "a second line, before the first, takes money back", "malformed", more_lines(ppm=1, amount=-10_000_000), None
    yield "a second line, after the first, takes money back", "malformed", more_lines(ppm=999_999, amount=-10_000_000), None
    yield "lines in another order", "order", at("split", lambda v: (v[0], v[1][::-1])), None
    yield "two rows of one currency", "order", holder_rows(lambda r: [r, r]), None
    yield "a second row of one currency takes money back", "order", holder_rows(
        lambda r: [r, settle.Balance(r.party, r.currency, 0, -10_000_000, 0, 0, -10_000_000)]), None
    yield "balances in another order", "order", at("holders", lambda rows: rows[::-1]), None
    yield "a share row twice", "order", with_rows(registry.Share(ME, B, "master", "*", 1_000_000, I64_MIN, I64_MAX)), None
    yield "share rows in another order", "order", swapped(b"\3" + u64(ME)), None
    yield "two rows of one recording", "registry", with_rows(registry.Recording(A, "Title 9", "K", 20_000)), None
    yield "two rows of the holder", "registry", with_rows(registry.Holder(ME, "y", "USD")), None
    yield "a cell without plays", "malformed", at("cells", empty_cell), None
    yield "no holder row", "scope", at("registry", lambda pairs: [p for p in pairs if p[0] != b"\2" + u64(ME)]), None
    yield "a recording without its row", "scope", at("registry", lambda pairs: [p for p in pairs if p[0] != b"\1" + u64(B)]), None
    yield "a tier that no pool names", "plays", at("plays", lambda plays: sorted(p._replace(tier=9) if p.isrc == B else p for p in plays)), None
    yield "two share versions at one time", "versions", at("plays", same_time), None


def same_time(plays):
    early = [play for play in plays if play.isrc == A and play.version == 0]
    plays = [play for play in plays if play != early[1]]
    return sorted([*plays, early[1]._replace(time=early[0].time, version=1)])


def sample_scope(entries):
    """Says sample where more plays are opened than the rule picks."""
    contents = dict(entries)
    scope = bundle.parse_scope(contents["scope"])
    return [(name, scope._replace(evidence=bundle.SAMPLE).encode() if name == "scope" else content) for name, content in entries]


def line_amount():
    """What the EUR pool pays the first cell of A."""
    return next(cell for cell in small().run.cells if cell_of(A)(cell)).amounts[0].amount


def good_bundles():
    world = maker.build()
    yield "small, full", small_bundle(), small()
    yield "small, sample", small_bundle(evidence=bundle.SAMPLE, nonce=b"my own nonce"), small()
    yield "market, one share", maker.make_bundle(world, P0), world
    yield "market, many shares", maker.make_bundle(world, P1, bundle.FULL, bytes(32)), world
    yield "market, the last party", maker.make_bundle(world, P3), world
    yield "market, no holder", maker.make_bundle(world, 5), world
    nothing = maker.build(small_market(), [], maker.plain, maker.RULES, SMALL_POOLS)
    yield "no events", maker.make_bundle(nothing, ME), nothing
    alone = maker.build([], [], maker.plain, maker.RULES, b"amount,currency,right,tier,territory\r\n\"0.10\",KWD,a,b,DE")
    yield "empty tables", maker.make_bundle(alone, ME, bundle.FULL), alone
    unlicensed = [row for row in small_market() if not isinstance(row, registry.Licence)]
    free = small(rows=unlicensed)
    yield "no licences", maker.make_bundle(free, ME), free


def make():
    good, made = [], {}
    for name, data, world in good_bundles():
        made[name] = data
        text = runnote.format_note(world.note)
        assert notes.parse_note(world.signed.encode()).text == text
        assert outcome(data) == "verified" and outcome(data, None) == "incomplete", (name, failing(data))
        good.append({"name": name, "bundle": b64(data), "run_note": text, "verdict": "verified"})
    packed = gzip_member(made["empty tables"])
    assert outcome(packed) == "verified"
    good.append({"name": "empty tables, gzip", "bundle": b64(packed), "run_note": next(g for g in good if g["name"] == "empty tables")["run_note"], "verdict": "verified"})
    changed = mutations(made["small, full"], "small, full")
    for name, data in gzip_changes(made["empty tables"]):
        assert outcome(data) == "malformed", name
        changed.append({"of": "empty tables", "name": name, "bundle": b64(data), "outcome": "malformed"})
    cheated = []
    for name, check, tamper, *rows in [*cheats(), *more_cheats()]:
        data = small_bundle(both(tamper, at("totals", cook_books)), rows=rows[0] if rows else None)
        found = outcome(data)
        fails = failing(data) if found == "disputed" else [found]
        assert check in fails, (name, fails)
        cheated.append({"of": "small, full", "name": name, "check": check, "fails": fails,
                        **changed_entries(made["small, full"], data), "outcome": found})
    return {"vkey": VKEY.text(), "good": good, "mutations": changed, "cheats": cheated}
