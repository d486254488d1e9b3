"""Makes a tiny ledger, run and bundles with this code alone, from fixed secrets."""

import hashlib
from pathlib import Path
from typing import NamedTuple

from dice import Dice
from ledgerline_check import attribution, bundle, container, notes, records, registry, runnote, salts, tables, tree
from ledgerline_check.derive import Inputs, derive, run_note
from ledgerline_check.ledger import SEGMENT, tile_path
from ledgerline_check.records import Event
from ledgerline_check.wire import I64_MAX, I64_MIN, u64

ORIGIN = "independent.example/plays/2026-04"
MASTER = hashlib.sha256(b"independent master").digest()
KEY = notes.SigningKey(ORIGIN, hashlib.sha256(b"independent log key").digest())
FROM, TO = runnote.parse_time("2026-04-01T00:00:00Z"), runnote.parse_time("2026-05-01T00:00:00Z")
MIDDLE = runnote.parse_time("2026-04-15T00:00:00Z")
RULES = b'version = 1\nmodel = "pro-rata"\nqualify_ms = 30000\n\n[source]\nqualify = "a half minute"\n'
POOLS = (b"territory,tier,right,currency,amount\n"
         b"DE,premium,master,EUR,1000.000001\nDE,premium,publishing,EUR,250\nDE,free,master,EUR,17.5\n"
         b"JP,premium,master,JPY,99999\nJP,premium,publishing,USD,0.000007\nFR,premium,master,EUR,33.25\n")
ISRCS = [records.pack_isrc(text) for text in
         ("DEAB12600001", "DEAB12600002", "FRZ032600003", "GBAYE0000351", "JPX992600005", "USRC17607839")]
PARTIES = [0x1111, 0x2222222222222222, 0x3333333333333333, 0xFFFFFFFFFFFFFFFE]


class World(NamedTuple):
    inputs: Inputs
    events: list
    checkpoint: str  # signed
    leaves: list
    run: object
    note: runnote.RunNote
    signed: str


def market():
    """Registry rows with all reasons of section 7.3 but unknown-isrc."""
    a, b, c, d, e, _ = ISRCS
    always = I64_MIN, I64_MAX
    rows = [registry.Recording(isrc, f"Title {n}", f"Künstler {n}", length)
            for n, (isrc, length) in enumerate(zip(ISRCS[:5], (180_000, 0, 20_000, 200_000, 240_000)))]
    rows += [registry.Holder(party, f"Holder {n}", "EUR") for n, party in enumerate(PARTIES)]
    rows += [registry.Share(PARTIES[0], a, "master", "*", 333_333, *always),
             registry.Share(PARTIES[1], a, "master", "* -FR", 666_667, I64_MIN, MIDDLE),
             registry.Share(PARTIES[2], a, "master", "DE JP", 600_000, MIDDLE, I64_MAX),
             registry.Share(PARTIES[1], a, "publishing", "*", 100_000, *always),
             registry.Share(PARTIES[1], a, "publishing", "DE", 150_000, *always),
             registry.Share(PARTIES[1], b, "master", "*", 700_000, *always),
             registry.Share(PARTIES[3], b, "master", "*", 300_001, *always),
             registry.Share(PARTIES[1], c, "master", "*", 1_000_000, *always),
             registry.Share(PARTIES[2], c, "publishing", "JP", 1_000_000, *always),
             registry.Share(PARTIES[3], d, "master", "*", 1_000_000, *always),
             registry.Share(PARTIES[1], e, "master", "*", 500_000, *always)]
    rows += [registry.Licence(isrc, "*", *always) for isrc in (a, b, d)]
    rows += [registry.Licence(c, "* -FR", I64_MIN, TO), registry.Licence(e, "JP", MIDDLE - 1000, I64_MAX)]
    for listener in range(1, 13):
        rows.append(registry.Subscription(listener, "free" if listener % 4 == 0 else "premium", FROM - 10**10, MIDDLE))
        if listener % 3:
            rows.append(registry.Subscription(listener, "premium", MIDDLE, TO))
    return rows


