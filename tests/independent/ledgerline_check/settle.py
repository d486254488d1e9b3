"""From counted plays to money: sections 7.2 to 7.4."""

from typing import NamedTuple

from .money import payable
from .wire import I64_MAX, I64_MIN, need

PPM = 1_000_000
PAID, UNKNOWN_ISRC, NOT_LICENSED, NO_SHARES, OVER_CLAIMED, UNCLAIMED, NO_PLAYS, BELOW_THRESHOLD, IDLE_SUBSCRIBERS = range(9)


class Amount(NamedTuple):
    right: str
    currency: str
    amount: int
    suspended: int
    reason: int


class Cell(NamedTuple):
    isrc: int
    territory: str
    tier: int
    version: int
    weight: int
    before: int
    total: int
    first: int
    last: int
    amounts: tuple


class Line(NamedTuple):
    """In the order of the lines table."""

    party: int
    isrc: int
    territory: str
    tier: int
    version: int
    right: str
    currency: str
    ppm: int
    before: int
    amount: int


class Balance(NamedTuple):
    party: int
    currency: str
    brought: int
    earned: int
    replaced: int
    payable: int
    carried: int


def part(whole, before, own, total):
    """The telescoping part of items before + own over total; nothing of a total of 0."""
    if total == 0:
        return 0
    return whole * (before + own) // total - whole * before // total


def pools_of(pools, tiers):
    """{(territory, tier number): pools sorted by (right, currency)}."""
    out = {}
    for pool in sorted(pools, key=lambda p: (p.right, p.currency)):
        out.setdefault((pool.territory, tiers[pool.tier]), []).append(pool)
    return out


def make_cells(plays, pools, tiers, declared=None):
    """Cells of section 7.2 with the amounts that the pools pay, not yet split."""
    bounds = [i for i in range(len(plays)) if i == 0 or plays[i][:4] != plays[i - 1][:4]] + [len(plays)]
    groups = [(plays[a][:4], a, b, sum(p.weight for p in plays[a:b])) for a, b in zip(bounds, bounds[1:])]
    totals, before = {}, {}
    for key, _, _, weight in groups:
        place = key[1], key[2]
        totals[place] = totals.get(place, 0) + weight
    by_place = pools_of(pools, tiers)
    totals.update({place: n for place, n in (declared or {}).items() if place in totals})
    cells = []
    for key, first, last, weight in groups:
        place = key[1], key[2]
        so_far, total = before.get(place, 0), totals[place]
        before[place] = so_far + weight
        amounts = tuple(Amount(p.right, p.currency, part(p.amount, so_far, weight, total), 0, PAID)
                        for p in by_place.get(place, ()))
        cells.append(Cell(*key, weight, so_far, total, first, last, amounts))
    return cells


def split_amount(cell, amount, time, snapshot, below=()):
    """Section 7.3: the reason, what is suspended and the (party, ppm, before, amount) of the lines."""
    whole = amount.amount
    if cell.isrc not in snapshot.recordings:
        return UNKNOWN_ISRC, whole, []
    if not snapshot.licensed(cell.isrc, cell.territory, time):
        return NOT_LICENSED, whole, []
    if cell.isrc in below:
        return BELOW_THRESHOLD, whole, []
    ppm = {}
    for share in snapshot.shares_in_force(cell.isrc, amount.right, cell.territory, time):
        ppm[share.party] = ppm.get(share.party, 0) + share.ppm
    claimed = sum(ppm.values())
    if not ppm:
        return NO_SHARES, whole, []
    if claimed > PPM:
        return OVER_CLAIMED, whole, []
    lines, before = [], 0
    for party in sorted(ppm):
        lines.append((party, ppm[party], before, part(whole, before, ppm[party], PPM)))
        before += ppm[party]
    if claimed < PPM:
        return UNCLAIMED, whole - whole * claimed // PPM, lines
    return PAID, 0, lines


def split_cells(cells, plays, snapshot, below=()):
    """Cells with reasons and suspended amounts, and the sorted lines."""
    out, lines = [], []
    for cell in cells:
        amounts = []
        for amount in cell.amounts:
            reason, suspended, parts = split_amount(cell, amount, plays[cell.first].time, snapshot, below)
            amounts.append(amount._replace(suspended=suspended, reason=reason))
            lines += [Line(party, *cell[:4], amount.right, amount.currency, ppm, before, micros)
                      for party, ppm, before, micros in parts]
        out.append(cell._replace(amounts=tuple(amounts)))
    lines.sort()
    return out, lines


def balance(party, currency, brought, earned, replaced=0, minimum={}):
    """Section 7.4; `minimum`: {currency: micros}."""
    total = brought + earned - replaced
    need(all(I64_MIN <= x <= I64_MAX for x in (earned, brought + earned, total)), "balance out of range")
    paid = payable(currency, total, minimum.get(currency, 0))
    return Balance(party, currency, brought, earned, replaced, paid, total - paid)


class Opening(NamedTuple):
    """What earlier runs leave, each {(party, currency): micros}, 0 where absent."""
    brought: dict = {}
    replaced: dict = {}


def make_balances(lines, opening=Opening(), minimum={}):
    """Holders table."""
    brought, replaced = ({key: micros for key, micros in part.items() if micros} for part in opening)
    earned = dict.fromkeys([*brought, *replaced], 0)
    for line in lines:
        key = line.party, line.currency
        earned[key] = earned.get(key, 0) + line.amount
    return [balance(*key, brought.get(key, 0), earned[key], replaced.get(key, 0), minimum) for key in sorted(earned)]


def totals(pools, cells, lines, tiers):
    """{currency: (pool, paid, suspense)} of section 9, currencies sorted."""
    places = {}
    for cell in cells:
        place = cell.territory, cell.tier
        places[place] = places.get(place, (0, 0))[0] + cell.weight, cell.total
    out = {pool.currency: [0, 0, 0] for pool in sorted(pools, key=lambda p: p.currency)}
    for pool in pools:
        out[pool.currency][0] += pool.amount
        end, total = places.get((pool.territory, tiers[pool.tier]), (0, 0))
        if end < total or not total:  # for subscribers without plays, or without any play
            out[pool.currency][2] += pool.amount - part(pool.amount, 0, end, total)
    for line in lines:
        out[line.currency][1] += line.amount
    for cell in cells:
        for amount in cell.amounts:
            out[amount.currency][2] += amount.suspended
    return {currency: tuple(sums) for currency, sums in out.items()}
