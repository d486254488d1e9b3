// The statement's lines, and for a chosen one how its amount comes about.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { clip, country, decimal, integer, percent, sortKey } from "./format.ts";
import type { Line, Track } from "./report.ts";
import { Table, type Column } from "./table.tsx";
import { titleOf } from "./tracks.tsx";
import { line as lineWords, tables as words } from "./words.ts";

export function Lines({ lines, tracks, printing }: { lines: Line[]; tracks: Track[]; printing: boolean }) {
  const byIsrc = useMemo(() => new Map(tracks.map((track) => [track.isrc, track])), [tracks]);
  const [picked, setPicked] = useState<Line | null>(null);
  useEffect(() => setPicked(null), [lines]);

  const columns = useMemo<Column<Line>[]>(() => {
    const title = (line: Line) => titleOf(byIsrc.get(line.isrc));
    return [
      {
        id: "title",
        name: words.title,
        key: title,
        cell: (line) => <bdi>{title(line)}</bdi>,
      },
      { id: "isrc", name: words.isrc, key: (line) => line.isrc, cell: (line) => line.isrc },
      { id: "territory", name: words.territory, key: (line) => country(line.territory), cell: (line) => country(line.territory) },
      { id: "tier", name: words.tier, key: (line) => line.tier, cell: (line) => clip(line.tier, 32) },
      { id: "right", name: words.right, key: (line) => line.right, cell: (line) => clip(line.right, 32) },
      { id: "plays", name: words.plays, number: true, key: (line) => sortKey(line.plays), cell: (line) => integer(line.plays) },
      { id: "cell", name: words.cell, number: true, key: (line) => sortKey(line.cell_amount), cell: (line) => decimal(line.cell_amount) },
      { id: "share", name: words.share, number: true, key: (line) => sortKey(line.ppm), cell: (line) => percent(line.ppm) },
      { id: "amount", name: words.amount, number: true, key: (line) => sortKey(line.amount), cell: (line) => <>{decimal(line.amount)} <span class="unit">{line.currency}</span></> },
    ];
  }, [byIsrc]);

  const haystack = (line: Line) => {
    const track = byIsrc.get(line.isrc);
    return [track?.title, track?.artist, line.isrc, line.territory, country(line.territory), line.tier, line.right, line.currency].join("\n");
  };
  return (
    <>
      <Table id="lines" heading={words.lines} lead={words.linesLead} hint={words.linesHint} rows={lines} columns={columns} first="amount" descending haystack={haystack} onOpen={setPicked} printing={printing} />
      {picked && <Derivation line={picked} track={byIsrc.get(picked.isrc)} onClose={() => setPicked(null)} />}
    </>
  );
}

/** The formula of docs/format.md section 7.3 with this line's numbers; the result is the report's, not computed here. */
function Derivation({ line, track, onClose }: { line: Line; track: Track | undefined; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const amount = `${decimal(line.cell_amount)} ${line.currency}`;
  return (
    <dialog ref={dialog} class="derivation" aria-labelledby="derivation-heading" onClose={onClose}>
      <h2 id="derivation-heading">{lineWords.heading}</h2>
      <p><strong><bdi>{titleOf(track)}</bdi></strong> <span class="muted">{line.isrc}</span></p>
      <dl class="ledger">
        <div>
          <dt>{lineWords.cell(integer(line.plays), country(line.territory), clip(line.tier, 32), clip(line.right, 32))}</dt>
          <dd>{amount}</dd>
        </div>
        <div><dt>{lineWords.share} <small>{integer(line.ppm)} ppm</small></dt><dd>{percent(line.ppm)}</dd></div>
        <div><dt>{lineWords.before} <small>{integer(line.before_ppm)} ppm</small></dt><dd>{percent(line.before_ppm)}</dd></div>
        <div><dt>{lineWords.version}</dt><dd>{integer(line.share_version)}</dd></div>
        <div class="sum"><dt>{lineWords.rule}</dt><dd>{decimal(line.amount)} {line.currency}</dd></div>
      </dl>
      <p class="formula">{lineWords.formula(decimal(line.cell_amount), integer(line.before_ppm), integer(line.ppm))}</p>
      <p class="muted">{lineWords.note}</p>
      <div class="buttons"><button type="button" class="button primary" onClick={() => dialog.current?.close()}>{lineWords.close}</button></div>
    </dialog>
  );
}
