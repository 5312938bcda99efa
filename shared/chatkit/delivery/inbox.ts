import * as v from "valibot";
import {
  decodeEnvelope,
  GROUP_SEALED,
  MessageContent,
  ReceiptContent,
  type ConversationId,
  type DeviceId,
  type Envelope,
  type MessageId,
  type UserId,
} from "../../protocol/index.ts";
import { PAIR_SEALED } from "../../crypto/index.ts";
import { MAX_INBOX_QUEUE, MAX_UNOPENED_IDS } from "../limits.ts";
import type { Link } from "../link.ts";
import { RecentIds } from "../links/recent-ids.ts";
import type { Clock } from "../ports.ts";
import type { Opened, Sealing } from "../sealing/sealing.ts";
import { pathOf, type Arrival, type Incoming, type Letter, type Standing } from "./arrival.ts";
import type { Directory } from "./directory.ts";
import type { PairSealer } from "./pair-sealer.ts";
import { Parking } from "./parking.ts";
import { Unopened } from "./unopened.ts";

interface InboxOptions {
  readonly directory: Directory;
  readonly sealing: Pick<Sealing, "open">;
  readonly pairSealer: Pick<PairSealer, "open">;
  readonly clock: Clock;
  readonly handlers: InboxHandlers;
}

export interface InboxHandlers {
  /** The conversation that belongs to these two people. */
  readonly conversationOf: (a: UserId, b: UserId) => ConversationId;
  /** The other person of that conversation of this account, if it is known. */
  readonly peerOf: (conversationId: ConversationId) => UserId | undefined;
  readonly onReceipt: (
    from: DeviceId,
    conversationId: ConversationId,
    receipt: ReceiptContent,
  ) => void;
  /** What is known of each, before it is opened. @throws StoreError */
  readonly standingOf: (letters: readonly Letter[]) => Promise<readonly Standing[]>;
  /** Makes the messages durable and settles all; the next batch waits. Never rejects. */
  readonly onMessages: (
    messages: readonly Incoming[],
    duplicates: readonly Letter[],
  ) => Promise<void>;
  /** It cannot be opened here: its sender is to seal it anew. */
  readonly onUnopened: (letter: Letter) => void;
  /** What was left in the mailbox can be opened. */
  readonly onMail: () => void;
  /** Something authentic came from that device. */
  readonly onHeard: (device: DeviceId, link: Link | undefined) => void;
  readonly onUnreadable: (detail: string, error: Error) => void;
  readonly onStoreFailed: (error: unknown) => void;
  readonly onViolation: (detail: string) => void;
}

