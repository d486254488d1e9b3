// A whole report, in the order in which it answers questions.
import { useEffect, useMemo, useState } from "preact/hooks";
import { options } from "preact";
import { Chart } from "./chart.tsx";
import { clip } from "./format.ts";
import { Contradictions, Remarks } from "./findings.tsx";
import { Ladder } from "./ladder.tsx";
import { Lines } from "./lines.tsx";
import type { Report } from "./report.ts";
import { signerOf } from "./report.ts";
import { Suspense } from "./suspense.tsx";
import { Plays, Totals } from "./totals.tsx";
import { Tracks } from "./tracks.tsx";
import { KeyHelp, VerdictCard } from "./verdict.tsx";
import { actions, footer } from "./words.ts";

export function Result({ report, text, name, hasKey }: { report: Report; text: string; name: string; hasKey: boolean }) {
  const { totals, subject } = report;
  const printing = usePrinting();
  const unknown = report.verdict === "incomplete" && (!hasKey || !signerOf(subject));
  return (
    <>
      <VerdictCard report={report} />
      {unknown && <KeyHelp origin={subject.origin ?? null} />}
      <Contradictions findings={report.findings} />
      <Ladder report={report} />
      {totals.holder && <Totals totals={totals} verdict={report.verdict} />}
      {totals.plays && <Plays plays={totals.plays} />}
      {totals.suspended && <Suspense suspended={totals.suspended} />}
      <Remarks findings={report.findings} suspended={totals.suspended ?? []} />
      {totals.days && <Chart days={totals.days} home={totals.holder?.currency ?? ""} />}
      {totals.tracks && <Tracks tracks={totals.tracks} home={totals.holder?.currency ?? ""} printing={printing} />}
      {totals.lines && <Lines lines={totals.lines} tracks={totals.tracks ?? []} printing={printing} />}
      <Keep text={text} name={name} sha256={subject.sha256 ?? null} runNote={subject.run_note ?? null} />
    </>
  );
}

interface KeepProps { text: string; name: string; sha256: string | null; runNote: string | null }

/** The report as a file, exactly the text that the core returned. */
function Keep({ text, name, sha256, runNote }: KeepProps) {
  const url = useMemo(() => URL.createObjectURL(new Blob([text], { type: "application/json" })), [text]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  const file = `${name.replace(/\.gz$/i, "").replace(/\.llb$/i, "").replace(/[^\w.-]+/g, "_") || "report"}.report.json`;
  return (
    <section class="card keep" aria-labelledby="keep-heading">
      <div>
        <h2 id="keep-heading">{actions.heading}</h2>
        <p class="muted">{actions.lead}</p>
        {(sha256 || runNote) && (
          <dl class="hashes">
            {sha256 && <Hash name={footer.bundleHash} value={sha256} />}
            {runNote && <Hash name={footer.runNoteHash} value={runNote} note={footer.runNoteNote} />}
          </dl>
        )}
      </div>
      <div class="buttons">
        <a id="download" class="button primary" href={url} download={file}>{actions.download}</a>
        <button type="button" class="button" onClick={() => window.print()}>{actions.print}</button>
      </div>
    </section>
  );
}

function Hash({ name, value, note }: { name: string; value: string; note?: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd><code class="hash">{clip(value, 80)}</code>{note && <p class="muted">{note}</p>}</dd>
    </div>
  );
}

/** True while the page is being printed. It must be rendered before the event returns, hence at once. */
function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const now = (value: boolean) => () => {
      const usual = options.debounceRendering;
      options.debounceRendering = (render) => render();
      setPrinting(value);
      if (usual) options.debounceRendering = usual;
      else delete options.debounceRendering;
    };
    const before = now(true);
    const after = now(false);
    window.addEventListener("beforeprint", before);
    window.addEventListener("afterprint", after);
    return () => {
      window.removeEventListener("beforeprint", before);
      window.removeEventListener("afterprint", after);
    };
  }, []);
  return printing;
}
