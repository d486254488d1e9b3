// Plays and money by day: two rows of bars on one time axis, and the same numbers as a table.
import type { TargetedKeyboardEvent, TargetedPointerEvent } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { moneyText } from "./amount.tsx";
import { currenciesOf, CurrencySelect } from "./currency.tsx";
import { date, dateShort, decimal, integer, sortKey } from "./format.ts";
import type { Day } from "./report.ts";
import { chart as words } from "./words.ts";

const MAX_DAYS = 400;
const LEFT = 4;
const HEAD = 24;
const PANEL = 104;
const GAP = 18;
const AXIS = 24;
const HEIGHT = 2 * (HEAD + PANEL) + GAP + AXIS;

export function Chart({ days, home }: { days: Day[]; home: string }) {
  const currencies = useMemo(() => currenciesOf(days.flatMap((day) => day.money), home), [days, home]);
  const [picked, setPicked] = useState<string | null>(null);
  const [table, setTable] = useState(false);
  const currency = picked ?? currencies[0] ?? home;
  const drawn = days.slice(-MAX_DAYS);

  return (
    <section class="chart" aria-labelledby="chart-heading">
      <div class="toolbar">
        <h2 id="chart-heading">{words.heading}</h2>
        <CurrencySelect currencies={currencies} value={currency} onPick={setPicked} />
        {days.length > 0 && (
          <button type="button" class="button" aria-pressed={table} onClick={() => setTable(!table)}>{words.asTable}</button>
        )}
      </div>
      {days.length === 0 && <p>{words.none}</p>}
      {days.length > 0 && (table ? <DayTable days={days} currency={currency} /> : <Bars days={drawn} currency={currency} />)}
      {!table && days.length > MAX_DAYS && <p class="muted">{words.bounded(MAX_DAYS, days.length)}</p>}
    </section>
  );
}

const amountOf = (day: Day, currency: string): string | undefined =>
  day.money.find((money) => money.currency === currency)?.amount;

/** Where each day stands on the axis, counted in days from the first, so that gaps stay gaps. */
function slotsOf(days: Day[]): number[] {
  const times = days.map((day) => Date.parse(`${day.date}T00:00:00Z`) / 86_400_000);
  const slots = times.map((time) => time - (times[0] ?? 0));
  const orderly = slots.every((slot, index) => Number.isInteger(slot) && (index === 0 || slot > (slots[index - 1] ?? 0)));
  return orderly && (slots[slots.length - 1] ?? 0) < 2 * MAX_DAYS ? slots : days.map((_, index) => index);
}

