import {
  decodeFileFrame,
  type ConversationId,
  type DeviceId,
  type FileFrame,
  type FileRefusal,
  type FileWord,
  type MessageId,
} from "../../protocol/index.ts";
import {
  DIRECT_GRACE_MS,
  FILE_CREDIT_BYTES,
  FILE_READIES_AT_ONCE,
  FILE_READY_EVERY_MS,
  FILE_SILENCE_MS,
  FILE_STALL_MS,
  MAX_ACTIVE_FETCHES,
  MAX_FETCHES_OF_PERSON,
  MAX_WANTED_FILES,
} from "../limits.ts";
import type { Link, LinkPeer } from "../link.ts";
import type { LinkControls, LinkService } from "../links/link-service.ts";
import { TokenBucket } from "../links/token-bucket.ts";
import type { Directory } from "../delivery/directory.ts";
import type { Clock, Log, Random, Timer } from "../ports.ts";
import { ChatKitError } from "../api.ts";
import type { MessageRecord } from "../store.ts";
import type { FileFetch, IncomingStream } from "./file-fetch.ts";
import type { FileRecords } from "./file-records.ts";
import type { FileTalk } from "./file-talk.ts";
import { FileError, type FileVault } from "./file-vault.ts";
import type { TransferFailure } from "./files-api.ts";
import { IncomingFile, type Taken } from "./incoming-file.ts";

type Chunk = Extract<FileFrame, { type: "chunk" }>;

export interface FileFetchingOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly vault: FileVault;
  readonly records: FileRecords;
  readonly talk: FileTalk;
  readonly links: Pick<
    LinkService,
    "rule" | "direct" | "directPending" | "relay" | "heardAt" | "prove" | "suspect"
  > &
    Pick<LinkControls, "openLinks">;
  readonly directory: Pick<Directory, "self" | "devicesOf" | "ownOthers" | "isOnline">;
  /** The devices of everybody else in a conversation. */
  readonly othersIn: (conversationId: ConversationId) => readonly LinkPeer[] | undefined;
  readonly serverOnline: () => boolean;
  readonly onChanged: (fetch: FileFetch) => void;
  /** It is whole here. */
  readonly onComplete: (fetch: FileFetch) => void;
  readonly onProblem: (error: unknown) => void;
}

/** Gets files that are wanted here from the devices that have them (SPEC F4 to F9). */
export class FileFetching {
  readonly #options: FileFetchingOptions;
  /** Those asked for first come first; bounded by `MAX_WANTED_FILES`. */
  readonly #fetches = new Map<MessageId, FileFetch>();
  readonly #streams = new Map<number, FileFetch>();
  /** Who has not had a turn since the last look, and how many are being started. */
  #turn: FileFetch[] = [];
  #starting = 0;
  readonly #readies: TokenBucket;
  #timer: Timer | undefined;
  #timerAt = Infinity;
  #looking = false;
  #closed = false;

  constructor(options: FileFetchingOptions) {
    this.#options = options;
    const rate = { burst: FILE_READIES_AT_ONCE, perMs: 1 / FILE_READY_EVERY_MS };
    this.#readies = new TokenBucket(options.clock, rate);
  }

  get(messageId: MessageId): FileFetch | undefined {
    return this.#fetches.get(messageId);
  }

  /** How many files are wanted. */
  get size(): number {
    return this.#fetches.size;
  }

  /** No more can be wanted. */
  get isFull(): boolean {
    return this.#fetches.size >= MAX_WANTED_FILES;
  }

  /** Takes it up from where it was. @throws ChatKitError too-many-requests */
  want(fetch: FileFetch): void {
    const { id } = fetch.message;
    if (!this.#fetches.has(id) && this.isFull) {
      throw new ChatKitError("too-many-requests", "Too many files are asked for already.");
    }
    this.#fetches.set(id, fetch);
    this.#options.onChanged(fetch);
    this.look();
  }

  /** Nothing more comes of it; what is here stays. Resolves once it is flushed. */
  async stop(messageId: MessageId): Promise<FileFetch | undefined> {
    const fetch = this.#fetches.get(messageId);
    if (fetch === undefined) return undefined;
    this.#fetches.delete(messageId);
    this.#dropStream(fetch, true);
    await fetch.incoming?.close();
    this.look();
    return fetch;
  }

