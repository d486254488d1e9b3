// Unpacks `.llb.gz` while it is read, and stops as soon as it cannot be a bundle any more.
import { MAX_BUNDLE, sniffBytes } from "./sniff.ts";
import { files, sniff } from "./words.ts";

// Bundles are mostly hashes and salts, which do not shrink. Far more than this is a bomb.
const MAX_RATIO = 100;
const FREE = 16 * 1024 * 1024;

/** Input that is refused; the message is for the reader of the page. */
export class Refused extends Error {}

export async function inflate(packed: Blob, progress: (done: number, total: number) => void): Promise<Uint8Array> {
  let read = 0;
  const counted = packed.stream().pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        read += chunk.byteLength;
        progress(read, packed.size);
        controller.enqueue(chunk);
      },
    }),
  );
  const reader = counted.pipeThrough(new DecompressionStream("gzip")).getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const refuse = async (message: string): Promise<never> => {
    chunks.length = 0;
    await reader.cancel().catch(() => undefined);
    throw new Refused(message);
  };
  for (;;) {
    const { done, value } = await reader.read().catch(() => refuse(files.gzipBroken));
    if (done) break;
    if (size === 0 && value.length >= 2) {
      const kind = sniffBytes(value.subarray(0, 4096), value.length);
      const looksLike = kind.is === "other" ? kind.looksLike : kind.is === "bundle" && !kind.gzip ? null : "text";
      if (looksLike) await refuse(files.gzipOther(sniff[looksLike] ?? looksLike));
    }
    size += value.length;
    if (size > MAX_BUNDLE) await refuse(files.gzipTooLarge);
    if (size > FREE && size > packed.size * MAX_RATIO) await refuse(files.gzipBomb);
    chunks.push(value);
  }
  return join(chunks, size);
}

function join(chunks: Uint8Array[], size: number): Uint8Array {
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
