// The report of docs/format.md section 12, as the core writes it and the page reads it.

/** A JSON integer. Those that could exceed 2^53 arrive as text, so that no digit is lost. */
export type Int = number | string;
/** Decimal text with six places, e.g. "12.345678". */
export type Decimal = string;
export type Status = "pass" | "fail" | "skip";
export type Verdict = "verified" | "disputed" | "incomplete";

export interface Money { currency: string; amount: Decimal }
export interface Suspended extends Money { reason: string }
export interface Rung { rung: number; title: string; status: Status; says: string; does_not_prove: string }
export interface Check { id: string; rung: number; status: Status; detail: string }
export interface Finding {
  code: string;
  severity: "error" | "warning" | "info";
  where: string;
  expected: string;
  found: string;
  amount_micros: Int | null;
  currency: string | null;
  detail: string;
}
export interface CurrencyTotals {
  currency: string;
  exponent: number;
  brought_forward: Decimal;
  earned: Decimal;
  replaced: Decimal;
  payable: Decimal;
  carried_forward: Decimal;
  pool: Decimal;
  paid: Decimal;
  suspense: Decimal;
}
export interface Day { date: string; plays: Int; money: Money[] }
export interface Track {
  isrc: string;
  title: string;
  artist: string;
  length_ms: Int;
  plays: Int;
  money: Money[];
  suspended: Money[];
}
export interface Line {
  isrc: string;
  territory: string;
  tier: string;
  share_version: Int;
  right: string;
  currency: string;
  plays: Int;
  ppm: Int;
  before_ppm: Int;
  cell_amount: Decimal;
  amount: Decimal;
}
export interface Totals {
  holder: { id: string; name: string; currency: string };
  origin: string;
  period: { from: string; to: string };
  revision: Int;
  currencies: CurrencyTotals[];
  plays: { counted: Int; late: Int; opened: Int; listened_ms: Int };
  suspended: Suspended[];
  days: Day[];
  tracks: Track[];
  lines: Line[];
}
export interface Subject {
  kind: string;
  name?: string | null;
  sha256?: string | null;
  run_note?: string | null;
  origin?: string | null;
  signer?: string | { name: string; id: string } | null;
  log_size?: Int | null;
}
export interface Report {
  format: string;
  subject: Subject;
  verdict: Verdict;
  headline: string;
  ladder: Rung[];
  checks: Check[];
  findings: Finding[];
  totals: Partial<Totals>;
}

// A member name followed by a bare integer of 16 digits or more. Inside a JSON string every quote is
// escaped, so `"name":` with a plain quote on both sides can only be a member.
const LONG_INTEGER = /("[a-z_]+":)(-?\d{16,})(?=[,}])/g;

/** Parses a report's text without rounding any integer. Throws where the text is no report. */
export function parseReport(text: string): Report {
  const value: unknown = JSON.parse(text.replace(LONG_INTEGER, '$1"$2"'));
  const report = value as Report;
  if (typeof report !== "object" || report === null || !report.format?.startsWith("ledgerline-report/")) {
    throw new Error("the core returned something that is not a ledgerline report");
  }
  if (report.format !== "ledgerline-report/1") {
    throw new Error(`report format ${report.format} is newer than this page`);
  }
  return report;
}

export function checksOf(report: Report, rung: number): Check[] {
  return report.checks.filter((check) => check.rung === rung);
}

/** The signer as one line of text, or null. */
export function signerOf(subject: Subject): string | null {
  const { signer } = subject;
  if (!signer) return null;
  return typeof signer === "string" ? signer : `${signer.name}+${signer.id}`;
}
