import { createReadStream } from "node:fs";
import { open, rm } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ChatKitApi } from "../../../shared/chatkit/chatkit.ts";
import { asChatKitError } from "../../../shared/chatkit/history/archive-calls.ts";
import {
  MIN_PASSPHRASE_LENGTH,
  openBackup,
  sealBackup,
} from "../../../shared/chatkit/history/backup.ts";
import {
  counted,
  HistoryError,
  type HistoryRecords,
} from "../../../shared/chatkit/history/history-records.ts";
import { historyText, readHistory } from "../../../shared/chatkit/history/history-text.ts";
import type { Context } from "../context.ts";
import { CliError, exitCodes } from "../exit-codes.ts";
import { firstLineOf } from "../password.ts";
import { restoreKit } from "../session.ts";
import { print } from "../terminal.ts";
import { entryOf } from "./buddies.ts";

const STANDARD_OUTPUT = "-";

/** `beeline export FILE`: the history as JSON, or as an encrypted backup. */
export async function exportHistory(context: Context, words: readonly string[]): Promise<void> {
  const [file = ""] = words;
  const passphrase = await passphraseOf(context);
  await using kit = await restoreKit(context, false);
  let messages = 0;
  const records = counted(await wanted(kit, context.options.chat), () => {
    messages += 1;
  });
  const random = (bytes: number): Uint8Array => randomBytes(bytes);
  await written(
    file,
    passphrase === undefined ? historyText(records) : sealBackup(records, passphrase, random),
  );
  if (file === STANDARD_OUTPUT) return;
  if (context.options.json === true) print(JSON.stringify({ file, messages }));
  else print(`${messages} messages exported to ${file}`);
}

/** `beeline import FILE`: takes the messages of an export or of a backup in. */
export async function importHistory(context: Context, words: readonly string[]): Promise<void> {
  const [file = ""] = words;
  const passphrase = await passphraseOf(context);
  // From the beginning each time.
  const read = (): AsyncIterable<Uint8Array> => piecesOf(file);
  await using kit = await restoreKit(context, false);
  try {
    const records =
      passphrase === undefined
        ? await readHistory(read())
        : await (await openBackup(read, passphrase)).records();
    const { added, known } = await kit.archive.merge(records);
    if (context.options.json === true) print(JSON.stringify({ added, known }));
    else print(`${added} messages added, ${known} were here already`);
  } catch (error) {
    throw error instanceof HistoryError ? asChatKitError(error) : error;
  }
}

async function wanted(kit: ChatKitApi, user: string | undefined): Promise<HistoryRecords> {
  if (user === undefined) return kit.archive.records();
  const { conversationId } = await kit.conversations.withPeer(entryOf(kit, user).profile.userId);
  return kit.archive.records([conversationId]);
}

async function passphraseOf({ options }: Context): Promise<string | undefined> {
  const file = options["passphrase-file"];
  if (file === undefined) return undefined;
  const passphrase = await firstLineOf(file);
  if (passphrase.length >= MIN_PASSPHRASE_LENGTH) return passphrase;
  const least = `A passphrase has ${MIN_PASSPHRASE_LENGTH} characters or more.`;
  throw new CliError(exitCodes.usage, least);
}

/** Whole, or not there. */
async function written(file: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  if (file === STANDARD_OUTPUT) {
    await pipeline(Readable.from(content), process.stdout, { end: false });
    return;
  }
  // Everything that was ever said: for its owner's eyes, and over nothing that is there.
  const handle = await opened(file);
  try {
    await pipeline(Readable.from(content), handle.createWriteStream());
  } catch (error) {
    await rm(file, { force: true });
    throw error;
  }
}

async function opened(file: string): Promise<Awaited<ReturnType<typeof open>>> {
  try {
    return await open(file, "wx", 0o600);
  } catch (cause) {
    throw unusable(file, cause);
  }
}

async function* piecesOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of createReadStream(file)) {
      if (piece instanceof Uint8Array) yield piece;
    }
  } catch (cause) {
    throw unusable(file, cause);
  }
}

function unusable(file: string, cause: unknown): CliError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  return new CliError(exitCodes.usage, `${file} cannot be used: ${detail}.`, { cause });
}
