// Money of the holder's recordings that nobody was paid, and why.
import { clip, decimal } from "./format.ts";
import type { Suspended } from "./report.ts";
import { suspended as words } from "./words.ts";

const MAX_REASONS = 20;

export function Suspense({ suspended }: { suspended: Suspended[] }) {
  const reasons = [...new Set(suspended.map((item) => item.reason))].slice(0, MAX_REASONS);
  return (
    <section class="suspense" aria-labelledby="suspense-heading">
      <h2 id="suspense-heading">{words.heading}</h2>
      <p class="muted">{reasons.length === 0 ? words.nothing : words.lead}</p>
      <ul class="reasons">
        {reasons.map((reason) => {
          const [name, todo] = words.reasons[reason] ?? [clip(reason, 80), ""];
          return (
            <li key={reason}>
              <div>
                <p><strong>{name}</strong></p>
                <p class="muted">{todo} <code class="small">{clip(reason, 80)}</code></p>
              </div>
              <ul class="amounts">
                {suspended.filter((item) => item.reason === reason).map(({ amount, currency }) => (
                  <li key={currency}>{decimal(amount)} <span class="unit">{currency}</span></li>
                ))}
              </ul>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
