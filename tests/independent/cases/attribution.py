"""attribution.json: section 7.1."""

from dice import Dice
from ledgerline_check import attribution, money, records, registry
from ledgerline_check.records import Event
from ledgerline_check.wire import I64_MAX, I64_MIN

from . import h64
from .record import fields as record_fields
from .tables import registry_fields

DESCRIPTION = ("Events of one listener in any order, with rules, period, registry rows and the tiers of the pools in order "
               "of their numbers (from 1) -> the plays: isrc, territory, time, active, offline, listened, qualified, counted, "
               "late, tier number, share version. Tier and version are those at the play's time, whether it counts or not. "
               "Events carry a salt only to have the form of a record.")
SOURCE = "docs/format.md section 7.1"

FROM, TO = 1_775_001_600_000, 1_777_593_600_000  # April 2026
A, B = records.pack_isrc("DEAB12600001"), records.pack_isrc("DEAB12600002")
ME = 0xABCDEF0123456789
DEFAULT = money.Rules()


def oracle(events, rules, period, rows, tiers):
    """Section 7.1 said once more, without the code under test."""
    distinct = {(e.time, e.position, e.kind, e.isrc, e.territory, e.flags) for e in events}
    first = min(distinct)
    kept = sorted(e for e in distinct if e[3:5] == first[3:5])
    listened = 0
    for (t0, p0, *_), (t1, p1, *_) in zip(kept, kept[1:]):
        step = min(t1 - t0, p1 - p0, rules.heartbeat_ms + rules.tolerance_ms)
        listened += step if step > 0 else 0
    listened = min(listened, 2**32 - 1)
    need = rules.qualify_ms
    bounds, tier = set(), 0
    for row in rows:
        if isinstance(row, registry.Recording) and row.isrc == first[3] and row.length:
            need = min(need, row.length)
        if isinstance(row, (registry.Share, registry.Licence)) and row.isrc == first[3]:
            bounds |= {t for t in (row.start, row.end) if t not in (I64_MIN, I64_MAX) and t <= first[0]}
        if isinstance(row, registry.Subscription) and row.listener == events[0].listener and row.start <= first[0] < row.end:
            tier = tiers.index(row.tier) + 1 if row.tier in tiers else 0
    counted = listened >= need and period[0] - rules.late_days * 86_400_000 <= first[0] < period[1]
    return {"isrc": records.isrc_text(first[3]), "territory": first[4], "time": first[0], "active": first[5] % 2 == 1,
            "offline": first[5] // 2 == 1, "listened": listened, "qualified": listened >= need, "counted": counted,
            "late": counted and first[0] < period[0], "tier": tier, "version": len(bounds)}


def under_test(events, rules, period, rows, tiers):
    snapshot = registry.Snapshot(rows)
    play = attribution.attribute(attribution.in_order(events), rules)
    qualified = attribution.qualified(play.listened, snapshot.length(play.isrc), rules)
    counted = qualified and attribution.counted(play.time, period, rules)
    numbers = {tier: number for number, tier in enumerate(tiers, 1)}
    return {"isrc": records.isrc_text(play.isrc), "territory": play.territory, "time": play.time, "active": bool(play.flags & 1),
            "offline": bool(play.flags & 2), "listened": play.listened, "qualified": qualified, "counted": counted,
            "late": counted and play.time < period[0], "tier": numbers.get(snapshot.tier(events[0].listener, play.time), 0),
            "version": snapshot.version(play.isrc, play.time)}


def listen(start, steps, isrc=A, play=1, flags=0, territory="DE"):
    """A start, and one event for each (delta time, delta position, kind)."""
    events, time, position = [Event(start, 0, 1, isrc, territory, flags, play, ME)], start, 0
    for delta_time, delta_position, kind in steps:
        time, position = time + delta_time, position + delta_position
        events.append(Event(time, position, kind, isrc, territory, flags, play, ME))
    return events


