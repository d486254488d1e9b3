// The four steps with their evidence, and what each leaves open.
import { clip } from "./format.ts";
import { Badge } from "./icons.tsx";
import { checksOf, type Check, type Report, type Rung } from "./report.ts";
import { ladder, status } from "./words.ts";

const MAX_CHECKS = 200;

export function Ladder({ report }: { report: Report }) {
  return (
    <section class="ladder" aria-labelledby="ladder-heading">
      <h2 id="ladder-heading">{ladder.heading}</h2>
      <p class="muted">{ladder.lead}</p>
      <ol>
        {report.ladder.map((rung) => <Step key={rung.rung} rung={rung} checks={checksOf(report, rung.rung)} />)}
      </ol>
      <aside class="limit" aria-labelledby="limit-heading">
        <h3 id="limit-heading">{ladder.limitHeading}</h3>
        <p>{ladder.limit}</p>
      </aside>
    </section>
  );
}

function Step({ rung, checks }: { rung: Rung; checks: Check[] }) {
  const failed = checks.filter((check) => check.status === "fail").length;
  const skipped = checks.filter((check) => check.status === "skip").length;
  return (
    <li id={`rung-${rung.rung}`} class={`step ${rung.status}`}>
      <Badge status={rung.status} />
      <div class="body">
        <h3>
          <span class="count">{rung.rung}</span> {clip(rung.title, 80)} <span class="status">{status[rung.status]}</span>
        </h3>
        <p>{clip(rung.says, 800)}</p>
        <div class="not">
          <h4>{ladder.doesNot}</h4>
          <p>{clip(rung.does_not_prove, 800)}</p>
        </div>
        {checks.length === 0 ? (
          <p class="muted">{ladder.none}</p>
        ) : (
          <details open={rung.status === "fail"}>
            <summary>{ladder.checks(checks.length, failed, skipped)}</summary>
            <ul class="checks">
              {checks.slice(0, MAX_CHECKS).map((check) => (
                <li key={check.id} class={check.status}>
                  <Badge status={check.status} size={16} />
                  <div>
                    <p><span class="sr">{status[check.status]}: </span><bdi>{clip(check.detail, 600)}</bdi></p>
                    <p class="code"><code>{clip(check.id, 80)}</code> <span>{status[check.status]}</span></p>
                  </div>
                </li>
              ))}
            </ul>
            {checks.length > MAX_CHECKS && <p class="muted">{ladder.more(checks.length - MAX_CHECKS)}</p>}
          </details>
        )}
      </div>
    </li>
  );
}
