// A whole run derived in Chromium, by the very wasm that the page ships: the note's text must be the command
// line's, byte for byte. LEDGERLINE_E2E as for web/e2e/real.test.mjs; its member `run` names the inputs.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { launch } from "../../web/e2e/browser.mjs";

const { run } = JSON.parse(await readFile(process.env.LEDGERLINE_E2E, "utf8"));
const pkg = (name) => new URL(`../../web/src/pkg/${name}`, import.meta.url);
const files = {
  "/": ["text/html", () => "<!doctype html><title>run note</title>"],
  "/ledgerline_wasm.js": ["text/javascript", () => readFile(pkg("ledgerline_wasm.js"))],
  "/ledgerline_wasm_bg.wasm": ["application/wasm", () => readFile(pkg("ledgerline_wasm_bg.wasm"))],
};
for (const name of ["records", "meta", "registry", "rules", "pools"]) {
  files[`/${name}`] = ["application/octet-stream", () => readFile(run[name])];
}

let server;
let browser;
before(async () => {
  server = createServer(async (request, response) => {
    const [type, read] = files[request.url] ?? ["text/plain", () => ""];
    response.writeHead(200, { "content-type": type }).end(await read());
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
});

/** Runs `derive_run_note` in the browser; `spoil` changes one byte of the records first. */
async function derive(spoil) {
  const page = await browser.context.newPage();
  await page.goto(`http://127.0.0.1:${server.address().port}/`);
  try {
    return await page.evaluate(async (spoil) => {
      const core = await import("/ledgerline_wasm.js");
      await core.default({ module_or_path: "/ledgerline_wasm_bg.wasm" });
      const bytes = async (name) => new Uint8Array(await (await fetch(`/${name}`)).arrayBuffer());
      const [records, registry, rules, pools] = await Promise.all(["records", "registry", "rules", "pools"].map(bytes));
      const meta = await (await fetch("/meta")).text();
      if (spoil) records[0] ^= 1;
      return core.derive_run_note(records, registry, rules, pools, meta);
    }, spoil);
  } finally {
    await page.close();
  }
}

/** The text of a signed note: all before its blank line. */
async function noteText() {
  const note = await readFile(run.note, "utf8");
  return note.slice(0, note.indexOf("\n\n") + 1);
}

test("the run note derived in Chromium is the command line's", async () => {
  assert.equal(await derive(false), await noteText());
});

test("another salt of one event gives another log root and the same money", async () => {
  const [spoiled, genuine] = [await derive(true), await noteText()];
  const differing = spoiled.split("\n").filter((line, index) => line !== genuine.split("\n")[index]);
  assert.deepEqual(differing.map((line) => line.split(" ")[0]), ["log"]);
});
