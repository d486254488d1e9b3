// Which program did the checking, and what the page asked of the network.
import { useEffect, useState } from "preact/hooks";
import type { Identity } from "./engine.ts";
import { footer } from "./words.ts";

export function Footer({ identity }: { identity: Identity | null }) {
  const requests = useRequestsAfter(identity !== null);
  return (
    <footer>
      <dl>
        <div>
          <dt>{footer.core}</dt>
          <dd>{identity ? footer.version(identity.version) : footer.loading}</dd>
        </div>
        <div>
          <dt>{footer.requests}</dt>
          <dd><strong id="requests">{requests}</strong> <span>{footer.requestsNote}</span></dd>
        </div>
        <div class="wide">
          <dt>{footer.hash}</dt>
          <dd>
            <code class="hash" id="wasm-hash">{identity ? identity.sha256 ?? footer.noHash : footer.loading}</code>
            <p>{footer.hashNote}</p>
          </dd>
        </div>
      </dl>
      <p>{footer.format}</p>
    </footer>
  );
}

/** Counts what this page requests once the core is loaded: 0, or after a cancelled check the worker's restart. */
function useRequestsAfter(ready: boolean): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    if (!ready || typeof PerformanceObserver === "undefined") return;
    const since = performance.now();
    const observer = new PerformanceObserver((list) => {
      const after = list.getEntries().filter((entry) => entry.startTime > since && !entry.name.startsWith("blob:"));
      setCount((before) => before + after.length);
    });
    observer.observe({ type: "resource" });
    return () => observer.disconnect();
  }, [ready]);
  return count;
}
