// A table of any number of rows of which only the visible ones exist: sortable, filterable, and
// still a table to a screen reader (role=table with row counts and row numbers).
import type { ComponentChildren, TargetedKeyboardEvent, TargetedUIEvent } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { integer } from "./format.ts";
import { tables as words } from "./words.ts";

export interface Column<Row> {
  id: string;
  name: string;
  cell: (row: Row) => ComponentChildren;
  /** What the column is ordered by: text by the locale, numbers by their digits as one integer. */
  key: (row: Row) => string | bigint;
  number?: boolean;
}

interface Props<Row> {
  id: string;
  heading: string;
  lead: string;
  hint: string;
  rows: Row[];
  columns: Column<Row>[];
  first: string;
  descending?: boolean;
  haystack: (row: Row) => string;
  /** Opens a row's details; its first column becomes a button. */
  onOpen?: (row: Row) => void;
  /** More controls for the toolbar. */
  extra?: ComponentChildren;
  printing: boolean;
}

const ROW = { wide: 40, narrow: 76 };
const VIEW = 520;
const OVERSCAN = 4;
// Browsers cap the height of an element; beyond this the scroll position is mapped to rows.
const MAX_HEIGHT = 12_000_000;
const PRINTED = 200;
const collator = new Intl.Collator("en", { numeric: true });

export function Table<Row>({ id, heading, lead, hint, rows, columns, first, descending = false, haystack, onOpen, extra, printing }: Props<Row>) {
  const narrow = useNarrow();
  const [sort, setSort] = useState({ by: first, down: descending });
  const [filter, setFilter] = useState("");

  const sorted = useMemo(() => order(rows, columns.find((column) => column.id === sort.by), sort.down), [rows, columns, sort]);
  const texts = useMemo(() => new Map<Row, string>(), [rows]);
  const shown = useMemo(() => {
    const wanted = filter.trim().toLowerCase();
    if (wanted === "") return sorted;
    if (texts.size === 0) for (const row of rows) texts.set(row, haystack(row).toLowerCase());
    return sorted.filter((row) => texts.get(row)?.includes(wanted));
  }, [sorted, filter]);

  const pick = (by: string) => {
    const column = columns.find((candidate) => candidate.id === by);
    // Numbers are mostly wanted with the largest first.
    setSort((now) => (now.by === by ? { by, down: !now.down } : { by, down: column?.number ?? false }));
  };
  return (
    <section class="rows" aria-labelledby={`${id}-heading`}>
      <div class="toolbar">
        <h2 id={`${id}-heading`}>{heading}</h2>
        <p class="count" role="status">{words.count(integer(shown.length), integer(rows.length))}</p>
        {extra}
        <label class="filter">
          {words.filter}{" "}
          <input type="search" value={filter} placeholder={hint} maxLength={100} autocomplete="off"
            onInput={(event) => setFilter(event.currentTarget.value)} />
        </label>
        {narrow && (
          <div class="sorting">
            <label class="select">
              {words.sort}{" "}
              <select value={sort.by} onChange={(event) => pick(event.currentTarget.value)}>
                {columns.map((column) => <option key={column.id} value={column.id}>{column.name}</option>)}
              </select>
            </label>
            <button type="button" class="button" onClick={() => pick(sort.by)}>{sort.down ? words.descending : words.ascending}</button>
          </div>
        )}
      </div>
      <p class="muted">{lead}</p>
      {shown.length === 0 ? (
        <p>{rows.length === 0 ? words.empty : words.noMatch}</p>
      ) : (
        <Body key={`${narrow}`} {...{ id, heading, columns, narrow, sort, pick, ...(onOpen ? { onOpen } : {}) }} rows={printing ? shown.slice(0, PRINTED) : shown} whole={printing} />
      )}
      {printing && <p class="muted">{words.printed(Math.min(PRINTED, shown.length), rows.length)}</p>}
    </section>
  );
}

interface BodyProps<Row> {
  id: string;
  heading: string;
  rows: Row[];
  columns: Column<Row>[];
  narrow: boolean;
  sort: { by: string; down: boolean };
  pick: (by: string) => void;
  onOpen?: (row: Row) => void;
  whole: boolean;
}

