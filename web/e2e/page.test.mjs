// The page itself, with invented reports (dist-fixture): states, accessibility, keyboard, hostile text,
// many rows, and that nothing leaves. The real core is in real.test.mjs.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { AxeBuilder } from "@axe-core/playwright";
import { dropFiles, haveBrowser, launch, onFreshPage, settled } from "./browser.mjs";
import { serve } from "./server.mjs";

const root = fileURLToPath(new URL("../dist-fixture", import.meta.url));
const KEY = "music.example/plays/2026-04+1a2b3c4d+AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGh";
const AUDITOR = "auditor.example+9f8e7d6c+AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGh";
const bundle = (name) => ({ name: `${name}.llb`, bytes: `PK fixture ${name}` });
const POLICY = `# mine\nlog ${KEY}\ngroup trio 2 Fjord Harbour Lighthouse\nquorum trio\n`;
const policyFile = { name: "trust.txt", bytes: POLICY };
const keyFile = { name: "service.vkey", bytes: `${KEY}\n` };
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"];

assert.ok(existsSync(`${root}/index.html`), "dist-fixture is missing: npm run build:fixture");
assert.ok(haveBrowser(), "Chromium is missing: apt-get install chromium");

let server;
let browser;
before(async () => {
  server = await serve(root);
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.close();
});

const onPage = (options, body) => onFreshPage(browser.context, server.url, options, body);
const show = async (page, name, { key = true } = {}) => {
  await dropFiles(page, "body", [bundle(name), ...(key ? [keyFile] : [])]);
};
const notice = (page) => page.locator(".drop .notice").allInnerTexts();

