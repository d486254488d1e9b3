"""note.json: keys, signed notes, checkpoints and run notes of sections 4 and 9."""

import base64

from ledgerline_check import notes, runnote, tree

from . import refused

DESCRIPTION = ("Ed25519 keys from seeds (vkey, key id, secret text), signed notes; verifier keys, notes, checkpoints and "
               "run note texts to refuse. `refused_signatures` parse but must not verify under `vkey`. "
               "`small_order`: public keys (hex) that no verifier may accept.")
SOURCE = "docs/format.md sections 4 and 9"
NAMES = ["example.com/plays/2026-04", "witness.example/w1", "a", "ü.example/log"]
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    # encodings that are not canonical
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]


def key(number):
    return notes.SigningKey(NAMES[number], tree.sha256(b"note key %d" % number))


def run_text():
    h = [tree.sha256(b"%d" % i) for i in range(10)]
    note = runnote.RunNote(NAMES[0], (runnote.parse_time("2026-04-01T00:00:00Z"), runnote.parse_time("2026-05-01T00:00:00Z")),
                           3, (58_123, h[0]), (17, h[1]), h[2], h[3], (5, h[4]), (4, h[5]), (3, h[6]), (2, h[7]),
                           {"EUR": (10, 7, 3), "JPY": (0, 0, 0), "USD": (2**63 - 1, 0, 2**63 - 1)}, h[8], None)
    return runnote.format_note(note)


def signed_cases():
    texts = [notes.checkpoint_text(NAMES[0], 0, tree.EMPTY), notes.checkpoint_text(NAMES[0], 20_852_163, tree.sha256(b"r")),
             "one line\n", "empty lines\n\nare text\n", "\n", "Ägypten — 10 €\n", run_text()]
    out = []
    for number, text in enumerate(texts):
        own = key(number % 4 if number > 1 else 0)
        signed = own.sign(text)
        assert notes.parse_note(signed.encode()).verify(own.verifier()) is None
        out.append({"text": text, "vkey": own.verifier().text(), "signed": signed})
    return out


def cosigned():
    text = notes.checkpoint_text(NAMES[0], 7, tree.sha256(b"cosigned"))
    signed = key(0).sign(text) + key(1).sign(text)[len(text) + 1:]
    return [{"text": text, "vkey": key(n).verifier().text(), "signed": signed} for n in (0, 1)]


def bad_signatures():
    text = notes.checkpoint_text(NAMES[0], 7, tree.sha256(b"signed"))
    own = key(0)
    head, line = own.sign(text).rsplit(" ", 1)
    raw = base64.b64decode(line)

    def with_bytes(changed, name=None):
        return (head.replace(f"— {NAMES[0]}", f"— {name}") if name else head) + " " + notes.b64(changed) + "\n"

    s = int.from_bytes(raw[36:], "little")
    good = own.sign(text)
    return [("a changed text", good.replace("\n7\n", "\n8\n", 1)), ("a changed signature", with_bytes(raw[:-2] + bytes([raw[-2] ^ 1]) + raw[-1:])),
            ("S + L", with_bytes(raw[:36] + (s + notes.L).to_bytes(32, "little"))),
            ("another name", with_bytes(raw, NAMES[2])), ("another key id", with_bytes(b"\0\0\0\0" + raw[4:])),
            ("a short signature", with_bytes(raw[:-1])), ("a long signature", with_bytes(raw + b"\0")),
            ("R of small order", with_bytes(raw[:4] + bytes.fromhex(SMALL_ORDER[0]) + raw[36:])),
            ("signed by another key of that name", notes.SigningKey(NAMES[0], bytes(32)).sign(text))]


def bad_notes():
    good = key(0).sign("text\n")
    long_lines = good + good[6:] * 64
    cases = [("no blank line", good.replace("\n\n", "\n")), ("no signature", "text\n\n"), ("no text", good[5:]),
             ("a tab", good.replace("text", "te\txt")), ("a carriage return", good.replace("text\n", "text\r\n")),
             ("a hyphen for the dash", good.replace("—", "-")), ("two blanks", good.replace("— ", "—  ")),
             ("no line end behind the signature", good[:-1]), ("65 signature lines", long_lines),
             ("no name", good.replace(NAMES[0] + " ", "")), ("a plus in the name", good.replace(NAMES[0], "a+b")),
             ("a no-break space in the name", good.replace(NAMES[0], "a\u00a0b")),
             ("base64 without padding", good.replace("=", "")),
             ("base64 with unused bits", good.replace("=\n", "\n").rstrip("\n")[:-1] + "B=\n"),
             ("too short for a key id and a signature", good[:good.rindex(" ")] + " AAAA\n"), ("empty", "")]
    assert all(refused(lambda t=t: notes.parse_note(t.encode())) for _, t in cases)
    return [{"why": why, "signed": text} for why, text in cases]