def named():
    """(name, events, rules, rows)."""
    song = [registry.Recording(A, "t", "a", 20_000), registry.Recording(B, "t", "a", 0)]
    beat = (30_000, 30_000, 2)
    yield "one event", listen(FROM, []), DEFAULT, []
    yield "29,999 ms", listen(FROM, [(29_999, 29_999, 3)]), DEFAULT, []
    yield "30,000 ms", listen(FROM, [beat]), DEFAULT, []
    yield "a short recording", listen(FROM, [(20_000, 20_000, 3)]), DEFAULT, song
    yield "a short recording, not to its end", listen(FROM, [(19_999, 19_999, 3)]), DEFAULT, song
    yield "a recording of unknown length", listen(FROM, [(20_000, 20_000, 3)], isrc=B), DEFAULT, song
    yield "a gap is worth no more than heartbeat and tolerance", listen(FROM, [(500_000, 500_000, 3)]), DEFAULT, []
    yield "a pause", listen(FROM, [beat, (90_000, 0, 2), beat]), DEFAULT, []
    yield "a seek forward", listen(FROM, [(1_000, 200_000, 2), (10_000, 10_000, 3)]), DEFAULT, []
    yield "a seek backward", listen(FROM, [beat, (1_000, -20_000, 2), beat]), DEFAULT, []
    yield "events twice", listen(FROM, [beat, beat]) * 2, DEFAULT, []
    yield "no start", listen(FROM, [beat, beat])[1:], DEFAULT, []
    yield "reversed arrival", listen(FROM, [beat, beat])[::-1], DEFAULT, []
    yield "another territory in between", listen(FROM, [beat, beat]) + [Event(FROM + 15_000, 15_000, 2, A, "FR", 0, 1, ME)], DEFAULT, []
    yield "another ISRC in between", listen(FROM, [beat, beat]) + [Event(FROM + 15_000, 29_000, 2, B, "DE", 0, 1, ME)], DEFAULT, []
    yield "a disagreeing event comes first", listen(FROM, [beat, beat]) + [Event(FROM - 1, 0, 2, B, "FR", 3, 1, ME)], DEFAULT, []
    yield "flags of the first event", [e._replace(flags=i % 4) for i, e in enumerate(listen(FROM, [beat, beat]))], DEFAULT, []
    yield "equal times, order by position", [Event(FROM, p, 2, A, "DE", 0, 1, ME) for p in (5_000, 0, 9_000)], DEFAULT, []
    yield "equal times and positions, order by kind", [Event(FROM, 0, k, A, t, k, 1, ME) for k, t in ((2, "AA"), (1, "ZZ"))], DEFAULT, []
    yield "equal but for the flags", [Event(FROM, 0, 1, A, "DE", f, 1, ME) for f in (2, 1)] + [Event(FROM + 31_000, 31_000, 3, A, "DE", 0, 1, ME)], DEFAULT, []
    yield "the first moment", listen(FROM, [beat]), DEFAULT, []
    yield "one before the first moment: late", listen(FROM - 1, [beat]), DEFAULT, []
    yield "one before the end", listen(TO - 1, [beat]), DEFAULT, []
    yield "the end: not counted", listen(TO, [beat]), DEFAULT, []
    yield "the last late moment", listen(FROM - 30 * 86_400_000, [beat]), DEFAULT, []
    yield "too late", listen(FROM - 30 * 86_400_000 - 1, [beat]), DEFAULT, []
    yield "no late days", listen(FROM - 1, [beat]), DEFAULT._replace(late_days=0), []
    yield "everything qualifies", listen(FROM, []), DEFAULT._replace(qualify_ms=0), []
    yield "other rules", listen(FROM, [(9_000, 9_000, 2)] * 7), money.Rules(45_000, 5_000, 1_000, 3), []
    yield "large rules", listen(0, [(2**33, 2**32 - 1, 3)]), money.Rules(2**32 - 1, 2**32 - 1, 2**32 - 1, 366), []
    yield "listened is cut at 2^32 - 1", listen(FROM, [(2**32, 2**32 - 1, 2), (1, 1 - 2**32, 2), (2**32, 2**32 - 2, 2)]), money.Rules(1, 2**32 - 1, 2**32 - 1, 1), []
    subscriptions = [registry.Subscription(ME, "free", I64_MIN, FROM + 5), registry.Subscription(ME, "premium", FROM + 5, FROM + 9),
                     registry.Subscription(ME, "unpaid", FROM + 10, I64_MAX), registry.Subscription(ME + 1, "free", FROM + 9, FROM + 10)]
    for delta in (4, 5, 8, 9, 10):
        yield f"tier {delta} ms in", listen(FROM + delta, [beat]), DEFAULT, subscriptions
    bounded = [registry.Recording(A, "t", "a", 0), registry.Holder(1, "h", "EUR"),
               registry.Share(1, A, "m", "*", 5, I64_MIN, FROM + 5), registry.Share(1, A, "m", "FR", 6, FROM + 5, FROM + 8),
               registry.Share(1, A, "p", "*", 5, FROM + 6, I64_MAX), registry.Licence(A, "*", FROM + 7, FROM + 8),
               registry.Share(1, B, "m", "*", 5, FROM + 1, I64_MAX), registry.Recording(B, "t", "a", 0)]
    for delta in (0, 4, 5, 6, 7, 8, 9):
        yield f"share version {delta} ms in", listen(FROM + delta, [beat]), DEFAULT, bounded


def random_play(dice):
    """Events with wild jitter."""
    events, time, position = [], dice.between(FROM - 35 * 86_400_000, TO + 10**6), dice.below(10_000)
    for _ in range(dice.between(1, 8)):
        events.append(Event(time, position, dice.between(1, 3), A if dice.chance(85) else B, "DE" if dice.chance(85) else "FR",
                            dice.below(4), 1, ME))
        if dice.chance(20):
            events.append(events[-1])
        time += dice.pick([0, 10_000, 30_000, 34_000, 36_000])
        position = max(0, position + dice.pick([0, 10_000, 30_000, 33_000, -15_000]))
    return dice.shuffle(events)


def cases():
    yield from named()
    dice = Dice("attribution")
    for number in range(60):
        rows = [registry.Recording(A, "t", "a", dice.pick([0, 25_000, 180_000])), registry.Recording(B, "t", "a", 0)]
        yield f"random {number}", random_play(dice), DEFAULT, rows


def event_fields(event):
    out = record_fields(event, bytes(16))
    del out["salt"]
    return out


def make():
    out, tiers = [], ["free", "premium"]
    for name, events, rules, rows in cases():
        found = under_test(events, rules, (FROM, TO), rows, tiers)
        assert found == oracle(events, rules, (FROM, TO), rows, tiers), name
        out.append({"name": name, "rules": {name: getattr(rules, name) for name in money.COUNTING}, "from": FROM, "to": TO, "tiers": tiers,
                    "registry": [registry_fields(row) for row in rows], "listener": h64(ME),
                    "events": [event_fields(event) for event in events], "play": found})
    return out
