import type {
  ConversationId,
  DeviceId,
  FileBody,
  FileRefusal,
  FileWord,
  MessageId,
  UserId,
} from "../../protocol/index.ts";
import { MAX_STREAMS, MAX_STREAMS_PER_DEVICE } from "../limits.ts";
import type { Link, LinkPeer } from "../link.ts";
import type { LinkService } from "../links/link-service.ts";
import type { Clock, Log } from "../ports.ts";
import type { MessageRecord } from "../store.ts";
import { hashOf } from "./content-hash.ts";
import { fileBodyOf, vaultIdOf } from "./file-body.ts";
import { FileContent } from "./file-content.ts";
import { withDevice, type FileRecord, type FileRecords } from "./file-records.ts";
import type { FileTalk } from "./file-talk.ts";
import { FileError, type FileSource, type FileVault } from "./file-vault.ts";
import { LinkPump } from "./link-pump.ts";
import { OutgoingStream, refusalOf } from "./outgoing-stream.ts";

type Ask = Extract<FileWord, { type: "ask" }>;

export interface FileServingOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly vault: FileVault;
  readonly records: FileRecords;
  readonly talk: FileTalk;
  readonly links: Pick<LinkService, "rule">;
  readonly self: () => LinkPeer;
  /** The message as it is now. @throws ChatKitError store-failed */
  readonly find: (messageId: MessageId) => Promise<MessageRecord | undefined>;
  /** Is that person, other than this account, in the conversation? */
  readonly isIn: (conversationId: ConversationId, userId: UserId) => boolean;
  /** Something of what one's own file shows changed. */
  readonly onChanged: (messageId: MessageId) => void;
  readonly onProblem: (error: unknown) => void;
}

interface Served {
  readonly stream: OutgoingStream;
  readonly device: DeviceId;
  /** Of the content, handed to the link. */
  bytes: number;
}

/** Gives other devices the content of files that are here (SPEC F4 to F7). */
export class FileServing {
  readonly #options: FileServingOptions;
  /** By device and its number for the stream. */
  readonly #served = new Map<string, Served>();
  readonly #pumps = new Map<Link, LinkPump>();
  /** Asks that are looked into; they count as streams. */
  readonly #opening = new Map<string, DeviceId>();
  /** A file is hashed once, whoever waits for it. */
  readonly #hashes = new Map<MessageId, Promise<string>>();

  constructor(options: FileServingOptions) {
    this.#options = options;
  }

