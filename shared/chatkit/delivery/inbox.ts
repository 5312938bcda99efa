import {
  decodeEnvelope,
  decodeStoredChunk,
  DeviceContent,
  FILE_SEALED,
  GROUP_SEALED,
  type ConversationId,
  type DeviceId,
  type Envelope,
  type MessageId,
  type StoredChunk,
  type ReceiptContent,
  type TypingContent,
  type UserId,
} from "../../protocol/index.ts";
import { PAIR_SEALED } from "../../crypto/index.ts";
import type { GroupDirectory } from "../groups/group-directory.ts";
import { MAX_INBOX_QUEUE } from "../limits.ts";
import type { Clock } from "../ports.ts";
import type { Sealing } from "../sealing/sealing.ts";
import type { Link } from "../link.ts";
import type { Arrival, Fate, Incoming, Letter, Standing } from "./arrival.ts";
import type { Directory } from "./directory.ts";
import { Opener, type OpenerHandlers } from "./opener.ts";
import type { PairSealer } from "./pair-sealer.ts";
import { parseContent } from "./parse-content.ts";

interface InboxOptions {
  readonly directory: Directory;
  readonly groups: GroupDirectory;
  readonly sealing: Pick<Sealing, "open">;
  readonly pairSealer: Pick<PairSealer, "open">;
  readonly clock: Clock;
  readonly handlers: InboxHandlers;
}

export interface InboxHandlers extends Omit<OpenerHandlers, "onReady" | "refuse"> {
  readonly onReceipt: (
    from: DeviceId,
    conversationId: ConversationId,
    receipt: ReceiptContent,
  ) => void;
  readonly onTyping: (envelope: Envelope, link: Link | undefined, typing: TypingContent) => void;
  /** A chunk of a file waited in the mailbox. Never rejects. */
  readonly onStoredChunk: (chunk: StoredChunk) => Promise<Fate>;
  /** What is known of each, before it is opened. @throws StoreError */
  readonly standingOf: (letters: readonly Letter[]) => Promise<readonly Standing[]>;
  /** Makes the messages durable and settles all; the next batch waits. Never rejects. */
  readonly onMessages: (
    messages: readonly Incoming[],
    duplicates: readonly Letter[],
  ) => Promise<void>;
  readonly onStoreFailed: (error: unknown) => void;
  readonly onViolation: (detail: string) => void;
}