  /** Something changed: a link, somebody's presence, or a policy. */
  look(): void {
    if (this.#looking || this.#closed) return;
    this.#looking = true;
    // The changes of one tick are looked at together.
    queueMicrotask(() => {
      this.#looking = false;
      if (!this.#closed) this.#look();
    });
  }

  /** Whoever comes back, or has a new link, may be asked again at once. */
  reachable(device: DeviceId): void {
    for (const fetch of this.#fetches.values()) fetch.forgive(device);
    this.look();
  }

  /** That device may be asked again. Whoever says so all the time is not asked sooner for it. */
  ready(messageId: MessageId, device: DeviceId): void {
    const fetch = this.#fetches.get(messageId);
    if (fetch?.isRefused(device) !== true || !this.#readies.take(1)) return;
    fetch.forgive(device);
    this.look();
  }

  /** A direct link is better than a relay: what comes by that goes on by this. */
  directOpened(link: Link): void {
    for (const fetch of this.#fetches.values()) {
      const { stream } = fetch;
      if (stream?.link.kind !== "relay" || stream.link.peer.deviceId !== link.peer.deviceId)
        continue;
      this.#dropStream(fetch, true);
    }
    this.reachable(link.peer.deviceId);
  }

  linkClosed(link: Link): void {
    for (const fetch of this.#fetches.values()) {
      if (fetch.stream?.link === link) this.#dropStream(fetch, false);
    }
    this.look();
  }

  /** Was that frame asked for, and is there room for it? */
  expects(link: Link, frame: Uint8Array): boolean {
    const read = decodeFileFrame(frame);
    if (read?.type !== "chunk") return false;
    const fetch = this.#streams.get(read.stream);
    const { stream, incoming } = fetch ?? {};
    return stream?.link === link && read.index === incoming?.next && read.index < stream.upTo;
  }

  chunk(link: Link, { index, sealed, stream: number }: Chunk): void {
    const fetch = this.#streams.get(number);
    const { stream, incoming } = fetch ?? {};
    // What was on its way when it was stopped is nothing to complain about.
    if (fetch === undefined || stream?.link !== link || incoming === undefined) return;
    stream.heardAt = this.#options.clock.monotonic();
    const taken = index < stream.upTo ? incoming.take(index, sealed) : "foreign";
    if (taken === "known") return;
    if (taken === "taken") return this.#took(fetch);
    this.#options.log.warn("a device sent chunks that were not asked for", {
      from: link.peer.deviceId,
    });
    this.#dropStream(fetch, true);
    this.#refusedBy(fetch, link.peer.deviceId);
  }

  /**
   * A chunk by mailbox. `unknown`: nobody here wants that file, or not yet. `durable`: whether it
   * survives a crash; many that come together are flushed together.
   */
  async stored(
    messageId: MessageId,
    index: number,
    sealed: Uint8Array,
  ): Promise<{ readonly taken: Taken | "unknown"; readonly durable: Promise<boolean> }> {
    const fetch = this.#fetches.get(messageId);
    const incoming = fetch && (await this.#open(fetch));
    if (fetch === undefined || incoming === undefined) {
      return { taken: fetch === undefined ? "unknown" : "gap", durable: Promise.resolve(false) };
    }
    const taken = incoming.take(index, sealed);
    if (taken === "taken") {
      fetch.record = { ...fetch.record, path: "stored" };
      this.#took(fetch);
    }
    return { taken, durable: taken === "gap" ? Promise.resolve(false) : incoming.flush() };
  }

  word(link: Link, word: Extract<FileWord, { type: "end" | "refuse" }>): void {
    const fetch = this.#streams.get(word.stream);
    if (fetch?.stream?.link !== link) return;
    fetch.stream.heardAt = this.#options.clock.monotonic();
    if (word.type === "refuse") return this.#refused(fetch, link.peer.deviceId, word.why);
    if (fetch.sha256 !== undefined && fetch.sha256 !== word.sha256) {
      return void this.#fail(fetch, "hash-mismatch");
    }
    fetch.sha256 = word.sha256;
    this.#took(fetch);
  }

  /** Ends everything; what came is flushed. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    const all = [...this.#fetches.values()];
    this.#turn = [];
    this.#fetches.clear();
    for (const fetch of all) this.#dropStream(fetch, true);
    await Promise.all(all.flatMap(({ incoming }) => incoming?.close() ?? []));
  }

  #look(): void {
    this.#turn = [...this.#fetches.values()];
    this.#advance();
  }

  /** One that cannot begin leaves its place to the next. */
  #advance(): void {
    while (this.#streams.size + this.#starting < MAX_ACTIVE_FETCHES) {
      const fetch = this.#turn.shift();
      if (fetch === undefined) return;
      const isBusy = fetch.stream !== undefined || fetch.starting || fetch.finishing;
      if (isBusy || !this.#isWanted(fetch)) continue;
      fetch.starting = true;
      this.#starting += 1;
      void this.#start(fetch).finally(() => {
        fetch.starting = false;
        this.#starting -= 1;
        if (!this.#closed) this.#advance();
      });
    }
  }

  async #start(fetch: FileFetch): Promise<void> {
    try {
      const link = await this.#way(fetch);
      if (link === undefined || !this.#isWanted(fetch) || this.#hasEnough(link.peer)) return;
      const incoming = await this.#open(fetch);
      if (incoming === undefined || !this.#isWanted(fetch) || fetch.stream !== undefined) return;
      if (incoming.hasAll && fetch.sha256 !== undefined) return this.#took(fetch);
      // Others may have begun meanwhile.
      if (this.#hasEnough(link.peer)) return;
      this.#ask(fetch, incoming, link);
    } catch (error) {
      this.#options.onProblem(error);
    }
  }

  /** Whoever sends slowly, and for ever, holds up nobody else. */
  #hasEnough({ userId }: LinkPeer): boolean {
    const links = [...this.#streams.values()].map(({ stream }) => stream?.link.peer.userId);
    return links.filter((one) => one === userId).length >= MAX_FETCHES_OF_PERSON;
  }

  /** The best link to a device that may have it. */
  async #way(fetch: FileFetch): Promise<Link | undefined> {
    const { clock, directory, links, log, serverOnline } = this.#options;
    const now = clock.monotonic();
    const devices = this.#candidates(fetch.message).filter(({ deviceId }) =>
      fetch.mayAsk(deviceId, now),
    );
    for (const peer of devices) {
      const { deviceId } = peer;
      const rule = links.rule(peer);
      const direct = rule.direct ? links.direct(deviceId) : undefined;
      if (direct !== undefined) return direct;
      if (rule.direct && links.directPending(deviceId)) {
        fetch.graceUntil ??= now + DIRECT_GRACE_MS;
        this.#lookAt(fetch.graceUntil);
        if (now < fetch.graceUntil) continue;
      }
      if (!rule.relay || !serverOnline() || !directory.isOnline(deviceId)) continue;
      try {
        const relay = await links.relay(peer);
        if (links.rule(peer).relay) return relay;
      } catch (error) {
        log.debug("no relay to fetch a file by", { error });
        this.#refusedBy(fetch, deviceId);
      }
    }
    const { retryAt } = fetch;
    if (retryAt !== undefined) this.#lookAt(retryAt);
    return undefined;
  }

  /** The device that sent it, one's own, the other devices of its account, and those of a group's others. */
  #candidates({ conversationId, from }: MessageRecord): readonly LinkPeer[] {
    const { directory, othersIn } = this.#options;
    const { userId, deviceId } = directory.self;
    const own = directory.ownOthers();
    const people = othersIn(conversationId) ?? [];
    const theirs = from.userId === userId ? [] : directory.devicesOf(from.userId);
    // In a conversation of two nobody else's are left.
    const rest = people.filter((peer) => peer.userId !== from.userId && from.userId !== userId);
    const others = [...own, ...theirs, ...rest].filter((peer) => peer.deviceId !== from.deviceId);
    return from.deviceId === deviceId ? others : [from, ...others];
  }

  /** The part that is here, opened once. */
  async #open(fetch: FileFetch): Promise<IncomingFile | undefined> {
    if (fetch.incoming !== undefined) return fetch.incoming;
    const { body, content, vaultId } = fetch;
    const { vault } = this.#options;
    const file = { name: body.name, mediaType: body.mediaType, size: body.size };
    try {
      let receiver = await vault.receive(vaultId, file);
      if (receiver.length > body.size) {
        await receiver.close();
        await vault.delete(vaultId);
        receiver = await vault.receive(vaultId, file);
      }
      if (fetch.incoming !== undefined || !this.#isWanted(fetch)) {
        await receiver.close();
        return fetch.incoming;
      }
      fetch.incoming = new IncomingFile({
        content,
        receiver,
        onWritten: (_, durable) => this.#written(fetch, durable),
        onFailed: (error) => void this.#fail(fetch, failureOf(error), error),
      });
      return fetch.incoming;
    } catch (error) {
      await this.#fail(fetch, failureOf(error), error);
      return undefined;
    }
  }