  async asked(link: Link, ask: Ask): Promise<void> {
    const { onProblem, talk } = this.#options;
    const { deviceId } = link.peer;
    const name = nameOf(deviceId, ask.stream);
    if (this.#served.has(name) || this.#opening.has(name)) return;
    const refuse = (why: FileRefusal): void => {
      talk.say(link, { type: "refuse", stream: ask.stream, why });
    };
    if (this.#isFull(deviceId)) return refuse("busy");
    this.#opening.set(name, deviceId);
    try {
      const stream = await this.#open(link, ask);
      if (typeof stream === "string") return refuse(stream);
      if (!this.#opening.has(name)) return stream.close();
      this.#served.set(name, {
        stream,
        device: deviceId,
        bytes: stream.options.content.offsetOf(ask.from),
      });
      this.#pumpOf(link).add(stream);
      stream.start();
      this.#options.onChanged(ask.message);
    } catch (error) {
      onProblem(error);
      refuse("busy");
    } finally {
      this.#opening.delete(name);
    }
  }

  more(link: Link, stream: number, upTo: number): void {
    const served = this.#served.get(nameOf(link.peer.deviceId, stream));
    if (served?.stream.options.link === link) served.stream.permit(upTo);
  }

  stopped(link: Link, stream: number): void {
    const name = nameOf(link.peer.deviceId, stream);
    this.#opening.delete(name);
    this.#drop(name);
  }

  /** That device says it has it whole. */
  async had(link: Link, { message, file }: Extract<FileWord, { type: "have" }>): Promise<void> {
    const { find, records } = this.#options;
    const found = await find(message);
    if (found === undefined || fileBodyOf(found)?.fileId !== file) return;
    if (!this.#isFor(found, link.peer.userId)) return;
    const record = await records.get(message);
    if (record?.source !== true) return;
    const { deviceId } = link.peer;
    if (record.complete?.includes(deviceId) === true) return;
    const posting = record.posting?.filter(({ device }) => device !== deviceId);
    await records.put({
      ...record,
      complete: withDevice(record.complete, deviceId),
      ...(posting === undefined ? {} : { posting }),
    });
    this.#options.onChanged(message);
  }

  linkClosed(link: Link): void {
    for (const [name, { stream }] of this.#served) {
      if (stream.options.link === link) this.#drop(name);
    }
    this.#pumps.get(link)?.close();
    this.#pumps.delete(link);
  }

  room(link: Link): void {
    this.#pumps.get(link)?.room();
  }

  /** Nobody gets more of it. */
  end(messageId: MessageId, why: FileRefusal): void {
    for (const [name, { stream }] of this.#served) {
      const { link, stream: number } = stream.options;
      if (stream.options.messageId !== messageId) continue;
      this.#options.talk.say(link, { type: "refuse", stream: number, why });
      this.#drop(name);
    }
  }

  /** Of the streams under way: what the device furthest behind has got, and by which way. */
  progressOf(
    messageId: MessageId,
  ): { readonly bytes: number; readonly path: "direct" | "relayed" } | undefined {
    const under = [...this.#served.values()].filter(
      ({ stream }) => stream.options.messageId === messageId,
    );
    const last = under.toSorted((a, b) => a.bytes - b.bytes)[0];
    if (last === undefined) return undefined;
    const { kind } = last.stream.options.link;
    return { bytes: last.bytes, path: kind === "direct" ? "direct" : "relayed" };
  }

  close(): void {
    for (const name of [...this.#served.keys()]) this.#drop(name);
    this.#opening.clear();
    for (const pump of this.#pumps.values()) pump.close();
    this.#pumps.clear();
  }

  #isFull(device: DeviceId): boolean {
    const ofDevice = [
      ...[...this.#served.values()].map((served) => served.device),
      ...this.#opening.values(),
    ].filter((one) => one === device).length;
    return (
      ofDevice >= MAX_STREAMS_PER_DEVICE || this.#served.size + this.#opening.size >= MAX_STREAMS
    );
  }

  async #open(link: Link, ask: Ask): Promise<OutgoingStream | FileRefusal> {
    const { find, links, records, vault } = this.#options;
    const message = await find(ask.message);
    if (message === undefined || !this.#isFor(message, link.peer.userId)) return "unknown";
    if (message.body.type === "recalled") return "withdrawn";
    const body = fileBodyOf(message);
    if (body?.fileId !== ask.file) return "unknown";
    const rule = links.rule(link.peer);
    if (!(link.kind === "direct" ? rule.direct : rule.relay)) return "busy";
    const record = await records.get(ask.message);
    if (record?.source === true && record.state === "paused") return "paused";
    if (record?.failure === "withdrawn") return "withdrawn";
    const content = FileContent.of(body);
    const source = content && (await this.#sourceOf(message, body, vault));
    if (content === undefined || source === undefined) return "unknown";
    if (typeof source === "string") return source;
    return this.#stream(link, ask, { message, body, content, source, record });
  }

  async #sourceOf(
    message: MessageRecord,
    body: FileBody,
    vault: FileVault,
  ): Promise<FileSource | FileRefusal | undefined> {
    const isSource = message.from.deviceId === this.#options.self().deviceId;
    try {
      const source = await vault.open(
        vaultIdOf({ messageId: message.id, fileId: body.fileId, source: isSource }),
      );
      if (source === undefined) return isSource ? this.#failed(message.id, "gone") : undefined;
      if (source.size === body.size) return source;
      await source.close();
      return this.#failed(message.id, "changed");
    } catch (error) {
      this.#options.log.info("a file cannot be read", { error });
      return this.#failed(message.id, refusalOf(error));
    }
  }

  #stream(
    link: Link,
    { from, message: messageId, stream: number, upTo }: Ask,
    of: {
      readonly message: MessageRecord;
      readonly body: FileBody;
      readonly content: FileContent;
      readonly source: FileSource;
      readonly record: FileRecord | undefined;
    },
  ): OutgoingStream {
    const { body, content, message, record, source } = of;
    const { log, onChanged, talk } = this.#options;
    const name = nameOf(link.peer.deviceId, number);
    return new OutgoingStream({
      link,
      stream: number,
      messageId,
      fileId: body.fileId,
      content,
      source,
      from,
      upTo,
      sha256: body.sha256 ?? record?.sha256,
      hash: () => this.#hash(message, body),
      onReady: () => this.#pumps.get(link)?.kick(),
      onProgress: (bytes) => {
        const served = this.#served.get(name);
        if (served !== undefined) served.bytes = bytes;
        onChanged(messageId);
      },
      onEnd: (sha256) => {
        talk.say(link, { type: "end", stream: number, sha256 });
        this.#drop(name);
        void this.#keepHash(messageId, sha256);
      },
      onFailed: (why, error) => {
        log.info("a file cannot be read any more", { error });
        talk.say(link, { type: "refuse", stream: number, why });
        this.#drop(name);
        this.#failed(messageId, why);
      },
    });
  }

  /** One's own file can be had no more; of what somebody else sent there are other copies. */
  #failed(messageId: MessageId, why: FileRefusal): FileRefusal {
    void this.#note(messageId, (record) =>
      record.source
        ? {
            ...record,
            state: "failed",
            failure: why === "changed" ? "source-changed" : "source-gone",
          }
        : record,
    );
    return why;
  }

  #hash(message: MessageRecord, body: FileBody): Promise<string> {
    const known = this.#hashes.get(message.id);
    if (known !== undefined) return known;
    const hash = this.#hashAnew(message, body).finally(() => this.#hashes.delete(message.id));
    this.#hashes.set(message.id, hash);
    return hash;
  }

  /** From a source of its own: the stream that asked first may end before, and others wait. */
  async #hashAnew({ from, id: messageId }: MessageRecord, { fileId }: FileBody): Promise<string> {
    const isSource = from.deviceId === this.#options.self().deviceId;
    const source = await this.#options.vault.open(
      vaultIdOf({ messageId, fileId, source: isSource }),
    );
    if (source === undefined) throw new FileError("gone", "The file is not there any more.");
    try {
      return await hashOf(source);
    } finally {
      await source.close();
    }
  }

  #keepHash(messageId: MessageId, sha256: string): Promise<void> {
    return this.#note(messageId, (record) => ({ ...record, sha256 }));
  }

  async #note(messageId: MessageId, change: (record: FileRecord) => FileRecord): Promise<void> {
    const { onChanged, onProblem, records } = this.#options;
    try {
      const record = await records.get(messageId);
      const next = record && change(record);
      if (next !== undefined && next !== record) await records.put(next);
      onChanged(messageId);
    } catch (error) {
      onProblem(error);
    }
  }

  /** Files go to the people of the conversation, and nobody else (SPEC F4). */
  #isFor({ conversationId }: MessageRecord, userId: UserId): boolean {
    const { isIn, self } = this.#options;
    return userId === self().userId || isIn(conversationId, userId);
  }

  #pumpOf(link: Link): LinkPump {
    const known = this.#pumps.get(link);
    if (known !== undefined) return known;
    const pump = new LinkPump(link, this.#options.clock);
    this.#pumps.set(link, pump);
    return pump;
  }

  #drop(name: string): void {
    const served = this.#served.get(name);
    if (served === undefined) return;
    this.#served.delete(name);
    const { link, messageId } = served.stream.options;
    served.stream.close();
    const pump = this.#pumps.get(link);
    pump?.remove(served.stream);
    if (pump?.isIdle === true) {
      pump.close();
      this.#pumps.delete(link);
    }
    this.#options.onChanged(messageId);
  }
}

function nameOf(device: DeviceId, stream: number): string {
  return `${device}/${stream}`;
}
