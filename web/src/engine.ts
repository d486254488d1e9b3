// The page's side of the worker: one verification at a time, each with progress and a way to cancel.
import workerUrl from "./worker.ts?worker&url";

/** The Rust core, as the wasm package exports it, and the hash of the bytes that were instantiated. */
export interface Core {
  version: string;
  sha256: string | null;
  /** Returns the report as JSON text; `name` is the file's. Throws where the bytes are not a bundle. */
  verify(
    bundle: Uint8Array,
    name: string,
    key: string | undefined,
    auditor: string | undefined,
    progress: (done: number, total: number, stage: string) => void,
  ): string;
}

export interface Request { id: number; bundle: Blob; name: string; gzip: boolean; key?: string; auditor?: string }
export type Reply =
  | { is: "ready"; version: string; sha256: string | null }
  | { is: "broken"; message: string }
  | { is: "progress"; id: number; done: number; total: number; stage: string }
  | { is: "faults"; id: number; faults: Faults }
  | { is: "report"; id: number; text: string }
  | { is: "unreadable"; id: number; message: string };

/** What the core has against the keys themselves; such a key is left out of the check. */
export interface Faults { key?: string; auditor?: string }

export interface Identity { version: string; sha256: string | null }
export type Outcome =
  | { is: "report"; text: string }
  | { is: "unreadable"; message: string }
  | { is: "broken"; message: string };
export interface Progress { done: number; total: number; stage: string }

type Job = { request: Request; progress: (progress: Progress) => void; faults: (faults: Faults) => void; settle: (outcome: Outcome) => void };

// Where the browser has Trusted Types, the policy lets through this one script and no other.
const policy = window.trustedTypes?.createPolicy("ll", {
  createScriptURL: (url) => {
    if (url !== workerUrl) throw new TypeError("only the worker's own script may be loaded");
    return url;
  },
});

export class Engine {
  #worker: Worker;
  #job: Job | null = null;
  #next = 1;
  readonly #onIdentity: (identity: Identity | null) => void;

  /** Starts the worker, which loads the core at once: later nothing needs to be fetched. */
  constructor(onIdentity: (identity: Identity | null) => void) {
    this.#onIdentity = onIdentity;
    this.#worker = this.#start();
  }

  /** Verifies; a job still under way is cancelled first. */
  verify(request: Omit<Request, "id">, progress: Job["progress"], faults: Job["faults"]): Promise<Outcome> {
    this.cancel();
    return new Promise((settle) => {
      const job = { request: { ...request, id: this.#next++ }, progress, faults, settle };
      this.#job = job;
      this.#worker.postMessage(job.request);
    });
  }

  /** Ends the work under way, if any, together with its worker; its promise stays unsettled. */
  cancel(): void {
    if (!this.#job) return;
    this.#job = null;
    this.#worker.terminate();
    this.#worker = this.#start();
  }

  #start(): Worker {
    // `new Worker` takes a TrustedScriptURL where there is one; the DOM types know only text.
    const url = (policy?.createScriptURL(workerUrl) ?? workerUrl) as string;
    const worker = new Worker(url, { type: "module" });
    worker.addEventListener("message", (event: MessageEvent<Reply>) => {
      if (worker === this.#worker) this.#receive(event.data);
    });
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      if (worker === this.#worker) this.#receive({ is: "broken", message: event.message ?? "" });
    });
    return worker;
  }

  #receive(reply: Reply): void {
    if (reply.is === "ready") {
      this.#onIdentity({ version: reply.version, sha256: reply.sha256 });
      return;
    }
    if (reply.is === "broken") {
      this.#onIdentity(null);
      const job = this.#job;
      this.#job = null;
      job?.settle(reply);
      return;
    }
    const job = this.#job;
    if (!job || job.request.id !== reply.id) return;
    if (reply.is === "progress") {
      job.progress(reply);
      return;
    }
    if (reply.is === "faults") {
      job.faults(reply.faults);
      return;
    }
    this.#job = null;
    job.settle(reply);
  }
}
