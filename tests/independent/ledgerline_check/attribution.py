"""From events to counted plays: section 7.1."""

from typing import NamedTuple

from .records import ACTIVE, OFFLINE

DAY = 86_400_000
LATE = 4
WEIGHT = 1000  # pro-rata


class Attributed(NamedTuple):
    """A play before it is known whether it counts."""

    isrc: int
    territory: str
    time: int
    flags: int
    listened: int


class Play(NamedTuple):
    """A counted play in the order of the plays table."""

    isrc: int
    territory: str
    tier: int
    version: int
    time: int
    listener: int
    play: int
    listened: int
    weight: int
    flags: int


def in_order(events):
    """Events of one play sorted, identical ones once. An event's sort fields are its first six."""
    out = []
    for event in sorted(events):
        if not out or out[-1][:6] != event[:6]:
            out.append(event)
    return out


def attribute(events, rules):
    """The play that sorted distinct events make (first six fields: time, position, kind, ISRC,
    territory, flags)."""
    time, _, _, isrc, territory, flags = events[0][:6]
    limit = rules.heartbeat_ms + rules.tolerance_ms
    listened, before = 0, None
    for event in events:
        if event[3] != isrc or event[4] != territory:
            continue
        if before:
            listened += max(0, min(event[0] - before[0], event[1] - before[1], limit))
        before = event
    return Attributed(isrc, territory, time, flags, min(listened, (1 << 32) - 1))


def qualified(listened, length, rules):
    return listened >= (min(rules.qualify_ms, length) if length else rules.qualify_ms)


def counted(time, period, rules):
    start, end = period
    return start - rules.late_days * DAY <= time < end


def flag_bits(event_flags, late):
    return (event_flags & (ACTIVE | OFFLINE)) | (LATE if late else 0)


def count_plays(groups, snapshot, rules, period, tiers):
    """Counted plays in order. `groups`: {(listener, play id): events}."""
    plays = []
    for (listener, play_id), events in groups.items():
        play = attribute(in_order(events), rules)
        if not qualified(play.listened, snapshot.length(play.isrc), rules):
            continue
        if not counted(play.time, period, rules):
            continue
        tier = tiers.get(snapshot.tier(listener, play.time), 0)
        version = snapshot.version(play.isrc, play.time)
        flags = flag_bits(play.flags, play.time < period[0])
        plays.append(Play(play.isrc, play.territory, tier, version, play.time, listener, play_id,
                          play.listened, WEIGHT, flags))
    plays.sort()
    return plays


def group(events):
    groups = {}
    for event in events:
        groups.setdefault((event.listener, event.play), []).append(event)
    return groups