/** Opens envelopes, one after the other, and hands on what belongs together in batches. */
export class Inbox {
  readonly #options: InboxOptions;
  readonly #handlers: InboxHandlers;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  readonly #parking: Parking;
  readonly #unopened = new Unopened();
  /** Opened and against the rules: it is not opened again. */
  readonly #refused = new RecentIds<MessageId>(MAX_UNOPENED_IDS);
  #queue: Arrival[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(options: InboxOptions) {
    this.#options = options;
    this.#handlers = options.handlers;
    this.#parking = new Parking({
      clock: options.clock,
      onReady: (arrivals) => this.#resume(arrivals),
      onMail: () => this.#handlers.onMail(),
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
    this.#parking.again();
  }

  /** Takes no more; resolves when what is under way is done. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#parking.close();
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
        const outcome = await this.#open(letter, standing === "moved");
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
    if (directory.isBlocked(sender.userId)) {
      arrival.settle?.("done");
      return undefined;
    }
    switch (envelope.sealed[0]) {
      case GROUP_SEALED:
        if (envelope.sequence === 0) return this.#refuse(arrival, "a message without its place");
        return { envelope, arrival };
      case PAIR_SEALED:
        return this.#takeReceipt(envelope, arrival, sender.publicKey);
      default:
        return this.#refuse(arrival, "something sealed in an unknown way");
    }
  }

  #takeReceipt(envelope: Envelope, arrival: Arrival, senderKey: Uint8Array): undefined {
    const plaintext = this.#options.pairSealer.open(envelope, senderKey, envelope.sealed);
    const receipt = plaintext && this.#parse(ReceiptContent, plaintext);
    if (receipt === undefined || envelope.sequence !== 0) {
      return this.#refuse(arrival, "a receipt that is none");
    }
    this.#handlers.onHeard(envelope.from, arrival.link);
    this.#handlers.onReceipt(envelope.from, envelope.conversationId, receipt);
    arrival.settle?.("done");
    return undefined;
  }

  /** `duplicate`: it is to be acknowledged once more. Undefined: settled, or waits. */
  async #open(letter: Letter, isKnown: boolean): Promise<Incoming | "duplicate" | undefined> {
    const { arrival, envelope } = letter;
    const { directory, sealing } = this.#options;
    const self = directory.self.userId;
    const isOwn = arrival.from.userId === self;
    // A buddy writes to us; what one's own other devices wrote to whom, the conversation tells.
    const peer = isOwn ? this.#handlers.peerOf(envelope.conversationId) : arrival.from.userId;
    if (peer === undefined) {
      // Somebody whom this device does not know yet: the roster's change is on its way.
      arrival.settle?.("unknown-sender");
      return undefined;
    }
    if (this.#handlers.conversationOf(self, peer) !== envelope.conversationId) {
      return this.#refuse(arrival, "a message for another conversation");
    }
    if (this.#refused.has(envelope.id)) {
      arrival.settle?.("done");
      return undefined;
    }
    if (this.#parking.has(envelope)) {
      this.#parking.park(envelope, arrival);
      return undefined;
    }
    const opened = await this.#unseal(
      sealing.open({
        header: envelope,
        from: arrival.from,
        peer,
        sealed: envelope.sealed.subarray(1),
      }),
    );
    switch (opened.kind) {
      case "behind":
        this.#parking.park(envelope, arrival, opened.ready);
        return undefined;
      case "unreadable":
        if (isKnown) return "duplicate";
        this.#couldNot(letter, opened.error);
        return undefined;
      case "opened":
        break;
    }
    const content = this.#parse(MessageContent, opened.plaintext);
    if (content === undefined || content.peer !== (isOwn ? peer : self)) {
      this.#refused.add(envelope.id);
      return this.#refuse(arrival, content === undefined ? "malformed content" : "a stray message");
    }
    this.#unopened.forget(envelope.id);
    this.#handlers.onHeard(envelope.from, arrival.link);
    return { envelope, arrival, content, path: pathOf(arrival.link), isKnown };
  }

  async #unseal(opening: Promise<Opened>): Promise<Opened> {
    try {
      return await opening;
    } catch (error) {
      // The store below failed, or something of ours: it comes again as what cannot be opened does.
      return {
        kind: "unreadable",
        error: error instanceof Error ? error : new Error(String(error)),
      };
    }
  }

  #couldNot(letter: Letter, error: Error): void {
    const { arrival, envelope } = letter;
    if (this.#unopened.isTime(envelope)) {
      this.#handlers.onUnreadable(
        `Messages of ${envelope.from} cannot be opened; they are asked for again.`,
        error,
      );
    }
    this.#handlers.onUnopened(letter);
    arrival.settle?.("done");
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

  #parse<S extends typeof MessageContent | typeof ReceiptContent>(
    schema: S,
    plaintext: Uint8Array,
  ): v.InferOutput<S> | undefined {
    try {
      return v.parse(schema, JSON.parse(this.#decoder.decode(plaintext)));
    } catch {
      // Not UTF-8, not JSON or not of that shape: the caller tells what it should have been.
      return undefined;
    }
  }

  #refuse(arrival: Arrival, what: string): undefined {
    this.#handlers.onViolation(`${arrival.from.deviceId} sent ${what}.`);
    arrival.settle?.("done");
    return undefined;
  }
}
