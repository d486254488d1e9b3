"""Re-derives a whole run from its inputs and the ledger (sections 5 and 10)."""

import re
from pathlib import Path

from . import ledger as ledgers, notes, registry, runnote, settle, tables, tree
from .derive import Inputs, derive, run_note
from .ledger import read_file
from .money import parse_rules
from .report import Report
from .wire import need


def parse_run_keys(data):
    """salt-keys of section 10."""
    match = re.fullmatch(r"run ([0-9a-f]{64})\nregistry ([0-9a-f]{64})\n", data.decode())
    need(match, "salt-keys: not the two keys of a run")
    return bytes.fromhex(match[1]), bytes.fromhex(match[2])


def holders_of(pairs):
    return [tables.read_row("holders", key, tables.Reader(row))[0] for key, row in pairs]


def read_earlier(report, folder):
    """(note text, note, holders) of a run issued before; its table is checked against its note."""
    folder = Path(folder)
    text = notes.parse_note(read_file(folder / "run.note")).text
    note = runnote.parse_text(text)
    pairs = tables.read_rows("holders", read_file(folder / "tables" / "holders.rows"))
    row_salts = tables.table_salts("holders", len(pairs), parse_run_keys(read_file(folder / "salt-keys"))[0], None, ())
    leaves = tables.leaves(pairs, row_salts)
    report.expect("previous", (len(pairs), tree.root(leaves)) == note.holders, f"{folder}: other accounts than its note's")
    return text, note, holders_of(pairs)


def open_accounts(report, note, earlier):
    """Section 7.5; `earlier`: runs in the order of issue."""
    hashes = [tree.sha256(text.encode()) for text, _, _ in earlier]
    for before, (_, run, _) in zip(hashes, earlier[1:]):
        report.expect("previous", run.previous == before, "the earlier runs are no chain")
    report.expect("previous", hashes[-1] == note.previous, "the run continues another one")
    replaced = [rows for _, run, rows in earlier
                if (run.origin, run.period, run.revision + 1) == (note.origin, note.period, note.revision)]
    report.expect("previous", note.revision == 0 or replaced, "the revision before is not among the earlier runs")
    return settle.Opening({row[:2]: row.carried for row in earlier[-1][2]},
                          {row[:2]: row.earned for rows in replaced for row in rows})


def verify(run, ledger, vkey, previous=()):
    """(report, derived run note text); `previous`: folders of the runs before, in the order of issue. Raises Malformed where something cannot be read."""
    run, report = Path(run), Report()
    signed = notes.parse_note(read_file(run / "run.note"))
    note = runnote.parse_text(signed.text)
    checkpoints = [notes.parse_checkpoint(read_file(path)) for path in (run / "checkpoint", Path(ledger) / "checkpoint")]
    signatures(report, vkey, note, signed, checkpoints)

    origin, period = ledgers.read_settings(ledger)
    report.expect("ledger", (origin, period) == (note.origin, note.period), "note and ledger.toml differ")
    events, leaves = ledgers.read_log(ledger, report)
    built = tree.levels(leaves)
    log = len(leaves), built[-1][0] if leaves else tree.EMPTY
    for checkpoint in checkpoints:
        report.expect("log", (checkpoint.size, checkpoint.root) == log, f"not the checkpoint of {log[0]} leaves")
    ledgers.check_tiles(ledger, built, len(leaves), report)

    pairs = {name: tables.read_rows(name, read_file(run / "tables" / f"{name}.rows")) for name in tables.TABLES}
    opening = settle.Opening()
    if note.previous is not None and not previous:
        report.skip("previous", "what the run brings forward and replaces is taken as it says")
        rows = holders_of(pairs["holders"])
        opening = settle.Opening({row[:2]: row.brought for row in rows}, {row[:2]: row.replaced for row in rows})
    elif note.previous is not None:
        opening = open_accounts(report, note, [read_earlier(report, folder) for folder in previous])
    if note.zk is not None:
        report.skip("zk", "the proof file is not looked at")
    rules = parse_rules(read_file(run / "rules.toml"))
    report.expect("rules-valid", (rules.valid[0] is None or rules.valid[0] <= note.period[0])
                  and (rules.valid[1] is None or note.period[1] <= rules.valid[1]), "the rules do not hold in the period")
    inputs = Inputs(note.origin, note.period, note.revision, read_file(run / "rules.toml"),
                    read_file(run / "pools.csv"), pairs["registry"], registry.parse(pairs["registry"]),
                    *parse_run_keys(read_file(run / "salt-keys")), note.previous, note.zk, opening=opening)
    result = derive(inputs, events)
    for name in tables.TABLES:
        compare(report, name, pairs[name], result.pairs[name])
    text = runnote.format_note(run_note(inputs, result, log))
    difference = [f"{a!r}, derived {b!r}" for a, b in zip(signed.text.split("\n"), text.split("\n")) if a != b]
    report.expect("run-note", text == signed.text, "; ".join(difference) or "another number of lines")
    return report, text


def signatures(report, vkey, note, signed, checkpoints):
    if vkey is None:
        report.skip("note-signature", "no key given: signer unknown")
    else:
        fault = signed.verify(vkey)
        report.expect("note-signature", fault is None, fault)
        report.expect("note-signature", vkey.name == note.origin, f"the key is not that of {note.origin}")
    for checkpoint in checkpoints:
        report.expect("checkpoint", checkpoint.origin == note.origin, "note and checkpoint have two origins")
        report.expect("checkpoint", (checkpoint.size, checkpoint.root) == note.log, "not the checkpoint of the note")
        if vkey is not None:
            fault = checkpoint.note.verify(vkey)
            report.expect("checkpoint", fault is None, fault)


def compare(report, name, found, derived):
    """Every row, byte for byte."""
    check = name + "-rows"
    report.expect(check, len(found) == len(derived), f"{len(found)} rows, derived {len(derived)}")
    for number, (a, b) in enumerate(zip(found, derived)):
        if a != b:
            report.expect(check, False, f"row {number}: {a[0].hex()} {a[1].hex()}, derived {b[0].hex()} {b[1].hex()}")
