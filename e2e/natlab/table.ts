import type { ClientPair } from "../client-wire.ts";
import { PATHS, type Result } from "./scenario.ts";

const COLUMNS = [
  ["scenario", 24],
  ["client", 13],
  ["verdict", 8],
  ["first", 15],
  ["hundredth", 10],
  ["first ms", 9],
  ["worst ms", 9],
  ["direct ms", 10],
  ["pair", 15],
  ["then direct/relayed/stored", 26],
  ["lost", 5],
  ["doubled", 8],
  ["disorder", 9],
  ["s", 5],
] as const;

export function tableHead(): string {
  return line(COLUMNS.map(([name]) => name));
}

export function tableRow({
  scenario,
  client,
  verdict,
  reasons,
  seconds,
  observed,
}: Result): string {
  const seen =
    observed === undefined
      ? Array.from({ length: 10 }, () => "")
      : [
          observed.first.join("+"),
          observed.hundredth.join("+"),
          milliseconds(observed.firstMs),
          milliseconds(observed.worstMs),
          milliseconds(observed.directMs),
          pairText(observed.pair),
          PATHS.map((path) => observed.paths[path]).join("/"),
          ...[observed.lost, observed.doubled, observed.outOfOrder].map(String),
        ];
  const row = line([scenario, client, verdict, ...seen, seconds.toFixed(1)]);
  return [row, ...reasons.map((reason) => `  ${reason}\n`)].join("");
}

/** `host/prflx`: own and other candidate; UDP unless it says TCP. */
function pairText(pair: ClientPair | undefined): string {
  if (pair === undefined) return "-";
  return `${pair.local}/${pair.remote}${pair.protocol === "tcp" ? " tcp" : ""}`;
}

function milliseconds(ms: number | undefined): string {
  return ms === undefined ? "-" : String(Math.round(ms));
}

function line(cells: readonly string[]): string {
  const padded = cells.map((cell, n) => cell.padEnd(COLUMNS[n]?.[1] ?? 0));
  return `${padded.join(" ").trimEnd()}\n`;
}
