// For the eye: pictures of every state of the fixture build. `node e2e/shots.mjs DIR`
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { dropFiles, launch, open, settled } from "./browser.mjs";
import { serve } from "./server.mjs";

const dir = process.argv[2] ?? "shots";
const only = process.argv[3];
await mkdir(dir, { recursive: true });
const server = await serve(fileURLToPath(new URL("../dist-fixture", import.meta.url)));
const { context, close } = await launch();
const key = { name: "key.vkey", bytes: "music.example/plays/2026-04+1a2b3c4d+AbCdEfGhIjKlMnOpQrStUvWxYz0123456789AbCdEfGh\n" };
const states = [
  ["start", null, true], ["verified", "verified", true], ["disputed", "disputed", true],
  ["incomplete", "verified", false], ["unreadable", "unreadable", true], ["hostile", "hostile", true], ["yen", "yen", true],
];
for (const [width, scheme] of [[1280, "light"], [360, "light"], [1280, "dark"], [360, "dark"]]) {
  for (const [state, report, withKey] of states) {
    if (only && !`${state}-${width}-${scheme}`.includes(only)) continue;
    const page = await open(context, server.url, { width, scheme });
    if (report) {
      await dropFiles(page, "body", [{ name: "lindqvist-2026-04.llb", bytes: `PK fixture ${report}` }, ...(withKey ? [key] : [])]);
      await settled(page, state === "hostile" || state === "yen" ? "verified" : state);
    }
    const name = `${dir}/${state}-${width}-${scheme}`;
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    const part = width > 800 ? 1500 : 2200;
    for (let at = 0, n = 1; at < height; at += part, n += 1) {
      await page.screenshot({ path: `${name}-${n}.png`, fullPage: true, clip: { x: 0, y: at, width, height: Math.min(part, height - at) } });
    }
    if (page.trouble.length) console.log(state, width, page.trouble);
    await page.close();
  }
}
await close();
await server.close();