function Bars({ days, currency }: { days: Day[]; currency: string }) {
  const [frame, width] = useWidth();
  const [at, setAt] = useState<number | null>(null);
  // Heights are layout: the largest bar fills its panel. The numbers themselves stay as reported.
  const plays = days.map((day) => Number(day.plays));
  const money = days.map((day) => Number(amountOf(day, currency) ?? "0"));
  const mostPlays = Math.max(...plays, 1);
  const mostMoney = Math.max(...money, 0.000001);
  const slots = useMemo(() => slotsOf(days), [days]);
  const step = (width - 2 * LEFT) / ((slots[slots.length - 1] ?? 0) + 1);
  const left = (index: number) => LEFT + (slots[index] ?? index) * step;
  const bar = Math.max(1, step - (step > 6 ? 3 : step > 3 ? 1 : 0));
  const peak = days.reduce((best, day) => (sortKey(day.plays) > sortKey(best.plays) ? day : best), days[0] as Day);
  const richest = days.reduce((best, day) => (sortKey(amountOf(day, currency) ?? "0") > sortKey(amountOf(best, currency) ?? "0") ? day : best), days[0] as Day);

  const shown = at === null ? null : days[at] ?? null;
  const reading = (day: Day) =>
    words.reading(date(day.date), integer(day.plays), moneyText(day.money.filter((item) => item.currency === currency), words.noMoney));
  const move = (event: TargetedKeyboardEvent<HTMLElement>) => {
    const from = at ?? -1;
    const to = { ArrowRight: from + 1, ArrowUp: from + 1, ArrowLeft: from - 1, ArrowDown: from - 1, Home: 0, End: days.length - 1, PageUp: from + 7, PageDown: from - 7 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    setAt(Math.max(0, Math.min(days.length - 1, to)));
  };
  const point = (event: TargetedPointerEvent<HTMLElement>) => {
    const slot = (event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT) / step - 0.5;
    setAt(slots.reduce((best, there, index) => (Math.abs(there - slot) < Math.abs((slots[best] ?? 0) - slot) ? index : best), 0));
  };

  const panel = (values: number[], most: number, top: number, kind: string, label: string, peakText: string) => {
    const base = top + HEAD + PANEL;
    return (
      <g class={kind}>
        <text x={LEFT} y={top + 14} class="label">{label}</text>
        <text x={width - LEFT} y={top + 14} class="peak" text-anchor="end">{peakText}</text>
        <line x1={LEFT} x2={width - LEFT} y1={top + HEAD} y2={top + HEAD} class="grid" />
        {values.map((value, index) => {
          const height = value > 0 ? Math.max(1, (value / most) * PANEL) : 0;
          return <rect key={index} class={index === at ? "here" : undefined} x={left(index) + (step - bar) / 2} y={base - height} width={bar} height={height} rx={bar > 6 ? 1.5 : 0} />;
        })}
        <line x1={LEFT} x2={width - LEFT} y1={base} y2={base} class="base" />
      </g>
    );
  };

  const second = HEAD + PANEL + GAP;
  const first = days[0] as Day;
  const last = days[days.length - 1] as Day;
  return (
    <figure>
      <div
        ref={frame}
        class="frame"
        role="slider"
        tabIndex={0}
        aria-label={`${words.label}. ${words.keys}`}
        aria-valuemin={1}
        aria-valuemax={days.length}
        aria-valuenow={(at ?? 0) + 1}
        aria-valuetext={reading(shown ?? first)}
        onKeyDown={move}
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={() => setAt(null)}
      >
        <svg width={width} height={HEIGHT} viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden="true" focusable="false">
          {panel(plays, mostPlays, 0, "count", words.plays, words.most(integer(peak.plays), dateShort(peak.date)))}
          {panel(money, mostMoney, second, "cash", words.money(currency), words.most(decimal(amountOf(richest, currency) ?? "0"), dateShort(richest.date)))}
          {at !== null && <line class="cursor" x1={left(at) + step / 2} x2={left(at) + step / 2} y1={HEAD} y2={HEIGHT - AXIS} />}
          <Axis days={days} middle={(index) => left(index) + step / 2} width={width} />
        </svg>
      </div>
      <figcaption>
        {shown ? reading(shown) : words.summary(date(first.date), date(last.date), date(peak.date), integer(peak.plays))}
      </figcaption>
    </figure>
  );
}

/** As many day names as fit without touching, the first and the last among them. */
function Axis({ days, middle, width }: { days: Day[]; middle: (index: number) => number; width: number }) {
  const apart = 76;
  const marks: number[] = [0];
  for (let index = 1; index < days.length - 1; index += 1) {
    const before = marks[marks.length - 1] ?? 0;
    if (middle(index) - middle(before) > apart && width - middle(index) > apart) marks.push(index);
  }
  if (days.length > 1) marks.push(days.length - 1);
  return (
    <g class="axis">
      {marks.map((index) => {
        const end = index === days.length - 1 && days.length > 1;
        const x = end ? width - LEFT : index === 0 ? LEFT : middle(index);
        return <text key={index} x={x} y={HEIGHT - 6} text-anchor={end ? "end" : index === 0 ? "start" : "middle"}>{dateShort(days[index]?.date ?? "")}</text>;
      })}
    </g>
  );
}

function DayTable({ days, currency }: { days: Day[]; currency: string }) {
  return (
    <div class="scroll days" role="region" aria-label={words.region} tabIndex={0}>
      <table>
        <thead>
          <tr><th scope="col">{words.day}</th><th scope="col" class="num">{words.plays}</th><th scope="col" class="num">{words.money(currency)}</th></tr>
        </thead>
        <tbody>
          {days.slice(-MAX_TABLE_DAYS).map((day) => (
            <tr key={day.date}>
              <th scope="row">{date(day.date)}</th>
              <td class="num">{integer(day.plays)}</td>
              <td class="num">{decimal(amountOf(day, currency) ?? "0")}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Periods are months; ten years of days bound what a strange bundle can make the page draw. */
const MAX_TABLE_DAYS = 3660;

function useWidth() {
  const ref = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(320);
  useEffect(() => {
    const element = ref.current;
    if (!element) return;
    const measure = () => setWidth(Math.max(200, element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width] as const;
}
