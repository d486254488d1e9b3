"""Currencies, decimal amounts, pools and rules files (sections 1, 6.1, 6.2)."""

import datetime
import re
import tomllib
from typing import NamedTuple

from .records import TERRITORY, WORD, read_isrc
from .wire import I64_MAX, Malformed, need

# Active ISO 4217 codes by the number of their decimals; codes without a minor unit are left out.
_CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF "
       "CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
       "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL "
       "MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR "
       "PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP "
       "TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
DECIMALS = {code: decimals for decimals, codes in _CODES.items() for code in codes.split()}


def check_currency(code):
    need(code in DECIMALS, f"not an active currency with a minor unit: {code!r}")
    return code


def read_currency(reader):
    return check_currency(reader.take(3).decode("latin-1"))


def minor_unit(currency):
    """The minor unit in micros."""
    return 10 ** (6 - DECIMALS[currency])


def payable(currency, balance, minimum=0):
    """Section 7.4."""
    unit = minor_unit(currency)
    paid = max(0, balance // unit * unit)
    return paid if paid >= minimum else 0


def parse_amount(text):
    """A decimal without sign or exponent, at most 6 places, to micros."""
    match = re.fullmatch(r"([0-9]+)(?:\.([0-9]{1,6}))?", text)
    need(match, f"not an amount: {text!r}")
    micros = int(match[1]) * 10**6 + int((match[2] or "").ljust(6, "0"))
    need(micros <= I64_MAX, f"amount too large: {text}")
    return micros


class Pool(NamedTuple):
    territory: str
    tier: str
    right: str
    currency: str
    amount: int
    subscribers: int | None = None


def parse_subscribers(text):
    if text == "":
        return None
    need(re.fullmatch(r"[0-9]+", text) and int(text) < 1 << 32, f"pools: subscribers {text!r}")
    return int(text)


def csv_rows(text):
    """RFC 4180 records; lines end with CRLF or LF."""
    rows, row, field, at, quoted = [], [], "", 0, False
    fresh = True  # at the start of a field
    while at < len(text):
        char = text[at]
        at += 1
        if quoted:
            if char != '"':
                field += char
            elif text[at:at + 1] == '"':
                field += '"'
                at += 1
            else:
                quoted = False
                need(text[at:at + 1] in ("", ",", "\n", "\r"), "pools: text after a closing quote")
        elif char == '"':
            need(fresh, "pools: a quote inside a field")
            quoted, fresh = True, False
        elif char == ",":
            row.append(field)
            field, fresh = "", True
        elif char == "\n" or (char == "\r" and text[at:at + 1] == "\n"):
            at += char == "\r"
            rows.append(row + [field])
            row, field, fresh = [], "", True
        else:
            need(char != "\r", "pools: a lone carriage return")
            field += char
            fresh = False
    need(not quoted, "pools: an open quote")
    if row or field or not fresh:
        rows.append(row + [field])
    return rows


def parse_pools(data):
    """Section 6.1: pools in canonical order."""
    try:
        rows = csv_rows(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise Malformed("pools: not UTF-8") from error
    need(rows, "pools: no header")
    columns = ["territory", "tier", "right", "currency", "amount"]
    if "subscribers" in rows[0]:
        columns.append("subscribers")
    need(sorted(rows[0]) == sorted(columns), f"pools: columns {rows[0]}")
    order = [rows[0].index(name) for name in columns]
    pools = []
    for row in rows[1:]:
        need(len(row) == len(columns), f"pools: row {row}")
        territory, tier, right, currency, amount, *more = (row[i] for i in order)
        need(TERRITORY.fullmatch(territory), f"pools: territory {territory!r}")
        need(WORD.fullmatch(tier), f"pools: tier {tier!r}")
        need(WORD.fullmatch(right), f"pools: right {right!r}")
        pools.append(Pool(territory, tier, right, check_currency(currency), parse_amount(amount),
                          parse_subscribers(more[0]) if more else None))
    need(pools, "pools: no pool")
    pools.sort(key=lambda pool: pool[:5])
    need(all(a[:2] != b[:2] or a.subscribers == b.subscribers for a, b in zip(pools, pools[1:])), "pools: subscribers differ")
    need(all(a[:4] != b[:4] for a, b in zip(pools, pools[1:])), "pools: a pool stands twice")
    need(all(total <= I64_MAX for total in pool_totals(pools).values()), "pools: sum too large")
    return pools


def pool_totals(pools):
    totals = {}
    for pool in pools:
        totals[pool.currency] = totals.get(pool.currency, 0) + pool.amount
    return totals


def tier_numbers(pools):
    """Section 6.1: 1, 2, 3... for the distinct tiers in bytewise order."""
    return {tier: number for number, tier in enumerate(sorted({pool.tier for pool in pools}), 1)}


class Rules(NamedTuple):
    qualify_ms: int = 30_000
    heartbeat_ms: int = 30_000
    tolerance_ms: int = 5_000
    late_days: int = 30
    model: str = "pro-rata"
    table: dict | None = None
    threshold: dict | None = None
    valid: tuple = (None, None)
    minimum: dict = {}  # least payment by currency, micros


COUNTING = Rules._fields[:4]
U32 = (1 << 32) - 1
CERTAINTIES = ("read", "secondary", "memory", "unstated")


def keys(table, required, optional, what):
    """A table with just these keys."""
    need(isinstance(table, dict), f"rules: {what} is no table")
    need(set(required) <= set(table) <= set(required) | set(optional), f"rules: keys of {what}: {sorted(table)}")
    return table


def integer(value, low, high, what):
    need(type(value) is int and low <= value <= high, f"rules: {what} = {value!r}")
    return value


def choice(value, options, what):
    need(isinstance(value, str) and value in options, f"rules: {what} = {value!r}")


def factor(value, what, high=100_000):
    return integer(value, 0, high, what)


def check_user_centric(table):
    options = {"by": ("plays", "time"), "idle": ("share", "suspense"), "family": ("member", "account")}
    keys(table, options, (), "user_centric")
    for name, values in options.items():
        choice(table[name], values, name)
    return table


def check_level(table, what):
    integer(table["plays"], 0, (1 << 63) - 1, f"{what}.plays")
    integer(table.get("listeners", 0), 0, (1 << 63) - 1, f"{what}.listeners")
    choice(table["compare"], (">", ">="), f"{what}.compare")
    choice(table["level"], ("artist", "track"), f"{what}.level")


def check_artist_centric(table):
    table = dict(keys(table, (), ("professional", "active", "cap", "noise"), "artist_centric"))
    if "professional" in table:
        by = keys(table["professional"], ("plays", "listeners", "compare", "factor", "level"), (), "professional")
        check_level(by, "professional")
        factor(by["factor"], "professional.factor")
    if "active" in table:
        factor(keys(table["active"], ("factor",), (), "active")["factor"], "active.factor")
    if "cap" in table:
        cap = keys(table["cap"], ("plays", "method"), (), "cap")
        integer(cap["plays"], 1, U32, "cap.plays")
        choice(cap["method"], ("maximum", "normalise", "halve-beyond"), "cap.method")
    if "noise" in table:
        noise = dict(keys(table["noise"], ("factor",), ("isrcs", "shorter_than_ms"), "noise"))
        factor(noise["factor"], "noise.factor", 1000)
        noise["shorter_than_ms"] = integer(noise.get("shorter_than_ms", 0), 0, U32, "noise.shorter_than_ms")
        listed = noise.get("isrcs", [])
        need(isinstance(listed, list) and all(isinstance(isrc, str) for isrc in listed), "rules: noise.isrcs")
        noise["isrcs"] = {read_isrc(isrc) for isrc in listed}
        table["noise"] = noise
    return table


def check_us_mechanical(table):
    keys(table, ("headline_ppm", "rounding"), ("overtime", "overtime_step", "offering"), "us_mechanical")
    integer(table["headline_ppm"], 0, 10**6, "headline_ppm")
    choice(table["rounding"], ("cent", "micro"), "rounding")
    rows = table.get("overtime", [])
    for row in rows:
        keys(row, ("over_ms", "factor"), (), "overtime")
        integer(row["over_ms"], 0, U32, "over_ms")
        factor(row["factor"], "overtime.factor")
    need(all(a["over_ms"] < b["over_ms"] for a, b in zip(rows, rows[1:])), "rules: overtime out of order")
    if "overtime_step" in table:
        step = keys(table["overtime_step"], ("ms", "add"), (), "overtime_step")
        integer(step["ms"], 1, U32, "overtime_step.ms")
        factor(step["add"], "overtime_step.add")
    for kind, offering in table.get("offering", {}).items():
        keys(offering, ("tcc_ppm",), ("tcc_cap", "floor"), kind)
        integer(offering["tcc_ppm"], 0, 10**6, "tcc_ppm")
        for name in ("tcc_cap", "floor"):
            need(isinstance(offering.get(name, ""), str), f"rules: {name}")
            if name in offering:
                parse_amount(offering[name])
    return table


MODELS = {"pro-rata": None, "user-centric": check_user_centric, "artist-centric": check_artist_centric,
          "us-mechanical": check_us_mechanical}


def check_sources(table):
    need(isinstance(table, dict), "rules: [source]")
    for value in table.values():
        if not isinstance(value, str):
            keys(value, ("text", "certainty"), ("url",), "source")
            need(all(isinstance(part, str) for part in value.values()), "rules: [source]")
            choice(value["certainty"], CERTAINTIES, "certainty")


def bound_of(table, name):
    """A bound in ms, None where open."""
    text = table.pop(name, "")
    need(isinstance(text, str), f"rules: {name}")
    if text == "":
        return None
    try:
        moment = datetime.datetime.fromisoformat(text + "T00:00:00+00:00" if len(text) == 10 else text.replace("Z", "+00:00"))
    except ValueError as error:
        raise Malformed(f"rules: {name} = {text!r}") from error
    return int(moment.timestamp()) * 1000


# Section 7.6: least and largest value of each threshold. Signals change no amount, so their values are not kept.
MANY = (1 << 32) - 1
SIGNALS = {
    "spike_days": (1, 366), "spike_plays": (1, MANY), "spike_factor": (1, MANY), "listener_plays": (1, MANY),
    "listener_share_ppm": (0, 1_000_000), "repeat_plays": (2, MANY), "short_margin_ms": (0, MANY),
    "short_plays": (1, MANY), "short_share_ppm": (0, 1_000_000), "day_listened_ms": (1, MANY),
    "overlap_tolerance_ms": (0, MANY), "overlap_plays": (1, MANY), "sequence_plays": (2, MANY),
    "sequence_listeners": (2, MANY), "top_recordings": (1, MANY), "top_share_ppm": (0, 1_000_000),
    "bias_plays": (1, MANY), "bias_ppm": (0, 1_000_000),
}


def check_signals(table):
    """The table [signals] of section 6.2."""
    need(isinstance(table, dict), "rules: [signals]")
    for name, value in table.items():
        need(name in SIGNALS, f"rules: unknown threshold {name}")
        least, most = SIGNALS[name]
        need(type(value) is int and least <= value <= most, f"rules: [signals] {name} = {value}")


def parse_rules(data):
    """Section 6.2."""
    try:
        table = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Malformed(f"rules: {error}") from error
    version = table.pop("version", None)
    need(type(version) is int and version == 1, f"rules: version {version}")
    model = table.pop("model", None)
    need(isinstance(model, str) and model in MODELS, f"rules: model {model}")
    check_sources(table.pop("source", {}))
    valid = bound_of(table, "valid_from"), bound_of(table, "valid_to")
    own = None
    if MODELS[model]:
        name = model.replace("-", "_")
        need(name in table, f"rules: no table {name}")
        own = MODELS[model](table.pop(name))
    check_signals(table.pop("signals", {}))
    minimum = parse_payment(table.pop("payment", {}))
    threshold = table.pop("threshold", None)
    if threshold is not None:
        keys(threshold, ("plays", "months", "compare", "level", "below"), ("listeners",), "threshold")
        check_level(threshold, "threshold")
        integer(threshold["months"], 1, 120, "threshold.months")
        choice(threshold["below"], ("redistribute", "suspense"), "threshold.below")
    if "pool" in table:
        pool = keys(table.pop("pool"), ("share_ppm", "rounding"), (), "pool")
        integer(pool["share_ppm"], 0, 10**6, "pool.share_ppm")
        choice(pool["rounding"], ("cent", "micro"), "pool.rounding")
    need(set(table) <= set(COUNTING), f"rules: unknown keys {sorted(set(table) - set(COUNTING))}")
    for name, value in table.items():
        integer(value, 0, 366 if name == "late_days" else U32, name)
    return Rules(**table, model=model, table=own, threshold=threshold, valid=valid,
                 minimum=minimum)


def parse_payment(table):
    """The table [payment] of section 6.2."""
    need(isinstance(table, dict) and set(table) <= {"minimum"}, "rules: [payment]")
    minimum = table.get("minimum", {})
    need(isinstance(minimum, dict) and all(isinstance(v, str) for v in minimum.values()), "rules: payment.minimum")
    return {check_currency(code): parse_amount(amount) for code, amount in minimum.items()}
