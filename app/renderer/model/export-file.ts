import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import type { FileSource } from "../../../shared/chatkit/files/file-vault.ts";
import { counted, type MessageEntry } from "../../../shared/chatkit/history/history-records.ts";
import { historyText } from "../../../shared/chatkit/history/history-text.ts";
import type { ConversationId } from "../../../shared/protocol/index.ts";
import { htmlEntries, type PageWords } from "./export-html.ts";

/** Bytes that are handed to the browser at once: it keeps them on disk where they are many. */
const PART_BYTES = 4 * 1024 * 1024;

/** Of a file that goes into the archive. */
const READ_BYTES = 1024 * 1024;

/** A browser begins to save at once; what is kept for it may go after that. */
const SAVING_MS = 60_000;

export interface ExportWish {
  /** All where absent. */
  readonly only?: ConversationId;
  readonly as: "html" | "json";
  readonly withFiles: boolean;
}

/** The file that a person gets. Rejects with `ChatKitError`. */
export async function exported(
  kit: ChatKitApi,
  { as, only, withFiles }: ExportWish,
  words: PageWords,
  onMessages: (count: number) => void,
): Promise<Blob> {
  const records = kit.archive.records(only === undefined ? undefined : [only]);
  if (as === "json") {
    const all = counted(records, () => onMessages(1));
    return await blobOf(historyText(all), "application/json");
  }
  const { downloadZip } = await import("client-zip");
  const file = async ({ id }: MessageEntry): Promise<AsyncIterable<Uint8Array> | undefined> => {
    if (!withFiles) return undefined;
    const transfer = await kit.files.transfer(id);
    if (transfer?.state !== "complete" && transfer?.direction !== "send") return undefined;
    try {
      return contentOf(await kit.files.open(id));
    } catch {
      // Moved or deleted since: its name stands there without it.
      return undefined;
    }
  };
  const entries = htmlEntries({ ...words, records, file, onMessages });
  return await downloadZip(entries).blob();
}

async function* contentOf(source: FileSource): AsyncGenerator<Uint8Array> {
  try {
    for (let offset = 0; offset < source.size;) {
      const bytes = await source.read(offset, READ_BYTES);
      if (bytes.length === 0) return;
      yield bytes;
      offset += bytes.length;
    }
  } finally {
    await source.close();
  }
}

/** Collects a stream without holding it in the page's memory. */
export async function blobOf(source: AsyncIterable<Uint8Array>, type: string): Promise<Blob> {
  const parts: Blob[] = [];
  let pending: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const bytes of source) {
    pending.push(Uint8Array.from(bytes));
    length += bytes.length;
    if (length < PART_BYTES) continue;
    parts.push(new Blob(pending));
    pending = [];
    length = 0;
  }
  return new Blob([...parts, ...pending], { type });
}

/** A chosen file from its beginning, piece by piece. */
export async function* piecesOf(file: Blob): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += READ_BYTES) {
    yield new Uint8Array(await file.slice(at, at + READ_BYTES).arrayBuffer());
  }
}

/** Offers it for saving. */
export function saveBlob(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), SAVING_MS);
}

/** `beeline-ada-2026-05-04.json` */
export function exportName(account: string, now: number, extension: string): string {
  const day = new Date(now - new Date(now).getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
  return `beeline-${account}-${day}.${extension}`;
}
