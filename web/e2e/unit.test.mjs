// Pure parts of the page, bundled on the fly: numbers as text, files by their bytes, long integers.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "vite";

let dir;
let m;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), "ledgerline-unit-"));
  const source = (name) => fileURLToPath(new URL(`../src/${name}.ts`, import.meta.url));
  await build({
    configFile: false,
    logLevel: "silent",
    build: {
      ssr: true,
      outDir: dir,
      emptyOutDir: true,
      rollupOptions: { input: Object.fromEntries(["format", "sniff", "report", "inflate", "words"].map((name) => [name, source(name)])) },
    },
  });
  const load = (name) => import(pathToFileURL(join(dir, `${name}.js`)));
  m = { ...(await load("format")), ...(await load("sniff")), ...(await load("report")), ...(await load("inflate")), ...(await load("words")) };
});
after(() => rm(dir, { recursive: true, force: true }));

test("decimal text keeps every digit", () => {
  assert.equal(m.decimal("9223372036854.775807"), "9,223,372,036,854.775807");
  assert.equal(m.decimal("0.1"), "0.100000");
  assert.equal(m.decimal("-1234.000001"), "-1,234.000001");
  assert.equal(m.decimal("not a number"), "not a number");
  assert.equal(m.integer("12345678901234567890"), "12,345,678,901,234,567,890");
});

test("payable amounts show minor units, unless that would hide something", () => {
  assert.equal(m.minor("1234.560000", 2), "1,234.56");
  assert.equal(m.minor("1234.561000", 2), "1,234.561000");
  assert.equal(m.minor("1234.000000", 0), "1,234");
  assert.equal(m.minor("1.234000", 3), "1.234");
  assert.deepEqual(m.amountParts("1234.567890", 2), ["1,234.56", "7890"]);
  assert.deepEqual(m.amountParts("1234.567890", 0), ["1,234", ".567890"]);
});

test("points move without arithmetic", () => {
  assert.equal(m.microsToDecimal(9000000), "9.000000");
  assert.equal(m.microsToDecimal("-9223372036854775808"), "-9223372036854.775808");
  assert.equal(m.microsToDecimal(-1), "-0.000001");
  assert.equal(m.percent(333334), "33.3334 %");
  assert.equal(m.percent(1000000), "100 %");
  assert.equal(m.percent(1), "0.0001 %");
});

test("sorting compares all digits", () => {
  const keys = ["10.000000", "9.999999", "-1.500000", "-1.400000", "9007199254740993.000001", "9007199254740993.000000"];
  const sorted = [...keys].sort((a, b) => (m.sortKey(a) < m.sortKey(b) ? -1 : 1));
  assert.deepEqual(sorted, ["-1.500000", "-1.400000", "9.999999", "10.000000", "9007199254740993.000000", "9007199254740993.000001"]);
});

test("foreign text is bounded and cannot turn its surroundings around", () => {
  assert.equal(m.clip("x".repeat(400)).length, 301);
  assert.equal(m.clip("a\u202Egpj.exe\u0007"), "a\u2022gpj.exe\u2022");
});

test("a report keeps integers beyond 2^53, and text that looks like them", () => {
  const text = `{"format":"ledgerline-report/1","findings":[{"amount_micros":9223372036854775807,"detail":"\\"amount_micros\\":9223372036854775807"}],"n":12}`;
  const report = m.parseReport(text);
  assert.equal(report.findings[0].amount_micros, "9223372036854775807");
  assert.equal(report.findings[0].detail, `"amount_micros":9223372036854775807`);
  assert.equal(report.n, 12);
  assert.throws(() => m.parseReport(`{"format":"ledgerline-report/2"}`), /newer/);
  assert.throws(() => m.parseReport(`[]`), /not a ledgerline report/);
});

