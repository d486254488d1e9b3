"""Tests of the second implementation, and of the product against it.

LEDGERLINE_DEMO = a directory made by `ledgerline demo --dir DIR`: its run and bundles are verified.
LEDGERLINE_BIN  = the product's program: it computes random worlds, which are re-derived.
"""

import contextlib
import io
import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import make as maker
import run as command
import vectors
from cases import bundle as bundle_cases
from dice import Dice
from ledgerline_check import bundle_checks, money, notes, records, registry, run_checks, runnote, salts, tree
from ledgerline_check.wire import Malformed
from worlds import ORIGIN, PERIOD, World

DEMO = os.environ.get("LEDGERLINE_DEMO")
PROGRAM = os.environ.get("LEDGERLINE_BIN")
FLIPS = 300
WORLDS = int(os.environ.get("LEDGERLINE_WORLDS", "30"))


def verdict(data, vkey):
    try:
        return bundle_checks.verify(data, vkey).verdict()
    except Malformed:
        return "malformed"


def flipped(data, count, seed):
    """Copies with one changed bit each, at `count` places."""
    dice = Dice(seed)
    for _ in range(count):
        at, bit = dice.below(len(data)), 1 << dice.below(8)
        yield at, data[:at] + bytes([data[at] ^ bit]) + data[at + 1:]


