"""Everything that a bundle lets one check (sections 7, 8, 9 and 11)."""

from . import attribution, bundle as form, registry, settle, tables, tree, weights
from .money import pool_totals, tier_numbers
from .records import isrc_text, record_leaf
from .report import Report
from .salts import salts
from .settle import BELOW_THRESHOLD, NO_SHARES, NOT_LICENSED, OVER_CLAIMED, PAID, PPM, UNCLAIMED, UNKNOWN_ISRC
from .wire import MAX_TIME, Malformed


def verify(data, vkey):
    """The report on a bundle. Raises Malformed where it cannot be read."""
    return Checker(form.parse(data), vkey).run()


def named(cell):
    return f"{isrc_text(cell.isrc)} {cell.territory} tier {cell.tier} version {cell.version}"


class Checker:
    def __init__(self, bundle, vkey):
        self.b, self.vkey, self.report = bundle, vkey, Report()
        self.expect = self.report.expect
        self.values = {name: [row.value for row in part.rows] for name, part in bundle.slices.items()}
        self.snapshot = registry.Snapshot(self.values["registry"])
        self.cells = [(row.position, row.value) for row in bundle.slices["cells"].rows]
        self.plays = {row.position: row.value for row in bundle.slices["plays"].rows}
        self.tiers = tier_numbers(bundle.pools)
        self.party = bundle.scope.party

    def run(self):
        self.signatures()
        self.hashes()
        self.scope()
        for name in form.SLICES:
            self.slice_root(name)
            self.complete(name)
        self.rows_in_order()
        self.tiling()
        self.play_rows()
        self.versions()
        self.chains()
        self.amounts()
        self.reasons_and_lines()
        self.holders()
        self.sampled()
        self.openings()
        self.recomputed()
        return self.report

    def signatures(self):
        """Section 4, and the checkpoint of the run's `log` line (section 11)."""
        note, checkpoint = self.b.note, self.b.checkpoint
        if self.vkey is None:
            self.report.skip("note-signature", "no key given: signer unknown")
            self.report.skip("checkpoint-signature", "no key given: signer unknown")
        else:
            for name, signed in (("note-signature", self.b.signed), ("checkpoint-signature", checkpoint.note)):
                fault = signed.verify(self.vkey)
                self.expect(name, fault is None, fault)
            self.expect("note-signature", self.vkey.name == note.origin, f"the key is not that of {note.origin}")
        self.expect("checkpoint", checkpoint.origin == note.origin, "note and checkpoint have two origins")
        self.expect("checkpoint", (checkpoint.size, checkpoint.root) == note.log, "not the checkpoint of the note")

    def hashes(self):
        """Rules and pools by hash, and sums per currency (section 9)."""
        note = self.b.note
        self.expect("rules", tree.sha256(self.b.rules_bytes) == note.rules, "not the rules of the note")
        self.expect("pools", tree.sha256(self.b.pools_bytes) == note.pools, "not the pools of the note")
        sums = {currency: total[0] for currency, total in note.totals.items()}
        self.expect("totals", sums == pool_totals(self.b.pools), "pool lines are not the sums of the pools file")
        seen = {currency: [0, 0] for currency in note.totals}
        for line in self.values["lines"]:
            seen.setdefault(line.currency, [0, 0])[0] += line.amount
        for _, cell in self.cells:
            for amount in cell.amounts:
                seen.setdefault(amount.currency, [0, 0])[1] += amount.suspended
        for currency, (pool, paid, suspense) in note.totals.items():
            self.expect("totals", pool == paid + suspense, f"{currency}: pool is not paid + suspense")
            self.expect("totals", seen[currency][0] <= paid, f"{currency}: lines above paid")
            self.expect("totals", seen[currency][1] <= suspense, f"{currency}: cells above suspense")

    def scope(self):
        """Scope ISRCs are those of the party's shares; recordings and holder have their rows."""
        own = sorted({row.isrc for row in self.values["registry"] if isinstance(row, registry.Share)})
        self.expect("scope", own == self.b.scope.isrcs, "the scope is not that of the party's share rows")
        for isrc in self.b.scope.isrcs:
            self.expect("scope", isrc in self.snapshot.recordings, lambda: f"no recording row of {isrc_text(isrc)}")
        if own:
            self.expect("scope", self.party in self.snapshot.holders, "no holder row of the party")

    def play_salts(self):
        """{position: salt} from the cell keys in the order of the slice's cells."""
        keys, out = self.b.slices["plays"].cell_keys, {}
        if not self.expect("plays-root", len(keys) == len(self.cells), "not one cell key for each cell"):
            return out
        for key, (_, cell) in zip(keys, self.cells):
            if cell.last - cell.first <= len(self.plays):
                for number, salt in enumerate(salts(key, max(0, cell.last - cell.first))):
                    out[cell.first + number] = salt
        return out

    def slice_root(self, name):
        """Rows and boundary leaves lead to the root of the run note."""
        part, check = self.b.slices[name], name + "-root"
        count, root = getattr(self.b.note, name)
        found = {row.position: row.salt for row in part.rows} if name != "plays" else self.play_salts()
        if not self.expect(check, all(row.position in found for row in part.rows), "a play without a cell"):
            return
        opened = [(row.position, tables.leaf(row.key, tables.row_hash(found[row.position], row.bytes)))
                  for row in part.rows]
        opened += [(position, tables.leaf(key, hashed)) for position, key, hashed in part.boundary]
        self.opening(check, count, root, sorted(opened), part.proof)

    def opening(self, check, count, root, opened, proof):
        try:
            self.expect(check, tree.opened_root(count, opened, proof) == root, "another root")
        except tree.ProofError as error:
            self.expect(check, False, str(error))

    def complete(self, name):
        """Section 11: the leaf before each scope key is smaller, the leaf after it greater."""
        part, check = self.b.slices[name], name + "-complete"
        keys = {row.position: row.key for row in part.rows}
        keys.update({position: key for position, key, _ in part.boundary})
        self.expect(check, [r[0] for r in part.ranges] == self.b.scope.keys(name), "scope keys are not those of scope")
        count = getattr(self.b.note, name)[0]
        for key, first, last in part.ranges:
            self.expect(check, first == 0 or keys[first - 1] < key, f"the leaf before {key.hex()} is not smaller")
            self.expect(check, last == count or keys[last] > key, f"the leaf after {key.hex()} is not greater")

    def rows_in_order(self):
        """Orders of section 8, each row once, within the slices."""
        for name in form.SLICES:
            rows = self.b.slices[name].rows
            if name in ("registry", "plays"):
                order = [(row.key, row.bytes) for row in rows]
            else:
                length = {"holders": 2, "lines": 7, "cells": 4}[name]
                order = [row.value[:length] for row in rows]
            for before, after, row in zip(order, order[1:], rows[1:]):
                self.expect("order", before < after, f"{name}: row {row.position} is out of order")
        played = [(play.listener, play.play) for play in self.plays.values()]
        self.expect("order", len(set(played)) == len(played), "plays: a play stands twice")
        for kind in (registry.RECORDING, registry.HOLDER):
            keys = [row.key for row in self.b.slices["registry"].rows if row.key[0] == kind]
            self.expect("registry", len(set(keys)) == len(keys), f"registry: two rows of kind {kind} under one key")

    def tiling(self):
        """Cells tile the ranges of the plays; every play is in the cell of its own fields."""
        at = {}
        for _, cell in self.cells:
            at.setdefault(cell.isrc, []).append((cell.first, cell.last))
        for key, first, last in self.b.slices["plays"].ranges:
            for low, high in at.pop(int.from_bytes(key, "big"), []):
                self.expect("tiling", low == first and low < high, f"cells do not tile the plays at {first}")
                first = high
            self.expect("tiling", first == last, f"cells do not tile the plays at {last}")
        self.expect("tiling", not at, "cells whose plays are not there")
        for _, cell in self.cells:
            inside = self.cell_plays(cell)
            self.expect("tiling", all(p[:4] == cell[:4] for p in inside), lambda: f"{named(cell)}: plays of another cell")
            self.expect("tiling", sum(p.weight for p in inside) == cell.weight, lambda: f"{named(cell)}: weight")

    def cell_plays(self, cell):
        if not 0 <= cell.last - cell.first <= len(self.plays):
            return []
        return [self.plays[p] for p in range(cell.first, cell.last) if p in self.plays]

    def play_rows(self):
        """What a play's row must say for itself (section 7.1)."""
        rules, period = self.b.rules, self.b.note.period
        for position, play in self.plays.items():
            self.expect("plays", attribution.counted(play.time, period, rules) and play.time <= MAX_TIME,
                        f"play {position}: not in the period")
            late = bool(play.flags & attribution.LATE)
            self.expect("plays", late == (play.time < period[0]), f"play {position}: late flag")
            self.expect("plays", attribution.qualified(play.listened, self.snapshot.length(play.isrc), rules),
                        f"play {position}: not qualified")
            low, high = weights.bounds(play, rules, self.snapshot.length(play.isrc))
            excluded = play.weight == 0 and rules.threshold and rules.threshold["below"] == "redistribute"
            self.expect("plays", excluded or low <= play.weight <= high, f"play {position}: weight {play.weight}")
            self.expect("plays", play.tier <= len(self.tiers), f"play {position}: tier {play.tier}")

    def versions(self):
        """Share versions count at least the visible boundaries, and rise with them (section 7.1)."""
        by_isrc = {}
        for play in self.plays.values():
            by_isrc.setdefault(play.isrc, set()).add((play.time, play.version))
        for isrc, seen in by_isrc.items():
            time, version, visible = None, 0, 0
            for now, found in sorted(seen):
                count = self.snapshot.version(isrc, now)
                self.expect("versions", found - version >= count - visible,
                            lambda: f"{isrc_text(isrc)} at {now}: share version {found} is too small")
                self.expect("versions", now != time, lambda: f"{isrc_text(isrc)} at {now}: two share versions")
                time, version, visible = now, found, count

    def chains(self):
        """Weights before, N and play ranges from cell to cell, as far as the cells are visible."""
        note = self.b.note
        numbers = [number for number, _ in self.cells]
        last_number, last_play = -1, 0
        for number, cell in [*self.cells, (note.cells[0], None)]:
            first = cell.first if cell else note.plays[0]
            hidden = number - last_number - 1
            good = first - last_play >= hidden if hidden else first == last_play
            self.expect("chain", good, f"cell {number}: first play {first}")
            last_number, last_play = number, cell.last if cell else 0
        places = {}
        for at, (number, cell) in enumerate(self.cells):
            places.setdefault((cell.territory, cell.tier), []).append((at, number, cell))
        for place, cells in places.items():
            last_at, last_number, so_far = -1, -1, 0
            total = cells[0][2].total
            for at, number, cell in [*cells, (len(numbers), note.cells[0], None)]:
                before = cell.before if cell else total
                hidden = (number - last_number) - (at - last_at)
                beyond = cell is None and self.declared(place) is not None  # subscribers without plays
                good = before >= so_far if hidden or beyond else before == so_far
                self.expect("chain", good, f"cell {number}: weight before in {place}")
                if cell:
                    self.expect("chain", cell.total == total, f"cell {number}: N in {place}")
                    last_at, last_number, so_far = at, number, before + cell.weight
            declared = self.declared(place)
            bound = weights.largest(self.b.rules) * note.plays[0]
            self.expect("chain", total <= bound if declared is None else total == declared, f"N in {place}")
            if declared is None and self.b.rules.model == "user-centric":
                self.expect("chain", total % weights.UNITS == 0, f"N in {place}: accounts in part")

    def declared(self, place):
        """What N must be, where the pools file says so."""
        table = self.b.rules.table
        if self.b.rules.model != "user-centric" or table["idle"] != "suspense":
            return None
        for pool in self.b.pools:
            if (pool.territory, self.tiers[pool.tier]) == place:
                return pool.subscribers * weights.UNITS
        return None

    def amounts(self):
        """What the pools pay each cell (section 7.2)."""
        by_place = settle.pools_of(self.b.pools, self.tiers)
        for _, cell in self.cells:
            pools = by_place.get((cell.territory, cell.tier), [])
            expected = [(p.right, p.currency, settle.part(p.amount, cell.before, cell.weight, cell.total))
                        for p in pools]
            self.expect("amounts", [a[:3] for a in cell.amounts] == expected, lambda: f"{named(cell)}: amounts")

    def licences_exist(self):
        """Whether the snapshot has a licence row: one is opened, or next to a scope key."""
        part = self.b.slices["registry"]
        return any(key[0] == registry.LICENCE for key in [r.key for r in part.rows] + [b[1] for b in part.boundary])

    def reasons_and_lines(self):
        """Section 7.3 with the shares of the party alone."""
        lines = {line[1:7]: line for line in self.values["lines"]}
        claims, licences = {}, self.licences_exist()
        for _, cell in self.cells:
            inside = self.cell_plays(cell)
            if not self.expect("reasons", inside, lambda: f"{named(cell)}: no plays"):
                continue
            time = inside[0].time
            licensed = not licences or any(registry.in_force(row, cell.territory, time)
                                           for row in self.snapshot.licences.get(cell.isrc, ()))
            for amount in cell.amounts:
                where = f"{named(cell)} {amount.right} {amount.currency}"
                own = sum(s.ppm for s in self.snapshot.shares_in_force(cell.isrc, amount.right, cell.territory, time))
                self.expect("reasons", amount.reason in self.possible(cell.isrc, licensed, own),
                            f"{where}: reason {amount.reason}")
                line = lines.pop((*cell[:4], amount.right, amount.currency), None)
                before = self.line(where, amount, own, line)
                claim = self.claim(where, amount, own + before)
                key = (cell.isrc, cell.territory, cell.version, amount.right)
                self.agree(where, claims.setdefault(key, []), (amount.reason, line and before, *claim))
        for line in lines.values():
            self.expect("lines", False, f"a line without cell: {isrc_text(line.isrc)} {line[2:7]}")

    def possible(self, isrc, licensed, own):
        """The reasons that can be true, given what is visible."""
        if isrc not in self.snapshot.recordings:
            return {UNKNOWN_ISRC}
        if not licensed:
            return {NOT_LICENSED}
        threshold = self.b.rules.threshold
        held = {BELOW_THRESHOLD} if threshold and threshold["below"] == "suspense" else set()
        if own > PPM:
            return {OVER_CLAIMED} | held
        if own == PPM:
            return {PAID, OVER_CLAIMED} | held
        return held | ({PAID, OVER_CLAIMED, UNCLAIMED} if own else {PAID, NO_SHARES, OVER_CLAIMED, UNCLAIMED})

    def line(self, where, amount, own, line):
        """The one line of a cell's amount; returns the ppm before it."""
        if not own or amount.reason not in (PAID, UNCLAIMED):
            self.expect("lines", line is None, f"{where}: a line that should not be")
            return 0
        if not self.expect("lines", line is not None, f"{where}: no line"):
            return 0
        self.expect("lines", line.ppm == own, f"{where}: {line.ppm} ppm, the shares say {own}")
        expected = settle.part(amount.amount, line.before, line.ppm, PPM)
        self.expect("lines", line.amount == expected, f"{where}: {line.amount} micros, recomputed {expected}")
        self.expect("lines", line.before + line.ppm <= PPM, f"{where}: more than the whole before")
        return line.before

    def claim(self, where, amount, claimed):
        """The suspended amount; returns the sums of ppm that it allows, low and high."""
        whole, suspended = amount.amount, amount.suspended
        if amount.reason == PAID:
            self.expect("reasons", suspended == 0, f"{where}: {suspended} suspended without a reason")
            return PPM, PPM
        if amount.reason != UNCLAIMED:
            self.expect("reasons", suspended == whole, f"{where}: {suspended} suspended, not all")
            return 0, 2**64
        low, high = max(claimed, 1), PPM - 1
        paid = whole - suspended
        if whole > 0:
            low = max(low, -(-paid * PPM // whole))
            high = min(high, ((paid + 1) * PPM - 1) // whole)
        fits = paid == 0 if whole == 0 else low <= high
        self.expect("reasons", fits, f"{where}: no sum of ppm leaves {suspended} suspended")
        return low, high

    def agree(self, where, seen, claim):
        """Cells of one recording, territory, version and right share their split, whatever tier and currency."""
        reason, before, low, high = claim
        for other in seen:
            self.expect("reasons", other[0] == reason, f"{where}: another reason than for another pool")
            self.expect("lines", other[1] == before, f"{where}: another ppm before than for another pool")
            low, high = max(low, other[2]), min(high, other[3])
        self.expect("reasons", low <= high, f"{where}: no sum of ppm fits all pools")
        seen.append(claim)

    def holders(self):
        """Section 7.4."""
        earned = {}
        for line in self.values["lines"]:
            earned[line.currency] = earned.get(line.currency, 0) + line.amount
        for row in self.values["holders"]:
            where = f"holder {row.currency}"
            stands = row.currency in earned or row.brought != 0 or row.replaced != 0
            self.expect("holders", stands, f"{where}: neither a line nor brought forward")
            total = earned.pop(row.currency, 0)
            try:
                expected = settle.balance(self.party, row.currency, row.brought, total, row.replaced, self.b.rules.minimum)
            except Malformed:
                expected = None
            self.expect("holders", row == expected, f"{where}: {row[2:]}, recomputed {expected and expected[2:]}")
            if self.b.note.previous is None:
                self.expect("holders", row.brought == 0, f"{where}: brought forward without a previous run")
            if self.b.note.revision == 0:
                self.expect("holders", row.replaced == 0, f"{where}: takes back an earlier revision without one")
        self.expect("holders", not earned, f"no row for {sorted(earned)}")

    def sampled(self):
        """Which plays are opened (section 11)."""
        expected = sorted(self.plays)
        if self.b.scope.evidence == form.SAMPLE:
            expected = []
            for number, cell in self.cells:
                if 0 < cell.last - cell.first <= len(self.plays):
                    expected += form.sample(number, cell.first, cell.last - cell.first, self.b.signed.text,
                                            self.b.checkpoint.note.text, self.b.scope.nonce)
        self.expect("sample", [play.position for play in self.b.opened] == expected, "not the plays that had to be opened")

    def openings(self):
        """The opened events are leaves of the log."""
        opened = sorted((index, record_leaf(record)) for play in self.b.opened for index, record, _ in play.events)
        self.opening("events-root", *self.b.note.log, opened, self.b.events_proof)

    def recomputed(self):
        """Opened plays follow from their events (section 7.1)."""
        self.report.begin("recomputed")
        for position, events in self.b.opened:
            play = self.plays.get(position)
            if not self.expect("recomputed", play and events, f"play {position}: no row or no events"):
                continue
            found = [event for _, _, event in events]
            self.expect("recomputed", all((e.listener, e.play) == (play.listener, play.play) for e in found),
                        f"play {position}: events of another play")
            again = attribution.attribute(found, self.b.rules)
            row = (play.isrc, play.territory, play.time, play.flags & 3, play.listened)
            self.expect("recomputed", again == row, f"play {position}: {row}, recomputed {tuple(again)}")
