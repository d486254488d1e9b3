"""Registry snapshot of section 6.3."""

import re
from bisect import bisect_right
from typing import NamedTuple

from .money import read_currency
from .records import check_isrc, read_word
from .wire import I64_MAX, I64_MIN, Reader, i64, need, text, u8, u32, u64

RECORDING, HOLDER, SHARE, SUBSCRIPTION, LICENCE = 1, 2, 3, 4, 5
SHARED_SUBSCRIPTION = 0x14
_LISTED = re.compile(r"[A-Z]{2}( [A-Z]{2})*")
_EXCLUDED = re.compile(r"\*( -[A-Z]{2})*")


class Recording(NamedTuple):
    isrc: int
    title: str
    artist: str
    length: int


class Holder(NamedTuple):
    party: int
    name: str
    currency: str


class Share(NamedTuple):
    party: int
    isrc: int
    right: str
    territories: str
    ppm: int
    start: int
    end: int


class Subscription(NamedTuple):
    listener: int
    tier: str
    start: int
    end: int
    account: int | None = None  # who pays, if another than the listener


class Licence(NamedTuple):
    isrc: int
    territories: str
    start: int
    end: int


def check_territories(value):
    """`*`, or ascending codes, or `*` and ascending excluded codes; each code once."""
    need(_LISTED.fullmatch(value) or _EXCLUDED.fullmatch(value), f"registry: territories {value!r}")
    codes = re.findall(r"[A-Z]{2}", value)
    need(all(a < b for a, b in zip(codes, codes[1:])), f"registry: territories {value!r}")
    return value


def matches(territories, territory):
    codes = territories.split(" ")
    if codes[0] == "*":
        return "-" + territory not in codes
    return territory in codes


def encode(row):
    """(key, row) of one registry row."""
    if isinstance(row, Recording):
        return u8(RECORDING) + u64(row.isrc), text(row.title) + text(row.artist) + u32(row.length)
    if isinstance(row, Holder):
        return u8(HOLDER) + u64(row.party), text(row.name) + row.currency.encode()
    if isinstance(row, Share):
        return u8(SHARE) + u64(row.party), (u64(row.isrc) + text(row.right) + text(row.territories)
                                            + u32(row.ppm) + i64(row.start) + i64(row.end))
    if isinstance(row, Subscription):
        kind, more = (SUBSCRIPTION, b"") if row.account is None else (SHARED_SUBSCRIPTION, u64(row.account))
        return u8(kind) + u64(row.listener), text(row.tier) + i64(row.start) + i64(row.end) + more
    return u8(LICENCE) + u64(row.isrc), text(row.territories) + i64(row.start) + i64(row.end)


def _interval(reader):
    start, end = reader.i64(), reader.i64()
    need(start < end, f"{reader.what}: empty interval {start}..{end}")
    return start, end


def decode(key, reader):
    """One row at the reader, whose key is known."""
    need(len(key) == 9, "registry: key length")
    kind, number = key[0], int.from_bytes(key[1:], "big")
    if kind == RECORDING:
        return Recording(check_isrc(number), reader.str(), reader.str(), reader.u32())
    if kind == HOLDER:
        return Holder(number, reader.str(), read_currency(reader))
    if kind == SHARE:
        isrc, right = check_isrc(reader.u64()), read_word(reader, "right")
        territories, ppm = check_territories(reader.str()), reader.u32()
        need(1 <= ppm <= 1_000_000, f"registry: ppm {ppm}")
        return Share(number, isrc, right, territories, ppm, *_interval(reader))
    if kind == SUBSCRIPTION:
        return Subscription(number, read_word(reader, "tier"), *_interval(reader))
    if kind == SHARED_SUBSCRIPTION:
        row = Subscription(number, read_word(reader, "tier"), *_interval(reader), reader.u64())
        need(row.account != row.listener, "registry: a shared subscription that the listener pays")
        return row
    need(kind == LICENCE, f"registry: kind {kind}")
    return Licence(check_isrc(number), check_territories(reader.str()), *_interval(reader))


def boundaries(rows):
    """Distinct closed bounds of share and licence rows, ascending (section 7.1)."""
    return sorted({t for row in rows for t in (row.start, row.end) if I64_MIN < t < I64_MAX})


class Snapshot:
    """Rows by what they are asked for."""

    def __init__(self, rows):
        self.rows = rows
        self.recordings, self.holders, self.subscriptions = {}, {}, {}
        self.shares, self.licences = {}, {}
        for row in rows:
            if isinstance(row, Recording):
                self.recordings[row.isrc] = row
            elif isinstance(row, Holder):
                self.holders[row.party] = row
            elif isinstance(row, Share):
                self.shares.setdefault(row.isrc, []).append(row)
            elif isinstance(row, Subscription):
                self.subscriptions.setdefault(row.listener, []).append(row)
            else:
                self.licences.setdefault(row.isrc, []).append(row)
        self._boundaries = {}

    def check_references(self):
        """The rules of section 6.3 that span rows."""
        for kind, found in ((Recording, self.recordings), (Holder, self.holders)):
            need(sum(isinstance(row, kind) for row in self.rows) == len(found), f"registry: two rows for one {kind.__name__}")
        for isrc, rows in [*self.shares.items(), *self.licences.items()]:
            need(isrc in self.recordings, f"registry: no recording row for {isrc}")
            for row in rows:
                need(isinstance(row, Licence) or row.party in self.holders, "registry: no holder row")
        for rows in self.subscriptions.values():
            rows.sort(key=lambda row: row.start)
            need(all(a.end <= b.start for a, b in zip(rows, rows[1:])), "registry: subscriptions overlap")

    def length(self, isrc):
        """Length in ms, 0 where unknown."""
        return self.recordings[isrc].length if isrc in self.recordings else 0

    def tier(self, listener, time):
        """Tier name of section 7.1, or None."""
        for row in self.subscriptions.get(listener, ()):
            if row.start <= time < row.end:
                return row.tier
        return None

    def account(self, listener, time):
        """Who pays for the listener: section 7.2."""
        for row in self.subscriptions.get(listener, ()):
            if row.start <= time < row.end and row.account is not None:
                return row.account
        return listener

    def version(self, isrc, time):
        """Share version of section 7.1."""
        if isrc not in self._boundaries:
            self._boundaries[isrc] = boundaries(self.shares.get(isrc, []) + self.licences.get(isrc, []))
        version = bisect_right(self._boundaries[isrc], time)
        need(version <= 65_535, "registry: too many share versions")
        return version

    def licensed(self, isrc, territory, time):
        if not self.licences:
            return True
        return any(in_force(row, territory, time) for row in self.licences.get(isrc, ()))

    def shares_in_force(self, isrc, right, territory, time):
        return [row for row in self.shares.get(isrc, ()) if row.right == right and in_force(row, territory, time)]


def in_force(row, territory, time):
    return row.start <= time < row.end and matches(row.territories, territory)


def parse(pairs):
    """A whole snapshot from (key, row) pairs, in canonical order."""
    need(all(a < b for a, b in zip(pairs, pairs[1:])), "registry: rows are not in order")
    rows = []
    for key, row in pairs:
        reader = Reader(row, "registry row")
        rows.append(decode(key, reader))
        reader.end()
    snapshot = Snapshot(rows)
    snapshot.check_references()
    return snapshot


def canonical(rows):
    """(key, row) pairs of rows, sorted, each once."""
    return sorted({encode(row) for row in rows})
