"""Weights of counted plays: section 7.2, one model after the other."""

UNITS = 1_081_080_000  # of an account: 1500 times the least common multiple of 1 to 16
ONE = 1000


def reaches(compare, count, threshold):
    return count > threshold if compare == ">" else count >= threshold


class Reach:
    """Plays and distinct listeners of what is counted together."""

    def __init__(self, level, snapshot, plays, earlier=None):
        self.level, self.snapshot, self.counts, self.listeners = level, snapshot, {}, {}
        for isrc, count in (earlier or {}).items():
            self.counts[self.group(isrc)] = self.counts.get(self.group(isrc), 0) + count
        for play in plays:
            group = self.group(play.isrc)
            self.counts[group] = self.counts.get(group, 0) + 1
            self.listeners.setdefault(group, set()).add(play.listener)

    def group(self, isrc):
        row = self.snapshot.recordings.get(isrc)
        return row.artist if self.level == "artist" and row and row.artist else isrc

    def reached(self, isrc, rule):
        group = self.group(isrc)
        return (reaches(rule["compare"], self.counts.get(group, 0), rule["plays"])
                and len(self.listeners.get(group, ())) >= rule.get("listeners", 0))


def telescope(whole, sizes):
    """Parts of a whole by sizes, in order."""
    total, before, out = sum(sizes), 0, []
    for size in sizes:
        out.append(whole * (before + size) // total - whole * before // total)
        before += size
    return out


def by_account(plays, payer):
    """{(payer, territory, tier): positions in order}."""
    out = {}
    for at, play in plays:
        out.setdefault((payer(play), play.territory, play.tier), []).append(at)
    return out


def user_centric(table, plays, snapshot):
    """{position: weight}, {place: accounts with plays}."""
    def payer(play):
        return play.listener if table["family"] == "member" else snapshot.account(play.listener, play.time)

    own, out, places = dict(plays), {}, {}
    for (_, *place), positions in by_account(plays, payer).items():
        places[tuple(place)] = places.get(tuple(place), 0) + 1
        sizes = [own[at].listened if table["by"] == "time" else 1 for at in positions]
        out.update(zip(positions, telescope(UNITS, sizes if sum(sizes) else [1] * len(sizes))))
    return out, places


def cap_units(cap, count):
    if cap["method"] == "normalise":
        return ONE * cap["plays"]
    units = ONE * min(count, cap["plays"])
    return units if cap["method"] == "maximum" else units + 500 * max(0, count - cap["plays"])


def artist_centric(table, plays, snapshot):
    noise = table.get("noise")

    def is_noise(isrc):
        length = snapshot.length(isrc)
        return noise is not None and (isrc in noise["isrcs"] or 0 < length < noise["shorter_than_ms"])

    out = {at: noise["factor"] for at, play in plays if is_noise(play.isrc)}
    music = [(at, play) for at, play in plays if at not in out]
    units = {at: ONE for at, _ in music}
    if "cap" in table:
        for positions in by_account(music, lambda play: play.listener).values():
            units.update(zip(positions, telescope(cap_units(table["cap"], len(positions)), [1] * len(positions))))
    by = table.get("professional")
    reach = Reach(by["level"], snapshot, [play for _, play in music]) if by else None
    for at, play in music:
        active = table["active"]["factor"] if "active" in table and play.flags & 1 else ONE
        professional = by["factor"] if by and reach.reached(play.isrc, by) else ONE
        out[at] = units[at] * (active * professional // 1000) // 1000
    return out


def overtime(table, length):
    rows = table.get("overtime", [])
    passed = [row for row in rows if length > row["over_ms"]]
    if not passed:
        return ONE
    step = table.get("overtime_step")
    more = step["add"] * ((length - passed[-1]["over_ms"] - 1) // step["ms"]) if step and len(passed) == len(rows) else 0
    return passed[-1]["factor"] + more


class Refused(Exception):
    """There is no run of these inputs."""


def weigh(plays, rules, pools, tiers, snapshot, earlier=None):
    """(plays with weights, ISRCs whose money is held back, {(territory, tier number): declared N})."""
    below = set()
    if rules.threshold:
        reach = Reach(rules.threshold["level"], snapshot, plays, earlier)
        below = {play.isrc for play in plays if not reach.reached(play.isrc, rules.threshold)}
    excluded = below if rules.threshold and rules.threshold["below"] == "redistribute" else set()
    rest = [(at, play) for at, play in enumerate(plays) if play.isrc not in excluded]
    weights, declared = {at: ONE for at, _ in rest}, {}
    if rules.model == "user-centric":
        weights, accounts = user_centric(rules.table, rest, snapshot)
        if rules.table["idle"] == "suspense":
            for pool in pools:
                place = pool.territory, tiers[pool.tier]
                if pool.subscribers is None or pool.subscribers < accounts.get(place, 0):
                    raise Refused(f"subscribers of {place}")
                declared[place] = pool.subscribers * UNITS
    elif rules.model == "artist-centric":
        weights = artist_centric(rules.table, rest, snapshot)
    elif rules.model == "us-mechanical":
        weights = {at: overtime(rules.table, snapshot.length(play.isrc)) for at, play in rest}
    weighed = [play._replace(weight=weights.get(at, 0)) for at, play in enumerate(plays)]
    return weighed, below - excluded, declared


def bounds(play, rules, length):
    """The least and the most that a play can weigh, by itself and its recording."""
    table = rules.table
    if rules.model == "user-centric":
        return (1 if table["by"] == "plays" else 0), UNITS
    if rules.model == "us-mechanical":
        return (overtime(table, length),) * 2
    if rules.model == "pro-rata":
        return ONE, ONE
    noise = table.get("noise")
    if noise and (play.isrc in noise["isrcs"] or 0 < length < noise["shorter_than_ms"]):
        return noise["factor"], noise["factor"]
    active = table["active"]["factor"] if "active" in table and play.flags & 1 else ONE
    factors = [active * p // 1000 for p in (ONE, table["professional"]["factor"] if "professional" in table else ONE)]
    cap = table.get("cap")
    high = ONE * cap["plays"] if cap and cap["method"] == "normalise" else ONE
    return (0 if cap else ONE * min(factors) // 1000), high * max(factors) // 1000


def largest(rules):
    """No play weighs more."""
    table = rules.table
    if rules.model == "user-centric":
        return UNITS
    if rules.model == "us-mechanical":
        return max([ONE, overtime(table, (1 << 32) - 1), *(row["factor"] for row in table.get("overtime", []))])
    if rules.model == "pro-rata":
        return ONE
    cap = table.get("cap")
    units = ONE * cap["plays"] if cap and cap["method"] == "normalise" else ONE
    factors = [max(ONE, table[name]["factor"]) if name in table else ONE for name in ("active", "professional")]
    return units * factors[0] * factors[1] // 10**6
