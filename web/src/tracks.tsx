// The holder's recordings.
import { useMemo, useState } from "preact/hooks";
import { currenciesOf, CurrencySelect } from "./currency.tsx";
import { clip, decimal, integer, minutes, sortKey } from "./format.ts";
import type { Money, Track } from "./report.ts";
import { Table, type Column } from "./table.tsx";
import { tables as words } from "./words.ts";

const amountIn = (money: Money[], currency: string) => money.find((item) => item.currency === currency)?.amount;

export const titleOf = (track: Track | undefined): string => (track?.title ? clip(track.title, 120) : words.untitled);

export function Tracks({ tracks, home, printing }: { tracks: Track[]; home: string; printing: boolean }) {
  const currencies = useMemo(() => currenciesOf(tracks.flatMap((track) => [...track.money, ...track.suspended]), home), [tracks, home]);
  const [picked, setPicked] = useState<string | null>(null);
  const currency = picked ?? currencies[0] ?? home;
  const money = (id: string, name: string, of: (track: Track) => Money[]): Column<Track> => ({
    id,
    name,
    number: true,
    key: (track) => sortKey(amountIn(of(track), currency) ?? "0"),
    cell: (track) => {
      const amount = amountIn(of(track), currency);
      return amount === undefined ? "–" : <>{decimal(amount)} <span class="unit">{currency}</span></>;
    },
  });
  const columns = useMemo<Column<Track>[]>(() => [
    { id: "title", name: words.title, key: (track) => track.title, cell: (track) => <bdi>{titleOf(track)}</bdi> },
    { id: "artist", name: words.artist, key: (track) => track.artist, cell: (track) => <bdi>{clip(track.artist, 120)}</bdi> },
    { id: "isrc", name: words.isrc, key: (track) => track.isrc, cell: (track) => track.isrc },
    { id: "length", name: words.length, number: true, key: (track) => sortKey(track.length_ms), cell: (track) => minutes(track.length_ms) },
    { id: "plays", name: words.plays, number: true, key: (track) => sortKey(track.plays), cell: (track) => integer(track.plays) },
    money("held", words.heldBack, (track) => track.suspended),
    money("earned", words.earned, (track) => track.money),
  ], [currency]);
  return (
    <Table
      id="tracks"
      heading={words.tracks}
      lead={words.tracksLead}
      hint={words.tracksHint}
      rows={tracks}
      columns={columns}
      first="plays"
      descending
      haystack={(track) => `${track.title}\n${track.artist}\n${track.isrc}`}
      extra={<CurrencySelect currencies={currencies} value={currency} onPick={setPicked} />}
      printing={printing}
    />
  );
}
