import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { metaPolicy } from "./csp.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

// The wasm package comes from `cargo xtask`; without it there is nothing to ship.
const needsPackage = {
  name: "ledgerline-needs-package",
  apply: "build",
  buildStart() {
    const missing = ["ledgerline_wasm.js", "ledgerline_wasm_bg.wasm"].filter(
      (name) => !existsSync(here(`src/pkg/${name}`)),
    );
    if (missing.length > 0) {
      this.error(
        `web/src/pkg lacks ${missing.join(" and ")}: the wasm package is not built yet. ` +
          "Run `cargo xtask web` (or `cargo xtask demo`, `cargo xtask test`), which builds it and then this page.",
      );
    }
  },
};

// The shipped page must not be able to reach the test-only engine.
const noFixtures = {
  name: "ledgerline-no-fixtures",
  apply: "build",
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      const modules = chunk.type === "chunk" ? Object.keys(chunk.modules) : [];
      const found = modules.find((id) => id.includes("/web/fixtures/"));
      if (found) this.error(`${chunk.fileName} contains the test-only module ${found}`);
    }
  },
};

const policyTag = {
  name: "ledgerline-policy-tag",
  apply: "build",
  transformIndexHtml: {
    order: "post",
    handler: () => [
      {
        tag: "meta",
        attrs: { "http-equiv": "Content-Security-Policy", content: metaPolicy },
        injectTo: "head-prepend",
      },
    ],
  },
};

export default defineConfig(({ mode }) => {
  const fixture = mode === "fixture";
  const guards = fixture ? [] : [needsPackage, noFixtures];
  return {
    root: here("."),
    base: "./",
    publicDir: false,
    plugins: [...guards, policyTag],
    resolve: {
      alias: { "@core": here(fixture ? "fixtures/core.ts" : "src/core.ts") },
    },
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    worker: { format: "es", plugins: () => (fixture ? [] : [noFixtures]) },
    build: {
      target: "es2022",
      outDir: fixture ? "dist-fixture" : "dist",
      emptyOutDir: true,
      assetsInlineLimit: 0,
      modulePreload: false,
      sourcemap: false,
    },
  };
});