def bad_checkpoints():
    root = notes.b64(tree.sha256(b"root"))
    texts = [("two lines", f"{NAMES[0]}\n7\n"), ("leading zero", f"{NAMES[0]}\n07\n{root}\n"), ("sign", f"{NAMES[0]}\n+7\n{root}\n"),
             ("size above 64 bits", f"{NAMES[0]}\n18446744073709551616\n{root}\n"), ("short root", f"{NAMES[0]}\n7\n{root[:40]}\n"),
             ("empty extension line", f"{NAMES[0]}\n7\n{root}\n\nx\n"), ("no origin", f"\n7\n{root}\n"),
             ("the origin of run notes", f"{notes.RUN_MAGIC}\n7\n{root}\n"), ("base64url", f"{NAMES[0]}\n7\n{'_' * 42 + '8='}\n")]
    cases = [{"why": why, "signed": key(0).sign(text)} for why, text in texts]
    assert all(refused(lambda c=c: notes.parse_checkpoint(c["signed"].encode())) for c in cases)
    return cases


def bad_run_notes():
    good = run_text()
    changes = [("first line", "ledgerline/run/v1", "ledgerline/run/v2"), ("two blanks", "period ", "period  "),
               ("leading zero", "revision 3", "revision 03"), ("revision above 32 bits", "revision 3", "revision 4294967296"),
               ("offset", "2026-04-01T00:00:00Z", "2026-04-01T00:00:00+00:00"), ("part seconds", "00:00:00Z 2026", "00:00:00.5Z 2026"),
               ("no such day", "2026-05-01", "2026-04-31"), ("empty period", "2026-05-01", "2026-04-01"),
               ("year 9999", "2026-05-01", "9999-05-01"), ("before 1970", "2026-04-01", "1969-04-01"),
               ("order of lines", "plays 5", "cells 5"), ("currencies unsorted", "pool EUR 10\npool JPY 0", "pool JPY 0\npool EUR 10"),
               ("a currency missing in paid", "paid JPY 0\n", ""), ("a currency twice", "paid JPY 0\n", "paid JPY 0\npaid JPY 0\n"),
               ("unknown currency", "JPY", "QQQ"), ("micros above 63 bits", "9223372036854775807", "9223372036854775808"),
               ("no previous", "previous ", "Previous "),
               ("trailing blank", "zk -", "zk - "), ("another line", "zk -\n", "zk -\nx\n"), ("no zk", "zk -\n", "")]
    out = []
    for why, old, new in changes:
        text = good.replace(old, new) if why == "unknown currency" else good.replace(old, new, 1)
        assert text != good and refused(lambda t=text: runnote.parse_text(t)), why
        out.append({"why": why, "text": text})
    return out


def bad_vkeys():
    good = key(0).verifier()
    small = [notes.VerifyingKey("a", notes.key_id("a", bytes.fromhex(p)), bytes.fromhex(p)).text() for p in SMALL_ORDER]
    cases = [good.text().replace("+", "-", 1), good.text().replace(good.id.hex(), good.id.hex()[::-1]),
             good.text().replace(good.id.hex(), good.id.hex().upper()), good.text()[:-4], good.text().replace(NAMES[0], "b"),
             f"{NAMES[0]}+{good.id.hex()}+{notes.b64(bytes([4]) + good.public)}", *small]
    assert all(refused(lambda v=v: notes.parse_vkey(v)) for v in cases)
    return cases


def make():
    keys = []
    for number in range(4):
        own = key(number)
        assert notes.parse_vkey(own.verifier().text()) == own.verifier()
        keys.append({"name": own.name, "seed": own.seed.hex(), "public": own.verifier().public.hex(),
                     "key_id": own.verifier().id.hex(), "vkey": own.verifier().text(), "secret": own.text()})
    own, unverified = key(0).verifier(), bad_signatures()
    for why, signed in unverified:
        assert notes.parse_note(signed.encode()).verify(own) is not None, why
    assert not any(notes.sound_point(bytes.fromhex(p)) for p in SMALL_ORDER)
    return {"keys": keys, "notes": signed_cases() + cosigned(), "run_notes": [run_text()],
            "refused_signatures": [{"why": w, "vkey": own.text(), "signed": s} for w, s in unverified],
            "refused_notes": bad_notes(), "refused_checkpoints": bad_checkpoints(), "refused_run_notes": bad_run_notes(),
            "refused_vkeys": bad_vkeys(), "small_order": SMALL_ORDER}