/** Opens envelopes, one after the other, and hands on what belongs together in batches. */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #handlers: InboxHandlers;
  readonly #opener: Opener;
  #queue: Arrival[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#handlers = options.handlers;
    const { clock, directory, groups, handlers, sealing } = options;
    this.#opener = new Opener({
      directory,
      groups,
      sealing,
      clock,
      handlers: {
        ...handlers,
        onReady: (arrivals) => this.#resume(arrivals),
        refuse: (arrival, what) => this.#refuse(arrival, what),
      },
    });
  }

  /** Where too much waits, the arrival is dropped: its sender sends it again, the mailbox keeps it. */
  receive(arrival: Arrival): void {
    if (this.#closed || this.#queue.length >= MAX_INBOX_QUEUE) {
      arrival.settle?.("failed");
      return;
    }
    this.#queue.push(arrival);
    this.#running ??= this.#run();
  }

  /** The server is back: what waits for it is tried again. */
  serverBack(): void {
    this.#opener.again();
  }

  /** Takes no more; resolves when what is under way is done. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#opener.close();
    await this.#running;
  }

  #resume(arrivals: readonly Arrival[]): void {
    if (this.#closed || arrivals.length === 0) return;
    this.#queue.unshift(...arrivals);
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // The rest of this tick joins the first batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const letters: Letter[] = [];
      for (const arrival of this.#queue.splice(0)) {
        const letter = this.#check(arrival);
        if (letter !== undefined) letters.push(letter);
      }
      if (letters.length > 0) await this.#batch(letters);
    }
    this.#running = undefined;
  }

  async #batch(letters: readonly Letter[]): Promise<void> {
    let standings: readonly Standing[];
    try {
      standings = await this.#handlers.standingOf(letters);
    } catch (error) {
      this.#handlers.onStoreFailed(error);
      for (const { arrival } of letters) arrival.settle?.("failed");
      return;
    }
    const messages: Incoming[] = [];
    const duplicates: Letter[] = [];
    const senders = new Map<MessageId, DeviceId>();
    for (const [at, letter] of letters.entries()) {
      const { from, id } = letter.envelope;
      const opened = senders.get(id);
      const standing = standings[at] ?? "new";
      if (standing === "foreign" || (opened !== undefined && opened !== from)) {
        this.#refuse(letter.arrival, "a message under the id of another's");
      } else if (standing === "known" || opened !== undefined) {
        duplicates.push(letter);
      } else {
        const outcome = await this.#opener.open(letter, standing === "moved");
        if (outcome === "duplicate") duplicates.push(letter);
        if (typeof outcome !== "object") continue;
        senders.set(id, from);
        messages.push(outcome);
      }
    }
    if (messages.length + duplicates.length > 0) {
      await this.#handlers.onMessages(messages, duplicates);
    }
  }

  /** A message for this device by its sender, or undefined where the arrival is settled. */
  #check(arrival: Arrival): Letter | undefined {
    const { directory } = this.#options;
    const envelope = this.#decode(arrival);
    if (envelope === undefined) return this.#refuse(arrival, "a malformed or misdirected envelope");
    const sender = directory.device(arrival.from.deviceId);
    if (sender === undefined) {
      arrival.settle?.("unknown-sender");
      return undefined;
    }
    if (sender.userId !== arrival.from.userId) return this.#refuse(arrival, "a foreign device");
    if (directory.isBlocked(sender.userId) && !this.#isOfGroup(envelope, sender.userId)) {
      arrival.settle?.("done");
      return undefined;
    }
    switch (envelope.sealed[0]) {
      case GROUP_SEALED:
        if (envelope.sequence === 0) return this.#refuse(arrival, "a message without its place");
        return { envelope, arrival };
      case PAIR_SEALED:
        return this.#takeForDevice(envelope, arrival, sender.publicKey);
      case FILE_SEALED:
        return this.#takeChunk(envelope, arrival);
      default:
        return this.#refuse(arrival, "something sealed in an unknown way");
    }
  }

  /** In a group in which both are, they hear each other (SPEC G11): it may not be known here yet. */
  #isOfGroup({ conversationId, sealed }: Envelope, from: UserId): boolean {
    const group = this.#options.groups.get(conversationId);
    if (group !== undefined) return group.has(from, 0);
    const { self } = this.#options.directory;
    const isDirect = this.#handlers.conversationOf(self.userId, from) === conversationId;
    return !isDirect && sealed[0] === GROUP_SEALED;
  }

  #takeForDevice(envelope: Envelope, arrival: Arrival, senderKey: Uint8Array): undefined {
    const plaintext = this.#options.pairSealer.open(envelope, senderKey, envelope.sealed);
    const content = plaintext && parseContent(DeviceContent, plaintext);
    if (content === undefined || envelope.sequence !== 0) {
      return this.#refuse(arrival, "a receipt that is none");
    }
    this.#handlers.onHeard(envelope.from, arrival.link);
    if (content.kind === "typing") this.#handlers.onTyping(envelope, arrival.link, content);
    else this.#handlers.onReceipt(envelope.from, envelope.conversationId, content);
    arrival.settle?.("done");
    return undefined;
  }

  /** Chunks go over links in frames of their own: in an envelope only out of the mailbox. */
  #takeChunk({ sealed, sequence }: Envelope, arrival: Arrival): undefined {
    const chunk = decodeStoredChunk(sealed);
    if (chunk === undefined || sequence !== 0 || arrival.link !== undefined) {
      return this.#refuse(arrival, "a chunk of a file that is none");
    }
    void this.#handlers.onStoredChunk(chunk).then((fate) => arrival.settle?.(fate));
    return undefined;
  }

  #decode(arrival: Arrival): Envelope | undefined {
    let envelope: Envelope;
    try {
      envelope = decodeEnvelope(arrival.bytes);
    } catch {
      // Whatever it is that is wrong with foreign bytes, they are no envelope.
      return undefined;
    }
    const isOurs =
      envelope.to === this.#options.directory.self.deviceId &&
      envelope.from === arrival.from.deviceId;
    return isOurs ? envelope : undefined;
  }

  #refuse(arrival: Arrival, what: string): undefined {
    this.#handlers.onViolation(`${arrival.from.deviceId} sent ${what}.`);
    arrival.settle?.("done");
    return undefined;
  }
}
