"""Currencies, decimal amounts, pools and rules files (sections 1, 6.1, 6.2)."""

import re
import tomllib
from typing import NamedTuple

from .records import TERRITORY, WORD
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


def payable(currency, balance):
    """Section 7.4."""
    unit = minor_unit(currency)
    return max(0, balance // unit * unit)


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
    need(sorted(rows[0]) == sorted(columns), f"pools: columns {rows[0]}")
    order = [rows[0].index(name) for name in columns]
    pools = []
    for row in rows[1:]:
        need(len(row) == 5, f"pools: row {row}")
        territory, tier, right, currency, amount = (row[i] for i in order)
        need(TERRITORY.fullmatch(territory), f"pools: territory {territory!r}")
        need(WORD.fullmatch(tier), f"pools: tier {tier!r}")
        need(WORD.fullmatch(right), f"pools: right {right!r}")
        pools.append(Pool(territory, tier, right, check_currency(currency), parse_amount(amount)))
    need(pools, "pools: no pool")
    pools.sort()
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


# Section 7.5: least and largest value of each threshold. Signals change no amount, so their values are not kept.
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
    need(model == "pro-rata", f"rules: model {model}")
    source = table.pop("source", {})
    need(isinstance(source, dict) and all(isinstance(v, str) for v in source.values()), "rules: [source]")
    check_signals(table.pop("signals", {}))
    need(set(table) <= set(Rules._fields), f"rules: unknown keys {sorted(set(table) - set(Rules._fields))}")
    for name, value in table.items():
        limit = 366 if name == "late_days" else (1 << 32) - 1
        need(type(value) is int and 0 <= value <= limit, f"rules: {name} = {value}")
    return Rules(**table)
