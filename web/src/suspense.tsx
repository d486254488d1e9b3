// Money of the holder's recordings that nobody was paid, and why.
import { moneyText } from "./amount.tsx";
import { clip } from "./format.ts";
import type { Suspended } from "./report.ts";
import { suspended as words } from "./words.ts";

const MAX_ROWS = 100;

export function Suspense({ suspended }: { suspended: Suspended[] }) {
  return (
    <section class="suspense" aria-labelledby="suspense-heading">
      <h2 id="suspense-heading">{words.heading}</h2>
      {suspended.length === 0 ? (
        <p>{words.nothing}</p>
      ) : (
        <>
          <p class="muted">{words.lead}</p>
          <ul class="reasons">
            {suspended.slice(0, MAX_ROWS).map((item) => {
              const [reason, todo] = words.reasons[item.reason] ?? [clip(item.reason, 80), ""];
              return (
                <li key={`${item.currency} ${item.reason}`}>
                  <div>
                    <p><strong>{reason}</strong></p>
                    <p class="muted">{todo} <code class="small">{clip(item.reason, 80)}</code></p>
                  </div>
                  <p class="amount">{moneyText([item])}</p>
                </li>
              );
            })}
          </ul>
        </>
      )}
    </section>
  );
}
