// What a file is, told by its first bytes; names of files are not trusted.
import { clip } from "./format.ts";

export type Kind =
  | { is: "bundle"; gzip: boolean }
  | { is: "key"; text: string }
  | { is: "policy"; text: string }
  | { is: "secret" }
  | { is: "other"; looksLike: string };

/** Largest bundle: the format has no ZIP64. */
export const MAX_BUNDLE = 2 ** 32 - 1;
const HEAD = 65_536;
/** Largest policy: what the core reads at most. */
const MAX_POLICY = 2 ** 20;

const KEY = /^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2}$/;

const isKey = (line: string): boolean => line.length <= 2048 && KEY.test(line);

/** Keys, a line each. */
function areKeys(text: string): boolean {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  return lines.length > 0 && lines.every(isKey);
}

/** Has a line that only a policy has; whether it is one, the core decides. */
const isPolicy = (text: string): boolean => /^[ \t]*(log|witness|group|quorum)[ \t]/m.test(text);

export const isSecret = (text: string): boolean => /PRIVATE[+ ]KEY/.test(text);

export async function sniffFile(file: Blob): Promise<Kind> {
  const kind = sniffBytes(new Uint8Array(await file.slice(0, HEAD).arrayBuffer()), file.size);
  if (kind.is !== "policy" || file.size <= HEAD) return kind;
  if (file.size > MAX_POLICY) return other("text");
  const text = await file.text();
  return isSecret(text) ? { is: "secret" } : { is: "policy", text };
}

export function sniffBytes(head: Uint8Array, size: number): Kind {
  if (size === 0) return other("empty");
  const starts = (...bytes: number[]) => bytes.every((byte, at) => head[at] === byte);
  const ascii = (from: number, to: number) => String.fromCharCode(...head.subarray(from, to));

  if (starts(0x1f, 0x8b)) return { is: "bundle", gzip: true };
  if (starts(0x50, 0x4b)) {
    const entry = ascii(30, 30 + Math.min(64, head[26] ?? 0));
    return /^(\[Content_Types\]|mimetype|_rels|META-INF)/.test(entry)
      ? other("office")
      : { is: "bundle", gzip: false };
  }
  if (ascii(0, 4) === "%PDF") return other("pdf");
  if (ascii(0, 4) === "PAR1") return other("parquet");
  if (ascii(0, 15) === "SQLite format 3") return other("sqlite");
  if (starts(0x89, 0x50, 0x4e, 0x47) || starts(0xff, 0xd8, 0xff) || ascii(0, 4) === "GIF8" || ascii(8, 12) === "WEBP") {
    return other("image");
  }
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return other("zstd");
  if (starts(0x37, 0x7a, 0xbc, 0xaf) || ascii(0, 3) === "BZh" || starts(0xfd, 0x37, 0x7a) || ascii(0, 4) === "Rar!") {
    return other("archive");
  }
  return sniffText(head, size);
}

function sniffText(head: Uint8Array, size: number): Kind {
  let text: string;
  try {
    // The cut at HEAD may fall inside a character, which is no fault of the file's.
    text = new TextDecoder("utf-8", { fatal: true }).decode(head, { stream: size > head.length });
  } catch {
    return other("binary");
  }
  if (/[\u0000-\u0008\u000e-\u001f]/.test(text)) return other("binary");
  const trimmed = text.trim();
  if (trimmed === "") return other("empty");
  if (isSecret(trimmed)) return { is: "secret" };
  if (size <= HEAD && areKeys(trimmed)) return { is: "key", text: trimmed };
  if (isPolicy(text)) return { is: "policy", text };

  const first = trimmed.split(/\r?\n/, 1)[0] ?? "";
  if (/^[{[]/.test(trimmed)) return other("json");
  if (/^<!doctype html|^<html/i.test(trimmed)) return other("html");
  if (trimmed.startsWith("<")) return other("xml");
  if (/\n\u2014 \S+ [A-Za-z0-9+/=]+/.test(text) || first.startsWith("ledgerline/run/")) return other("note");
  if (first.includes("\t")) return other("tsv");
  if (/[,;]/.test(first) && first.split(/[,;]/).length >= 3) return other("csv");
  return other("text");
}

/** A name of a file as it can be shown. */
export const shownName = (file: { name?: string }): string => clip(file.name ?? "", 80);

function other(looksLike: string): Kind {
  return { is: "other", looksLike };
}
