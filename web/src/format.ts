// Text of numbers, dates and names. Decimal text is never turned into a float: Intl takes it as it is.
import type { Decimal, Int } from "./report.ts";
import { locale } from "./words.ts";

const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const decimals = new Map<number, Intl.NumberFormat>();
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const shortDay = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", timeZone: "UTC" });
const regions = new Intl.DisplayNames(locale, { type: "region", fallback: "code" });

const INTEGER = /^-?\d+$/;
const DECIMAL = /^-?\d+(\.\d+)?$/;

/** An integer with grouping; text that is none is shown as it is. */
export function integer(value: Int): string {
  const text = String(value);
  return INTEGER.test(text) ? whole.format(BigInt(text)) : text;
}

/** The same amount with the other sign. */
export function negated(text: Decimal): Decimal {
  return text.startsWith("-") ? text.slice(1) : `-${text}`;
}

/** Decimal text with grouping and at least `places` places; never fewer than its own. */
export function decimal(text: Decimal, places = 6): string {
  if (!DECIMAL.test(text)) return text;
  let format = decimals.get(places);
  if (!format) {
    format = new Intl.NumberFormat(locale, { minimumFractionDigits: places, maximumFractionDigits: 20 });
    decimals.set(places, format);
  }
  return format.format(text as Intl.StringNumericLiteral);
}

/** Splits an amount into the digits down to the minor unit and the micros behind it. */
export function amountParts(text: Decimal, exponent: number): [string, string] {
  const shown = decimal(text);
  const places = text.includes(".") ? Math.max(6, text.length - text.indexOf(".") - 1) : 6;
  const end = shown.length - places + (exponent > 0 ? exponent : -1);
  return DECIMAL.test(text) ? [shown.slice(0, end), shown.slice(end)] : [shown, ""];
}

/** An amount that is a multiple of the minor unit, with just those places; all of them if it is not. */
export function minor(text: Decimal, exponent: number): string {
  const [, digits = ""] = text.split(".");
  if (!DECIMAL.test(text) || /[1-9]/.test(digits.slice(exponent))) return decimal(text);
  const kept = exponent > 0 ? text.slice(0, text.length - digits.length + exponent) : text.split(".")[0] ?? text;
  return decimal(kept, exponent);
}

/** Micros (an integer) as decimal text with six places: the point moves, no digit changes. */
export function microsToDecimal(value: Int): Decimal {
  const text = String(value);
  if (!INTEGER.test(text)) return text;
  const sign = text.startsWith("-") ? "-" : "";
  const digits = text.replace("-", "").padStart(7, "0");
  return `${sign}${digits.slice(0, -6)}.${digits.slice(-6)}`;
}

/** Parts per million as a percentage: the point moves by four, trailing zeros go. */
export function percent(ppm: Int): string {
  const text = String(ppm);
  if (!/^\d+$/.test(text)) return text;
  const digits = text.padStart(5, "0");
  const places = digits.slice(-4).replace(/0+$/, "");
  return `${decimal(places ? `${digits.slice(0, -4)}.${places}` : digits.slice(0, -4), places.length)} %`;
}

/** A key that orders decimal or integer text exactly: the digits as one big integer. */
export function sortKey(text: Int): bigint {
  const value = String(text);
  if (!DECIMAL.test(value)) return 0n;
  const [head = "0", tail = ""] = value.split(".");
  return BigInt(head + tail.padEnd(6, "0"));
}

export function date(iso: string): string {
  const time = Date.parse(iso.length === 10 ? `${iso}T00:00:00Z` : iso);
  return Number.isNaN(time) ? iso : day.format(time);
}

export function dateShort(iso: string): string {
  const time = Date.parse(`${iso}T00:00:00Z`);
  return Number.isNaN(time) ? iso : shortDay.format(time);
}

export function country(code: string): string {
  try {
    return regions.of(code) ?? code;
  } catch {
    return code;
  }
}

/** Hours and minutes of listening. Whole units only: this is a label, not a figure of the statement. */
export function duration(ms: Int): string {
  const text = String(ms);
  if (!/^\d+$/.test(text)) return text;
  const minutes = BigInt(text) / 60000n;
  return `${whole.format(minutes / 60n)} h ${minutes % 60n} min`;
}

/** Length of a recording, m:ss; a dash where it is unknown. */
export function minutes(ms: Int): string {
  const text = String(ms);
  if (!/^\d+$/.test(text) || /^0+$/.test(text)) return "\u2013";
  const seconds = BigInt(text) / 1000n;
  return `${seconds / 60n}:${String(seconds % 60n).padStart(2, "0")}`;
}

export function fileSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${units[unit]}`;
}

/** Foreign text, bounded. Control characters would only confuse, so each is shown as a visible mark. */
export function clip(text: string, length = 300): string {
  const plain = text.slice(0, length + 1).replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\u2022");
  return plain.length > length ? `${plain.slice(0, length)}…` : plain;
}
