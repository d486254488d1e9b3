// One way to show an amount: all six places, those behind the smallest coin in a lighter tone.
import { amountParts, decimal } from "./format.ts";
import type { Money } from "./report.ts";

export function Amount({ value, exponent, unit }: { value: string; exponent: number; unit?: string }) {
  const [coins, micros] = amountParts(value, exponent);
  return (
    <span class="money">
      {coins}<span class="micros">{micros}</span>
      {unit && <span class="unit"> {unit}</span>}
    </span>
  );
}

/** Amounts in several currencies as one text. */
export function moneyText(money: Money[], none = ""): string {
  return money.map(({ amount, currency }) => `${decimal(amount)} ${currency}`).join(", ") || none;
}
