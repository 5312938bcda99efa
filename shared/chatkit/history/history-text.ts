import * as v from "valibot";
import {
  HISTORY_VERSION,
  HistoryEntry,
  HistoryError,
  HistoryHeader,
  type HistoryRecords,
} from "./history-records.ts";

/** UTF-8 bytes of one record; the largest message has 10,000 characters, and 500 reactions. */
const MAX_LINE_BYTES = 512 * 1024;

/** Bytes handed on at once. */
const PIECE_BYTES = 64 * 1024;

const OPENING = ',"records":[';
const CLOSING = "]}";

/**
 * A history as JSON in UTF-8, one object `{…header, "records": […]}` with each record on a line of its
 * own, so that it can be written and read piece by piece.
 */
export async function* historyText({
  header,
  entries,
}: HistoryRecords): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let piece = `${JSON.stringify(header).slice(0, -1)}${OPENING}\n`;
  let separator = "";
  for await (const entry of entries) {
    piece += separator + JSON.stringify(entry);
    separator = ",\n";
    if (piece.length < PIECE_BYTES) continue;
    yield encoder.encode(piece);
    piece = "";
  }
  yield encoder.encode(`${piece}\n${CLOSING}\n`);
}

/**
 * Reads what `historyText` wrote; every record is checked. The entries can be read once, and end with
 * the `end` record.
 * @throws HistoryError not-a-history, newer-version; from the entries also damaged
 */
export async function readHistory(source: AsyncIterable<Uint8Array>): Promise<HistoryRecords> {
  const lines = linesOf(source)[Symbol.asyncIterator]();
  const first = await lines.next();
  const header = first.done === true ? undefined : headerOf(first.value);
  if (header === undefined) throw notAHistory();
  return { header, entries: entriesOf({ [Symbol.asyncIterator]: () => lines }) };
}

function headerOf(line: string): HistoryHeader {
  const text = line.trimEnd();
  if (!text.endsWith(OPENING)) throw notAHistory();
  const value = parse(`${text.slice(0, -OPENING.length)}}`);
  const versioned = v.safeParse(v.object({ format: v.string(), version: v.number() }), value);
  if (versioned.success && versioned.output.version > HISTORY_VERSION) {
    throw new HistoryError("newer-version", "It was written by a newer version.");
  }
  const header = v.safeParse(HistoryHeader, value);
  if (!header.success) throw notAHistory();
  return header.output;
}

async function* entriesOf(lines: AsyncIterable<string>): AsyncGenerator<HistoryEntry> {
  for await (const line of lines) {
    const text = line.trim();
    if (text === "") continue;
    const entry = v.safeParse(HistoryEntry, parse(text.endsWith(",") ? text.slice(0, -1) : text));
    if (!entry.success) throw damaged();
    yield entry.output;
    if (entry.output.type === "end") return;
  }
  throw damaged();
}

/** @throws HistoryError damaged where a line is longer than any record, or no UTF-8 */
async function* linesOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let rest = "";
  for await (const bytes of source) {
    rest += decode(decoder, bytes);
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > MAX_LINE_BYTES) throw damaged();
    yield* lines;
  }
  if (rest !== "") yield rest;
}

function decode(decoder: TextDecoder, bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes, { stream: true });
  } catch (cause) {
    throw new HistoryError("not-a-history", "It is no text.", { cause });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No record is undefined: its schema tells.
    return undefined;
  }
}

function notAHistory(): HistoryError {
  return new HistoryError("not-a-history", "It is no history of Beeline.");
}

function damaged(): HistoryError {
  return new HistoryError("damaged", "It is damaged, or not all of it.");
}
