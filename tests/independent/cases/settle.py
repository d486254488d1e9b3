"""settle.json: sections 7.2 to 7.4 on random small worlds."""

import math
from fractions import Fraction

from dice import Dice
from ledgerline_check import money, records, registry, settle, tables, tree
from ledgerline_check.attribution import Play
from ledgerline_check.registry import Licence, Recording, Share
from ledgerline_check.wire import I64_MAX, I64_MIN

from . import h64
from .tables import bound

DESCRIPTION = (
    "Small worlds as rows. recordings: isrc, length. shares: holder, isrc, right, territories, ppm, from, to (null = open). "
    "licences: isrc, territories, from, to. pools: territory, tier, right, currency, micros. plays (counted, in order, weight "
    "1000): isrc, territory, tier number, share version, time, listener, play, listened, flags. Result: cells: isrc, territory, "
    "tier number, share version, weight, weight_before, N, first play, play after the last, amounts [right, currency, amount, "
    "suspended, reason]. lines: holder, isrc, territory, tier number, share version, right, currency, ppm, before, amount. "
    "holders: holder, currency, brought forward, earned, replaced, payable, carried forward. brought, replaced: what earlier "
    "runs leave: holder, currency, micros. minimum: the least payment: currency, micros. totals: currency, pool, paid, suspense. "
    "roots of the tables under `k_run`. Checked against an oracle in fractions.")
SOURCE = "docs/format.md sections 7.2, 7.3, 7.4, 8 and 9"
WORLDS = 220

ISRCS = [records.pack_isrc(f"{prefix}{number:07}") for prefix, number in
         (("AABC1", 0), ("DEAB1", 2600001), ("DEAB1", 2600002), ("FRZ03", 9), ("ZZZZZ", 9999999))]
PARTIES = [0, 1, 0x0123456789ABCDEF, 2**63, 2**64 - 1]
TIMES = [1_775_001_600_000 + 86_400_000 * day for day in range(0, 30, 5)]
K_RUN = tree.sha256(b"settle k_run")


