"""Re-derives a whole run from its inputs and the ledger (sections 5 and 10)."""

import re
from pathlib import Path

from . import ledger as ledgers, notes, registry, runnote, tables, tree
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


def verify(run, ledger, vkey):
    """(report, derived run note text). Raises Malformed where something cannot be read."""
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
    brought = None
    if note.previous is not None:
        report.skip("previous", "brought-forward amounts are taken as the run states them")
        rows = [tables.read_row("holders", key, tables.Reader(row))[0] for key, row in pairs["holders"]]
        brought = {(row.party, row.currency): row.brought for row in rows}
    if note.zk is not None:
        report.skip("zk", "the proof file is not looked at")
    rules = parse_rules(read_file(run / "rules.toml"))
    report.expect("rules-valid", (rules.valid[0] is None or rules.valid[0] <= note.period[0])
                  and (rules.valid[1] is None or note.period[1] <= rules.valid[1]), "the rules do not hold in the period")
    inputs = Inputs(note.origin, note.period, note.revision, read_file(run / "rules.toml"),
                    read_file(run / "pools.csv"), pairs["registry"], registry.parse(pairs["registry"]),
                    *parse_run_keys(read_file(run / "salt-keys")), note.previous, note.zk, brought)
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
