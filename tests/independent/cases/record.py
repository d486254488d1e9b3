"""record.json: sections 1 and 2."""

from dice import Dice
from ledgerline_check import records, salts
from ledgerline_check.records import Event
from ledgerline_check.wire import MAX_TIME

from . import h64, refused

DESCRIPTION = ("Event records: fields, bytes in hex, leaf hash; records to refuse; segment keys and salts; listener "
               "pseudonyms; play ids of text; ISRC spellings, packed as a decimal number, and refusals.")
SOURCE = "docs/format.md sections 1 and 2"

SPELLINGS = ["USRC17607839", "usrc17607839", "US-RC1-76-07839", "  USRC17607839 ", "ISRC USRC17607839",
             "ISRC:USRC17607839", "ISRCUSRC17607839", "isrc us-rc1-76-07839", "ISRC: USRC17607839", "ISRC : USRC17607839", "ISRC17607839",
             "ISRC ISRC17607839", "AAAAA0000000", "ZZZZZ9999999",
             "AA0000000000", "GBAYE0000351", "FRZ039800212", "QMDA71400001"]
NOT_ISRC = ["", "USRC1760783", "USRC176078390", "U1RC17607839", "USRC1760783A", "US RC1 76 07839", "USR*17607839",
            "ISRC", "ISRC::USRC17607839", "ISRC ISRC USRC17607839", "12RC17607839", "ÜSRC17607839", "USRC1760７839"]
USERS = ["u", "user-1", "anna@example.com", "Jörg", "用户", "x" * 200]
PLAYS = ["0000000000000000", "0123456789abcdef", "ffffffffffffffff", "play-1", "p", "0123456789abcde",
         "0123456789abcdef0", "Wiedergabe № 7", "f47ac10b-58cc-4372-a567-0e02b2c3d479"]


def fields(event, salt):
    return {"salt": salt.hex(), "kind": records.KINDS[event.kind], "active": bool(event.flags & 1),
            "offline": bool(event.flags & 2), "territory": event.territory, "time": event.time,
            "position_ms": event.position, "isrc": records.isrc_text(event.isrc), "play": h64(event.play),
            "listener": h64(event.listener)}


def events():
    dice = Dice("record")
    isrcs = [records.read_isrc(text) for text in SPELLINGS]
    out = [Event(0, 0, 1, isrcs[0], "AA", 0, 0, 0),
           Event(MAX_TIME, 2**32 - 1, 3, isrcs[9], "ZZ", 3, 2**64 - 1, 2**64 - 1)]
    for _ in range(40):
        out.append(Event(dice.below(MAX_TIME), dice.below(2**32), dice.between(1, 3), dice.pick(isrcs),
                         dice.pick(["DE", "US", "JP", "BR", "ZA"]), dice.below(4), dice.u64(), dice.u64()))
    return [(event, dice.bytes(16)) for event in out]


def bad_records(good):
    def change(offset, content):
        return good[:offset] + content + good[offset + len(content):]

    return [("kind 0", change(16, b"\0")), ("kind 4", change(16, b"\4")), ("flag 4", change(17, b"\4")),
            ("flag 128", change(17, b"\x81")), ("territory in lower case", change(18, b"de")),
            ("territory with a digit", change(18, b"D1")), ("time after 9998", change(20, (MAX_TIME + 1).to_bytes(6, "big"))),
            ("ISRC 0", change(30, bytes(8))), ("ISRC of more than 12 characters", change(30, b"\xff" * 8)),
            ("ISRC that ends in a letter", change(30, int("USRC1760783A", 36).to_bytes(8, "big"))),
            ("53 bytes", good[:-1]), ("55 bytes", good + b"\0")]


def segment(master, origin, number):
    key = salts.segment_key(master, origin, number)
    picked = [0, 1, 2, 3, 4, 5, 63, 64, 1000, 65_534, 65_535]
    whole = salts.salts(key, 65_536)
    assert all(salts.salt(key, i) == whole[i] for i in picked)
    return {"master": master.hex(), "origin": origin, "segment": number, "key": key.hex(),
            "salts": [{"index": i, "salt": whole[i].hex()} for i in picked]}


def make():
    made = []
    for event, salt in events():
        record = records.encode(event, salt)
        assert records.decode(record) == (event, salt)
        made.append({**fields(event, salt), "record": record.hex(), "leaf": records.record_leaf(record).hex()})
    dice = Dice("salts")
    masters = [bytes(32), bytes(range(32)), dice.bytes(32)]
    bad = [{"why": why, "record": record.hex()} for why, record in bad_records(bytes.fromhex(made[5]["record"]))]
    assert all(refused(lambda b=b: records.decode(bytes.fromhex(b["record"]))) for b in bad)
    assert all(refused(lambda t=t: records.read_isrc(t)) for t in NOT_ISRC)
    key = bytes(range(100, 132))
    return {
        "records": made,
        "refused_records": bad,
        "segments": [segment(m, o, n) for m, o in zip(masters, ("example.com/plays/2026-04", "a", "ü.example/log"))
                     for n in (0, 1, 2**40)],
        "listeners": [{"key": key.hex(), "user": user, "listener": h64(records.pseudonym(key, user))} for user in USERS],
        "play_ids": [{"text": text, "play": h64(records.play_id(text))} for text in PLAYS],
        "isrcs": [{"text": text, "isrc": records.isrc_text(records.read_isrc(text)), "packed": records.read_isrc(text)}
                  for text in SPELLINGS],
        "refused_isrcs": NOT_ISRC,
    }
