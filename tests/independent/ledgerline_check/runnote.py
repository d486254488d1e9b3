"""The run note's text: section 9."""

import datetime
import re
from typing import NamedTuple

from .money import check_currency
from .notes import RUN_MAGIC, b64, base64_hash, check_name, decimal
from .wire import I64_MAX, MAX_TIME, need

EPOCH = datetime.datetime(1970, 1, 1)
COUNTED = ("plays", "cells", "lines", "holders")


class RunNote(NamedTuple):
    origin: str
    period: tuple  # ms
    revision: int
    log: tuple  # size, root
    registry: tuple  # count, root
    rules: bytes
    pools: bytes
    plays: tuple
    cells: tuple
    lines: tuple
    holders: tuple
    totals: dict  # currency: (pool, paid, suspense)
    previous: bytes | None
    zk: bytes | None


def parse_time(text):
    """RFC 3339, UTC, whole seconds, to ms."""
    need(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", text), f"not a time: {text!r}")
    try:
        moment = datetime.datetime(*(int(x) for x in re.findall("[0-9]+", text)))
    except ValueError:
        moment = None
    need(moment, f"not a time: {text!r}")
    time = (moment - EPOCH) // datetime.timedelta(milliseconds=1)
    need(0 <= time <= MAX_TIME, f"time out of range: {text}")
    return time


def format_time(time):
    need(time % 1000 == 0, f"a period bound of part seconds: {time}")
    return (EPOCH + datetime.timedelta(milliseconds=time)).strftime("%Y-%m-%dT%H:%M:%SZ")


def period_text(period):
    return f"{format_time(period[0])} {format_time(period[1])}"


def format_note(note):
    def optional(value):
        return "-" if value is None else b64(value)

    out = [RUN_MAGIC, f"origin {note.origin}", f"period {period_text(note.period)}", f"revision {note.revision}",
           f"log {note.log[0]} {b64(note.log[1])}", f"registry {note.registry[0]} {b64(note.registry[1])}",
           f"rules {b64(note.rules)}", f"pools {b64(note.pools)}"]
    out += [f"{name} {getattr(note, name)[0]} {b64(getattr(note, name)[1])}" for name in COUNTED]
    for place, name in enumerate(("pool", "paid", "suspense")):
        out += [f"{name} {currency} {sums[place]}" for currency, sums in sorted(note.totals.items())]
    out += [f"previous {optional(note.previous)}", f"zk {optional(note.zk)}"]
    return "\n".join(out) + "\n"


def parse_text(text):
    need(text.endswith("\n"), "run note: no final line end")
    lines = text[:-1].split("\n")
    need(lines[0] == RUN_MAGIC, "run note: first line")
    at = 0

    def line(name, words):
        nonlocal at
        at += 1
        need(at < len(lines), f"run note: no line {name!r}")
        parts = lines[at].split(" ")
        need(parts[0] == name and len(parts) == words + 1, f"run note: line {lines[at]!r} where {name!r} stands")
        return parts[1:]

    def counted(name):
        number, value = line(name, 2)
        return decimal(number), base64_hash(value)

    def optional(name):
        value, = line(name, 1)
        return None if value == "-" else base64_hash(value)

    def sums(name):
        out = {}
        while at + 1 < len(lines) and lines[at + 1].startswith(name + " "):
            currency, micros = line(name, 2)
            need(not out or currency > list(out)[-1], f"run note: {name} lines are not in order")
            out[check_currency(currency)] = decimal(micros)
            need(out[currency] <= I64_MAX, f"run note: {name} {currency} is too large")
        return out

    origin = check_name(line("origin", 1)[0])
    period = tuple(parse_time(word) for word in line("period", 2))
    need(period[0] < period[1], "run note: an empty period")
    revision = decimal(line("revision", 1)[0])
    need(revision < 1 << 32, "run note: revision")
    log, registry = counted("log"), counted("registry")
    rules, pools = base64_hash(line("rules", 1)[0]), base64_hash(line("pools", 1)[0])
    tables = [counted(name) for name in COUNTED]
    pool, paid, suspense = sums("pool"), sums("paid"), sums("suspense")
    need(list(pool) == list(paid) == list(suspense), "run note: pool, paid and suspense have not the same currencies")
    totals = {currency: (pool[currency], paid[currency], suspense[currency]) for currency in pool}
    note = RunNote(origin, period, revision, log, registry, rules, pools, *tables, totals,
                   optional("previous"), optional("zk"))
    need(at == len(lines) - 1, "run note: lines behind the last")
    return note