class World:
    def __init__(self, number):
        dice = self.dice = Dice(f"settle {number}")
        self.isrcs = ISRCS[:dice.between(2, 5)]
        self.known = [isrc for isrc in self.isrcs if dice.chance(90)]
        self.rights = ["master", "publishing", "a"][:dice.between(1, 2 if number % 10 else 3)]
        self.rows = [Recording(isrc, "", "", 0) for isrc in self.known] + self.shares()
        if number % 3 == 0:
            self.rows += self.licences()
        self.pools = self.make_pools(number)
        self.snapshot = registry.Snapshot(self.rows)
        self.tiers = money.tier_numbers(self.pools)
        self.plays = self.make_plays()
        self.opening, self.minimum = self.make_opening(number)

    def interval(self):
        if self.dice.chance(60):
            return I64_MIN, I64_MAX
        low, high = sorted((self.dice.pick(TIMES), self.dice.pick(TIMES)))
        if low == high or self.dice.chance(30):
            return (low, I64_MAX) if self.dice.chance(50) else (I64_MIN, high)
        return low, high

    def shares(self):
        dice, out = self.dice, []
        for isrc in self.known:
            for right in self.rights:
                parties = dice.shuffle(list(PARTIES))[:dice.between(0, 4)]
                left = 1_000_000
                for at, party in enumerate(parties):
                    last = at == len(parties) - 1
                    ppm = left if last and dice.chance(60) else dice.between(1, max(1, 2 * left // len(parties)))
                    left = max(1, left - ppm)
                    territories = dice.pick(["*", "*", "*", "DE", "DE FR", "* -FR"])
                    out.append(Share(party, isrc, right, territories, ppm, *self.interval()))
                    if dice.chance(10):
                        out.append(Share(party, isrc, right, "*", dice.between(1, 9), *self.interval()))
        return sorted(set(out))

    def licences(self):
        out = [Licence(isrc, self.dice.pick(["*", "DE", "* -DE"]), *self.interval()) for isrc in self.known if self.dice.chance(70)]
        return sorted(set(out))

    def make_pools(self, number):
        dice, out = self.dice, {}
        for _ in range(dice.between(1, 5)):
            amount = dice.pick([0, 1, 7, 999_999, dice.below(10**9), dice.below(10**13)])
            if number % 20 == 7:
                amount = dice.below(2**60)
            key = (dice.pick(["DE", "FR"]), dice.pick(["free", "premium", "a"]), dice.pick(self.rights),
                   dice.pick(["EUR", "JPY", "KWD", "USD"]))
            out[key] = amount
        return sorted(money.Pool(*key, amount) for key, amount in out.items())

    def make_opening(self, number):
        """What earlier runs left, in two worlds of three; a least payment in every other."""
        dice = self.dice
        if number % 3 == 0:
            return settle.Opening(), {}
        accounts = [(party, currency) for party in PARTIES for currency in ("EUR", "JPY") if dice.chance(30)]
        brought = {account: dice.pick([0, 1, 9_999, 10**7, -10**6, -1, dice.below(10**9)]) for account in accounts}
        replaced = {account: dice.pick([0, 1, 10**6, dice.below(10**9)]) for account in accounts if dice.chance(50)}
        minimum = {dice.pick(["EUR", "JPY", "USD"]): dice.pick([0, 1, 10_000, 10**7, 10**9])} if number % 2 else {}
        return settle.Opening(brought, replaced), minimum

    def make_plays(self):
        dice, out = self.dice, []
        for _ in range(dice.between(1, 12)):
            isrc, time = dice.pick(self.isrcs), dice.pick(TIMES) + dice.between(-1, 1)
            tier = dice.below(len(self.tiers) + 1)
            out.append(Play(isrc, dice.pick(["DE", "DE", "FR", "AT"]), tier, self.snapshot.version(isrc, time), time,
                            dice.below(5), dice.u64(), dice.between(30_000, 200_000), 1000, dice.below(8)))
        return sorted(out)


def share_of(amount, numerator, denominator):
    return math.floor(Fraction(amount) * Fraction(numerator, denominator))


def oracle(world):
    """Cells, lines, holders and totals by fractions and plain loops."""
    rows, plays = world.rows, world.plays
    shares = [r for r in rows if isinstance(r, Share)]
    licences = [r for r in rows if isinstance(r, Licence)]
    recordings = {r.isrc for r in rows if isinstance(r, Recording)}

    def holds(row, territory, time):
        first, *rest = row.territories.split()
        inside = f"-{territory}" not in rest if first == "*" else territory in [first, *rest]
        return inside and row.start <= time < row.end

    keys, cells, lines = [], [], []
    for play in plays:
        if play[:4] not in keys:
            keys.append(play[:4])
    sums = {p.currency: [0, 0, 0] for p in world.pools}
    for pool in world.pools:
        sums[pool.currency][0] += pool.amount
        if not any(p.territory == pool.territory and p.tier == world.tiers[pool.tier] for p in plays):
            sums[pool.currency][2] += pool.amount
    for key in keys:
        isrc, territory, tier, _ = key
        inside = [i for i, p in enumerate(plays) if p[:4] == key]
        peers = [k for k in keys if k[1:3] == key[1:3]]
        weigh = {k: sum(p.weight for p in plays if p[:4] == k) for k in peers}
        before = sum(weigh[k] for k in peers if k < key)
        total = sum(weigh.values())
        amounts = []
        for pool in sorted(world.pools, key=lambda p: (p.right.encode(), p.currency)):
            if pool.territory != territory or world.tiers[pool.tier] != tier:
                continue
            whole = share_of(pool.amount, before + weigh[key], total) - share_of(pool.amount, before, total)
            # every play of the cell must lead to the same split
            splits = [split(isrc, territory, plays[i].time, pool.right, whole, recordings, shares, licences, holds) for i in inside]
            assert all(s == splits[0] for s in splits)
            reason, suspended, parts = splits[0]
            amounts.append([pool.right, pool.currency, whole, suspended, reason])
            sums[pool.currency][2] += suspended
            for party, ppm, ppm_before, micros in parts:
                lines.append([party, *key, pool.right, pool.currency, ppm, ppm_before, micros])
                sums[pool.currency][1] += micros
        cells.append([*key, weigh[key], before, total, inside[0], inside[-1] + 1, amounts])
    holders = []
    left = [key for part in world.opening for key, micros in part.items() if micros]
    for party, currency in sorted({(line[0], line[6]) for line in lines} | set(left)):
        earned = sum(line[9] for line in lines if (line[0], line[6]) == (party, currency))
        brought, replaced = (part.get((party, currency), 0) for part in world.opening)
        due = brought + earned - replaced
        unit = {"JPY": 10**6, "KWD": 10**3}.get(currency, 10**4)
        paid = math.floor(Fraction(due, unit)) * unit if due > 0 else 0
        paid = 0 if paid < world.minimum.get(currency, 0) else paid
        holders.append([party, currency, brought, earned, replaced, paid, due - paid])
    assert all(pool == paid + suspense for pool, paid, suspense in sums.values())
    return cells, sorted(lines), holders, [[c, *sums[c]] for c in sorted(sums)]


def split(isrc, territory, time, right, whole, recordings, shares, licences, holds):
    if isrc not in recordings:
        return 1, whole, []
    if licences and not any(row.isrc == isrc and holds(row, territory, time) for row in licences):
        return 2, whole, []
    mine = [s for s in shares if s.isrc == isrc and s.right == right and holds(s, territory, time)]
    claimed = sum(s.ppm for s in mine)
    if not mine or claimed > 10**6:
        return 4 if mine else 3, whole, []
    parts = []
    for party in sorted({s.party for s in mine}):
        ppm = sum(s.ppm for s in mine if s.party == party)
        before = sum(s.ppm for s in mine if s.party < party)
        parts.append((party, ppm, before, share_of(whole, before + ppm, 10**6) - share_of(whole, before, 10**6)))
    return (0, 0, parts) if claimed == 10**6 else (5, whole - share_of(whole, claimed, 10**6), parts)


def under_test(world):
    cells = settle.make_cells(world.plays, world.pools, world.tiers)
    cells, lines = settle.split_cells(cells, world.plays, world.snapshot)
    holders = settle.make_balances(lines, world.opening, world.minimum)
    totals = settle.totals(world.pools, cells, lines, world.tiers)
    return cells, lines, holders, totals


def tuples(rows):
    """Named tuples to plain lists, all the way down."""
    return [tuples(row) if isinstance(row, tuple) else row for row in rows]


def spell(rows, parties=(), isrcs=()):
    """Lists with ids at the given columns as text."""
    return [[h64(v) if i in parties else records.isrc_text(v) if i in isrcs else v for i, v in enumerate(row)] for row in rows]


def make():
    out, reasons = [], set()
    for number in range(WORLDS):
        world = World(number)
        cells, lines, holders, totals = under_test(world)
        plain = (tuples(cells), tuples(lines), tuples(holders), [[c, *sums] for c, sums in totals.items()])
        assert plain == oracle(world), number
        reasons |= {amount.reason for cell in cells for amount in cell.amounts}
        roots = {}
        for name, rows in (("plays", world.plays), ("cells", cells), ("lines", lines), ("holders", holders)):
            row_salts = tables.table_salts(name, len(rows), K_RUN, None, cells)
            roots[name] = tree.root(tables.leaves(tables.encode(name, rows), row_salts)).hex()
        out.append({
            "recordings": spell([[r.isrc, r.length] for r in world.rows if isinstance(r, Recording)], (), (0,)),
            "shares": spell([[*r[:5], bound(r.start), bound(r.end)] for r in world.rows if isinstance(r, Share)], (0,), (1,)),
            "licences": spell([[*r[:2], bound(r.start), bound(r.end)] for r in world.rows if isinstance(r, Licence)], (), (0,)),
            "pools": [list(pool[:5]) for pool in world.pools],
            "plays": spell([[*p[:8], p.flags] for p in world.plays], (5, 6), (0,)),
            "cells": spell(plain[0], (), (0,)), "lines": spell(plain[1], (0,), (1,)), "holders": spell(plain[2], (0,)),
            "totals": plain[3], "roots": roots,
            "brought": spell([[*k, v] for k, v in sorted(world.opening.brought.items())], (0,)),
            "replaced": spell([[*k, v] for k, v in sorted(world.opening.replaced.items())], (0,)),
            "minimum": sorted(world.minimum.items())})
    assert reasons == set(range(6))
    return {"k_run": K_RUN.hex(), "worlds": out}