def telemetry(plays=90):
    """Events in log order: plays with heartbeats, late ones, short ones, repeated and disagreeing events."""
    dice, events = Dice("telemetry"), []
    for number in range(plays):
        isrc = ISRCS[min(dice.below(9), 5) if number % 5 else number // 5 % 6]
        listener, play = dice.between(1, 12), dice.u64()
        time = FROM - 5 * attribution.DAY + dice.below(34 * attribution.DAY)
        territory, flags = dice.pick(["DE", "DE", "JP", "FR"]), dice.below(4)
        listened = dice.pick([8_000, 21_000, 45_000, 100_000])
        own, at = [], 0
        while at <= listened:
            own.append(Event(time + at, at, 1 if at == 0 else 2, isrc, territory, flags, play, listener))
            at += 30_000
        own.append(Event(time + listened, listened, 3, isrc, territory, flags, play, listener))
        if number % 7 == 0:
            own.append(own[-1])
        if number % 11 == 0:
            own.append(own[-1]._replace(territory="GB", time=time + 1000))
        events += [(event.time, dice.u64(), event) for event in own]
    return [event for _, _, event in sorted(events)]


def plain(stage, value):
    return value


def log_leaves(events):
    """(records, leaf hashes) of the log."""
    out = []
    for segment in range(-(-len(events) // SEGMENT)):
        part = events[segment * SEGMENT:(segment + 1) * SEGMENT]
        row_salts = salts.salts(salts.segment_key(MASTER, ORIGIN, segment), len(part))
        out += [records.encode(event, salt) for event, salt in zip(part, row_salts)]
    return out, [records.record_leaf(record) for record in out]


def build(rows=None, events=None, tamper=plain, rules=RULES, pools=POOLS):
    """A signed world. `tamper(stage, value)` lets an operator cheat consistently at a stage."""
    events = telemetry() if events is None else events
    honest = registry.canonical(market() if rows is None else rows)
    pairs = tamper("registry", honest)
    period = tamper("period", (FROM, TO))
    _, leaves = log_leaves(events)
    root = tree.root(leaves)
    hashes = [root, tree.sha256(b"".join(key + row for key, row in pairs)), tree.sha256(rules), tree.sha256(pools), bytes(32)]
    inputs = Inputs(ORIGIN, period, 0, rules, pools, pairs, registry.parse(honest),
                    salts.run_key(MASTER, ORIGIN, runnote.period_text(period), 0, hashes),
                    salts.registry_key(MASTER, ORIGIN, hashes[1]))
    run = derive(inputs, events, tamper)
    note = tamper("note", run_note(inputs, run, (len(leaves), root)))
    checkpoint = tamper("checkpoint", notes.checkpoint_text(ORIGIN, len(leaves), root))
    key = tamper("key", KEY)
    return World(inputs, events, key.sign(checkpoint), leaves, run, note, key.sign(runnote.format_note(note)))


def cut(world, scope, table, tamper):
    """A slice of section 11."""
    pairs, leaves = world.run.pairs[table], world.run.leaves[table]
    ranges = []
    for key in scope.keys(table):
        first = sum(1 for k, _ in pairs if k < key)
        ranges.append((key, first, first + sum(1 for k, _ in pairs if k == key)))
    ranges = tamper("ranges " + table, ranges)
    row_salts = world.run.salts[table]
    rows = [bundle.Row(p, pairs[p][0], None if table == "plays" else row_salts[p], None, pairs[p][1])
            for _, first, last in ranges for p in range(first, last)]
    boundary = [(p, pairs[p][0], tables.row_hash(row_salts[p], pairs[p][1]))
                for p in bundle.boundary_positions(ranges, len(pairs))]
    opened = sorted([row.position for row in rows] + [entry[0] for entry in boundary])
    cell_keys = []
    if table == "plays":
        cell_keys = [salts.cell_key(world.inputs.k_run, number) for number, cell in enumerate(world.run.cells)
                     if cell.isrc in scope.isrcs]
    return bundle.Slice(table, ranges, rows, cell_keys, boundary, tree.prove(leaves, opened))


def open_plays(world, scope, tamper):
    """The events entry: which plays, their events, and the proof."""
    positions = []
    for number, cell in enumerate(world.run.cells):
        if cell.isrc not in scope.isrcs:
            continue
        if scope.evidence == bundle.FULL:
            positions += range(cell.first, cell.last)
        else:
            note_text, checkpoint_text = (notes.parse_note(n.encode()).text for n in (world.signed, world.checkpoint))
            positions += bundle.sample(number, cell.first, cell.last - cell.first, note_text, checkpoint_text, scope.nonce)
    positions = tamper("positions", positions)
    groups = {}
    for index, event in enumerate(world.events):
        groups.setdefault((event.listener, event.play), []).append((*event, index))
    made, _ = log_leaves(world.events)
    opened = []
    for position in positions:
        play = world.run.plays[position]
        events = attribution.in_order(groups[play.listener, play.play])
        opened.append(bundle.OpenedPlay(position, [(e[-1], made[e[-1]], None) for e in events]))
    opened = tamper("opened", opened)
    indices = sorted({index for play in opened for index, _, _ in play.events})
    return bundle.encode_events(opened, tree.prove(world.leaves, indices))


def make_bundle(world, party, evidence=bundle.SAMPLE, nonce=b"", tamper=plain):
    shares = [registry.decode(key, registry.Reader(row)) for key, row in world.inputs.registry if key == b"\3" + u64(party)]
    scope = tamper("scope", bundle.Scope(party, evidence, nonce, sorted({share.isrc for share in shares})))
    contents = [container.FORMAT, world.signed.encode(), world.checkpoint.encode(), world.inputs.rules,
                world.inputs.pools, scope.encode()]
    for table in bundle.SLICES:
        contents.append(tamper("slice " + table, cut(world, scope, table, tamper)).encode())
    contents.append(open_plays(world, scope, tamper))
    return container.write(tamper("entries", list(zip(container.NAMES, contents))))


def write_run(world, folder):
    """The files of section 10."""
    folder = Path(folder)
    (folder / "tables").mkdir(parents=True)
    keys = f"run {world.inputs.k_run.hex()}\nregistry {world.inputs.k_reg.hex()}\n"
    for name, content in (("run.note", world.signed.encode()), ("checkpoint", world.checkpoint.encode()),
                          ("rules.toml", world.inputs.rules), ("pools.csv", world.inputs.pools),
                          ("salt-keys", keys.encode())):
        (folder / name).write_bytes(content)
    for table, pairs in world.run.pairs.items():
        (folder / "tables" / f"{table}.rows").write_bytes(b"".join(key + row for key, row in pairs))


def write_ledger(world, folder):
    """What an auditor gets of the files of section 5."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = Path(folder)
    (folder / "segments").mkdir(parents=True)
    (folder / "checkpoint").write_text(world.checkpoint)
    start, end = (runnote.format_time(time) for time in (FROM, TO))
    (folder / "ledger.toml").write_text(f'format = 1\norigin = "{ORIGIN}"\nfrom = "{start}"\nto = "{end}"\nstate = "closed"\n')
    sums, keys = "", ""
    for segment in range(-(-len(world.events) // SEGMENT)):
        part = world.events[segment * SEGMENT:(segment + 1) * SEGMENT]
        columns = {
            "kind": pa.array([records.KINDS[e.kind] for e in part]), "active": pa.array([bool(e.flags & 1) for e in part]),
            "offline": pa.array([bool(e.flags & 2) for e in part]), "territory": pa.array([e.territory for e in part]),
            "time": pa.array([e.time for e in part], pa.timestamp("ms", "UTC")),
            "position_ms": pa.array([e.position for e in part], pa.uint32()),
            "isrc": pa.array([records.isrc_text(e.isrc) for e in part]),
            "play": pa.array([e.play for e in part], pa.uint64()),
            "listener": pa.array([e.listener for e in part], pa.uint64())}
        name = f"{segment:06}.parquet"
        table = pa.table(columns)
        schema = pa.schema([field.with_nullable(False) for field in table.schema])
        pq.write_table(table.cast(schema), folder / "segments" / name)
        sums += hashlib.sha256((folder / "segments" / name).read_bytes()).hexdigest() + f"  {name}\n"
        keys += f"{segment} {salts.segment_key(MASTER, ORIGIN, segment).hex()}\n"
    (folder / "segments" / "SHA256SUMS").write_text(sums)
    (folder / "segments" / "salt-keys").write_text(keys)
    built, level = tree.levels(world.leaves), 1
    while len(world.leaves) >> 8 * level:
        nodes = len(world.leaves) >> 8 * level
        for number in range(-(-nodes // 256)):
            path = folder / tile_path(level, number, min(256, nodes - 256 * number))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"".join(built[8 * level][256 * number:256 * number + 256][:nodes - 256 * number]))
        level += 1
