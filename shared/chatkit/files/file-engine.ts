import * as v from "valibot";
import {
  decodeFileFrame,
  encodeId,
  FileBody,
  FileId,
  ID_BYTES,
  type ConversationId,
  type DeviceId,
  type MessageId,
  type StoredChunk,
  type UserId,
} from "../../protocol/index.ts";
import {
  chunkedSeal,
  encodeBase64,
  freeBytes,
  KEY_BYTES,
  type IdentityKeys,
} from "../../crypto/index.ts";
import { ChatKitError } from "../api.ts";
import type { Fate } from "../delivery/arrival.ts";
import type { Directory } from "../delivery/directory.ts";
import {
  AUTO_FETCH_BYTES,
  MAX_AUTO_FETCHES,
  MAX_AWAITED_FILES,
  MAX_LEFT_CHUNKS,
  SMALL_FILE_BYTES,
  VAULT_SWEEP_AFTER_MS,
} from "../limits.ts";
import type { Link, LinkPeer } from "../link.ts";
import type { FileLinks, LinkControls, LinkPeers, LinkService } from "../links/link-service.ts";
import type { Ports, Timer } from "../ports.ts";
import type { MessageRecord, Store, StoreWrite } from "../store.ts";
import { AutoFetchBudget } from "./auto-fetch-budget.ts";
import { hashOf } from "./content-hash.ts";
import { fileBodyOf, vaultIdOf } from "./file-body.ts";
import { FileContent } from "./file-content.ts";
import { FileFetch } from "./file-fetch.ts";
import { FileFetching } from "./file-fetching.ts";
import { FilePosting, type FilePostingOptions } from "./file-posting.ts";
import { FileRecords, type FileRecord } from "./file-records.ts";
import { FileServing } from "./file-serving.ts";
import { FileTalk } from "./file-talk.ts";
import type { FileSource, FileVault } from "./file-vault.ts";
import type { FileUsage, SendFileOptions, Transfer } from "./files-api.ts";
import { TransferBoard, type Standing } from "./transfer-board.ts";
import { sweepVault } from "./vault-sweep.ts";

/** 19 random bytes begin the nonces of a file's chunks (`crypto/chunked-seal.ts`). */
const PREFIX_BYTES = 19;

/** Chunks of files that may wait in a mailbox: one fits an envelope. */
const SMALL_FILE_CHUNK_BYTES = 60 * 1024;

const UNKNOWN_MEDIA = "application/octet-stream";

export interface FileEngineOptions {
  readonly ports: Pick<Ports, "clock" | "random" | "log">;
  readonly vault: FileVault;
  readonly store: Pick<Store, "value" | "values" | "recent">;
  /** @throws StoreError */
  readonly commit: (writes: readonly StoreWrite[]) => Promise<void>;
  readonly identity: IdentityKeys;
  readonly links: LinkService & LinkControls & FileLinks;
  readonly directory: Directory & LinkPeers;
  readonly serverOnline: () => boolean;
  /** The devices of everybody else in a conversation; undefined where there is none. */
  readonly othersIn: (conversationId: ConversationId) => readonly LinkPeer[] | undefined;
  /** Is that person, other than this account, in it? */
  readonly isIn: (conversationId: ConversationId, userId: UserId) => boolean;
  /** @throws ChatKitError */
  readonly sendMessage: (conversationId: ConversationId, body: FileBody) => Promise<MessageRecord>;
  /** @throws ChatKitError store-failed */
  readonly find: (messageId: MessageId) => Promise<MessageRecord | undefined>;
  /** Never rejects. */
  readonly storeChunk: FilePostingOptions["storeChunk"];
  /** What was passed over in the mailbox can be taken now. */
  readonly fetchMail: () => void;
  readonly onTransfer: (transfer: Transfer) => void;
  readonly onProblem: (error: unknown) => void;
}

/** `durable`: only where that turns out true. */
interface StoredFate {
  readonly fate: Fate;
  readonly durable?: Promise<boolean>;
}

