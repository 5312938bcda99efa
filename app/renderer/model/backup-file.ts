import { ChatKitError } from "../../../shared/chatkit/api.ts";
import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import { asChatKitError } from "../../../shared/chatkit/history/archive-calls.ts";
import { openBackup, sealBackup } from "../../../shared/chatkit/history/backup.ts";
import { counted, HistoryError } from "../../../shared/chatkit/history/history-records.ts";
import { readHistory } from "../../../shared/chatkit/history/history-text.ts";
import type { Merged } from "../../../shared/chatkit/history/merging.ts";
import { blobOf, piecesOf } from "./export-file.ts";

const random = (bytes: number): Uint8Array => crypto.getRandomValues(new Uint8Array(bytes));

/** An encrypted file with the whole history. Rejects with `ChatKitError`. */
export async function backedUp(
  kit: ChatKitApi,
  passphrase: string,
): Promise<{ readonly blob: Blob; readonly messages: number }> {
  let messages = 0;
  const records = counted(kit.archive.records(), () => {
    messages += 1;
  });
  const sealed = sealBackup(records, passphrase, random);
  const blob = await blobOf(sealed, "application/octet-stream");
  return { blob, messages };
}

/** Opens a backup, and takes its messages in where all of it is right. Rejects with `ChatKitError`. */
export function restored(kit: ChatKitApi, file: Blob, passphrase: string): Promise<Merged> {
  return told(async () => {
    const backup = await openBackup(() => piecesOf(file), passphrase);
    return await kit.archive.merge(await backup.records());
  });
}

/** Takes the messages of an export in. Rejects with `ChatKitError`. */
export function imported(kit: ChatKitApi, file: Blob): Promise<Merged> {
  return told(async () => await kit.archive.merge(await readHistory(piecesOf(file))));
}

async function told(work: () => Promise<Merged>): Promise<Merged> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HistoryError) throw asChatKitError(error);
    if (error instanceof DOMException) {
      throw new ChatKitError("source-gone", "The file cannot be read.", { cause: error });
    }
    throw error;
  }
}
