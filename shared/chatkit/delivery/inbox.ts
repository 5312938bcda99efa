import * as v from "valibot";
import {
  Content,
  decodeEnvelope,
  type ConversationId,
  type DeviceId,
  type Envelope,
  type MessageId,
  type UserId,
} from "../../protocol/index.ts";
import { MAX_INBOX_QUEUE } from "../limits.ts";
import type { Link } from "../link.ts";
import type { OpenRequest, Sealer } from "../ports.ts";
import { SealError } from "../sealing/seal-error.ts";
import type { Directory } from "./directory.ts";
import type { Path } from "./delivery-state.ts";

/** How an envelope came; the sender as the link or the server vouches for it. */
export interface Arrival {
  readonly bytes: Uint8Array;
  readonly from: { readonly userId: UserId; readonly deviceId: DeviceId };
  /** Absent for the mailbox. */
  readonly link: Link | undefined;
  /** Told once it is settled; for the mailbox. */
  readonly settle: ((fate: Fate) => void) | undefined;
}

/**
 * `done`: durable, or of no use: the mailbox can drop it. `unknown-sender`: the roster may come to
 * know them later. `failed`: our store failed.
 */
export type Fate = "done" | "unknown-sender" | "failed";

export type MessageContent = Extract<Content, { kind: "message" }>;

/** An envelope that was opened, and is what it claims to be. */
export interface Incoming {
  readonly envelope: Envelope;
  readonly content: MessageContent;
  readonly from: { readonly userId: UserId; readonly deviceId: DeviceId };
  readonly path: Path;
  readonly arrival: Arrival;
}

export interface InboxHandlers {
  /** The conversation that belongs to these two people. */
  readonly conversationOf: (a: UserId, b: UserId) => ConversationId;
  readonly onReceipt: (
    from: DeviceId,
    conversationId: ConversationId,
    ids: readonly MessageId[],
  ) => void;
  /** Makes the batch durable and settles it; the next batch waits. Never rejects. */
  readonly onMessages: (batch: readonly Incoming[]) => Promise<void>;
  /** Something authentic came from that device. */
  readonly onHeard: (device: DeviceId, link: Link | undefined) => void;
  readonly onUnreadable: (detail: string, error: Error) => void;
  readonly onViolation: (detail: string) => void;
}

/** Opens envelopes, one after the other, and hands on what belongs together in batches. */
export class Inbox {
  readonly #directory: Directory;
  readonly #sealer: Pick<Sealer, "open">;
  readonly #handlers: InboxHandlers;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  #queue: Arrival[] = [];
  #running: Promise<void> | undefined;
  #closed = false;

  constructor(directory: Directory, sealer: Pick<Sealer, "open">, handlers: InboxHandlers) {
    this.#directory = directory;
    this.#sealer = sealer;
    this.#handlers = handlers;
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

  /** Takes no more; resolves when what is under way is done. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    // The rest of this tick joins the first batch.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const arrivals = this.#queue;
      this.#queue = [];
      const batch: Incoming[] = [];
      for (const arrival of arrivals) {
        const incoming = await this.#open(arrival);
        if (incoming !== undefined) batch.push(incoming);
      }
      if (batch.length > 0) await this.#handlers.onMessages(batch);
    }
    this.#running = undefined;
  }

  /** A message, or undefined where the arrival is settled with that. */
  async #open(arrival: Arrival): Promise<Incoming | undefined> {
    const { directory, handlers } = { directory: this.#directory, handlers: this.#handlers };
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
    const content = await this.#unseal(envelope, sender.publicKey);
    if (content instanceof Error) {
      handlers.onUnreadable("A message could not be opened.", content);
      arrival.settle?.("done");
      return undefined;
    }
    const self = directory.self.userId;
    const isOwn = sender.userId === self;
    if (content.kind === "receipt") {
      handlers.onHeard(envelope.from, arrival.link);
      handlers.onReceipt(envelope.from, envelope.conversationId, content.delivered);
      arrival.settle?.("done");
      return undefined;
    }
    // A buddy writes to us; one's own other devices tell whom they wrote to.
    const other = isOwn ? content.peer : sender.userId;
    if (
      envelope.sequence === 0 ||
      other === self ||
      (!isOwn && content.peer !== self) ||
      handlers.conversationOf(self, other) !== envelope.conversationId
    ) {
      return this.#refuse(arrival, "a message for another conversation");
    }
    handlers.onHeard(envelope.from, arrival.link);
    return { envelope, content, from: arrival.from, path: pathOf(arrival.link), arrival };
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
      envelope.to === this.#directory.self.deviceId && envelope.from === arrival.from.deviceId;
    return isOurs ? envelope : undefined;
  }

  async #unseal(envelope: Envelope, senderKey: Uint8Array): Promise<Content | Error> {
    const request: OpenRequest = { header: envelope, senderKey, sealed: envelope.sealed };
    let plaintext: Uint8Array;
    try {
      plaintext = await this.#sealer.open(request);
    } catch (error) {
      return error instanceof Error ? error : new SealError("damaged", String(error));
    }
    try {
      return v.parse(Content, JSON.parse(this.#decoder.decode(plaintext)));
    } catch (error) {
      return new SealError("damaged", "The content is malformed.", { cause: error });
    }
  }

  #refuse(arrival: Arrival, what: string): undefined {
    this.#handlers.onViolation(`${arrival.from.deviceId} sent ${what}.`);
    arrival.settle?.("done");
    return undefined;
  }
}

function pathOf(link: Link | undefined): Path {
  if (link === undefined) return "stored";
  return link.kind === "direct" ? "direct" : "relayed";
}
