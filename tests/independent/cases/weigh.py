"""weigh.json: sections 7.2 and 7.3 under every model on random small worlds."""

from fractions import Fraction
from math import floor

import models
from dice import Dice
from ledgerline_check import money, records, registry, settle, weights
from ledgerline_check.attribution import Play
from ledgerline_check.registry import Recording, Share, Subscription
from ledgerline_check.wire import I64_MAX, I64_MIN

from . import h64

DESCRIPTION = (
    "Small worlds with rules of every model. rules: a rules file. pools: a pools file. recordings: isrc, artist, length. shares: "
    "isrc, holder, ppm (of the right master, everywhere, always). subscriptions: listener, account (null = own), from. earlier: "
    "isrc, plays in earlier runs. plays (counted, in order): isrc, territory, tier number, time, listener, play, listened, flags. "
    "Result, null where there is no run: weights of the plays; cells: isrc, territory, tier number, weight, weight_before, N, "
    "amounts [currency, amount, suspended, reason]; lines: holder, isrc, territory, tier number, currency, amount; totals: "
    "currency, pool, paid, suspense. Checked against an oracle in fractions.")
SOURCE = "docs/format.md sections 6.1, 6.2, 7.2 and 7.3"
WORLDS = 160

ISRCS = [f"DEAB1260000{number}" for number in range(5)]
TIME = 1_775_001_600_000
LISTENERS = [1, 2, 3, 2**63, 2**64 - 1]


class World:
    def __init__(self, number):
        dice = self.dice = Dice(f"weigh {number}")
        self.known = [records.pack_isrc(isrc) for isrc in ISRCS if dice.chance(90)]
        self.rules_text, self.counts = models.rules(dice, ISRCS, "")
        self.pools_text = self.make_pools()
        self.rows = [Recording(isrc, "", dice.pick(["A", "B", ""]), dice.pick([0, 24_999, 25_000, 180_000, 300_001, 727_272]))
                     for isrc in self.known]
        for isrc in self.known:
            for party in (1, 2):
                if dice.chance(70):
                    self.rows.append(Share(party, isrc, "master", "*", dice.pick([1, 333_333, 500_000, 700_000, 1_000_000]), I64_MIN, I64_MAX))
        for listener in LISTENERS:
            if dice.chance(80):
                account = dice.pick([None, 77, 2**64 - 2])
                self.rows.append(Subscription(listener, "premium", dice.pick([I64_MIN, TIME + 500]), I64_MAX, account))
        self.earlier = {records.pack_isrc(isrc): dice.between(1, 5) for isrc in ISRCS if dice.chance(30)}
        self.snapshot = registry.Snapshot(self.rows)
        self.rules, self.pools = money.parse_rules(self.rules_text.encode()), money.parse_pools(self.pools_text.encode())
        self.tiers = money.tier_numbers(self.pools)
        self.plays = sorted(Play(records.pack_isrc(dice.pick(ISRCS)), dice.pick(["DE", "DE", "FR"]), dice.below(len(self.tiers) + 1), 0,
                                 TIME + dice.below(1000), dice.pick(LISTENERS), dice.u64(),
                                 dice.pick([0, 30_000, 30_000, 31_337, dice.between(30_000, 400_000)]), 1000, dice.below(4))
                            for _ in range(dice.between(1, 25)))

    def make_pools(self):
        dice, rows, counts = self.dice, {}, {}
        for _ in range(dice.between(1, 4)):
            place = dice.pick(["DE", "FR"]), dice.pick(["free", "premium"])
            if place not in counts:
                counts[place] = dice.between(4, 9) if dice.chance(80) else dice.pick([0, 1, 2, 4_294_967_295])
            rows[(*place, "master", dice.pick(["EUR", "JPY"]))] = dice.pick(["0", "0.000001", "7", "1234.5", "99999.999999", "1000000000000"])
        with_counts = self.counts or dice.chance(30)
        lines = [",".join([*key, amount] + ([str(counts[key[:2]])] if with_counts else [])) for key, amount in rows.items()]
        return "territory,tier,right,currency,amount" + (",subscribers" if with_counts else "") + "\n" + "\n".join(lines) + "\n"


