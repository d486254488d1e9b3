// Small signs beside words; never the only carrier of a meaning, so hidden from screen readers.
import type { Status, Verdict } from "./report.ts";

const shapes = {
  pass: "M5 12.5l4.5 4.5L19 7.5",
  fail: "M6.5 6.5l11 11M17.5 6.5l-11 11",
  skip: "M6 12h12",
  unknown: "M9 9.2a3 3 0 1 1 4.4 2.7c-.9.5-1.4 1-1.4 2.1M12 17.4v.1",
  damaged: "M12 6.5v7M12 17.2v.1",
  file: "M7 3.5h7l4 4v13H7zM14 3.5v4h4",
  key: "M14.5 9.5a4 4 0 1 0-3.2 3.9l1.2 1.2h2v2h2v2h3v-3l-4.9-4.9z",
  lock: "M7 11V8.5a5 5 0 0 1 10 0V11M5.5 11h13v8.5h-13z",
};

export function Icon({ shape, size = 20 }: { shape: keyof typeof shapes; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={shapes[shape]} />
    </svg>
  );
}

/** The filled round sign of a status. */
export function Badge({ status, size = 24 }: { status: Status; size?: number }) {
  return (
    <span class={`badge ${status}`}>
      <Icon shape={status} size={size} />
    </span>
  );
}

const verdictShapes = { verified: "pass", disputed: "fail", incomplete: "unknown", unreadable: "damaged" } as const;

export function VerdictBadge({ verdict }: { verdict: Verdict | "unreadable" }) {
  return (
    <span class={`seal ${verdict}`}>
      <Icon shape={verdictShapes[verdict]} size={36} />
    </span>
  );
}

export function Mark() {
  return (
    <svg class="mark" width="40" height="40" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path class="axis" d="M8 8v16h16" />
      <path class="tick" d="M13 18l3.4 3.4L24 12" />
    </svg>
  );
}