  #ask(fetch: FileFetch, incoming: IncomingFile, link: Link): void {
    const { clock, random, talk } = this.#options;
    const number = new DataView(Uint8Array.from(random.bytes(4)).buffer).getUint32(0);
    const from = incoming.next;
    const upTo = Math.min(from + creditOf(fetch), fetch.content.chunks);
    const { id: message } = fetch.message;
    const { fileId: file } = fetch.body;
    if (this.#streams.has(number)) return this.look();
    const now = clock.monotonic();
    const stream: IncomingStream = { number, link, upTo, heardAt: now, timer: undefined };
    if (!talk.say(link, { type: "ask", stream: number, message, file, from, upTo })) {
      return this.#refusedBy(fetch, link.peer.deviceId);
    }
    fetch.stream = stream;
    fetch.graceUntil = undefined;
    fetch.record = { ...fetch.record, path: link.kind === "direct" ? "direct" : "relayed" };
    this.#streams.set(number, fetch);
    this.#watch(fetch, stream);
    this.#options.onChanged(fetch);
  }

  /** A stream that brings nothing, although there is room, is as good as lost. */
  #watch(fetch: FileFetch, stream: IncomingStream): void {
    const { clock, links } = this.#options;
    const { link } = stream;
    stream.timer = clock.setTimer(() => {
      if (fetch.stream !== stream) return;
      const now = clock.monotonic();
      // It is this device's disk that the other end waits for.
      if (fetch.incoming?.isBusy === true) stream.heardAt = now;
      const silent = now - stream.heardAt;
      if (silent >= FILE_SILENCE_MS) {
        this.#dropStream(fetch, true);
        return this.#refusedBy(fetch, link.peer.deviceId);
      }
      // A relay that was told to pause is silent for a reason.
      if (silent >= FILE_STALL_MS && link.kind === "direct") {
        const heardAt = links.heardAt(link) ?? stream.heardAt;
        if (now - heardAt >= 2 * FILE_STALL_MS) links.suspect(link);
        else links.prove(link);
      }
      // Unless it was given up this moment.
      if (fetch.stream === stream) this.#watch(fetch, stream);
    }, FILE_STALL_MS);
  }

  #took(fetch: FileFetch): void {
    const { incoming } = fetch;
    if (incoming?.hasAll !== true) return;
    if (fetch.sha256 !== undefined && !fetch.finishing) void this.#finish(fetch, incoming);
  }

  #written(fetch: FileFetch, durable: number): void {
    const { onChanged, onProblem, records, talk } = this.#options;
    const { content, incoming, stream } = fetch;
    onChanged(fetch);
    if (durable !== fetch.record.bytes) {
      fetch.record = { ...fetch.record, bytes: durable };
      if (this.#isWanted(fetch)) records.put(fetch.record).catch(onProblem);
    }
    if (incoming === undefined || stream === undefined) return;
    const credit = creditOf(fetch);
    const upTo = Math.min(content.chunksIn(incoming.written) + credit, content.chunks);
    if (upTo - stream.upTo < credit / 4 && !(upTo === content.chunks && stream.upTo < upTo)) return;
    stream.upTo = upTo;
    talk.say(stream.link, { type: "more", stream: stream.number, upTo });
  }

  async #finish(fetch: FileFetch, incoming: IncomingFile): Promise<void> {
    const { sha256 } = fetch;
    if (sha256 === undefined) return;
    fetch.finishing = true;
    try {
      if (!(await incoming.flush()) || !this.#isWanted(fetch)) return;
      this.#dropStream(fetch, false);
      if (!(await incoming.finish(sha256))) return await this.#fail(fetch, "hash-mismatch");
      if (!this.#isWanted(fetch)) return;
      const { failure: _, ...record } = fetch.record;
      fetch.record = { ...record, state: "complete", bytes: record.size, sha256, untold: true };
      await this.#options.records.put(fetch.record);
      this.#fetches.delete(fetch.message.id);
      this.#options.onComplete(fetch);
    } catch (error) {
      await this.#fail(fetch, failureOf(error), error);
    } finally {
      fetch.finishing = false;
      this.look();
    }
  }

  #refused(fetch: FileFetch, by: DeviceId, why: FileRefusal): void {
    this.#dropStream(fetch, false);
    if (by === fetch.message.from.deviceId) {
      if (why === "withdrawn") return void this.#fail(fetch, "withdrawn");
      if (why === "changed") return void this.#fail(fetch, "source-changed");
      // Another device may have it all the same.
      if (why === "gone" && !this.#hasOther(fetch, by))
        return void this.#fail(fetch, "source-gone");
    }
    this.#refusedBy(fetch, by);
  }

  #hasOther(fetch: FileFetch, than: DeviceId): boolean {
    const now = this.#options.clock.monotonic();
    return this.#candidates(fetch.message).some(
      ({ deviceId }) =>
        deviceId !== than &&
        this.#options.directory.isOnline(deviceId) &&
        fetch.mayAsk(deviceId, now),
    );
  }

  #refusedBy(fetch: FileFetch, device: DeviceId): void {
    const now = this.#options.clock.monotonic();
    this.#lookAt(now + fetch.refuse(device, now));
    this.look();
  }

  /** It ends here until somebody tries it again. What cannot be right is deleted. */
  async #fail(fetch: FileFetch, failure: TransferFailure, error?: unknown): Promise<void> {
    const { log, onChanged, onProblem, records, vault } = this.#options;
    if (!this.#isWanted(fetch)) return;
    const { id } = fetch.message;
    log.warn("a file could not be fetched", { failure, error });
    this.#fetches.delete(id);
    this.#dropStream(fetch, true);
    await fetch.incoming?.close();
    const bytes = fetch.incoming?.durable ?? fetch.record.bytes;
    fetch.record = { ...fetch.record, state: "failed", failure, bytes };
    try {
      if (failure === "hash-mismatch") {
        await vault.delete(fetch.vaultId);
        fetch.record = { ...fetch.record, bytes: 0 };
      }
      await records.put(fetch.record);
    } catch (problem) {
      onProblem(problem);
    }
    fetch.incoming = undefined;
    onChanged(fetch);
    this.look();
  }

  #dropStream(fetch: FileFetch, tell: boolean): void {
    const { stream } = fetch;
    if (stream === undefined) return;
    stream.timer?.cancel();
    fetch.stream = undefined;
    this.#streams.delete(stream.number);
    if (tell) this.#options.talk.say(stream.link, { type: "stop", stream: stream.number });
    if (this.#isWanted(fetch)) this.#options.onChanged(fetch);
  }

  #isWanted(fetch: FileFetch): boolean {
    return this.#fetches.get(fetch.message.id) === fetch;
  }

  #lookAt(at: number): void {
    const { clock } = this.#options;
    if (this.#timer !== undefined && this.#timerAt <= at) return;
    this.#timer?.cancel();
    this.#timerAt = at;
    this.#timer = clock.setTimer(
      () => {
        this.#timer = undefined;
        this.#timerAt = Infinity;
        this.look();
      },
      Math.max(0, at - clock.monotonic()),
    );
  }
}

/** Chunks that may be under way or wait for the disk. */
function creditOf({ content }: FileFetch): number {
  return Math.max(1, Math.floor(FILE_CREDIT_BYTES / content.chunkBytes));
}

function failureOf(error: unknown): TransferFailure {
  if (error instanceof FileError && error.reason === "disk-full") return "disk-full";
  if (error instanceof FileError && error.reason === "no-permission") return "no-permission";
  return "store-failed";
}