function Body<Row>({ id, heading, rows, columns, narrow, sort, pick, onOpen, whole }: BodyProps<Row>) {
  const [top, setTop] = useState(0);
  // Of all row buttons one is a tab stop, or Tab would have to walk through every row; arrows move it.
  const [cursor, setCursor] = useState(0);
  const latest = useRef(0);
  const follow = useRef(false);
  const region = useRef<HTMLDivElement>(null);
  const point = (row: number) => {
    latest.current = row;
    setCursor(row);
  };
  useEffect(() => {
    // Another order or filter starts at its beginning.
    if (region.current) region.current.scrollTop = 0;
    setTop(0);
    point(0);
  }, [rows]);

  const height = narrow ? ROW.narrow : ROW.wide;
  const full = rows.length * height;
  const room = Math.min(full, MAX_HEIGHT);
  const view = Math.min(VIEW, room);
  // How far down all rows the view is: the scroll position itself, unless the room had to be capped.
  const down = room > view ? (top / (room - view)) * (full - view) : 0;
  const start = whole ? 0 : Math.max(0, Math.min(rows.length - 1, Math.floor(down / height)) - OVERSCAN);
  const end = whole ? rows.length : Math.min(rows.length, Math.ceil((down + view) / height) + OVERSCAN);
  const offset = top - down + start * height;
  const stop = cursor >= start && cursor < end ? cursor : start;

  const move = (event: TargetedKeyboardEvent<HTMLElement>) => {
    // A held key is faster than the focus; the next step starts where the last one is going.
    const from = latest.current;
    const page = Math.max(1, Math.floor(view / height) - 1);
    const to = { ArrowDown: from + 1, ArrowUp: from - 1, PageDown: from + page, PageUp: from - page, Home: 0, End: rows.length - 1 }[event.key];
    if (to === undefined || !region.current) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(rows.length - 1, to));
    point(next);
    follow.current = true;
    const head = narrow ? 0 : ROW.wide;
    // Where the region is by now, which the next drawing may not know yet.
    const now = room > view ? (region.current.scrollTop / (room - view)) * (full - view) : 0;
    const above = next * height - now;
    const shift = above < 0 ? above : Math.max(0, above + height + head - VIEW + 2);
    if (shift !== 0 && full > view) region.current.scrollTop = ((now + shift) / (full - view)) * (room - view);
  };
  useLayoutEffect(() => {
    const button = follow.current ? region.current?.querySelector<HTMLElement>(`[data-row="${cursor}"]`) : null;
    if (!button) return;
    follow.current = false;
    button.focus({ preventScroll: true });
  });

  return (
    <div
      ref={region}
      class={`scroll ${id}${narrow ? " narrow" : ""}`}
      role="region"
      aria-label={words.region(heading)}
      tabIndex={0}
      onScroll={(event: TargetedUIEvent<HTMLDivElement>) => setTop(event.currentTarget.scrollTop)}
    >
      <div role="table" aria-label={heading} aria-rowcount={rows.length + 1} aria-colcount={columns.length}>
        <div role="rowgroup" class="head">
          <div role="row" aria-rowindex={1} class="row">
            {columns.map((column) => (
              <div key={column.id} role="columnheader" class={column.number ? "num" : undefined} aria-sort={sort.by === column.id ? (sort.down ? "descending" : "ascending") : "none"}>
                {narrow ? column.name : <button type="button" onClick={() => pick(column.id)}>{column.name}</button>}
              </div>
            ))}
          </div>
        </div>
        <div role="rowgroup" class="body" style={whole ? {} : { height: `${room}px` }}>
          <div style={whole ? {} : { transform: `translateY(${offset}px)` }}>
            {rows.slice(start, end).map((row, index) => (
              <div key={start + index} role="row" aria-rowindex={start + index + 2} class="row item">
                {columns.map((column, place) => (
                  <div key={column.id} role="cell" class={`c-${column.id}${column.number ? " num" : ""}`} data-name={column.name}>
                    {onOpen && place === 0 ? (
                      <button
                        type="button"
                        class="link"
                        aria-haspopup="dialog"
                        data-row={start + index}
                        tabIndex={start + index === stop ? 0 : -1}
                        onClick={() => onOpen(row)}
                        onFocus={() => point(start + index)}
                        onKeyDown={move}
                      >
                        {column.cell(row)}
                      </button>
                    ) : (
                      column.cell(row)
                    )}
                  </div>
                ))}
              </div>
            ))}
          </div>
        </div>
      </div>
    </div>
  );
}

/** Sorted copy. Keys are made once per row, and equal keys keep the report's order. */
function order<Row>(rows: Row[], column: Column<Row> | undefined, down: boolean): Row[] {
  if (!column) return rows;
  const keyed = rows.map((row) => ({ row, key: column.key(row) }));
  const sign = down ? -1 : 1;
  keyed.sort((a, b) => {
    if (typeof a.key === "bigint" && typeof b.key === "bigint") return a.key === b.key ? 0 : a.key < b.key ? -sign : sign;
    return sign * collator.compare(String(a.key), String(b.key));
  });
  return keyed.map(({ row }) => row);
}

function useNarrow(): boolean {
  const query = useMemo(() => window.matchMedia("(max-width: 760px)"), []);
  const [narrow, setNarrow] = useState(query.matches);
  useEffect(() => {
    const change = () => setNarrow(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, [query]);
  return narrow;
}
