// Which currency a chart or table shows; with a single one there is nothing to choose.
import type { Money } from "./report.ts";
import { chart as words } from "./words.ts";

/** All currencies that occur, the holder's own first. */
export function currenciesOf(money: Money[], home: string): string[] {
  const found = [...new Set(money.map((item) => item.currency))];
  return found.sort((a, b) => Number(b === home) - Number(a === home) || (a < b ? -1 : 1));
}

export function CurrencySelect({ currencies, value, onPick }: { currencies: string[]; value: string; onPick: (currency: string) => void }) {
  if (currencies.length < 2) return null;
  return (
    <label class="select">
      {words.currency}{" "}
      <select value={value} onChange={(event) => onPick(event.currentTarget.value)}>
        {currencies.map((code) => <option key={code} value={code}>{code}</option>)}
      </select>
    </label>
  );
}
