import * as v from "valibot";
import { ConversationId, DeviceId, FileId, MessageId } from "../../protocol/index.ts";
import { MAX_FILE_DEVICES, MAX_FILE_RECORDS_IN_MEMORY } from "../limits.ts";
import type { Store, StoreWrite } from "../store.ts";

const failures = [
  "disk-full",
  "no-permission",
  "source-gone",
  "source-changed",
  "withdrawn",
  "hash-mismatch",
  "unknown-seal",
  "store-failed",
] as const;

const FileRecord = v.object({
  messageId: MessageId,
  conversationId: ConversationId,
  fileId: FileId,
  /** Sent by this device, from its own source. */
  source: v.boolean(),
  /** Bytes, and how many of them were durable here when it was saved: the vault knows better. */
  size: v.number(),
  bytes: v.number(),
  /**
   * Of a source `offered` until it is paused, failed or withdrawn; of what others sent the state of
   * getting it here.
   */
  state: v.picklist(["offered", "waiting", "paused", "complete", "failed"]),
  failure: v.exactOptional(v.picklist(failures)),
  path: v.exactOptional(v.picklist(["direct", "relayed", "stored"])),
  /** Base64; once somebody has computed it. */
  sha256: v.exactOptional(v.string()),
  /** Of a source: the devices it was sent to, and those that told they have it whole. */
  sentTo: v.exactOptional(v.array(DeviceId)),
  complete: v.exactOptional(v.array(DeviceId)),
  /** Of a source: devices whose mailbox is to get it, and how many chunks each has. */
  posting: v.exactOptional(v.array(v.object({ device: DeviceId, chunks: v.number() }))),
  /** Whole here, and its sender does not know yet. */
  untold: v.exactOptional(v.literal(true)),
});
/** What is remembered of one message's file on this device. */
export type FileRecord = v.InferOutput<typeof FileRecord>;

const OF = "file/of/";
/** There while the record is one to take up when the program starts. */
const OPEN = "file/open/";
const AUTO_FETCH = "file/auto-fetch";

interface FileRecordsOptions {
  readonly store: Pick<Store, "value" | "values">;
  /** @throws StoreError */
  readonly commit: (writes: readonly StoreWrite[]) => Promise<void>;
}

/** The records of files: on disk all of them, in memory those used last and those under way. */
export class FileRecords {
  readonly #options: FileRecordsOptions;
  /** Used last comes last. */
  readonly #known = new Map<MessageId, FileRecord>();

  constructor(options: FileRecordsOptions) {
    this.#options = options;
  }

  /** What was under way when the program ended. @throws StoreError */
  async unfinished(): Promise<readonly FileRecord[]> {
    const keys = [...(await this.#options.store.values(OPEN)).keys()];
    const records: FileRecord[] = [];
    for (const key of keys) {
      const id = v.safeParse(MessageId, key.slice(OPEN.length));
      const record = id.success ? await this.get(id.output) : undefined;
      if (record !== undefined) records.push(record);
    }
    return records;
  }

  /** @throws StoreError */
  async get(messageId: MessageId): Promise<FileRecord | undefined> {
    const known = this.#known.get(messageId);
    if (known !== undefined) {
      this.#remember(known);
      return known;
    }
    const value = await this.#options.store.value(OF + messageId);
    // Somebody may have put another meanwhile.
    const newer = this.#known.get(messageId);
    if (newer !== undefined || value === undefined) return newer;
    const parsed = v.safeParse(FileRecord, parseJson(value));
    if (!parsed.success) return undefined;
    this.#remember(parsed.output);
    return parsed.output;
  }

  /** What `put` made last, where it is in memory. */
  peek(messageId: MessageId): FileRecord | undefined {
    return this.#known.get(messageId);
  }

  /** Holds in memory at once, on disk once it resolves. @throws StoreError */
  async put(record: FileRecord): Promise<void> {
    const { messageId } = record;
    this.#remember(record);
    await this.#options.commit([
      { type: "put-value", key: OF + messageId, value: JSON.stringify(record) },
      isOpen(record)
        ? { type: "put-value", key: OPEN + messageId, value: "1" }
        : { type: "delete-value", key: OPEN + messageId },
    ]);
  }

  /** @throws StoreError */
  async delete(messageId: MessageId): Promise<void> {
    this.#known.delete(messageId);
    await this.#options.commit([
      { type: "delete-value", key: OF + messageId },
      { type: "delete-value", key: OPEN + messageId },
    ]);
  }

  /** Of everything that is, or was, here. @throws StoreError */
  async all(): Promise<readonly FileRecord[]> {
    const values = await this.#options.store.values(OF);
    return [...values.values()].flatMap((value) => {
      const parsed = v.safeParse(FileRecord, parseJson(value));
      return parsed.success ? [parsed.output] : [];
    });
  }

  /** Bytes; undefined where nobody chose. @throws StoreError */
  async autoFetch(): Promise<number | undefined> {
    const value = await this.#options.store.value(AUTO_FETCH);
    const bytes = value === undefined ? NaN : Number(value);
    return Number.isSafeInteger(bytes) ? bytes : undefined;
  }

  /** @throws StoreError */
  async setAutoFetch(bytes: number): Promise<void> {
    await this.#options.commit([{ type: "put-value", key: AUTO_FETCH, value: String(bytes) }]);
  }

  #remember(record: FileRecord): void {
    this.#known.delete(record.messageId);
    this.#known.set(record.messageId, record);
    for (const longest of this.#known.keys()) {
      if (this.#known.size <= MAX_FILE_RECORDS_IN_MEMORY) break;
      this.#known.delete(longest);
    }
  }
}

function isOpen({ source, state, posting = [], untold }: FileRecord): boolean {
  if (untold === true || posting.length > 0) return true;
  return source ? state === "paused" || state === "failed" : state !== "complete";
}

/** With one device more; of too many, the first goes. */
export function withDevice(devices: readonly DeviceId[] = [], device: DeviceId): DeviceId[] {
  return [...devices.filter((one) => one !== device), device].slice(-MAX_FILE_DEVICES);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Then it is no record.
    return undefined;
  }
}