/** Files of one account: what `SPEC.md` says under F. */
export class FileEngine {
  readonly #options: FileEngineOptions;
  readonly #records: FileRecords;
  readonly #board: TransferBoard;
  readonly #talk: FileTalk;
  readonly #serving: FileServing;
  readonly #fetching: FileFetching;
  readonly #posting: FilePosting;
  readonly #unsubscribe: (() => void)[] = [];
  /** Files that are here, and of which their senders do not know that yet. */
  readonly #untold = new Map<MessageId, FileRecord>();
  readonly #untoldBy = new Map<MessageId, DeviceId>();
  /** Messages that have not come yet, of whose files something is in the mailbox. */
  readonly #awaited = new Set<MessageId>();
  /** Messages of whose files chunks are left in the mailbox, for one before them is missing. */
  readonly #gapped = new Set<MessageId>();
  /** Those chunks, by their message and index; bounded by `MAX_LEFT_CHUNKS`. */
  readonly #left = new Set<string>();
  /** Chunks out of the mailbox are taken in their order. */
  #mail: Promise<unknown> = Promise.resolve();
  #autoFetch = AUTO_FETCH_BYTES;
  readonly #budget: AutoFetchBudget;
  /** Files that came and are about to be wanted. */
  #beginning = 0;
  /** Ids in the vault that were begun since the start, until the vault was swept. */
  #begun: Set<FileId> | undefined = new Set();
  #sweepTimer: Timer | undefined;
  #closed = false;

