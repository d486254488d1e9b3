"""Random small worlds as the product's input files, nastier than a simulated market."""

import csv
import datetime
import json
from pathlib import Path

from cases import h64
from cases.attribution import FROM, TO
import models
from dice import Dice
from ledgerline_check import records
from ledgerline_check.wire import I64_MAX, I64_MIN

ORIGIN = "worlds.example/plays/2026-04"
PERIOD = "2026-04-01T00:00:00Z/2026-05-01T00:00:00Z"
ISRCS = ["AA0000000000", "DEAB12600001", "DEAB12600002", "FRZ032600003", "USRC17607839", "ZZZZZ9999999"]
TERRITORIES = ["AT", "DE", "FR", "JP"]
TIERS = ["free", "premium", "a.b_c-9"]
HOLDERS = [0, 1, 2**63, 2**64 - 1, 0x0123456789ABCDEF]
LISTENERS = [0, 1, 5, 2**63, 2**64 - 1]


def moment(time):
    """A bound in RFC 3339, empty where open."""
    if time in (I64_MIN, I64_MAX):
        return ""
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=time)).isoformat(timespec="milliseconds") + "Z"


class World:
    def __init__(self, seed):
        self.dice = dice = Dice(f"world {seed}")
        self.times = sorted(FROM + dice.below(TO - FROM) for _ in range(4)) + [FROM, FROM - 86_400_000]
        self.known = [isrc for isrc in ISRCS if dice.chance(85)] or ISRCS[:1]
        self.rights = dice.shuffle(["master", "publishing", "m", "mm"])[:dice.between(1, 3)]
        self.with_licences = dice.chance(60)
        counted = (f"qualify_ms = {dice.pick([0, 20_000, 30_000, 60_000])}\ntolerance_ms = {dice.pick([0, 5_000])}\n"
                   f"late_days = {dice.pick([0, 10, 366])}\n")
        self.rules, self.counts = models.rules(dice, ISRCS, counted)

    def interval(self):
        dice = self.dice
        low, high = sorted([dice.pick(self.times), dice.pick(self.times) + dice.below(3)])
        return dice.pick([(I64_MIN, I64_MAX), (I64_MIN, I64_MAX), (I64_MIN, high), (low, I64_MAX), (low, max(high, low + 1))])

    def where(self):
        return self.dice.pick(["*", "*", "DE", "AT DE", "* -FR", "* -AT -DE", "DE FR JP"])

    def recordings(self):
        return [[isrc, self.dice.pick(["Title", 'a "quoted", title', "題名", ""]), "Ärzte", self.dice.pick(["", "25000", "180000"])]
                for isrc in self.known]

    def holders(self):
        return [[h64(party), f"Holder, {party}", self.dice.pick(["EUR", "JPY"])] for party in HOLDERS]

    def shares(self):
        dice, rows = self.dice, []
        for isrc in self.known:
            for right in self.rights:
                for party in dice.shuffle(list(HOLDERS))[:dice.between(0, 4)]:
                    ppm = dice.pick([1, 250_000, 333_333, 333_334, 500_000, 1_000_000])
                    rows.append([isrc, right, self.where(), h64(party), ppm, *map(moment, self.interval())])
        return rows

    def licences(self):
        rows = {(isrc, self.where(), *map(moment, self.interval())) for isrc in self.known for _ in range(2) if self.dice.chance(60)}
        return sorted(rows)

    def subscriptions(self):
        rows = []
        for listener in LISTENERS[:-1]:
            bounds = sorted({self.dice.pick(self.times) + self.dice.below(2) for _ in range(self.dice.between(1, 4))})
            bounds = [I64_MIN, *bounds, I64_MAX]
            for start, end in zip(bounds, bounds[1:]):
                if self.dice.chance(80):
                    account = self.dice.pick(["", "", h64(77), h64(LISTENERS[0])])
                    rows.append([h64(listener), self.dice.pick([*TIERS, "unpaid"]), moment(start), moment(end), account])
        return rows

    def pools(self):
        dice, rows = self.dice, {}
        for _ in range(dice.between(1, 12)):
            amount = dice.pick(["0", "0.000001", "7", "1234.5", "99999.999999", str(dice.below(10**9)), "1000000000000"])
            rows[dice.pick(TERRITORIES), dice.pick(TIERS), dice.pick(self.rights), dice.pick(["EUR", "JPY", "KWD", "USD"])] = amount
        # No account of the few listeners is left without one.
        counts = {place: [dice.between(len(LISTENERS), 9)] if self.counts else [] for place in sorted({key[:2] for key in rows})}
        return dice.shuffle([[*key, amount, *counts[key[:2]]] for key, amount in rows.items()])

    def play(self, number):
        """Events of one play with gaps, seeks, repeats and disagreements."""
        dice = self.dice
        time = dice.pick([dice.between(FROM - 12 * 86_400_000, TO + 10**6), dice.pick(self.times) + dice.between(-2, 2), FROM - 1, TO - 1,
                          FROM - 10 * 86_400_000, FROM - 10 * 86_400_000 - 1])
        position, isrc, territory, listener = dice.below(5_000), dice.pick(ISRCS), dice.pick(TERRITORIES), dice.pick(LISTENERS)
        out = []
        for _ in range(dice.between(1, 7)):
            event = records.Event(time, position, dice.between(1, 3), records.pack_isrc(dice.pick(ISRCS) if dice.chance(8) else isrc),
                                  dice.pick(TERRITORIES) if dice.chance(8) else territory, dice.below(4), number, listener)
            out += [event] * (2 if dice.chance(15) else 1)
            time += dice.pick([0, 10_000, 30_000, 34_999, 35_001, 60_000])
            position = max(0, position + dice.pick([0, 10_000, 30_000, 30_000, 36_000, -15_000]))
        return out

    def events(self, plays=60):
        out = [event for number in range(plays) for event in self.play(number % (plays - 5))]
        return self.dice.shuffle(out)

    def write(self, folder):
        folder = Path(folder)
        files = [("recordings", "isrc,title,artist,duration_ms", self.recordings()), ("holders", "holder,name,currency", self.holders()),
                 ("shares", "isrc,right,territories,holder,ppm,valid_from,valid_to", self.shares()),
                 ("subscriptions", "listener,tier,valid_from,valid_to,account", self.subscriptions())]
        licences = self.licences()
        if self.with_licences and licences:
            files.append(("licences", "isrc,territories,valid_from,valid_to", licences))
        (folder / "registry").mkdir(parents=True)
        for name, header, rows in files:
            write_csv(folder / "registry" / f"{name}.csv", header, rows)
        header = "territory,tier,right,currency,amount" + (",subscribers" if self.counts else "")
        write_csv(folder / "pools.csv", header, self.pools())
        (folder / "rules.toml").write_text(self.rules)
        with open(folder / "events.ndjson", "w", encoding="utf-8") as out:
            for e in self.events():
                out.write(json.dumps({"kind": records.KINDS[e.kind], "play": h64(e.play), "listener": h64(e.listener),
                                      "isrc": records.isrc_text(e.isrc), "territory": e.territory, "time": e.time, "position_ms": e.position,
                                      "active": bool(e.flags & 1), "offline": bool(e.flags & 2)}) + "\n")


def write_csv(path, header, rows):
    with open(path, "w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(header.split(","))
        writer.writerows(rows)