describe("accessibility in every state", { concurrency: 2 }, () => {
  const states = {
    start: async () => {},
    verified: async (page) => { await show(page, "verified"); await settled(page, "verified"); },
    disputed: async (page) => { await show(page, "disputed"); await settled(page, "disputed"); },
    incomplete: async (page) => { await show(page, "verified", { key: false }); await settled(page, "incomplete"); },
    "many currencies": async (page) => { await show(page, "yen"); await settled(page, "verified"); await page.locator(".accounts summary").click(); },
    unreadable: async (page) => { await show(page, "unreadable"); await settled(page, "unreadable"); },
    working: async (page) => { await show(page, "slow"); await page.waitForSelector("[role=progressbar]"); },
    "a policy that is understood": async (page) => {
      await dropFiles(page, "body", [bundle("verified"), { name: "p", bytes: `# type 0x06\n${POLICY}` }]);
      await settled(page, "verified");
      await page.waitForSelector("#key-understood");
      assert.equal(await page.locator("#key-reading .remark").count(), 1);
    },
    "a policy and a nonce with mistakes": async (page) => {
      await page.fill("#key", `${POLICY}bad line\n`);
      await page.locator(".auditor summary").click();
      await page.fill("#nonce", "5eeg");
      await page.waitForSelector("#key-error");
      await page.waitForSelector("#nonce-error");
    },
    "table of days, details open": async (page) => {
      await show(page, "verified");
      await settled(page, "verified");
      await page.getByRole("button", { name: "Show as table" }).click();
      await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
    },
    "a line's derivation": async (page) => {
      await show(page, "verified");
      await settled(page, "verified");
      await page.locator(".lines .link").first().click();
      await page.waitForSelector("dialog[open]");
    },
  };
  for (const [state, reach] of Object.entries(states)) {
    for (const [width, scheme] of [[360, "light"], [1280, "light"], [360, "dark"], [1280, "dark"]]) {
      test(`${state}, ${width} px, ${scheme}`, () => onPage({ width, scheme }, async (page) => {
        await reach(page);
        // Between light and dark only the colours differ.
        const axe = new AxeBuilder({ page });
        const { violations } = await (scheme === "light" ? axe.withTags(TAGS) : axe.withRules("color-contrast")).analyze();
        assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`), []);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(wide <= 0, `the page is ${wide} px wider than the window`);
      }));
    }
  }
});

describe("verdicts", () => {
  test("verified: word, sentence, four steps, money", () => onPage({}, async (page) => {
    await show(page, "verified");
    const card = await settled(page, "verified");
    assert.match(await card.innerText(), /Verified/);
    assert.match(await card.innerText(), /Every counted play of yours was paid/);
    assert.equal(await page.locator(".step").count(), 4);
    assert.equal(await page.locator(".step .not").count(), 4, "what each step does not prove is always there");
    assert.match(await page.locator(".limit").innerText(), /Canary plays/);
    assert.match(await page.locator(".currency").first().innerText(), /35\.29\s+EUR/);
    assert.match(await page.locator(".suspense").innerText(), /14\.206113 EUR/);
    assert.equal(await page.locator(".keyhelp").count(), 0);
    assert.equal(await page.locator("#requests").innerText(), "0");
  }));

  test("disputed: findings in words with expected, found, amount, code", () => onPage({}, async (page) => {
    await show(page, "disputed");
    await settled(page, "disputed");
    const findings = page.locator(".finding");
    assert.equal(await findings.count(), 3);
    const text = await findings.first().innerText();
    for (const part of ["A line pays another amount than your share gives", "412.118290", "421.118290", "9.000000 EUR", "lines.money", "DEAB12600003"]) {
      assert.ok(text.includes(part), `${part} in ${text}`);
    }
    assert.match(await findings.nth(2).innerText(), /9,007,199,254\.740993 EUR/, "no digit of a long amount is lost");
    assert.match(await page.locator(".totals .notice").innerText(), /Do not rely on them/);
    assert.ok(await page.locator(".step.fail details").getAttribute("open") !== null, "failed checks are open");
  }));

  test("incomplete without a key; pasting one verifies again", () => onPage({}, async (page) => {
    await show(page, "verified", { key: false });
    await settled(page, "incomplete");
    assert.match(await page.locator(".keyhelp").innerText(), /How to get the key/);
    await page.fill("#key", KEY);
    await settled(page, "verified");
    await page.fill("#key", "nonsense");
    await settled(page, "incomplete");
    assert.match(await page.locator("#key-error").innerText(), /expected a key as/);
  }));

  test("a mistyped key is told at its field, and is no fault of the bundle", () => onPage({}, async (page) => {
    await dropFiles(page, "body", [bundle("verified")]);
    await settled(page, "incomplete");
    await page.fill("#key", KEY.replace("AbCdEf", "TYPOEf"));
    await page.waitForSelector("#key-error");
    assert.match(await page.locator("#key-error").innerText(), /Not understood[\s\S]*expected the key id[\s\S]*the check runs without it/);
    await settled(page, "incomplete");
    await page.fill("#key", KEY);
    await settled(page, "verified");
    assert.equal(await page.locator("#key-error").count(), 0);
  }));

  test("many currencies: the holder's own first, the others in a table, each with its own smallest coin", () => onPage({}, async (page) => {
    await show(page, "yen");
    await settled(page, "verified");
    assert.match(await page.locator(".payable").innerText(), /^\d+\s+JPY$/);
    const rows = await page.locator(".accounts .scroll").first().locator("tbody tr").allInnerTexts();
    assert.equal(rows.length, 4);
    assert.match(rows[0], /^BHD\s+\d+\.\d{3}\s/);
    assert.match(rows[1], /^EUR\s+\d+\.\d{2}\s/);
  }));

  test("an auditor's key reaches the fourth step", () => onPage({}, async (page) => {
    await show(page, "verified");
    await settled(page, "verified");
    assert.equal(await page.locator("#rung-4.skip").count(), 1);
    await page.locator(".auditor summary").click();
    await page.fill("#auditor", AUDITOR);
    await page.waitForSelector("#rung-4.pass");
  }));

  test("unreadable is its own state and blames no statement", () => onPage({}, async (page) => {
    await show(page, "unreadable");
    const card = await settled(page, "unreadable");
    assert.match(await card.innerText(), /Cannot be read/);
    assert.match(await card.innerText(), /offset 1042/);
    assert.match(await card.innerText(), /says nothing about your statement/);
  }));

  test("a fault of the page's own is not called a fault of the file", () => onPage({}, async (page) => {
    await show(page, "trap");
    const card = await settled(page, "unreadable");
    assert.match(await card.innerText(), /Not checked[\s\S]*fault of this page/);
  }));

  test("a report without any rows is shown calmly", () => onPage({}, async (page) => {
    await show(page, "empty");
    await settled(page, "verified");
    assert.match(await page.locator("#result").innerText(), /holds no money[\s\S]*holds no days[\s\S]*No rows/);
  }));

  test("remarks are not contradictions", () => onPage({}, async (page) => {
    await show(page, "remarks");
    await settled(page, "verified");
    assert.match(await page.locator(".findings").innerText(), /Remarks[\s\S]*For information/);
    assert.match(await page.locator(".who").innerText(), /Revision 1/);
  }));
});

describe("files", () => {
  test("a wrong file is named for what it is", () => onPage({}, async (page) => {
    await dropFiles(page, "body", [{ name: "sales.csv", bytes: "date,store,isrc\n2026-04-01,x,y\n" }]);
    await page.waitForSelector(".drop .notice");
    assert.deepEqual(await notice(page), ["“sales.csv” looks like a CSV or other table of text. A .llb bundle, a verifier key or a policy is needed."]);
  }));

  test("a damaged file that is called a bundle gets an answer, not a remark", () => onPage({}, async (page) => {
    await dropFiles(page, "body", [{ name: "damaged.llb", bytes: "QK fixture unreadable" }]);
    assert.match(await (await settled(page, "unreadable")).innerText(), /damaged\.llb/);
  }));

  test("a policy is told by its content, and says what the core understood", () => onPage({}, async (page) => {
    await dropFiles(page, "body", [bundle("verified"), policyFile]);
    await settled(page, "verified");
    assert.equal(await page.inputValue("#key"), POLICY);
    assert.match(await page.locator("#key-understood").innerText(), /Understood: 1 log, 3 witnesses, quorum: 2 of 3/);
    assert.deepEqual(await notice(page), []);
    await page.locator(".field:has(#key)").getByRole("button", { name: "Clear" }).click();
    await settled(page, "incomplete");
    assert.equal(await page.locator("#key-reading").innerText(), "");
  }));

  test("it is understood before there is a bundle", () => onPage({}, async (page) => {
    await page.fill("#key", POLICY);
    await page.waitForSelector("#key-understood");
    await page.fill("#key", `${POLICY}\nbad line\n`);
    await page.waitForSelector("#key-error");
    const error = await page.locator("#key-error").innerText();
    assert.match(error, /policy, line 6: expected/);
    assert.match(error, /Line 6\s+bad line/);
    assert.equal(await page.getAttribute("#key", "aria-invalid"), "true");
    const described = (await page.getAttribute("#key", "aria-describedby")).split(" ");
    assert.ok(described.includes("key-reading"));
  }));

  test("beside a policy no key is guessed at", () => onPage({}, async (page) => {
    await dropFiles(page, "body", [keyFile, bundle("verified"), policyFile]);
    await settled(page, "verified");
    assert.equal(await page.inputValue("#key"), POLICY);
    assert.equal(await page.inputValue("#auditor"), "");
    assert.match((await notice(page))[0], /“service.vkey” was not used: the policy says whom to trust/);
  }));

  test("a policy in the auditor’s place, or in the bundle’s, is put where it belongs", () => onPage({}, async (page) => {
    const file = { name: "p.txt", mimeType: "text/plain", buffer: Buffer.from(POLICY) };
    await page.setInputFiles("#pick-auditor", [file]);
    await page.waitForSelector("#key-understood");
    assert.match((await notice(page))[0], /is a policy, and was put in the field above/);
    await dropFiles(page, "body", [bundle("verified")]);
    await settled(page, "verified");
    await page.setInputFiles("#pick-bundle", [file]);
    await page.waitForFunction(() => document.querySelector(".drop .notice")?.textContent.includes("still needed"));
  }));

  test("a nonce with a mistake is told at its field and left out", () => onPage({}, async (page) => {
    await show(page, "verified");
    await settled(page, "verified");
    await page.locator(".auditor summary").click();
    await page.fill("#nonce", "not hex");
    await page.waitForSelector("#nonce-error");
    await settled(page, "verified");
    await page.fill("#nonce", "5eed");
    await page.waitForSelector("#nonce-understood");
  }));

  test("nothing that was given is kept", () => onPage({}, async (page) => {
    await dropFiles(page, "body", [bundle("verified"), policyFile]);
    await settled(page, "verified");
    const kept = await page.evaluate(async () => [localStorage.length, sessionStorage.length, document.cookie, (await indexedDB.databases()).length]);
    assert.deepEqual(kept, [0, 0, "", 0]);
    await page.reload();
    assert.equal(await page.inputValue("#key"), "");
  }));

  test("a secret key is refused, dropped or pasted, and does not stay on the screen", () => onPage({}, async (page) => {
    const secret = "PRIVATE+KEY+music.example+1a2b3c4d+AbCdEfGh";
    await dropFiles(page, "body", [{ name: "log.key", bytes: secret }]);
    await page.waitForSelector(".drop .notice");
    assert.match((await notice(page))[0], /secret signing key/);
    await page.fill("#key", secret);
    await page.waitForFunction(() => document.querySelector("#key").value === "");
    assert.match((await notice(page))[0], /removed again/);
    assert.ok(!(await page.content()).includes("AbCdEfGh"));
  }));

  test("the buttons sort by content too, and several at once are told", () => onPage({}, async (page) => {
    const file = ({ name, bytes }) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) });
    await page.setInputFiles("#pick-bundle", [keyFile, bundle("verified"), bundle("disputed")].map(file));
    await settled(page, "verified");
    assert.equal(await page.inputValue("#key"), KEY);
    assert.match((await notice(page))[0], /one at a time, and took “verified.llb”/);
  }));

  test("a gzipped bundle is unpacked; a bomb and a damaged one are refused at once", () => onPage({}, async (page) => {
    await dropFiles(page, "body", [{ name: "a.llb.gz", bytes: gzipSync("PK fixture verified") }, keyFile]);
    await settled(page, "verified");
    const bomb = gzipSync(Buffer.concat([Buffer.from("PK\u0003\u0004"), Buffer.alloc(256 << 20)]));
    const start = Date.now();
    await dropFiles(page, "body", [{ name: "bomb.llb.gz", bytes: bomb }]);
    assert.match(await (await settled(page, "unreadable")).innerText(), /far more than a bundle/);
    assert.ok(Date.now() - start < 5000, "refused at once");
    await dropFiles(page, "body", [{ name: "cut.llb.gz", bytes: gzipSync("PK fixture verified").subarray(0, 20) }]);
    await page.waitForFunction(() => document.querySelector(".verdict")?.textContent.includes("cut.llb.gz"));
    assert.match(await page.locator(".verdict").innerText(), /damaged/);
  }));

  test("dropping beside the panel does not leave the page", () => onPage({}, async (page) => {
    await dropFiles(page, "footer", [bundle("verified")]);
    await settled(page, "incomplete");
    assert.equal(page.url(), server.url);
  }));
});

describe("work under way", () => {
  test("progress is announced, cancel stops it, and checking again works", () => onPage({}, async (page) => {
    await show(page, "slow");
    const bar = await page.waitForSelector("[role=progressbar]");
    await page.waitForFunction(() => Number(document.querySelector("[role=progressbar]")?.getAttribute("aria-valuenow")) > 10);
    assert.match(await bar.getAttribute("aria-valuetext"), /Checking the signatures, \d+ %/);
    assert.match(await page.locator("p[aria-live=polite]").innerText(), /Checking the signatures/);
    await page.getByRole("button", { name: "Cancel" }).click();
    assert.match(await page.locator("#result").innerText(), /Nothing was decided/);
    await page.setInputFiles("#pick-bundle", [{ name: "b.llb", mimeType: "", buffer: Buffer.from("PK fixture verified") }]);
    await settled(page, "verified");
  }));

  test("the answer stays when the server is gone", () => onPage({}, async (page) => {
    await page.waitForFunction(() => document.querySelector("footer")?.textContent.includes("0.0.0-fixture"));
    const hits = server.hits.length;
    await browser.context.setOffline(true);
    try {
      await show(page, "verified");
      await settled(page, "verified");
      assert.equal(server.hits.length, hits, "no request after loading");
    } finally {
      await browser.context.setOffline(false);
    }
  }));
});

describe("hostile text", () => {
  test("titles are text and nothing else", () => onPage({}, async (page) => {
    await show(page, "hostile");
    await settled(page, "verified");
    assert.match(await page.title(), /^Ledgerline/);
    assert.equal(await page.locator("#result img, #result script, #result b").count(), 0);
    assert.match(await page.locator(".who").innerText(), /<img src=x onerror=/);
    assert.ok(!(await page.locator("#result").innerText()).includes("\u202E"), "no text direction override gets through");
    const longest = await page.evaluate(() => Math.max(...[...document.querySelectorAll("#result bdi")].map((node) => node.textContent.length)));
    assert.ok(longest <= 401, `longest foreign text: ${longest}`);
  }));

  test("the policy refuses what the page does not do", () => onPage({}, async (page) => {
    const outcome = await page.evaluate(() => {
      try {
        document.body.insertAdjacentHTML("beforeend", "<p>x</p>");
        return "allowed";
      } catch (error) {
        return error.name;
      }
    });
    assert.equal(outcome, "TypeError");
    assert.ok(page.trouble.length > 0);
    page.trouble.length = 0;
  }));
});

describe("tables and chart", () => {
  test("100,000 lines: few in the page, all reachable, sorted by every digit", () => onPage({}, async (page) => {
    await show(page, "many");
    await settled(page, "verified");
    const table = page.locator(".scroll.lines [role=table]");
    assert.equal(await table.getAttribute("aria-rowcount"), "100001");
    assert.ok((await table.locator("[role=row]").count()) < 40);
    const amounts = async () => (await table.locator(".c-amount").allInnerTexts()).map((text) => BigInt(text.replace(/[^\d]/g, "")));
    const top = await amounts();
    assert.deepEqual(top, [...top].sort((a, b) => (a < b ? 1 : a > b ? -1 : 0)));
    await page.evaluate(() => {
      const region = document.querySelector(".scroll.lines");
      region.scrollTop = region.scrollHeight;
    });
    await table.locator("[aria-rowindex='100001']").waitFor();
    assert.match(await page.locator(".plays").innerText(), /3,429,355,250 h 20 min/, "a sum beyond 2^53 keeps its digits");

    const header = table.getByRole("columnheader", { name: "Your amount" });
    assert.equal(await header.getAttribute("aria-sort"), "descending");
    await header.getByRole("button").click();
    assert.equal(await header.getAttribute("aria-sort"), "ascending");
    const bottom = await amounts();
    assert.ok(bottom[0] <= top[0]);
    assert.equal(await page.evaluate(() => document.querySelector(".scroll.lines").scrollTop), 0);
  }));

  test("the filter counts and says when nothing matches", () => onPage({}, async (page) => {
    await show(page, "verified");
    await settled(page, "verified");
    const section = page.locator("section.rows", { has: page.locator("#lines-heading") });
    await section.getByLabel("Filter").fill("harbour");
    await page.waitForFunction(() => /^4 of 64 rows$/.test(document.querySelectorAll(".rows .count")[1].textContent));
    await section.getByLabel("Filter").fill("zzz");
    assert.match(await section.innerText(), /No row matches/);
  }));

  test("arrow keys walk the rows of a long table, focus and all", () => onPage({}, async (page) => {
    await show(page, "many");
    await settled(page, "verified");
    await page.locator(".scroll.lines .link").first().focus();
    const at = (row) => page.waitForFunction((n) => {
      const focus = document.activeElement;
      if (focus?.getAttribute("data-row") !== String(n)) return false;
      const [a, b] = [focus.getBoundingClientRect(), document.querySelector(".scroll.lines").getBoundingClientRect()];
      return a.top >= b.top && a.bottom <= b.bottom;
    }, row);
    for (let n = 1; n <= 20; n += 1) await page.keyboard.press("ArrowDown");
    await at(20);
    await page.keyboard.press("End");
    await at(99999);
    await page.keyboard.press("PageUp");
    await at(99987);
    await page.keyboard.press("Home");
    await at(0);
  }));

  test("a line shows how its amount comes about", () => onPage({}, async (page) => {
    await show(page, "verified");
    await settled(page, "verified");
    const row = page.locator(".scroll.lines .item").first();
    const amount = (await row.locator(".c-amount").innerText()).trim();
    await row.locator(".link").focus();
    for (const key of ["End", "ArrowUp", "Home"]) await page.keyboard.press(key);
    // The focus follows once the rows are drawn.
    await page.waitForFunction(() => document.activeElement === document.querySelector(".scroll.lines .item .link")
      && document.activeElement.closest(".scroll").scrollTop === 0);
    await page.keyboard.press("Enter");
    const dialog = page.locator("dialog[open]");
    assert.ok((await dialog.innerText()).includes(amount));
    assert.match(await dialog.locator(".formula").innerText(), /⌊.* × \(.* \+ .*\) \/ 1 000 000⌋/);
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  }));

  test("chart: arrow keys read days, and the table holds the same numbers", () => onPage({}, async (page) => {
    await show(page, "verified");
    await settled(page, "verified");
    const slider = page.getByRole("slider");
    await slider.focus();
    await page.keyboard.press("End");
    const last = await slider.getAttribute("aria-valuetext");
    assert.match(last, /^30 April 2026: [\d,]+ plays, [\d.]+ EUR$/);
    await page.keyboard.press("Home");
    assert.match(await slider.getAttribute("aria-valuetext"), /^27 March 2026/);
    await page.getByRole("button", { name: "Show as table" }).click();
    const cells = await page.locator(".days tbody tr").last().locator("th, td").allInnerTexts();
    assert.equal(`${cells[0]}: ${cells[1]} plays, ${cells[2]} EUR`, last);
    await page.locator(".chart").getByLabel("Currency").selectOption("GBP");
    assert.match(await page.locator(".days thead").innerText(), /GBP/);
  }));
});

describe("keyboard and paper", () => {
  test("everything is reached by Tab, in order, and the focus is visible", () => onPage({}, async (page) => {
    await show(page, "verified");
    await settled(page, "verified");
    await page.mouse.click(1, 1);
    const names = [];
    for (let n = 0; n < 80; n += 1) {
      await page.keyboard.press("Tab");
      const name = await page.evaluate(() => {
        const at = document.activeElement;
        if (!at || at === document.body) return null;
        const { outlineStyle, outlineWidth } = getComputedStyle(at);
        return `${at.id || at.className || at.tagName}: ${(at.getAttribute("aria-label") ?? at.textContent ?? "").slice(0, 30)} ${outlineStyle === "none" || outlineWidth === "0px" ? "NO FOCUS RING" : ""}`;
      });
      if (name === null) break;
      names.push(name);
    }
    const order = ["skiplink", "Choose another", "key:", "Open a key or policy file", "SUMMARY", "#result", "3 checks", "whole run", "frame", "Recordings", "Lines", "link", "download", "Print"];
    let from = 0;
    for (const part of order.filter((name) => name !== "#result")) {
      const at = names.findIndex((name, index) => index >= from && name.includes(part));
      assert.ok(at >= 0, `${part} after ${names[from]} in\n${names.join("\n")}`);
      from = at;
    }
    assert.deepEqual(names.filter((name) => name.includes("NO FOCUS RING")), []);
    assert.equal(names.filter((name) => name.startsWith("link")).length, 1, "the rows are one tab stop");
  }));

  test("typing a key keeps the focus in its field", () => onPage({}, async (page) => {
    await show(page, "verified", { key: false });
    await settled(page, "incomplete");
    await page.locator("#key").focus();
    await page.locator("#key").pressSequentially(KEY.slice(0, 40));
    await page.locator("#key").fill(KEY);
    await settled(page, "verified");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "key");
  }));

  test("the downloaded report is the core's text, byte for byte", () => onPage({}, async (page) => {
    await show(page, "verified");
    await settled(page, "verified");
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
    assert.equal(download.suggestedFilename(), "verified.report.json");
    const text = await readFile(await download.path(), "utf8");
    assert.equal(JSON.parse(text).verdict, "verified");
    assert.ok(!/": /.test(text));
  }));

  test("on paper, up to 200 rows are there and the controls are not", () => onPage({}, async (page) => {
    await show(page, "many");
    await settled(page, "verified");
    await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
    assert.equal(await page.locator(".scroll.lines .item").count(), 200, "rendered before the event returned");
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.locator(".drop").isVisible(), false);
    await page.evaluate(() => window.dispatchEvent(new Event("afterprint")));
    assert.ok((await page.locator(".scroll.lines .item").count()) < 40);
  }));
});
