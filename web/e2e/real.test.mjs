// The shipped page with the real core, on bundles that the command line made. LEDGERLINE_E2E names a
// JSON file (written by `cargo xtask test`); paths in it are absolute or relative to that file:
//   { "bundle", "key", "report": output of `ledgerline verify --json`, "forged": [{ "name", "path" }], "shots": folder,
//     "witnessed": { "bundle", "false", "policy", "report", "all", "drawn", "nonce" } }
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { AxeBuilder } from "@axe-core/playwright";
import { dropFiles, haveBrowser, launch, onFreshPage } from "./browser.mjs";
import { serve } from "./server.mjs";

const root = fileURLToPath(new URL("../dist", import.meta.url));
const config = process.env.LEDGERLINE_E2E;
const skip = config ? false : "LEDGERLINE_E2E is not set: no bundles to try the shipped page on";
const TIMEOUT = 120000;

describe("the shipped page", { skip }, () => {
  let given;
  let server;
  let browser;
  before(async () => {
    assert.ok(existsSync(join(root, "index.html")), "dist is missing: npm run build");
    assert.ok(haveBrowser(), "Chromium is missing: apt-get install chromium");
    const raw = JSON.parse(await readFile(config, "utf8"));
    const at = (path) => resolve(dirname(config), path);
    given = {
      bundle: at(raw.bundle),
      key: at(raw.key),
      report: (await readFile(at(raw.report), "utf8")).replace(/\n$/, ""),
      forged: (raw.forged ?? []).map(({ name, path }) => ({ name, path: at(path) })),
      shots: at(raw.shots ?? "shots"),
      witnessed: Object.fromEntries(Object.entries(raw.witnessed ?? {}).map(([name, value]) => [name, name === "nonce" ? value : at(value)])),
    };
    await mkdir(given.shots, { recursive: true });
    server = await serve(root);
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    await server?.close();
  });

  const onPage = (options, body) => onFreshPage(browser.context, server.url, options, body);
  const named = async (path) => ({ name: basename(path), bytes: await readFile(path) });
  const verdict = async (page) => {
    const card = await page.waitForSelector(".verdict", { timeout: TIMEOUT });
    return (await card.getAttribute("class")).replace("verdict ", "");
  };
  const reportText = async (page) => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
    return readFile(await download.path(), "utf8");
  };
  const picture = (page, name) => page.screenshot({ path: join(given.shots, `${name}.png`), fullPage: true });

  test("holds one wasm, whose hash the page shows, and nothing made for tests", () => onPage({}, async (page) => {
    const files = await readdir(join(root, "assets"));
    const wasm = files.filter((name) => name.endsWith(".wasm"));
    assert.equal(wasm.length, 1, `wasm files: ${wasm}`);
    const hash = createHash("sha256").update(await readFile(join(root, "assets", wasm[0]))).digest("hex");
    await page.waitForFunction((text) => document.querySelector("#wasm-hash")?.textContent === text, hash);
    for (const name of files.filter((file) => file.endsWith(".js"))) {
      assert.ok(!/fixture/i.test(await readFile(join(root, "assets", name), "utf8")), `${name} speaks of fixtures`);
    }
  }));

  for (const [device, width] of [["desktop", 1280], ["phone", 360]]) {
    test(`dropped on a ${device}: the command line's verdict and report, byte for byte`, () => onPage({ width }, async (page) => {
      const report = JSON.parse(given.report);
      await dropFiles(page, ".drop", [await named(given.key), await named(given.bundle)]);
      assert.equal(await verdict(page), report.verdict);
      assert.ok((await page.locator(".verdict").innerText()).includes(report.headline));
      assert.equal(await reportText(page), given.report);

      assert.equal(await page.locator(".step").count(), report.ladder.length);
      for (const [table, rows] of [["lines", report.totals.lines], ["tracks", report.totals.tracks]]) {
        assert.ok(rows.length > 0, `${table} of the report`);
        assert.equal(await page.locator(`.scroll.${table} [role=table]`).getAttribute("aria-rowcount"), String(rows.length + 1));
        assert.ok((await page.locator(`.scroll.${table} .item`).count()) > 0);
      }
      const digits = (text) => text.replace(/[^\d.-]/g, "");
      const shown = digits(await page.locator(".currencies").innerText());
      for (const { earned, carried_forward } of report.totals.currencies) {
        for (const amount of [earned, carried_forward]) assert.ok(shown.includes(amount), `${amount} among the totals`);
      }
      assert.equal(await page.locator("#requests").innerText(), "0");
      await picture(page, `verified-${device}`);
    }));
  }

  test("chosen by the buttons, and gzipped: the same report", () => onPage({}, async (page) => {
    const gz = { name: `${basename(given.bundle)}.gz`, mimeType: "application/gzip", buffer: gzipSync(await readFile(given.bundle)) };
    await page.setInputFiles("#pick-key", given.key);
    await page.setInputFiles("#pick-bundle", given.bundle.endsWith(".gz") ? given.bundle : [gz]);
    assert.equal(await verdict(page), JSON.parse(given.report).verdict);
    // The report names the file it was given; all else is the same.
    const renamed = given.bundle.endsWith(".gz") ? given.report : given.report.replace(JSON.stringify(basename(given.bundle)), JSON.stringify(gz.name));
    assert.equal(await reportText(page), renamed);
  }));

  test("accessible with real content", () => onPage({}, async (page) => {
    await dropFiles(page, ".drop", [await named(given.key), await named(given.bundle)]);
    await verdict(page);
    const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
    assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`), []);
  }));

  test("without a key: incomplete, and how to get one", () => onPage({}, async (page) => {
    await dropFiles(page, ".drop", [await named(given.bundle)]);
    assert.equal(await verdict(page), "incomplete");
    assert.match(await page.locator(".keyhelp").innerText(), /How to get the key/);
    await picture(page, "incomplete-desktop");
  }));

  test("with somebody else's key: not verified", () => onPage({}, async (page) => {
    const name = (await readFile(given.key, "utf8")).split("+")[0];
    await dropFiles(page, ".drop", [await named(given.bundle), { name: "other.vkey", bytes: strangersKey(name) }]);
    assert.notEqual(await verdict(page), "verified");
    await picture(page, "other-key-desktop");
  }));

  test("with a mistyped key: told at its field, the bundle is checked without it", () => onPage({}, async (page) => {
    const key = (await readFile(given.key, "utf8")).trim();
    const other = key.at(-8) === "A" ? "B" : "A";
    await dropFiles(page, ".drop", [await named(given.bundle), { name: "typo.vkey", bytes: `${key.slice(0, -8)}${other}${key.slice(-7)}` }]);
    assert.equal(await verdict(page), "incomplete");
    assert.match(await page.locator("#key-error").innerText(), /Not understood[\s\S]*expected/);
  }));

  /** Every look of a state: phone and desk, light and dark; accessible, and no wider than the window. */
  const pictures = async (page, name) => {
    for (const [width, scheme] of [[1280, "light"], [1280, "dark"], [360, "light"], [360, "dark"]]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
      const { violations } = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]).analyze();
      assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`), [], `${name}, ${width}, ${scheme}`);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${name}: the page is ${wide} px wider than the window`);
      await picture(page, `${name}-${width === 360 ? "phone" : "desktop"}-${scheme}`);
    }
  };
  const quorum = (page) => page.locator("#rung-1 #check-checkpoint-quorum");
  const understood = (page) => page.locator("#key-understood").innerText();

  test("a policy whose quorum is there: verified, the command line's report, witnesses by name and time", () => onPage({}, async (page) => {
    const { bundle, policy } = given.witnessed;
    await dropFiles(page, "body", [await named(bundle), { name: "anything", bytes: await readFile(policy) }]);
    assert.equal(await verdict(page), "verified");
    assert.match(await understood(page), /1 log, 3 witnesses, quorum: 2 of 3/);
    const text = await quorum(page).innerText();
    assert.match(text, /Witnesses Passed/);
    assert.match(text, /Fjord at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*Harbour at \d{4}-/);
    assert.match(await page.locator("#rung-1 .not").innerText(), /witness/);
    const report = (await readFile(given.witnessed.report, "utf8")).trimEnd();
    assert.equal(await reportText(page), report);
    const { run_note: runNote, sha256 } = JSON.parse(report).subject;
    const hashes = await page.locator(".hashes").innerText();
    assert.ok(hashes.includes(sha256));
    assert.ok(runNote && hashes.includes(runNote));
    assert.equal(await page.locator("#requests").innerText(), "0");
    await pictures(page, "quorum-passed");
  }));

  test("a policy whose quorum is not there: incomplete, and calm", () => onPage({}, async (page) => {
    const { bundle, all } = given.witnessed;
    await dropFiles(page, "body", [await named(bundle), await named(all)]);
    assert.equal(await verdict(page), "incomplete");
    assert.match(await understood(page), /quorum: 3 of 3/);
    const text = await quorum(page).innerText();
    assert.match(text, /Witnesses Not checked/);
    assert.match(text, /missing by Lighthouse[\s\S]*contradicts nothing/);
    assert.equal(await page.locator(".finding, .keyhelp").count(), 0);
    await pictures(page, "quorum-missing");
  }));

  test("a false cosignature: disputed, with a finding", () => onPage({}, async (page) => {
    await dropFiles(page, "body", [await named(given.witnessed.false), await named(given.witnessed.policy)]);
    assert.equal(await verdict(page), "disputed");
    assert.match(await quorum(page).innerText(), /Witnesses Failed[\s\S]*w1/);
    assert.match(await page.locator(".finding").first().innerText(), /A cosignature is not by the witness that it names/);
    await pictures(page, "quorum-false");
  }));

  test("a policy with a bad line: told with its number, and the bundle is checked without it", () => onPage({}, async (page) => {
    const policy = (await readFile(given.witnessed.policy, "utf8")).replace("quorum trio", "quorum trio of them");
    const number = policy.split("\n").findIndex((line) => line.startsWith("quorum")) + 1;
    await dropFiles(page, "body", [await named(given.witnessed.bundle), { name: "bad.policy", bytes: policy }]);
    assert.equal(await verdict(page), "incomplete");
    const error = await page.locator("#key-error").innerText();
    assert.match(error, new RegExp(`line ${number}: expected`));
    assert.match(error, new RegExp(`Line ${number}\\s+quorum trio of them`));
    await pictures(page, "policy-bad-line");
    await page.fill("#key", policy.replace(" of them", ""));
    await page.waitForSelector(".verdict.verified", { timeout: TIMEOUT });
    assert.equal(await page.locator("#key-error").count(), 0);
  }));

  test("a sample drawn with a nonce: incomplete without it, verified with it, disputed with another", () => onPage({}, async (page) => {
    const { drawn, policy, nonce } = given.witnessed;
    const check = page.locator("#rung-2 #check-events-nonce");
    await dropFiles(page, "body", [await named(drawn), await named(policy)]);
    assert.equal(await verdict(page), "incomplete");
    assert.match(await check.innerText(), /Your nonce Not checked[\s\S]*Give the nonce/);
    await pictures(page, "nonce-missing");
    await page.locator(".auditor summary").click();
    await page.fill("#nonce", nonce);
    await page.waitForSelector(".verdict.verified", { timeout: TIMEOUT });
    assert.match(await page.locator("#nonce-understood").innerText(), /2 bytes/);
    assert.match(await check.innerText(), /Your nonce Passed/);
    await page.fill("#nonce", "5eee");
    await page.waitForSelector(".verdict.disputed", { timeout: TIMEOUT });
    await page.fill("#nonce", "5eeg");
    await page.waitForSelector(".verdict.incomplete", { timeout: TIMEOUT });
    assert.match(await page.locator("#nonce-error").innerText(), /hex[\s\S]*offset 3/);
    await pictures(page, "nonce-mistake");
  }));

  test("each forged bundle is refused, with what was expected and found", async (t) => {
    assert.ok(given.forged.length > 0, "no forged bundles were given");
    for (const [index, { name, path }] of given.forged.entries()) {
      await t.test(name, () => onPage({ width: index === 1 ? 360 : 1280 }, async (page) => {
        await dropFiles(page, ".drop", [await named(path), await named(given.key)]);
        const answer = await verdict(page);
        assert.ok(["disputed", "unreadable"].includes(answer), `${name}: ${answer}`);
        const text = await page.locator("#result").innerText();
        assert.match(text, /expected/i);
        assert.match(text, /found/i);
        await picture(page, `${answer}-${name.replace(/[^\w-]+/g, "-")}-${index === 1 ? "phone" : "desktop"}`);
      }));
    }
  });

  test("a changed byte is never verified", () => onPage({}, async (page) => {
    const whole = await readFile(given.bundle);
    const key = await named(given.key);
    for (const part of [0, 0.02, 0.31, 0.57, 0.83, 0.97]) {
      const bytes = Buffer.from(whole);
      bytes[Math.floor(bytes.length * part)] ^= 1;
      await page.reload();
      await dropFiles(page, ".drop", [{ name: "changed.llb", bytes }, key]);
      assert.ok(["disputed", "unreadable"].includes(await verdict(page)), `byte at ${part}`);
    }
  }));
});

/** A well-formed verifier key (C2SP signed-note) that signed nothing here. */
function strangersKey(name) {
  const spki = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "der" });
  const key = Buffer.concat([Buffer.of(1), spki.subarray(-32)]);
  const id = createHash("sha256").update(`${name}\n`).update(key).digest("hex").slice(0, 8);
  return `${name}+${id}+${key.toString("base64")}\n`;
}
