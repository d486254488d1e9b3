// Loads the Rust core: the one place that knows the wasm package.
import init, { describe_trust as describe, verify, version } from "./pkg/ledgerline_wasm.js";
import wasmUrl from "./pkg/ledgerline_wasm_bg.wasm?url";
import type { Core } from "./engine.ts";

/** Fetches the wasm once, names its hash, and instantiates exactly those bytes. */
export async function load(): Promise<Core> {
  const response = await fetch(wasmUrl);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}: ${wasmUrl}`);
  const bytes = await response.arrayBuffer();
  const sha256 = await hash(bytes);
  await init({ module_or_path: bytes });
  return { version: version(), sha256, verify, describe };
}

/** Lower-case hex, or null where the page is not served from a secure origin. */
async function hash(bytes: ArrayBuffer): Promise<string | null> {
  if (!globalThis.crypto?.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
