// Before the result: what will be checked, and how far it is.
import type { Progress } from "./engine.ts";
import { gate, work } from "./words.ts";

export function Gate() {
  return (
    <section class="gate" aria-labelledby="gate-heading">
      <h2 id="gate-heading">{gate.heading}</h2>
      <ol class="steps">
        {gate.steps.map(([title, question], index) => (
          <li key={title}>
            <span class="number" aria-hidden="true">{index + 1}</span>
            <h3>{title}</h3>
            <p>{question}</p>
          </li>
        ))}
      </ol>
      <p class="muted">{gate.limit}</p>
    </section>
  );
}

export function Working({ progress, onCancel }: { progress: Progress; onCancel: () => void }) {
  const { done, total, stage } = progress;
  const percent = total > 0 ? Math.min(100, Math.floor((100 * done) / total)) : 0;
  return (
    <section class="card working" aria-labelledby="work-heading">
      <div>
        <h2 id="work-heading">{work.heading}</h2>
        <p class="stage">{work.stage(stage)}</p>
      </div>
      <button type="button" class="button" onClick={onCancel}>{work.cancel}</button>
      <div
        class={total > 0 ? "bar" : "bar unknown"}
        role="progressbar"
        aria-label={work.label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={total > 0 ? percent : undefined}
        aria-valuetext={total > 0 ? `${work.stage(stage)}, ${work.of(percent)}` : work.stage(stage)}
      >
        <div class="fill" style={{ width: `${percent}%` }} />
      </div>
    </section>
  );
}
