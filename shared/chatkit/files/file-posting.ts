import * as v from "valibot";
import {
  encodeId,
  ID_BYTES,
  MessageId,
  type ConversationId,
  type DeviceId,
  type FileId,
  type StoredChunk,
} from "../../protocol/index.ts";
import { sha256Hasher } from "../../crypto/index.ts";
import type { Directory } from "../delivery/directory.ts";
import type { PutVerdict } from "../delivery/mailbox-verdict.ts";
import {
  FILE_RETRY_MIN_MS,
  MAX_POSTED_BYTES,
  MAX_POSTED_FILE_BYTES,
  POSTED_AT_ONCE,
  SMALL_FILE_BYTES,
} from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import type { LinkService } from "../links/link-service.ts";
import type { Clock, Log, Timer } from "../ports.ts";
import type { MessageRecord } from "../store.ts";
import { fileBodyOf, vaultIdOf } from "./file-body.ts";
import { FileContent } from "./file-content.ts";
import type { FileRecord, FileRecords } from "./file-records.ts";
import { FileError, type FileSource, type FileVault } from "./file-vault.ts";

export interface FilePostingOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly vault: FileVault;
  readonly records: FileRecords;
  readonly links: Pick<LinkService, "rule">;
  readonly directory: Pick<Directory, "device" | "isOnline">;
  readonly serverOnline: () => boolean;
  readonly find: (messageId: MessageId) => Promise<MessageRecord | undefined>;
  readonly storeChunk: (
    to: DeviceId,
    header: { readonly id: MessageId; readonly conversationId: ConversationId },
    chunk: StoredChunk,
  ) => Promise<PutVerdict>;
  /** All of it is in a mailbox. */
  readonly onStored: (messageId: MessageId) => void;
  readonly onProblem: (error: unknown) => void;
}

