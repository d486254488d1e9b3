// The four steps with their evidence, and what each leaves open.
import { clip } from "./format.ts";
import { Badge } from "./icons.tsx";
import { checksOf, type Check, type Report, type Rung } from "./report.ts";
import { asked, ladder, status } from "./words.ts";

const MAX_CHECKS = 200;

/** Checks of what the reader asked for beside a key: shown without being opened. */
const ASKED = ["checkpoint.quorum", "events.nonce"];

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
  const wanted = checks.filter((check) => ASKED.includes(check.id));
  const others = checks.filter((check) => !ASKED.includes(check.id));
  const failed = others.filter((check) => check.status === "fail").length;
  const skipped = others.filter((check) => check.status === "skip").length;
  return (
    <li id={`rung-${rung.rung}`} class={`step ${rung.status}`}>
      <Badge status={rung.status} />
      <div class="body">
        <h3>
          <span class="count">{rung.rung}</span> {clip(rung.title, 80)} <span class="status">{status[rung.status]}</span>
        </h3>
        <p>{clip(rung.says, 800)}</p>
        {wanted.length > 0 && <ul class="checks asked">{wanted.map((check) => <Asked key={check.id} check={check} />)}</ul>}
        <div class="not">
          <h4>{ladder.doesNot}</h4>
          <p>{clip(rung.does_not_prove, 800)}</p>
        </div>
        {others.length === 0 ? wanted.length === 0 && (
          <p class="muted">{ladder.none}</p>
        ) : (
          <details open={rung.status === "fail"}>
            <summary>{ladder.checks(others.length, failed, skipped, wanted.length > 0)}</summary>
            <ul class="checks">
              {others.slice(0, MAX_CHECKS).map((check) => (
                <li key={check.id} class={check.status}>
                  <Badge status={check.status} size={16} />
                  <div>
                    <p><span class="sr">{status[check.status]}: </span><bdi>{clip(check.detail, 600)}</bdi></p>
                    <Code check={check} />
                  </div>
                </li>
              ))}
            </ul>
            {others.length > MAX_CHECKS && <p class="muted">{ladder.more(others.length - MAX_CHECKS)}</p>}
          </details>
        )}
      </div>
    </li>
  );
}

/** What became of witnesses and nonce, and the way on where something is missing. */
function Asked({ check }: { check: Check }) {
  const words = asked[check.id];
  return (
    <li id={`check-${check.id.replace(".", "-")}`} class={check.status}>
      <Badge status={check.status} size={16} />
      <div>
        <h4>{words?.title} <span class="status">{status[check.status]}</span></h4>
        <p><bdi>{clip(check.detail, 600)}</bdi></p>
        {check.status === "skip" && words?.missing && <p class="muted">{words.missing}</p>}
        <Code check={check} />
      </div>
    </li>
  );
}

function Code({ check }: { check: Check }) {
  return <p class="code"><code>{clip(check.id, 80)}</code> <span>{status[check.status]}</span></p>;
}
