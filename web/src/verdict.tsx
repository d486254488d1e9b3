// The answer, first: one sentence, a word and a sign, and where the four steps stand.
import { Badge, VerdictBadge } from "./icons.tsx";
import { clip } from "./format.ts";
import type { Report } from "./report.ts";
import { signerOf } from "./report.ts";
import { openSteps, signer, status, unknownSigner, unreadable, verdicts } from "./words.ts";

export function VerdictCard({ report }: { report: Report }) {
  const words = verdicts[report.verdict];
  const signedBy = signerOf(report.subject);
  return (
    <section class={`verdict ${report.verdict}`} aria-labelledby="verdict-heading">
      <VerdictBadge verdict={report.verdict} />
      <div class="answer">
        <p class="state">{words.label}</p>
        <h2 id="verdict-heading"><bdi>{clip(report.headline, 400)}</bdi></h2>
        <p>{words.means}{report.verdict === "verified" && report.ladder.some((rung) => rung.status === "skip") && ` ${openSteps}`}</p>
        <p class="signer">{signedBy ? <>{signer.by} <bdi class="mono">{clip(signedBy, 200)}</bdi></> : signer.unknown}</p>
      </div>
      <ol class="rungs">
        {report.ladder.map((rung) => (
          <li key={rung.rung} class={rung.status}>
            <a href={`#rung-${rung.rung}`}>
              <Badge status={rung.status} size={18} />
              <span><span class="title">{clip(rung.title, 80)}</span> <span class="status">{status[rung.status]}</span></span>
            </a>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Shown where the signer is not known: what that means, and the calm way out of it. */
export function KeyHelp({ origin }: { origin: string | null }) {
  return (
    <section class="card keyhelp" aria-labelledby="keyhelp-heading">
      <h2 id="keyhelp-heading">{unknownSigner.heading}</h2>
      <p>{unknownSigner.body}</p>
      <h3>{unknownSigner.how}</h3>
      <ol>{unknownSigner.steps.map((step) => <li key={step}>{step}</li>)}</ol>
      {origin && <p class="muted">{unknownSigner.claims} <bdi class="mono">{clip(origin, 200)}</bdi></p>}
      <p><a href="#key">{unknownSigner.toField}</a></p>
    </section>
  );
}

/** The fourth state: no verdict on a statement, only on a file. */
export function Unreadable({ message, name, ours }: { message: string; name: string; ours: boolean }) {
  return (
    <section class="verdict unreadable" aria-labelledby="verdict-heading">
      <VerdictBadge verdict="unreadable" />
      <div class="answer">
        <p class="state">{ours ? unreadable.oursLabel : verdicts.unreadable.label}</p>
        <h2 id="verdict-heading">{ours ? unreadable.oursHeadline : unreadable.headline(name)}</h2>
        {!ours && <p>{verdicts.unreadable.means}</p>}
        <dl class="reason">
          <dt>{unreadable.reason}</dt>
          <dd><bdi>{clip(message, 600)}</bdi></dd>
        </dl>
        {!ours && <p>{unreadable.next}</p>}
      </div>
    </section>
  );
}
