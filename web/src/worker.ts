// Runs the core away from the page's own thread: file in, report out, progress in between.
import { load } from "@core";
import type { Check, Core, Reply, Request } from "./engine.ts";
import { inflate, Refused } from "./inflate.ts";
import { files } from "./words.ts";

interface Scope {
  postMessage(reply: Reply): void;
  addEventListener(type: "message", listener: (event: MessageEvent<Request>) => void): void;
}
const scope = self as unknown as Scope;

// More often than this nobody sees it.
const PROGRESS_EVERY_MS = 50;

const core: Promise<Core | null> = load().then(
  (loaded) => {
    scope.postMessage({ is: "ready", version: loaded.version, sha256: loaded.sha256 });
    return loaded;
  },
  (error: unknown) => {
    scope.postMessage({ is: "broken", message: `${files.engine} (${text(error)})` });
    return null;
  },
);

scope.addEventListener("message", async ({ data }) => {
  const loaded = await core;
  if (!loaded) return;
  const { id, key, auditor, nonce } = data;
  try {
    if (data.is === "question") {
      scope.postMessage({ is: "readings", id, text: loaded.describe(key, auditor, nonce) });
      return;
    }
    const progress = throttled((done, total, stage) => scope.postMessage({ is: "progress", id, done, total, stage }));
    const bundle = await read(data, progress);
    const report = loaded.verify(bundle, data.name, key, auditor, progress, nonce);
    scope.postMessage({ is: "report", id, text: report });
  } catch (error) {
    // A trap (a fault of ours) leaves the instance unusable, and must not look like a verdict on the file.
    if (error instanceof WebAssembly.RuntimeError) {
      scope.postMessage({ is: "broken", message: `${files.crashed} (${text(error)})` });
    } else {
      scope.postMessage({ is: "unreadable", id, message: error instanceof RangeError ? files.memory : text(error) });
    }
  }
});

async function read(request: Check, progress: Parameters<Core["verify"]>[4]) {
  if (request.gzip) return inflate(request.bundle, (done, total) => progress(done, total, "inflating"));
  progress(0, 1, "reading");
  try {
    return new Uint8Array(await request.bundle.arrayBuffer());
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new Refused(files.unreadableFile(request.name));
  }
}

function throttled(send: (done: number, total: number, stage: string) => void) {
  let last = 0;
  let stage = "";
  return (done: number, total: number, name: string): void => {
    const now = performance.now();
    if (name === stage && done < total && now - last < PROGRESS_EVERY_MS) return;
    last = now;
    stage = name;
    send(done, total, name);
  };
}

function text(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
