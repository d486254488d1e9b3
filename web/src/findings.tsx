// What does not agree: place, expected, found, and the money it is about.
import { useState } from "preact/hooks";
import { clip, decimal, microsToDecimal } from "./format.ts";
import type { Finding, Suspended } from "./report.ts";
import { findings as words, findingTitles } from "./words.ts";

const PAGE = 25;

/** What contradicts. */
export function Contradictions({ findings }: { findings: Finding[] }) {
  const errors = findings.filter((finding) => finding.severity === "error");
  return errors.length > 0 ? <List id="findings" heading={words.heading} findings={errors} next /> : null;
}

/** What contradicts nothing, but somebody may want to act on. Money held back has a section of its own. */
export function Remarks({ findings, suspended }: { findings: Finding[]; suspended: Suspended[] }) {
  const shown = new Set(suspended.map((item) => `${item.reason} ${item.currency} ${item.amount}`));
  const others = findings.filter(({ severity, code, currency, amount_micros: micros }) =>
    severity !== "error" && !(micros !== null && shown.has(`${code} ${currency} ${microsToDecimal(micros)}`)));
  return others.length > 0 ? <List id="remarks" heading={words.headingOther} findings={others} /> : null;
}

function List({ id, heading, findings, next = false }: { id: string; heading: string; findings: Finding[]; next?: boolean }) {
  const [shown, setShown] = useState(PAGE);
  return (
    <section class="findings" aria-labelledby={`${id}-heading`}>
      <h2 id={`${id}-heading`}>{heading}</h2>
      <ol>
        {findings.slice(0, shown).map((finding, index) => <Item key={index} finding={finding} />)}
      </ol>
      {findings.length > shown && (
        <p>
          <button type="button" class="button" onClick={() => setShown(shown + PAGE)}>{words.more}</button>{" "}
          <span class="muted">{words.shown(shown, findings.length)}</span>
        </p>
      )}
      {next && <p class="next">{words.next}</p>}
    </section>
  );
}

function Item({ finding }: { finding: Finding }) {
  const title = findingTitles[finding.code];
  const { amount_micros: micros, currency } = finding;
  return (
    <li class={`card finding ${finding.severity}`}>
      <p class="severity">{words.severity[finding.severity] ?? finding.severity}</p>
      <h3><bdi>{title ?? clip(finding.detail, 300)}</bdi></h3>
      {title && finding.detail && <p><bdi>{clip(finding.detail, 600)}</bdi></p>}
      <dl>
        {finding.where && <Pair name={words.where} value={finding.where} />}
        {finding.expected && <Pair name={words.expected} value={finding.expected} mono />}
        {finding.found && <Pair name={words.found} value={finding.found} mono />}
        {micros !== null && micros !== undefined && (
          <div class="amount">
            <dt>{words.amount}</dt>
            <dd>{decimal(microsToDecimal(micros))} {currency ?? ""}</dd>
          </div>
        )}
      </dl>
      <p class="code">{words.code} <code>{clip(finding.code, 80)}</code></p>
    </li>
  );
}

function Pair({ name, value, mono = false }: { name: string; value: string; mono?: boolean }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class={mono ? "mono" : undefined}><bdi>{clip(value, 400)}</bdi></dd>
    </div>
  );
}
