// The one content security policy of the page: written into index.html at build time, and sent as a
// header by any server that can. `connect-src 'self'` is there for one purpose, loading the wasm.
const directives = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types ll",
];

/** For `<meta http-equiv>`, where frame-ancestors is not allowed. */
export const metaPolicy = directives.join("; ");

/** For the response header. */
export const headerPolicy = [...directives, "frame-ancestors 'none'"].join("; ");

/** Headers for every response of a static server. */
export const headers = {
  "content-security-policy": headerPolicy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
};