test("every code that the core can put into a bundle's report has words here", async (t) => {
  const core = new URL("../../core/src/audit/", import.meta.url);
  if (!existsSync(core)) return t.skip("core/src/audit is not there");
  const codes = new Set();
  for (const file of ["bundle.rs", "signed.rs", "plays.rs", "money.rs"]) {
    const source = await readFile(new URL(file, core), "utf8");
    for (const [, code] of source.matchAll(/"([a-z]+\.[a-z]+|no-pool)"/g)) codes.add(code);
  }
  // Names of files in a bundle look like codes.
  for (const file of ["run.note", "rules.toml", "pools.csv"]) codes.delete(file);
  assert.ok(codes.size > 15, `${[...codes]}`);
  assert.deepEqual([...codes].filter((code) => !m.findingTitles[code]), []);
});

test("files are told apart by their bytes", () => {
  const kind = (text) => {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    const found = m.sniffBytes(bytes, bytes.length);
    return found.is === "other" ? found.looksLike : found.is;
  };
  assert.equal(kind("PK\u0003\u0004 anything"), "bundle");
  assert.equal(kind(Uint8Array.of(0x1f, 0x8b, 8)), "bundle");
  assert.equal(kind("example.com/plays/2026-04+1a2b3c4d+Ab+/Cd==\n"), "key");
  assert.equal(kind("example.com/a+1a2b3c4d+AbCd\r\n\nexample.com/b+1a2b3c4d+AbCd"), "key");
  assert.equal(kind("# mine\nlog a+1a2b3c4d+AbCd\nquorum none\n"), "policy");
  assert.equal(kind("lgo a+1a2b3c4d+AbCd\n\tquorum\tW1\n"), "policy", "a policy with a mistake is still one");
  assert.equal(kind("log,quorum,group\n1,2,3\n"), "csv");
  assert.equal(kind("# comments only\n"), "text");
  assert.equal(kind("log PRIVATE+KEY+example.com+1a2b3c4d+AbCd\n"), "secret");
  assert.equal(kind("PRIVATE+KEY+example.com+1a2b3c4d+AbCd"), "secret");
  assert.equal(kind("date,store,isrc\n2026,x,y\n"), "csv");
  assert.equal(kind("date\tstore\n"), "tsv");
  assert.equal(kind("{}"), "json");
  assert.equal(kind("<?xml version='1.0'?>"), "xml");
  assert.equal(kind("%PDF-1.7"), "pdf");
  assert.equal(kind("PAR1...."), "parquet");
  assert.equal(kind("ledgerline/run/v1\norigin x\n\n\u2014 x AAAA\n"), "note");
  assert.equal(kind(Uint8Array.of(0xff, 0xfe, 0x00)), "binary");
  assert.equal(kind(""), "empty");
});

test("a long policy is read to its end, a file that only begins like one is not", async () => {
  const line = "# a comment that says nothing at all, many times\n";
  const policy = `log a+1a2b3c4d+AbCd\n${line.repeat(2000)}quorum none\n`;
  assert.deepEqual(await m.sniffFile(new Blob([policy])), { is: "policy", text: policy });
  assert.equal((await m.sniffFile(new Blob([policy, "PRIVATE+KEY+x+1a2b3c4d+AbCd\n"]))).is, "secret");
  assert.equal((await m.sniffFile(new Blob([policy, line.repeat(30000)]))).is, "other");
});

test("a gzip bomb, a damaged gzip and another content are refused", async () => {
  const { gzipSync } = await import("node:zlib");
  const inflate = (bytes) => m.inflate(new Blob([bytes]), () => {});
  const bundle = Buffer.concat([Buffer.from("PK\u0003\u0004"), Buffer.from("x".repeat(5000))]);
  assert.deepEqual(Buffer.from(await inflate(gzipSync(bundle))), bundle);
  const bomb = gzipSync(Buffer.concat([Buffer.from("PK\u0003\u0004"), Buffer.alloc(64 << 20)]));
  await assert.rejects(inflate(bomb), /far more than a bundle/);
  await assert.rejects(inflate(gzipSync(bundle).subarray(0, 40)), /damaged/);
  await assert.rejects(inflate(gzipSync("a,b,c\n1,2,3\n")), /CSV/);
});
