// What the build tool resolves.
declare module "*.css";
declare module "*?worker&url" {
  const url: string;
  export default url;
}
declare module "*.wasm?url" {
  const url: string;
  export default url;
}

// The generated package, for type checks before it exists; its own `.d.ts` wins once it does.
declare module "*/pkg/ledgerline_wasm.js" {
  export default function init(input: { module_or_path: BufferSource }): Promise<unknown>;
  export function version(): string;
  export function verify(
    bundle: Uint8Array,
    name: string,
    key: string | undefined,
    auditor: string | undefined,
    progress: (done: number, total: number, stage: string) => void,
    nonce: string | undefined,
  ): string;
  export function describe_trust(key?: string, auditor?: string, nonce?: string): string;
}

// Trusted Types, where the browser has them.
interface Window {
  trustedTypes?: {
    createPolicy(
      name: string,
      rules: { createScriptURL: (url: string) => string },
    ): { createScriptURL(url: string): string };
  };
}