def exact_weights(world):
    """The weight of each play, None if there is no run: by fractions and plain loops over all plays."""
    rules, plays, snapshot = world.rules, world.plays, world.snapshot
    artist = {row.isrc: row.artist for row in world.rows if isinstance(row, Recording)}
    length = {row.isrc: row.length for row in world.rows if isinstance(row, Recording)}

    def together(level, a, b):
        return a == b or (level == "artist" and artist.get(a, "") != "" and artist.get(a) == artist.get(b))

    def reached(rule, isrc, among, earlier):
        mine = [p for p in among if together(rule["level"], p.isrc, isrc)]
        count = len(mine) + sum(n for other, n in earlier.items() if together(rule["level"], other, isrc))
        enough = count > rule["plays"] or (count == rule["plays"] and rule["compare"] == ">=")
        return enough and len({p.listener for p in mine}) >= rule.get("listeners", 0)

    below = set()
    if rules.threshold:
        below = {p.isrc for p in plays if not reached(rules.threshold, p.isrc, plays, world.earlier)}
    out_of_it = below if rules.threshold and rules.threshold["below"] == "redistribute" else set()
    left = [p for p in plays if p.isrc not in out_of_it]

    def payer(p):
        if rules.table["family"] == "account":
            for row in world.rows:
                if isinstance(row, Subscription) and row.listener == p.listener and row.start <= p.time < row.end and row.account is not None:
                    return row.account
        return p.listener

    def split(whole, peers, p, size):
        """p's part of a whole over its peers, telescoping."""
        total = sum(size(q) for q in peers)
        upto = [q for q in peers if q <= p]
        behind = Fraction(sum(size(q) for q in upto), total)
        ahead = Fraction(sum(size(q) for q in upto if q < p), total)
        return floor(whole * behind) - floor(whole * ahead)

    def weight(p):
        if p.isrc in out_of_it:
            return 0
        if rules.model == "user-centric":
            peers = [q for q in left if (payer(q), q.territory, q.tier) == (payer(p), p.territory, p.tier)]
            by_time = rules.table["by"] == "time" and any(q.listened for q in peers)
            return split(weights.UNITS, peers, p, (lambda q: q.listened) if by_time else (lambda q: 1))
        if rules.model == "us-mechanical":
            factor = Fraction(1000)
            rows = rules.table.get("overtime", [])
            for at, row in enumerate(rows):
                if length.get(p.isrc, 0) > row["over_ms"]:
                    factor = Fraction(row["factor"])
                    beyond, step = length[p.isrc] - row["over_ms"], rules.table.get("overtime_step")
                    if step and at + 1 == len(rows):
                        while beyond > step["ms"]:
                            beyond, factor = beyond - step["ms"], factor + step["add"]
            return int(factor)
        if rules.model == "artist-centric":
            return artist_weight(p)
        return 1000

    def artist_weight(p):
        table, noise = rules.table, rules.table.get("noise")

        def noisy(q):
            return noise and (q.isrc in noise["isrcs"] or 0 < length.get(q.isrc, 0) < noise["shorter_than_ms"])

        if noisy(p):
            return noise["factor"]
        music = [q for q in left if not noisy(q)]
        unit = 1000
        if "cap" in table:
            peers = [q for q in music if (q.listener, q.territory, q.tier) == (p.listener, p.territory, p.tier)]
            cap, n = table["cap"]["plays"], len(peers)
            whole = {"maximum": min(n, cap) * 1000, "normalise": cap * 1000,
                     "halve-beyond": sum(1000 if k < cap else 500 for k in range(n))}[table["cap"]["method"]]
            unit = split(whole, peers, p, lambda q: 1)
        active = table["active"]["factor"] if "active" in table and p.flags & 1 else 1000
        by = table.get("professional")
        boost = by["factor"] if by and reached(by, p.isrc, music, {}) else 1000
        return floor(Fraction(unit, 1000) * floor(Fraction(active * boost, 1000)))

    found = [weight(p) for p in plays]
    declared = {}
    if rules.model == "user-centric" and rules.table["idle"] == "suspense":
        for pool in world.pools:
            place = pool.territory, world.tiers[pool.tier]
            accounts = {payer(p) for p in left if (p.territory, p.tier) == place}
            if pool.subscribers is None or pool.subscribers < len(accounts):
                return None
            declared[place] = pool.subscribers * weights.UNITS
    return found, set() if out_of_it else below, declared


