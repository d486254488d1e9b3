// The page's state: which files are chosen, what the worker is doing, and what came out.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Drop, type Chosen } from "./drop.tsx";
import { Engine, type Given, type Identity, type Progress, type Readings } from "./engine.ts";
import { Footer } from "./footer.tsx";
import { Mark } from "./icons.tsx";
import { parseReport, type Report } from "./report.ts";
import { Result } from "./result.tsx";
import { files, product, work } from "./words.ts";
import { Gate, Working } from "./work.tsx";
import { Unreadable } from "./verdict.tsx";

type Phase =
  | { at: "start" }
  | { at: "working"; progress: Progress }
  | { at: "cancelled" }
  | { at: "report"; report: Report; text: string; name: string }
  | { at: "unreadable"; message: string; ours: boolean };

/** Typing a key re-verifies, but not at every letter. */
const TYPING_MS = 350;

export function App() {
  const [identity, setIdentity] = useState<Identity | null>(null);
  const [chosen, setChosen] = useState<Chosen>({ bundle: null, key: "", auditor: "", nonce: "" });
  const [phase, setPhase] = useState<Phase>({ at: "start" });
  const [read, setRead] = useState<{ of: Texts; readings: Readings }>({ of: NO_TEXTS, readings: NO_READINGS });
  const [broken, setBroken] = useState(false);
  const engine = useRef<Engine | null>(null);
  const result = useRef<HTMLElement>(null);

  useEffect(() => {
    engine.current = new Engine((found) => {
      setIdentity(found);
      setBroken(found === null);
    });
  }, []);

  const { bundle } = chosen;
  const [attempt, setAttempt] = useState(0);
  const started = useRef<unknown[]>([]);

  // What stands beside the bundle is first read by the core, which leaves out what it cannot use.
  useEffect(() => {
    const of = { key: chosen.key, auditor: chosen.auditor, nonce: chosen.nonce };
    const given = givenOf(of);
    let isCurrent = true;
    if (Object.keys(given).length === 0) setRead({ of, readings: NO_READINGS });
    else engine.current?.describe(given, (readings) => isCurrent && setRead({ of, readings }));
    return () => {
      isCurrent = false;
    };
  }, [chosen.key, chosen.auditor, chosen.nonce]);
  const isRead = names.every((name) => read.of[name] === chosen[name]);
  const { key, auditor, nonce } = understood(read.of, read.readings);

  useEffect(() => {
    const wanted = [bundle, key, auditor, nonce, attempt];
    if (!bundle || !isRead || wanted.every((part, at) => part === started.current[at])) return;
    // A new bundle starts at once; a key that is being typed is given a moment.
    const wait = started.current[0] === bundle ? TYPING_MS : 0;
    const timer = setTimeout(() => {
      started.current = wanted;
      setPhase({ at: "working", progress: { done: 0, total: 1, stage: bundle.gzip ? "inflating" : "reading" } });
      const request = {
        bundle: bundle.file,
        name: bundle.file.name,
        gzip: bundle.gzip,
        ...(key ? { key } : {}),
        ...(auditor ? { auditor } : {}),
        ...(nonce ? { nonce } : {}),
      };
      engine.current
        ?.verify(request, (progress) => setPhase({ at: "working", progress }))
        .then((outcome) => {
          setPhase(outcome.is === "report" ? open(outcome.text, bundle.name) : refused(outcome));
        });
    }, wait);
    return () => clearTimeout(timer);
  }, [bundle, key, auditor, nonce, attempt, isRead]);

  const settled = phase.at === "report" || phase.at === "unreadable";
  useEffect(() => {
    const section = result.current;
    const active = document.activeElement;
    // Whoever is still typing a key is not interrupted; the live region tells them.
    if (!settled || !section || active instanceof HTMLInputElement || active instanceof HTMLTextAreaElement) return;
    section.scrollIntoView({ block: "start" });
    if (active === document.body || active === null) section.focus({ preventScroll: true });
  }, [settled && phase]);

  const cancel = () => {
    engine.current?.cancel();
    setPhase({ at: "cancelled" });
  };
  const body = useMemo(() => {
    if (phase.at === "report") return <Result report={phase.report} text={phase.text} name={phase.name} hasKey={key !== undefined} />;
    if (phase.at === "unreadable") return <Unreadable message={phase.message} ours={phase.ours} name={bundle?.name ?? ""} />;
    return null;
  }, [phase, key]);

  return (
    <>
      <a class="skiplink" href="#result">{product.skip}</a>
      <header class="top">
        <div class="brand">
          <Mark />
          <p class="name">{product.name}</p>
        </div>
        <p class="lead">{product.lead}</p>
      </header>
      <main>
        <h1 class="sr">{product.title}</h1>
        <Drop
          chosen={chosen}
          readings={read.readings}
          onChange={setChosen}
          compact={phase.at !== "start"}
          {...(phase.at === "cancelled" ? { onAgain: () => setAttempt(attempt + 1) } : {})}
        />
        <section id="result" ref={result} tabIndex={-1} aria-label={work.result} class="result">
          {phase.at === "start" && <Gate />}
          {phase.at === "start" && broken && <p class="notice bad" role="alert">{files.engine}</p>}
          {phase.at === "working" && <Working progress={phase.progress} onCancel={cancel} />}
          {phase.at === "cancelled" && <p class="notice" role="status">{work.cancelled}</p>}
          {body}
        </section>
        <p class="sr" role="status" aria-live="polite">{announce(phase)}</p>
      </main>
      <Footer identity={identity} />
    </>
  );
}

type Texts = Required<Given>;
const names = ["key", "auditor", "nonce"] as const;
const NO_TEXTS: Texts = { key: "", auditor: "", nonce: "" };
const NO_READINGS: Readings = { key: null, auditor: null, nonce: null };

/** Those that are not blank, as they are: a line's number counts from the first line. */
function givenOf(texts: Texts): Given {
  return Object.fromEntries(names.filter((name) => texts[name].trim() !== "").map((name) => [name, texts[name]]));
}

/** Those that the core understood. */
function understood(texts: Texts, readings: Readings): Given {
  return Object.fromEntries(names.filter((name) => readings[name]?.is === "understood").map((name) => [name, texts[name]]));
}

function open(text: string, name: string): Phase {
  try {
    return { at: "report", report: parseReport(text), text, name };
  } catch (error) {
    return { at: "unreadable", message: `${files.crashed} (${(error as Error).message})`, ours: true };
  }
}

function refused(outcome: { is: string; message: string }): Phase {
  return { at: "unreadable", message: outcome.message, ours: outcome.is === "broken" };
}

/** What a screen reader is told, politely: stages and the end, not every step of the bar. */
function announce(phase: Phase): string {
  if (phase.at === "working") return work.stage(phase.progress.stage);
  if (phase.at === "report") return work.finished(phase.report.verdict, phase.report.headline);
  if (phase.at === "unreadable") return work.finished("unreadable", phase.message);
  return "";
}
