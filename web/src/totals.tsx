// Whose statement it is, and its money, one currency at a time.
import type { ComponentChildren } from "preact";
import { Amount } from "./amount.tsx";
import { clip, date, duration, integer, minor, negated } from "./format.ts";
import type { CurrencyTotals, Totals as AllTotals, Verdict } from "./report.ts";
import { totals as words } from "./words.ts";

const MAX_CURRENCIES = 40;

export function Totals({ totals, verdict }: { totals: Partial<AllTotals>; verdict: Verdict }) {
  const { holder, period, revision, origin, currencies = [] } = totals;
  if (!holder) return null;
  const ordered = [...currencies].sort((a, b) => Number(b.currency === holder.currency) - Number(a.currency === holder.currency));
  // Two stand side by side; of more, the holder's own stands alone and the others in a table.
  const cards = ordered.slice(0, ordered.length > 2 ? 1 : 2);
  const others = ordered.slice(cards.length, MAX_CURRENCIES);
  return (
    <section class={others.length > 0 ? "totals many" : "totals"} aria-labelledby="totals-heading">
      <h2 id="totals-heading">{words.heading}</h2>
      <p class="who">
        <strong><bdi>{clip(holder.name, 120)}</bdi></strong>
        {period && <span>{words.period(date(period.from), date(period.to))}</span>}
        {revision !== undefined && String(revision) !== "0" && <span>{words.revision(integer(revision))}</span>}
      </p>
      {verdict === "disputed" && <p class="notice bad">{words.unreliable}</p>}
      {verdict === "incomplete" && <p class="notice warn">{words.unsigned}</p>}
      {currencies.length === 0 && <p>{words.none}</p>}
      <div class="currencies">
        {cards.map((currency) => <Currency key={currency.currency} of={currency} />)}
        {others.length > 0 && <Others of={others} />}
      </div>
      <p class="muted ids">
        {words.party} <code>{clip(holder.id, 40)}</code>
        {origin && <> · {words.origin} <bdi class="mono">{clip(origin, 200)}</bdi></>}
      </p>
    </section>
  );
}

function Currency({ of }: { of: CurrencyTotals }) {
  const { currency, exponent } = of;
  const row = (name: string, help: string, value: string) => (
    <div>
      <dt>{name} <small>{help}</small></dt>
      <dd><Amount value={value} exponent={exponent} /></dd>
    </div>
  );
  return (
    <div class="card currency">
      <h3>{words.payable}</h3>
      <p class="payable"><span class="figure">{minor(of.payable, exponent)}</span> <span class="unit">{currency}</span></p>
      <p class="muted small">{words.payableHelp}</p>
      <dl class="ledger">
        {row(words.broughtForward, words.broughtForwardHelp, of.brought_forward)}
        {row(words.earned, words.earnedHelp, of.earned)}
        {Number(of.replaced) !== 0 && row(words.replaced, words.replacedHelp, negated(of.replaced))}
        {row(words.carriedForward, words.carriedForwardHelp, of.carried_forward)}
      </dl>
      <details>
        <summary>{words.runSummary}</summary>
        <dl class="ledger">
          {row(words.pool, "", of.pool)}
          {row(words.paid, "", of.paid)}
          {row(words.suspense, "", of.suspense)}
        </dl>
      </details>
    </div>
  );
}

function Others({ of }: { of: CurrencyTotals[] }) {
  type Column = [string, (row: CurrencyTotals) => ComponentChildren];
  const six = (of: (row: CurrencyTotals) => string) => (row: CurrencyTotals) => <Amount value={of(row)} exponent={row.exponent} />;
  const table = (label: string, columns: Column[]) => (
    <div class="scroll" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr><th scope="col">{words.currency}</th>{columns.map(([name]) => <th key={name} scope="col">{name}</th>)}</tr>
        </thead>
        <tbody>
          {of.map((row) => (
            <tr key={row.currency}><th scope="row">{row.currency}</th>{columns.map(([name, cell]) => <td key={name}>{cell(row)}</td>)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
  return (
    <div class="card accounts">
      <h3>{words.others}</h3>
      {table(words.others, [
        [words.payable, (row) => <strong>{minor(row.payable, row.exponent)}</strong>],
        [words.broughtForward, six((row) => row.brought_forward)],
        [words.earnedShort, six((row) => row.earned)],
        ...(of.some((row) => Number(row.replaced) !== 0) ? [[words.replacedShort, six((row) => negated(row.replaced))] as Column] : []),
        [words.carriedForward, six((row) => row.carried_forward)],
      ])}
      <details>
        <summary>{words.runSummary}</summary>
        {table(words.runSummary, [
          [words.pool, six((row) => row.pool)],
          [words.suspense, six((row) => row.suspense)],
          [words.paid, six((row) => row.paid)],
        ])}
      </details>
    </div>
  );
}

export function Plays({ plays }: { plays: AllTotals["plays"] }) {
  const tile = (name: string, help: string, value: string) => (
    <div>
      <dt>{name}</dt>
      <dd><span class="figure">{value}</span> <small>{help}</small></dd>
    </div>
  );
  return (
    <section class="plays" aria-labelledby="plays-heading">
      <h2 id="plays-heading">{words.plays}</h2>
      <dl class="tiles">
        {tile(words.counted, words.countedHelp, integer(plays.counted))}
        {tile(words.late, words.lateHelp, integer(plays.late))}
        {tile(words.opened, words.openedHelp, integer(plays.opened))}
        {tile(words.listened, words.listenedHelp, duration(plays.listened_ms))}
      </dl>
    </section>
  );
}