def oracle(world):
    """Weights, cells, lines and totals; None if there is no run."""
    weighed = exact_weights(world)
    if weighed is None:
        return None
    own, below, declared = weighed
    plays = list(zip(world.plays, own))
    names = {number: tier for tier, number in world.tiers.items()}
    cells, lines = [], []
    totals = {pool.currency: [0, 0, 0] for pool in sorted(world.pools, key=lambda p: p.currency)}
    for pool in world.pools:
        totals[pool.currency][0] += pool.amount
    keys = sorted({p[:3] for p in world.plays})
    for isrc, territory, tier in keys:
        place = territory, tier
        mine = sum(w for p, w in plays if p[:3] == (isrc, territory, tier))
        before = sum(w for p, w in plays if p[1:3] == place and p.isrc < isrc)
        pooled = any((pool.territory, pool.tier) == (territory, names.get(tier)) for pool in world.pools)
        total = declared[place] if pooled and place in declared else sum(w for p, w in plays if p[1:3] == place)
        amounts = []
        for pool in sorted(world.pools, key=lambda p: p.currency):
            if (pool.territory, pool.tier) != (territory, names.get(tier)):
                continue
            amount = floor(pool.amount * Fraction(before + mine, total)) - floor(pool.amount * Fraction(before, total)) if total else 0
            reason, parts = split(world, isrc, amount, below)
            paid = sum(part for _, part in parts)
            lines += [[h64(party), records.isrc_text(isrc), territory, tier, pool.currency, part] for party, part in parts]
            totals[pool.currency][1] += paid
            amounts.append([pool.currency, amount, amount - paid, reason])
        cells.append([records.isrc_text(isrc), territory, tier, mine, before, total, amounts])
    # Whatever was not paid is in suspense; that it adds up is checked beside the other implementation.
    for sums in totals.values():
        sums[2] = sums[0] - sums[1]
    lines.sort(key=lambda line: (int(line[0], 16), *line[1:5]))
    return own, cells, lines, [[currency, *sums] for currency, sums in totals.items()]


def split(world, isrc, amount, below):
    """Reason and (holder, part)s of a cell's amount, section 7.3."""
    if isrc not in world.known:
        return 1, []
    if isrc in below:
        return 7, []
    shares = sorted((row.party, row.ppm) for row in world.rows if isinstance(row, Share) and row.isrc == isrc)
    claimed = sum(ppm for _, ppm in shares)
    if not shares or claimed > 10**6:
        return (4 if shares else 3), []
    parts, before = [], 0
    for party, ppm in shares:
        parts.append((party, floor(Fraction(amount * (before + ppm), 10**6)) - floor(Fraction(amount * before, 10**6))))
        before += ppm
    return (0 if claimed == 10**6 else 5), parts


def under_test(world):
    try:
        plays, below, declared = weights.weigh(world.plays, world.rules, world.pools, world.tiers, world.snapshot, world.earlier)
    except weights.Refused:
        return None
    cells, lines = settle.split_cells(settle.make_cells(plays, world.pools, world.tiers, declared), plays, world.snapshot, below)
    totals = settle.totals(world.pools, cells, lines, world.tiers)
    for pool, paid, suspense in totals.values():
        assert pool == paid + suspense
    for play in plays:
        low, high = weights.bounds(play, world.rules, world.snapshot.length(play.isrc))
        assert play.weight == 0 or low <= play.weight <= high <= weights.largest(world.rules)
    return ([play.weight for play in plays],
            [[records.isrc_text(c.isrc), c.territory, c.tier, c.weight, c.before, c.total, [list(a[1:]) for a in c.amounts]] for c in cells],
            [[h64(x.party), records.isrc_text(x.isrc), x.territory, x.tier, x.currency, x.amount] for x in lines],
            [[currency, *sums] for currency, sums in totals.items()])


def one(number):
    world = World(number)
    result = under_test(world)
    assert result == oracle(world), number
    text = records.isrc_text
    out = {"rules": world.rules_text, "pools": world.pools_text,
           "recordings": [[text(r.isrc), r.artist, r.length] for r in world.rows if isinstance(r, Recording)],
           "shares": [[text(r.isrc), h64(r.party), r.ppm] for r in world.rows if isinstance(r, Share)],
           "subscriptions": [[h64(r.listener), None if r.account is None else h64(r.account), None if r.start == I64_MIN else r.start]
                             for r in world.rows if isinstance(r, Subscription)],
           "earlier": [[text(isrc), count] for isrc, count in sorted(world.earlier.items())],
           "plays": [[text(p.isrc), p.territory, p.tier, p.time, h64(p.listener), h64(p.play), p.listened, p.flags] for p in world.plays]}
    names = ("weights", "cells", "lines", "totals")
    out["result"] = dict(zip(names, result)) if result else None
    return out, world.rules.model


def make(worlds=WORLDS):
    out, seen, reasons = [], set(), set()
    for number in range(worlds):
        case, model = one(number)
        out.append(case)
        if case["result"]:
            seen.add(model)
            reasons |= {amount[3] for cell in case["result"]["cells"] for amount in cell[6]}
    assert seen == set(money.MODELS) and reasons == {0, 1, 3, 4, 5, 7} and any(case["result"] is None for case in out)
    return {"worlds": out}
