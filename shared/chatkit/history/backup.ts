import {
  chunkedSeal,
  isPassphraseLock,
  LOCK_BYTES,
  LOCK_SALT_BYTES,
  lockWithPassphrase,
  openStream,
  SealBrokenError,
  sealStream,
  unlockWithPassphrase,
} from "../../crypto/index.ts";
import { HistoryError, type HistoryRecords } from "./history-records.ts";
import { historyText, readHistory } from "./history-text.ts";

/** Characters of a passphrase: of fewer a stranger with the file tries all. */
export const MIN_PASSPHRASE_LENGTH = 10;

/** Bytes of the chunked seal's nonce prefix. */
const PREFIX_BYTES = 19;

/**
 * A history, encrypted: the passphrase's lock (`crypto/passphrase.ts`), then the text of the history in
 * a chunked seal (`crypto/chunked-seal.ts`). Nothing but two chunks of it is in memory at a time.
 * @param random cryptographically secure bytes
 */
export async function* sealBackup(
  records: HistoryRecords,
  passphrase: string,
  random: (bytes: number) => Uint8Array,
): AsyncGenerator<Uint8Array> {
  const { header, key } = await lockWithPassphrase(passphrase, random(LOCK_SALT_BYTES));
  yield header;
  yield* sealStream(key, chunkedSeal(random(PREFIX_BYTES)), historyText(records));
}

/** A backup that was opened with its passphrase, and is whole. */
export interface OpenBackup {
  /** From the beginning each time. */
  records(): Promise<HistoryRecords>;
}

/**
 * Opens a backup and reads all of it, so that nothing of a damaged one is ever taken in.
 * @param read the file from its beginning, each time that it is called
 * @throws HistoryError not-a-history, wrong-passphrase, damaged, newer-version
 */
export async function openBackup(
  read: () => AsyncIterable<Uint8Array>,
  passphrase: string,
): Promise<OpenBackup> {
  const lock = await firstBytes(read(), LOCK_BYTES);
  if (!isPassphraseLock(lock)) throw new HistoryError("not-a-history", "It is no backup.");
  const key = await unlockWithPassphrase(passphrase, lock);
  if (key === "not-locked") throw new HistoryError("not-a-history", "It is no backup.");
  if (key === "wrong-passphrase") {
    throw new HistoryError("wrong-passphrase", "The passphrase is another one.");
  }
  const records = (): Promise<HistoryRecords> =>
    readHistory(whole(openStream(key, without(read(), LOCK_BYTES))));
  const { entries } = await records();
  for await (const _ of entries);
  return { records };
}

/** @throws HistoryError damaged in place of SealBrokenError */
async function* whole(plain: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* plain;
  } catch (cause) {
    if (!(cause instanceof SealBrokenError)) throw cause;
    throw new HistoryError("damaged", "The backup is damaged, or not all of it.", { cause });
  }
}

async function firstBytes(source: AsyncIterable<Uint8Array>, length: number): Promise<Uint8Array> {
  const found = new Uint8Array(length);
  let at = 0;
  for await (const bytes of source) {
    found.set(bytes.subarray(0, length - at), at);
    at = Math.min(length, at + bytes.length);
    if (at === length) break;
  }
  return found.subarray(0, at);
}

async function* without(
  source: AsyncIterable<Uint8Array>,
  length: number,
): AsyncGenerator<Uint8Array> {
  let left = length;
  for await (const bytes of source) {
    if (bytes.length > left) yield bytes.subarray(left);
    left = Math.max(0, left - bytes.length);
  }
}
