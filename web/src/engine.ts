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
    nonce: string | undefined,
  ): string;
  /** Returns `Readings` as JSON text: how each text is understood. */
  describe(key: string | undefined, auditor: string | undefined, nonce: string | undefined): string;
}

/** What a person gives beside the bundle, as they gave it. */
export interface Given { key?: string; auditor?: string; nonce?: string }

/** How the core reads one text. */
export type Reading =
  | { is: "understood"; says: string; remarks: string[] }
  | { is: "mistake"; message: string; line: number | null; text: string | null };
export type Readings = { [name in keyof Required<Given>]: Reading | null };

export interface Check extends Given { is: "check"; id: number; bundle: Blob; name: string; gzip: boolean }
export interface Question extends Given { is: "question"; id: number }
export type Request = Check | Question;
export type Reply =
  | { is: "ready"; version: string; sha256: string | null }
  | { is: "broken"; message: string }
  | { is: "progress"; id: number; done: number; total: number; stage: string }
  | { is: "readings"; id: number; text: string }
  | { is: "report"; id: number; text: string }
  | { is: "unreadable"; id: number; message: string };

export interface Identity { version: string; sha256: string | null }
export type Outcome =
  | { is: "report"; text: string }
  | { is: "unreadable"; message: string }
  | { is: "broken"; message: string };
export interface Progress { done: number; total: number; stage: string }

type Job = { request: Check; progress: (progress: Progress) => void; settle: (outcome: Outcome) => void };
type Asked = { question: Question; tell: (readings: Readings) => void };

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
  #asked: Asked | null = null;
  #next = 1;
  readonly #onIdentity: (identity: Identity | null) => void;

  /** Starts the worker, which loads the core at once: later nothing needs to be fetched. */
  constructor(onIdentity: (identity: Identity | null) => void) {
    this.#onIdentity = onIdentity;
    this.#worker = this.#start();
  }

  /** Verifies; a job still under way is cancelled first. */
  verify(request: Omit<Check, "id" | "is">, progress: Job["progress"]): Promise<Outcome> {
    this.cancel();
    return new Promise((settle) => {
      const job: Job = { request: { ...request, is: "check", id: this.#next++ }, progress, settle };
      this.#job = job;
      this.#worker.postMessage(job.request);
    });
  }

  /** Asks the core how it reads keys, policy and nonce; only the newest question is answered. */
  describe(given: Given, tell: Asked["tell"]): void {
    this.#asked = { question: { ...given, is: "question", id: this.#next++ }, tell };
    this.#worker.postMessage(this.#asked.question);
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
    // What the last worker was asked and did not answer.
    if (this.#asked) worker.postMessage(this.#asked.question);
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
    if (reply.is === "readings") {
      const asked = this.#asked;
      if (asked?.question.id !== reply.id) return;
      this.#asked = null;
      asked.tell(JSON.parse(reply.text) as Readings);
      return;
    }
    const job = this.#job;
    if (!job || job.request.id !== reply.id) return;
    if (reply.is === "progress") {
      job.progress(reply);
      return;
    }
    this.#job = null;
    job.settle(reply);
  }
}
