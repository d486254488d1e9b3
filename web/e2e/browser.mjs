// Debian's Chromium with a fresh profile, and a page that records everything that must not happen.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const args = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

export const haveBrowser = () => existsSync(executablePath);

export async function launch() {
  const profile = await mkdtemp(join(tmpdir(), "ledgerline-e2e-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath, args, acceptDownloads: true });
  return {
    context,
    close: async () => {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}

/** Opens the page; `page.trouble` collects console errors, policy violations, page errors and foreign requests. */
export async function open(context, url, { width = 1280, height = 900, scheme = "light" } = {}) {
  const page = await context.newPage();
  page.trouble = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.trouble.push(`console ${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => page.trouble.push(`page error: ${error.message}`));
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== "blob:" && origin !== new URL(url).origin) page.trouble.push(`foreign request: ${request.url()}`);
  });
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy violation: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
  await page.goto(url);
  return page;
}

/** Runs `body` on a fresh page and then demands that nothing forbidden happened. */
export async function onFreshPage(context, url, options, body) {
  const page = await open(context, url, options);
  try {
    await body(page);
    assert.deepEqual(page.trouble, []);
  } finally {
    await page.close();
  }
}

/** Drops files on `selector` as a browser would; `files` are `{ name, bytes }`. */
export async function dropFiles(page, selector, files) {
  const items = files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString("base64") }));
  const transfer = await page.evaluateHandle((list) => {
    const data = new DataTransfer();
    for (const { name, base64 } of list) {
      data.items.add(new File([Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))], name));
    }
    return data;
  }, items);
  await page.dispatchEvent(selector, "dragover", { dataTransfer: transfer });
  await page.dispatchEvent(selector, "drop", { dataTransfer: transfer });
}

export const settled = (page, verdict, timeout = 30000) => page.waitForSelector(`.verdict.${verdict}`, { timeout });