  constructor(options: FileEngineOptions) {
    this.#options = options;
    const { directory, find, identity, links, onProblem, ports, serverOnline, vault } = options;
    const { clock, log, random } = ports;
    this.#budget = new AutoFetchBudget(clock);
    this.#records = new FileRecords(options);
    this.#board = new TransferBoard(clock, options.onTransfer);
    this.#talk = new FileTalk({
      ports,
      identity,
      deviceId: () => directory.self.deviceId,
      peers: directory,
    });
    const parts = { clock, log, vault, records: this.#records, talk: this.#talk, links, onProblem };
    this.#serving = new FileServing({
      ...parts,
      self: () => directory.self,
      find,
      isIn: options.isIn,
      onChanged: (messageId) => this.#showOwn(messageId),
    });
    this.#fetching = new FileFetching({
      ...parts,
      random,
      directory,
      othersIn: options.othersIn,
      serverOnline,
      onChanged: (fetch) => this.#board.put(standingOf(fetch)),
      onComplete: (fetch) => this.#completed(fetch),
    });
    const { storeChunk } = options;
    this.#posting = new FilePosting({
      ...parts,
      directory,
      find,
      serverOnline,
      storeChunk,
      onStored: (messageId) => this.#showOwn(messageId),
    });
  }

  /** Takes up what was under way; before links are opened. @throws StoreError */
  async start(): Promise<void> {
    const { find, links } = this.#options;
    this.#autoFetch = (await this.#records.autoFetch()) ?? AUTO_FETCH_BYTES;
    for (const record of await this.#records.unfinished()) {
      const { messageId, state } = record;
      if (record.untold === true) this.#owe(record, (await find(messageId))?.from.deviceId);
      if (record.source) this.#posting.add(record);
      if (record.source) this.#showOwn(messageId);
      else if (state === "waiting") this.#wantAgain(await find(messageId), record);
      else if (state !== "complete") this.#board.put(standingOfRecord(record));
    }
    this.#unsubscribe.push(
      links.onFileFrame((link, frame) => this.#onFrame(link, frame)),
      links.onRoom((link) => this.#serving.room(link)),
      links.onDrain((link) => this.#serving.room(link)),
      links.onDirectOpen((link) => {
        this.#fetching.directOpened(link);
        this.#tellHad(link);
      }),
      links.onClose((link) => {
        this.#serving.linkClosed(link);
        this.#fetching.linkClosed(link);
      }),
    );
    links.setExpected((link, frame) => this.#fetching.expects(link, frame));
    this.#fetching.look();
    this.#sweepTimer = this.#options.ports.clock.setTimer(() => {
      this.#sweep().catch(this.#options.onProblem);
    }, VAULT_SWEEP_AFTER_MS);
  }

  get autoFetch(): number {
    return this.#autoFetch;
  }

  async setAutoFetch(maxBytes: number): Promise<void> {
    const bytes = Math.min(Math.max(Math.trunc(maxBytes) || 0, 0), Number.MAX_SAFE_INTEGER);
    await this.#records.setAutoFetch(bytes);
    this.#autoFetch = bytes;
  }

  async send(
    conversationId: ConversationId,
    source: FileSource,
    options: SendFileOptions = {},
  ): Promise<MessageRecord> {
    const { directory, othersIn, ports, sendMessage, vault } = this.#options;
    if (othersIn(conversationId) === undefined) {
      throw new ChatKitError("no-such-conversation", "There is no such conversation.");
    }
    const isSmall = source.size <= SMALL_FILE_BYTES;
    const fileId = v.parse(FileId, encodeId(ports.random.bytes(ID_BYTES)));
    const prefix = ports.random.bytes(PREFIX_BYTES);
    const seal = isSmall ? chunkedSeal(prefix, SMALL_FILE_CHUNK_BYTES) : chunkedSeal(prefix);
    const candidate = {
      type: "file",
      fileId,
      name: source.name,
      mediaType: source.mediaType,
      size: source.size,
      key: encodeBase64(ports.random.bytes(KEY_BYTES)),
      header: encodeBase64(seal.header),
      ...options,
    };
    const body = checked(candidate) ?? checked({ ...candidate, mediaType: UNKNOWN_MEDIA });
    if (body === undefined) {
      throw new ChatKitError("invalid-file", "This file cannot be described in a message.");
    }
    const sha256 = isSmall ? await hashOf(source) : undefined;
    this.#begun?.add(fileId);
    await vault.keep(fileId, source);
    let message: MessageRecord;
    try {
      message = await sendMessage(
        conversationId,
        sha256 === undefined ? body : { ...body, sha256 },
      );
    } catch (error) {
      await vault.delete(fileId);
      throw error;
    }
    await source.close();
    const others = othersIn(conversationId) ?? [];
    const posting = this.#posting.toPost(others, body.size);
    const sentTo = [...others, ...directory.ownOthers()];
    const record: FileRecord = {
      messageId: message.id,
      conversationId,
      fileId,
      source: true,
      size: body.size,
      bytes: body.size,
      state: "offered",
      sentTo: sentTo.map(({ deviceId }) => deviceId),
      complete: [],
      ...(posting.length === 0 ? {} : { posting }),
    };
    await this.#records.put(record);
    this.#posting.add(record);
    this.#showOwn(message.id);
    return message;
  }

  async forward(messageId: MessageId, conversationId: ConversationId): Promise<MessageRecord> {
    const { body } = await this.#file(messageId);
    const source = await this.open(messageId);
    // Closed by `send` where that succeeds.
    const { caption, durationMs, image, waveform } = body;
    return await this.send(conversationId, source, {
      forwarded: true,
      ...(caption === undefined ? {} : { caption }),
      ...(durationMs === undefined ? {} : { durationMs }),
      ...(image === undefined ? {} : { image }),
      ...(waveform === undefined ? {} : { waveform }),
    });
  }

  transfers(): readonly Transfer[] {
    return this.#board.list();
  }

  async transfer(messageId: MessageId): Promise<Transfer | undefined> {
    const shown = this.#board.get(messageId);
    if (shown !== undefined) return shown;
    const message = await this.#options.find(messageId);
    const body = fileBodyOf(message);
    if (message === undefined || body === undefined) return undefined;
    const record = await this.#records.get(messageId);
    if (record !== undefined) return this.#standing(record);
    return standingOfRecord(newRecord(message, body, this.#isSource(message)));
  }

  async fetch(messageId: MessageId): Promise<void> {
    const { message, body } = await this.#file(messageId);
    const record = (await this.#records.get(messageId)) ?? newRecord(message, body, false);
    const { failure: _, ...rest } = record;
    if (this.#isSource(message)) {
      await this.#records.put({ ...rest, source: true, state: "offered" });
      this.#showOwn(messageId);
      this.#tellReady(message);
      return;
    }
    if (record.state === "complete" || this.#fetching.get(messageId) !== undefined) {
      this.#fetching.get(messageId)?.forgive();
      this.#fetching.look();
      return;
    }
    const content = FileContent.of(body);
    if (content === undefined) {
      const failed: FileRecord = { ...rest, state: "failed", failure: "unknown-seal" };
      await this.#records.put(failed);
      return this.#board.put(standingOfRecord(failed));
    }
    const waiting: FileRecord = { ...rest, state: "waiting" };
    const wanted = new FileFetch(message, body, content, waiting);
    this.#begun?.add(wanted.vaultId);
    this.#fetching.want(wanted);
    await this.#records.put(waiting);
  }

  async pause(messageId: MessageId): Promise<void> {
    const { message, body } = await this.#file(messageId);
    const record = await this.#records.get(messageId);
    if (this.#isSource(message)) {
      this.#serving.end(messageId, "paused");
      await this.#records.put({ ...(record ?? newRecord(message, body, true)), state: "paused" });
      return this.#showOwn(messageId);
    }
    const stopped = await this.#fetching.stop(messageId);
    const known = stopped?.record ?? record;
    if (known === undefined || known.state === "complete") return;
    const bytes = stopped?.incoming?.durable ?? known.bytes;
    const paused: FileRecord = { ...known, state: "paused", bytes };
    await this.#records.put(paused);
    this.#board.put(standingOfRecord(paused));
  }

  async cancel(messageId: MessageId): Promise<void> {
    const { vault } = this.#options;
    const { message, body } = await this.#file(messageId);
    if (this.#isSource(message)) {
      const record = (await this.#records.get(messageId)) ?? newRecord(message, body, true);
      const { posting: _, ...rest } = record;
      this.#posting.forget(messageId);
      await this.#records.put({ ...rest, state: "failed", failure: "withdrawn" });
      this.#serving.end(messageId, "withdrawn");
      await vault.delete(vaultIdOf(record));
      return this.#showOwn(messageId);
    }
    await this.#fetching.stop(messageId);
    const offered = newRecord(message, body, false);
    await vault.delete(vaultIdOf(offered));
    await this.#records.delete(messageId);
    this.#settle(messageId);
    this.#board.end(standingOfRecord(offered));
  }

  async open(messageId: MessageId): Promise<FileSource> {
    const { message, body } = await this.#file(messageId);
    const { fileId } = body;
    const id = vaultIdOf({ fileId, messageId, source: this.#isSource(message) });
    const source = await this.#options.vault.open(id);
    if (source !== undefined) return source;
    if (this.#isSource(message))
      throw new ChatKitError("source-gone", "The file is not there any more.");
    throw new ChatKitError("not-complete", "The file is not whole here.");
  }

  /** A message came, from somebody else or another of one's own devices. */
  arrived(message: MessageRecord): void {
    const body = fileBodyOf(message);
    if (this.#awaited.delete(message.id)) this.#options.fetchMail();
    if (body === undefined || this.#isSource(message)) return;
    if (!this.#mayFetchByItself(message, body)) return;
    this.#beginning += 1;
    this.fetch(message.id)
      .catch(this.#options.onProblem)
      .finally(() => (this.#beginning -= 1));
  }

  #mayFetchByItself({ conversationId }: MessageRecord, body: FileBody): boolean {
    const isWanted = body.size <= this.#autoFetch && FileContent.of(body) !== undefined;
    const hasRoom = this.#fetching.size + this.#beginning < MAX_AUTO_FETCHES;
    return isWanted && hasRoom && this.#budget.take(conversationId, body.size);
  }

  /** A message changed: what was taken back is deleted here, and nobody gets more of it (SPEC F11). */
  changed(message: MessageRecord): void {
    if (message.body.type !== "recalled") return;
    this.forget(message.id).catch(this.#options.onProblem);
  }

  /** Deletes what is here of a message's file; the message is gone, or about to go. */
  async forget(messageId: MessageId): Promise<void> {
    this.#serving.end(messageId, "withdrawn");
    this.#posting.forget(messageId);
    await this.#fetching.stop(messageId);
    const record = await this.#records.get(messageId);
    this.#board.remove(messageId);
    this.#settle(messageId);
    if (record === undefined) return;
    await this.#options.vault.delete(vaultIdOf(record));
    await this.#records.delete(messageId);
  }

  /** Deletes the content of all files: this device forgets the account. */
  async forgetAll(): Promise<void> {
    await this.#options.vault.clear();
  }

  async usage(): Promise<FileUsage> {
    const here = (await this.#records.all()).map((record) => bytesHere(record));
    const kept = here.filter((bytes) => bytes > 0);
    return { files: kept.length, bytes: kept.reduce((sum, bytes) => sum + bytes, 0) };
  }

  async deleteReceived(): Promise<void> {
    for (const record of await this.#records.all()) {
      // Told as cancelled: each can be asked for again.
      if (!record.source && bytesHere(record) > 0) await this.cancel(record.messageId);
    }
  }

  /** The roster, somebody's presence, a route policy or the server's connection changed. */
  directoryChanged(): void {
    if (this.#closed) return;
    this.#fetching.look();
    this.#posting.look();
    for (const deviceId of this.#owed()) {
      const [link] = this.#options.links.openLinks(deviceId);
      if (link !== undefined) this.#tellHad(link);
    }
  }

  /** A chunk was in the mailbox: it may be deleted there once it is in the vault. Never rejects. */
  storedChunk(chunk: StoredChunk): Promise<Fate> {
    const turn = this.#mail.then(() => this.#takeStored(chunk));
    this.#mail = turn;
    return turn.then(async ({ durable, fate }) => {
      if (durable === undefined || (await durable)) return fate;
      return this.#leave(chunk).fate;
    });
  }

  /** Ends everything; what came is flushed. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#sweepTimer?.cancel();
    for (const end of this.#unsubscribe) end();
    this.#serving.close();
    this.#posting.close();
    await this.#fetching.close();
    this.#board.close();
  }

  /** What an earlier end of the program has left in the vault (SPEC F14). */
  async #sweep(): Promise<void> {
    const { ports, store, vault } = this.#options;
    const isClosed = (): boolean => this.#closed;
    const idOf = (message: MessageRecord): FileId | undefined => {
      const body = fileBodyOf(message);
      const { id: messageId } = message;
      return body && vaultIdOf({ ...body, messageId, source: this.#isSource(message) });
    };
    const deleted = await sweepVault({
      vault,
      store,
      remembered: async () => new Set((await this.#records.all()).map(vaultIdOf)),
      idOf,
      isNew: (id) => this.#begun?.has(id) === true,
      adopt: async (message) => {
        const body = fileBodyOf(message);
        if (body === undefined || (await this.#records.get(message.id)) !== undefined) return;
        await this.#records.put(newRecord(message, body, this.#isSource(message)));
      },
      isClosed,
    });
    this.#begun = undefined;
    if (deleted > 0) ports.log.info("files that nothing leads to were deleted", { deleted });
  }

  #onFrame(link: Link, bytes: Uint8Array): void {
    const frame = decodeFileFrame(bytes);
    if (frame === undefined) return;
    if (frame.type === "chunk") {
      this.#fetching.chunk(link, frame);
      return freeBytes(bytes);
    }
    const word = this.#talk.hear(link, frame.sealed);
    if (word === undefined) return;
    switch (word.type) {
      case "ask":
        return void this.#serving.asked(link, word);
      case "more":
        return this.#serving.more(link, word.stream, word.upTo);
      case "stop":
        return this.#serving.stopped(link, word.stream);
      case "have":
        return void this.#serving.had(link, word).catch(this.#options.onProblem);
      case "ready":
        return this.#fetching.ready(word.message, link.peer.deviceId);
      case "end":
      case "refuse":
        return this.#fetching.word(link, word);
    }
  }

  async #takeStored(chunk: StoredChunk): Promise<StoredFate> {
    if (this.#closed) return { fate: "failed" };
    const { index, messageId, sealed } = chunk;
    this.#left.delete(nameOf(chunk));
    try {
      // Noted before the look: it may come between the two. Chunks before this one wait as well.
      const isAwaited = this.#awaited.has(messageId);
      if (this.#awaited.size < MAX_AWAITED_FILES) this.#awaited.add(messageId);
      const message = await this.#options.find(messageId);
      if (message === undefined) return this.#leave(chunk);
      if (!isAwaited) this.#awaited.delete(messageId);
      const body = fileBodyOf(message);
      const record = await this.#records.get(messageId);
      const isOver = record?.state === "complete" || record?.source === true;
      if (body === undefined || isOver || body.size > SMALL_FILE_BYTES) return { fate: "done" };
      // It is here already: getting it costs nobody anything any more.
      if (this.#fetching.get(messageId) === undefined) await this.fetch(messageId);
      const { durable, taken } = await this.#fetching.stored(messageId, index, sealed);
      // Nothing comes of it, by a seal of a later version for one. `failed` would hold up all mail.
      if (taken === "unknown") return { fate: this.#closed ? "failed" : "done" };
      if (taken === "gap") {
        // Those before it may have been passed over, and come the next time.
        if (this.#gapped.size < MAX_AWAITED_FILES) this.#gapped.add(messageId);
        return this.#leave(chunk);
      }
      if (this.#gapped.delete(messageId)) this.#options.fetchMail();
      return { fate: "done", durable };
    } catch (error) {
      if (error instanceof ChatKitError && error.reason === "too-many-requests") {
        return this.#leave(chunk);
      }
      this.#options.onProblem(error);
      return { fate: "failed" };
    }
  }

  /** It stays in the mailbox. Of too many nobody keeps more: what is missing is asked for (F9). */
  #leave(chunk: StoredChunk): StoredFate {
    const name = nameOf(chunk);
    if (!this.#left.has(name) && this.#left.size >= MAX_LEFT_CHUNKS) return { fate: "done" };
    this.#left.add(name);
    return { fate: "behind" };
  }

  /** Devices that do not know yet that this one has their files. */
  #owed(): ReadonlySet<DeviceId> {
    return new Set(this.#untoldBy.values());
  }

  #wantAgain(message: MessageRecord | undefined, record: FileRecord): void {
    const body = fileBodyOf(message);
    const content = body && FileContent.of(body);
    if (message === undefined || content === undefined || body === undefined) return;
    // More than may wait is no reason not to start: whoever wants the rest asks for it again.
    if (this.#fetching.isFull) this.#board.put(standingOfRecord({ ...record, state: "paused" }));
    else this.#fetching.want(new FileFetch(message, body, content, record));
  }

  #completed({ record, message }: FileFetch): void {
    this.#board.end(standingOfRecord(record));
    if (this.#gapped.delete(record.messageId)) this.#options.fetchMail();
    this.#owe(record, message.from.deviceId);
    for (const link of this.#options.links.openLinks(message.from.deviceId)) {
      this.#tellHad(link);
      break;
    }
  }

  #owe(record: FileRecord, to: DeviceId | undefined): void {
    if (to === undefined) return;
    this.#untold.set(record.messageId, record);
    this.#untoldBy.set(record.messageId, to);
  }

  #settle(messageId: MessageId): void {
    this.#untold.delete(messageId);
    this.#untoldBy.delete(messageId);
  }

  /** Tells a device of its files that are whole here, where it does not know yet. */
  #tellHad(link: Link): void {
    for (const [messageId, record] of this.#untold) {
      if (this.#untoldBy.get(messageId) !== link.peer.deviceId) continue;
      void this.#tellHadOne(link, messageId, record);
    }
  }

  async #tellHadOne(link: Link, messageId: MessageId, record: FileRecord): Promise<void> {
    try {
      const { fileId: file } = record;
      if (!this.#talk.say(link, { type: "have", message: messageId, file })) return;
      this.#settle(messageId);
      const { untold: _, ...told } = record;
      await this.#records.put(told);
    } catch (error) {
      this.#options.onProblem(error);
    }
  }

  /** Those who were told to wait may ask again. */
  #tellReady(message: MessageRecord): void {
    const { directory, links, othersIn } = this.#options;
    const devices = [...(othersIn(message.conversationId) ?? []), ...directory.ownOthers()];
    for (const { deviceId } of devices) {
      const [link] = links.openLinks(deviceId);
      if (link !== undefined) this.#talk.say(link, { type: "ready", message: message.id });
    }
  }

  #showOwn(messageId: MessageId): void {
    const record = this.#records.peek(messageId);
    if (record === undefined) {
      this.#records.get(messageId).then(
        (read) => {
          if (read?.source === true && !this.#closed) this.#show(read);
        },
        (error: unknown) => this.#options.onProblem(error),
      );
      return;
    }
    if (record.source && !this.#closed) this.#show(record);
  }

  #show(record: FileRecord): void {
    const standing = this.#standing(record);
    const isOver = standing.state === "complete" || standing.state === "offered";
    if (isOver) this.#board.end(standing);
    else this.#board.put(standing);
  }

  /** As its own sender sees it, or as it is here. */
  #standing(record: FileRecord): Standing {
    const standing = standingOfRecord(record);
    if (!record.source) return standing;
    const progress = this.#serving.progressOf(record.messageId);
    const isActive = progress !== undefined && record.state === "offered";
    return isActive ? { ...standing, ...progress, state: "active" } : standing;
  }

  #isSource({ from }: MessageRecord): boolean {
    return from.deviceId === this.#options.directory.self.deviceId;
  }

  /** @throws ChatKitError no-such-message */
  async #file(messageId: MessageId): Promise<{ message: MessageRecord; body: FileBody }> {
    const message = await this.#options.find(messageId);
    const body = fileBodyOf(message);
    if (message === undefined || body === undefined) {
      throw new ChatKitError("no-such-message", "There is no such file.");
    }
    return { message, body };
  }
}

function nameOf({ index, messageId }: StoredChunk): string {
  return `${messageId}/${index}`;
}

function checked(candidate: unknown): FileBody | undefined {
  const parsed = v.safeParse(FileBody, candidate);
  return parsed.success ? parsed.output : undefined;
}

function newRecord(message: MessageRecord, body: FileBody, source: boolean): FileRecord {
  return {
    messageId: message.id,
    conversationId: message.conversationId,
    fileId: body.fileId,
    source,
    size: body.size,
    bytes: 0,
    state: "offered",
  };
}

function bytesHere({ bytes, failure, size, source, state }: FileRecord): number {
  if (source) return failure === undefined ? size : 0;
  return state === "complete" ? size : bytes;
}

function standingOf(fetch: FileFetch): Standing {
  const standing = standingOfRecord(fetch.record);
  const isActive = fetch.stream !== undefined || fetch.finishing;
  const state = fetch.record.state === "waiting" && isActive ? "active" : standing.state;
  return { ...standing, state, bytes: fetch.bytes };
}

function standingOfRecord(record: FileRecord): Standing {
  const { complete = [], conversationId, failure, messageId, path, sentTo = [], size } = record;
  const isHad = record.source && complete.length > 0 && record.state === "offered";
  return {
    messageId,
    conversationId,
    direction: record.source ? "send" : "receive",
    state: isHad ? "complete" : record.state,
    ...(failure === undefined ? {} : { failure }),
    bytes: record.source ? (isHad ? size : 0) : record.bytes,
    size,
    ...(path === undefined ? {} : { path }),
    ...(record.source
      ? { devices: { complete: complete.length, all: Math.max(sentTo.length, complete.length) } }
      : {}),
  };
}
