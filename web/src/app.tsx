// The page's state: which files are chosen, what the worker is doing, and what came out.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Drop, type Chosen } from "./drop.tsx";
import { Engine, type Faults, type Identity, type Progress } from "./engine.ts";
import { Footer } from "./footer.tsx";
import { Mark } from "./icons.tsx";
import { parseReport, type Report } from "./report.ts";
import { Result } from "./result.tsx";
import { isKey } from "./sniff.ts";
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
  const [chosen, setChosen] = useState<Chosen>({ bundle: null, key: "", auditor: "" });
  const [phase, setPhase] = useState<Phase>({ at: "start" });
  const [faults, setFaults] = useState<Faults>({});
  const [broken, setBroken] = useState(false);
  const engine = useRef<Engine | null>(null);
  const result = useRef<HTMLElement>(null);

  useEffect(() => {
    engine.current = new Engine((found) => {
      setIdentity(found);
      setBroken(found === null);
    });
  }, []);

  const key = usable(chosen.key);
  const auditor = usable(chosen.auditor);
  const { bundle } = chosen;
  const [attempt, setAttempt] = useState(0);
  const shownBundle = useRef<Blob | null>(null);

  useEffect(() => {
    if (!bundle) return;
    // A new bundle starts at once; a key that is being typed is given a moment.
    const wait = shownBundle.current === bundle.file ? TYPING_MS : 0;
    shownBundle.current = bundle.file;
    const timer = setTimeout(() => {
      setPhase({ at: "working", progress: { done: 0, total: 1, stage: bundle.gzip ? "inflating" : "reading" } });
      const request = {
        bundle: bundle.file,
        name: bundle.file.name,
        gzip: bundle.gzip,
        ...(key ? { key } : {}),
        ...(auditor ? { auditor } : {}),
      };
      engine.current
        ?.verify(request, (progress) => setPhase({ at: "working", progress }), setFaults)
        .then((outcome) => {
          setPhase(outcome.is === "report" ? open(outcome.text, bundle.name) : refused(outcome));
        });
    }, wait);
    return () => clearTimeout(timer);
  }, [bundle, key, auditor, attempt]);

  const settled = phase.at === "report" || phase.at === "unreadable";
  useEffect(() => {
    const section = result.current;
    const active = document.activeElement;
    // Whoever is still typing a key is not interrupted; the live region tells them.
    if (!settled || !section || active instanceof HTMLInputElement) return;
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
          faults={faults}
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

function usable(text: string): string | undefined {
  const trimmed = text.trim();
  return isKey(trimmed) ? trimmed : undefined;
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