/** Leaves small files in the mailboxes of devices that are away (SPEC F12), one after the other. */
export class FilePosting {
  readonly #options: FilePostingOptions;
  /** Files of which something is, or is to be, in mailboxes. Bounded by what those may hold. */
  readonly #posted = new Map<MessageId, FileRecord>();
  #running = false;
  #asked = false;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: FilePostingOptions) {
    this.#options = options;
  }

  /** To which of the devices a file of that size goes by mailbox. */
  toPost(peers: readonly LinkPeer[], size: number): { device: DeviceId; chunks: number }[] {
    if (size > SMALL_FILE_BYTES) return [];
    const { directory, links } = this.#options;
    return peers
      .filter((peer) => !directory.isOnline(peer.deviceId) && links.rule(peer).mailbox)
      .filter(({ deviceId }) => this.#bytesFor(deviceId) + size <= MAX_POSTED_BYTES)
      .slice(0, Math.max(1, Math.floor(MAX_POSTED_FILE_BYTES / Math.max(1, size))))
      .map(({ deviceId }) => ({ device: deviceId, chunks: 0 }));
  }

  /** A file that has something to post. */
  add(record: FileRecord): void {
    if ((record.posting?.length ?? 0) === 0) return;
    this.#posted.set(record.messageId, record);
    this.look();
  }

  forget(messageId: MessageId): void {
    this.#posted.delete(messageId);
  }

  /** The server came back, or somebody's presence changed. */
  look(): void {
    if (this.#closed) return;
    this.#asked = true;
    if (!this.#running) void this.#run();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#posted.clear();
  }

  #bytesFor(device: DeviceId): number {
    return [...this.#posted.values()]
      .filter(({ posting = [] }) => posting.some((one) => one.device === device))
      .reduce((sum, { size }) => sum + size, 0);
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      while (this.#asked && !this.#closed) {
        this.#asked = false;
        for (const messageId of [...this.#posted.keys()]) await this.#post(messageId);
      }
    } catch (error) {
      this.#options.onProblem(error);
    } finally {
      this.#running = false;
    }
  }

  async #post(messageId: MessageId): Promise<void> {
    const { directory, find, records, serverOnline, vault } = this.#options;
    const record = await records.get(messageId);
    const message = await find(messageId);
    const body = fileBodyOf(message);
    const content = body && FileContent.of(body);
    if (record?.posting === undefined || content === undefined || record.state !== "offered") {
      this.#posted.delete(messageId);
      return;
    }
    this.#posted.set(messageId, record);
    let source: FileSource | undefined;
    try {
      for (const { device, chunks } of record.posting) {
        // Whoever has come finds it there by itself, and asks for what is missing.
        const isOver = chunks >= content.chunks && directory.isOnline(device);
        if (isOver || directory.device(device) === undefined) {
          await this.#note(messageId, device, undefined);
        } else if (chunks < content.chunks && serverOnline()) {
          source ??= await vault.open(vaultIdOf(record));
          if (source === undefined) return await this.#note(messageId, device, undefined);
          await this.#postTo(device, record, content, source, chunks);
        }
      }
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      this.#options.log.info("a file cannot be left in a mailbox", { error });
      this.#posted.delete(messageId);
    } finally {
      await source?.close();
    }
  }

  async #postTo(
    device: DeviceId,
    { conversationId, fileId, messageId }: FileRecord,
    content: FileContent,
    source: FileSource,
    from: number,
  ): Promise<void> {
    const { directory, links, storeChunk } = this.#options;
    for (let first = from; first < content.chunks; first += POSTED_AT_ONCE) {
      const peer = directory.device(device);
      const isPermitted =
        peer !== undefined && links.rule({ userId: peer.userId, deviceId: device }).mailbox;
      if (this.#closed || !isPermitted || !this.#posted.has(messageId)) return;
      const last = Math.min(first + POSTED_AT_ONCE, content.chunks);
      const puts: Promise<PutVerdict>[] = [];
      for (let index = first; index < last; index += 1) {
        const plaintext = await source.read(content.offsetOf(index), content.lengthOf(index));
        if (plaintext.length !== content.lengthOf(index)) {
          throw new FileError("changed", "The file is shorter than it was.");
        }
        const sealed = content.sealed(index, plaintext);
        const id = chunkId(fileId, index);
        puts.push(storeChunk(device, { id, conversationId }, { messageId, index, sealed }));
      }
      const verdicts = await Promise.all(puts);
      const bad = verdicts.find(({ kind }) => kind !== "stored");
      // Full, or refused: they ask for it when both are there.
      const isOver =
        bad?.kind === "refused" || (bad?.kind === "later" && bad.why === "mailbox-full");
      if (isOver) return await this.#note(messageId, device, undefined);
      if (bad?.kind === "later") return this.#again(bad.afterMs ?? FILE_RETRY_MIN_MS);
      await this.#note(messageId, device, last);
    }
    await this.#stored(messageId);
  }

  async #stored(messageId: MessageId): Promise<void> {
    const { onStored, records } = this.#options;
    const record = await records.get(messageId);
    if (record === undefined || record.path === "stored") return;
    await records.put({ ...record, path: "stored" });
    onStored(messageId);
  }

  /** @param chunks in that mailbox; undefined where nothing more is done about it */
  async #note(messageId: MessageId, device: DeviceId, chunks: number | undefined): Promise<void> {
    const { records } = this.#options;
    const record = await records.get(messageId);
    if (record === undefined || !this.#posted.has(messageId)) return;
    const others = (record.posting ?? []).filter((one) => one.device !== device);
    const posting = chunks === undefined ? others : [...others, { device, chunks }];
    const next: FileRecord = { ...record, posting };
    if (posting.length === 0) this.#posted.delete(messageId);
    else this.#posted.set(messageId, next);
    await records.put(next);
  }

  #again(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.clock.setTimer(() => this.look(), ms);
  }
}

/** The same for the same chunk: a mailbox keeps one. */
function chunkId(fileId: FileId, index: number): MessageId {
  const hasher = sha256Hasher();
  hasher.update(new TextEncoder().encode(`beeline file chunk v1\0${fileId}\0${index}`));
  return v.parse(MessageId, encodeId(hasher.digest().subarray(0, ID_BYTES)));
}
