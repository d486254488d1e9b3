"""The pure function from inputs to a run (sections 7 to 9)."""

from typing import NamedTuple

from . import attribution, settle, tables, tree, weights
from .money import parse_pools, parse_rules, tier_numbers
from .runnote import RunNote


class Inputs(NamedTuple):
    origin: str
    period: tuple
    revision: int
    rules: bytes
    pools: bytes
    registry: list  # (key, row)
    snapshot: object
    k_run: bytes
    k_reg: bytes
    previous: bytes | None = None
    zk: bytes | None = None
    earlier: dict | None = None  # plays of each ISRC in the runs that the rules look back on
    opening: settle.Opening = settle.Opening()


class Run(NamedTuple):
    pairs: dict  # table: [(key, row)]
    salts: dict  # table: [salt]
    leaves: dict  # table: [leaf hash]
    plays: list
    cells: list
    lines: list
    holders: list
    totals: dict


def derive(inputs, events, tamper=lambda stage, value: value):
    """Tables of a run. `tamper` lets make.py cheat at a stage; here nothing is changed."""
    rules, pools = parse_rules(inputs.rules), parse_pools(inputs.pools)
    tiers = tier_numbers(pools)
    counted = attribution.count_plays(attribution.group(events), inputs.snapshot, rules, inputs.period, tiers)
    counted, below, declared = weights.weigh(counted, rules, pools, tiers, inputs.snapshot, inputs.earlier)
    plays = tamper("plays", counted)
    honest = settle.make_cells(plays, pools, tiers, declared)
    cells = tamper("cells", honest)
    cells, lines = tamper("split", settle.split_cells(cells, plays, inputs.snapshot, below))
    holders = tamper("holders", settle.make_balances(lines, inputs.opening, rules.minimum))
    totals = tamper("totals", settle.totals(pools, cells, lines, tiers))
    pairs = {"registry": inputs.registry}
    for name, rows in (("plays", plays), ("cells", cells), ("lines", lines), ("holders", holders)):
        pairs[name] = tables.encode(name, rows)
    salts = {name: tables.table_salts(name, len(rows), inputs.k_run, inputs.k_reg, honest) for name, rows in pairs.items()}
    leaves = {name: tables.leaves(rows, salts[name]) for name, rows in pairs.items()}
    return Run(pairs, salts, leaves, plays, cells, lines, holders, totals)



def run_note(inputs, run, log):
    """The run note of section 9; `log` = (size, root)."""
    roots = {name: (len(leaves), tree.root(leaves)) for name, leaves in run.leaves.items()}
    return RunNote(inputs.origin, inputs.period, inputs.revision, log, roots["registry"],
                   tree.sha256(inputs.rules), tree.sha256(inputs.pools), roots["plays"], roots["cells"],
                   roots["lines"], roots["holders"], run.totals, inputs.previous, inputs.zk)
