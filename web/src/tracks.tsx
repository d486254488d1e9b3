// The holder's recordings.
import { useMemo } from "preact/hooks";
import { moneyText } from "./amount.tsx";
import { clip, integer, minutes, sortKey } from "./format.ts";
import type { Money, Track } from "./report.ts";
import { Table, type Column } from "./table.tsx";
import { tables as words } from "./words.ts";

const firstKey = (money: Money[]): bigint => sortKey(money[0]?.amount ?? "0");

export const titleOf = (track: Track | undefined): string => (track?.title ? clip(track.title, 120) : words.untitled);

export function Tracks({ tracks, printing }: { tracks: Track[]; printing: boolean }) {
  const columns = useMemo<Column<Track>[]>(() => [
    { id: "title", name: words.title, key: (track) => track.title, cell: (track) => <bdi>{titleOf(track)}</bdi> },
    { id: "artist", name: words.artist, key: (track) => track.artist, cell: (track) => <bdi>{clip(track.artist, 120)}</bdi> },
    { id: "isrc", name: words.isrc, key: (track) => track.isrc, cell: (track) => track.isrc },
    { id: "length", name: words.length, number: true, key: (track) => sortKey(track.length_ms), cell: (track) => minutes(track.length_ms) },
    { id: "plays", name: words.plays, number: true, key: (track) => sortKey(track.plays), cell: (track) => integer(track.plays) },
    { id: "held", name: words.heldBack, number: true, key: (track) => firstKey(track.suspended), cell: (track) => moneyText(track.suspended, "–") },
    { id: "earned", name: words.earned, number: true, key: (track) => firstKey(track.money), cell: (track) => moneyText(track.money, "–") },
  ], []);
  return (
    <Table
      id="tracks"
      heading={words.tracks}
      lead={words.tracksLead}
      rows={tracks}
      columns={columns}
      first="plays"
      descending
      haystack={(track) => `${track.title}\n${track.artist}\n${track.isrc}`}
      printing={printing}
    />
  );
}