class Published(unittest.TestCase):
    """Vectors of the RFCs that the format stands on."""

    def test_rfc6962_roots(self):
        data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
        leaves = [tree.leaf_hash(bytes.fromhex(d)) for d in data]
        roots = ["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                 "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                 "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                 "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                 "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                 "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                 "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                 "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                 "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"]
        self.assertEqual([tree.root(leaves[:n]).hex() for n in range(9)], roots)

    def test_rfc8032_test_1(self):
        key = notes.SigningKey("k", bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
        public = key.verifier().public
        self.assertEqual(public.hex(), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
        signature = bytes.fromhex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
                                  "d25bf5f0595bbe24655141438e7a100b")
        self.assertTrue(notes.ed25519_verify(public, b"", signature))
        self.assertFalse(notes.ed25519_verify(public, b"x", signature))
        s = int.from_bytes(signature[32:], "little") + notes.L
        self.assertFalse(notes.ed25519_verify(public, b"", signature[:32] + s.to_bytes(32, "little")))

    def test_rfc8439_block(self):
        block = salts.chacha20(bytes(range(32)), bytes.fromhex("000000090000004a00000000"), 1, 64)
        self.assertEqual(block.hex(), "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
                                      "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e")

    def test_rfc5869(self):
        ikm = bytes([0x0B]) * 22
        self.assertEqual(salts.hkdf(ikm, bytes(range(0xF0, 0xFA)), bytes(range(13)), 42).hex(),
                         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865")
        self.assertEqual(salts.hkdf(ikm, b"", b"", 42).hex(),
                         "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8")

    def test_rfc4231(self):
        self.assertEqual(salts.hmac_sha256(b"Jefe", b"what do ya want for nothing?").hex(),
                         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")


class Parts(unittest.TestCase):
    def test_single_salts_are_those_of_the_stream(self):
        self.assertEqual(salts.salts(bytes(32), 9), [salts.salt(bytes(32), i) for i in range(9)])

    def test_amounts(self):
        self.assertEqual([money.parse_amount(t) for t in ("0", "1.5", "007.000001", "9223372036854.775807")],
                         [0, 1_500_000, 7_000_001, 2**63 - 1])
        for text in ("", "-1", "+1", "1e3", ".5", "5.", "1.0000000", "9223372036854.775808", " 1", "१"):
            with self.assertRaises(Malformed, msg=text):
                money.parse_amount(text)

    def test_payable(self):
        self.assertEqual([money.payable(c, 12_345_678) for c in ("JPY", "EUR", "KWD", "CLF")], [12_000_000, 12_340_000, 12_345_000, 12_345_600])
        self.assertEqual(money.payable("EUR", -12_345_678), 0)

    def test_rules(self):
        self.assertEqual(money.parse_rules(b'version = 1\nmodel = "pro-rata"\n'), money.Rules())
        signals = b'version = 1\nmodel = "pro-rata"\n[signals]\nspike_days = 3\nbias_ppm = 0\n'
        self.assertEqual(money.parse_rules(signals), money.Rules())
        for text in ("", "version = 1", 'version = 2\nmodel = "pro-rata"', 'version = true\nmodel = "pro-rata"', 'version = 1\nmodel = "x"',
                     'version = 1\nmodel = "pro-rata"\nlate_days = 367', 'version = 1\nmodel = "pro-rata"\nqualify_ms = -1',
                     'version = 1\nmodel = "pro-rata"\nqualify_ms = 1.0', 'version = 1\nmodel = "pro-rata"\nqualify_ms = 4294967296',
                     'version = 1\nmodel = "pro-rata"\nx = 1', 'version = 1\nmodel = "pro-rata"\n[signals]\nspike_days = 0',
                     'version = 1\nmodel = "pro-rata"\n[signals]\nspikes = 1', 'version = 1\nmodel = "pro-rata"\n[source]\na = 1'):
            with self.assertRaises(Malformed, msg=text):
                money.parse_rules(text.encode())

    def test_territories(self):
        self.assertTrue(registry.matches("* -DE", "FR"))
        self.assertFalse(registry.matches("* -DE", "DE"))

    def test_run_note_round_trip(self):
        note = maker.build().note
        self.assertEqual(runnote.parse_text(runnote.format_note(note)), note)

    def test_lenient_isrcs(self):
        self.assertEqual({records.read_isrc(t) for t in ("USRC17607839", " isrc:us-rc1-76-07839 ")}, {int("USRC17607839", 36)})

    def test_vectors_are_current(self):
        self.assertEqual(vectors.stale(), [])


class OwnRun(unittest.TestCase):
    """A run made here, through files and the command line."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.path = Path(cls.folder.name)
        cls.world = maker.build()
        maker.write_run(cls.world, cls.path / "run")
        maker.write_ledger(cls.world, cls.path / "ledger")
        (cls.path / "x.llb").write_bytes(maker.make_bundle(cls.world, maker.PARTIES[0]))
        cls.vkey = maker.KEY.verifier()

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def call(self, *arguments):
        """(exit code, standard output)."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            code = command.main([str(a) for a in arguments])
        return code, out.getvalue()

    def test_run(self):
        base = ("run", self.path / "run", "--ledger", self.path / "ledger")
        text = notes.parse_note(self.world.signed.encode()).text
        self.assertEqual(self.call(*base, "--key", self.vkey.text()), (0, text))
        self.assertEqual(self.call(*base), (3, text))
        code, out = self.call(*base, "--key", self.vkey.text(), "--json")
        self.assertEqual((code, json.loads(out)["verdict"], json.loads(out)["run_note"]), (0, "verified", text))
        other = notes.SigningKey(maker.ORIGIN, bytes(32)).verifier().text()
        self.assertEqual(self.call(*base, "--key", other)[0], 1)

    def test_bundle(self):
        self.assertEqual(self.call("bundle", self.path / "x.llb", "--key", self.vkey.text())[0], 0)
        self.assertEqual(self.call("bundle", self.path / "x.llb")[0], 3)
        self.assertEqual(self.call("bundle", self.path / "run" / "run.note")[0], 2)
        self.assertEqual(self.call("bundle", self.path / "absent")[0], 2)

    def test_every_flipped_bundle_is_refused(self):
        data = (self.path / "x.llb").read_bytes()
        for at, changed in flipped(data, FLIPS, "own"):
            self.assertIn(verdict(changed, self.vkey), ("malformed", "disputed"), f"offset {at}")

    def test_runs_of_operators_who_cheat(self):
        for name, check, tamper in list(bundle_cases.cheats())[:40]:
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                if check in ("note-signature", "lines-complete"):
                    continue
                world = bundle_cases.small(tamper)
                maker.write_run(world, Path(folder) / "run")
                maker.write_ledger(world, Path(folder) / "ledger")
                report, _ = run_checks.verify(Path(folder) / "run", Path(folder) / "ledger", self.vkey)
                self.assertEqual(report.verdict(), "disputed")

    def test_a_changed_segment(self):
        with tempfile.TemporaryDirectory() as folder:
            events = list(self.world.events)
            events[5] = events[5]._replace(position=events[5].position + 1)
            other = maker.build(events=events)
            maker.write_ledger(other._replace(checkpoint=self.world.checkpoint), Path(folder) / "ledger")
            report, text = run_checks.verify(self.path / "run", Path(folder) / "ledger", self.vkey)
            self.assertEqual(report.verdict(), "disputed")
            self.assertNotEqual(text, notes.parse_note(self.world.signed.encode()).text)


@unittest.skipUnless(DEMO, "LEDGERLINE_DEMO is not set: the product's demo is not checked")
class Demo(unittest.TestCase):
    """A demo directory of the product."""

    @classmethod
    def setUpClass(cls):
        cls.path = Path(DEMO)
        cls.vkey = notes.parse_vkey((cls.path / "service.vkey").read_text().strip())

    def test_run(self):
        report, text = run_checks.verify(self.path / "run", self.path / "ledger", self.vkey)
        self.assertEqual([check for check in report.checks() if check.status != "pass"], [])
        signed = (self.path / "run" / "run.note").read_bytes()
        self.assertEqual(text.encode(), signed[:len(text.encode())])
        self.assertEqual(text, notes.parse_note(signed).text)

    def test_bundles_and_their_reports(self):
        files = sorted((self.path / "bundles").glob("*.llb"))
        self.assertTrue(files)
        for path in files:
            with self.subTest(path.name):
                report = bundle_checks.verify(path.read_bytes(), self.vkey)
                self.assertEqual([check for check in report.checks() if check.status != "pass"], [])
                said = path.with_suffix(".report.json")
                if said.exists():
                    self.assertEqual(json.loads(said.read_text())["verdict"], report.verdict())

    def test_forgeries(self):
        for path in sorted((self.path / "forged").glob("*.llb")):
            with self.subTest(path.name):
                self.assertIn(verdict(path.read_bytes(), self.vkey), ("malformed", "disputed"))

    def test_every_flipped_bundle_is_refused(self):
        data = min((path.read_bytes() for path in (self.path / "bundles").glob("*.llb")), key=len)
        for at, changed in flipped(data, FLIPS, "demo"):
            self.assertIn(verdict(changed, self.vkey), ("malformed", "disputed"), f"offset {at}")


@unittest.skipUnless(PROGRAM, "LEDGERLINE_BIN is not set: the product computes no random worlds")
class RandomWorlds(unittest.TestCase):
    """Worlds that the product computes and this code re-derives."""

    def product(self, *arguments):
        done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def test_worlds(self):
        for seed in range(WORLDS):
            with self.subTest(seed=seed), tempfile.TemporaryDirectory() as folder:
                self.one(World(seed), Path(folder))

    def one(self, world, folder):
        world.write(folder)
        ledger, made = folder / "ledger", folder / "run"
        vkey = notes.parse_vkey(self.product("init", ledger, "--origin", ORIGIN, "--period", PERIOD).strip().split("\n")[-1])
        self.product("registry", ledger, "import", folder / "registry")
        self.product("ingest", ledger, folder / "events.ndjson")
        self.product("checkpoint", ledger)
        self.product("statement", ledger, "--rules", folder / "rules.toml", "--pools", folder / "pools.csv", "--out", made)
        report, text = run_checks.verify(made, ledger, vkey)
        self.assertEqual([check for check in report.checks() if check.status != "pass"], [])
        self.assertEqual(text, notes.parse_note((made / "run.note").read_bytes()).text)
        for evidence in ("sample", "full"):
            self.product("bundle", made, "--all", "--out", folder / evidence, "--ledger", ledger, "--evidence", evidence)
            for path in (folder / evidence).glob("*.llb"):
                self.assertEqual(verdict(path.read_bytes(), vkey), "verified")
                self.product("verify", path, "--key", vkey.text())


if __name__ == "__main__":
    unittest.main()
