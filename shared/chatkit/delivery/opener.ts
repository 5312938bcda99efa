import {
  MessageContent,
  type ConversationId,
  type DeviceId,
  type MessageId,
  type UserId,
} from "../../protocol/index.ts";
import { MAX_UNOPENED_IDS } from "../limits.ts";
import type { Link } from "../link.ts";
import { RecentIds } from "../links/recent-ids.ts";
import type { Clock } from "../ports.ts";
import type { Opened, Sealing } from "../sealing/sealing.ts";
import { pathOf, type Arrival, type Incoming, type Letter } from "./arrival.ts";
import { parseContent } from "./parse-content.ts";
import type { Directory } from "./directory.ts";
import { Parking } from "./parking.ts";
import { Unopened } from "./unopened.ts";

export interface OpenerOptions {
  readonly directory: Directory;
  readonly sealing: Pick<Sealing, "open">;
  readonly clock: Clock;
  readonly handlers: OpenerHandlers;
}

export interface OpenerHandlers {
  /** The conversation that belongs to these two people. */
  readonly conversationOf: (a: UserId, b: UserId) => ConversationId;
  /** The other person of that conversation of this account, if it is known. */
  readonly peerOf: (conversationId: ConversationId) => UserId | undefined;
  /** They are to be received again, before what came since. */
  readonly onReady: (arrivals: readonly Arrival[]) => void;
  /** What was left in the mailbox can be opened. */
  readonly onMail: () => void;
  /** It cannot be opened here: its sender is to seal it anew. */
  readonly onUnopened: (letter: Letter) => void;
  /** Something authentic came from that device. */
  readonly onHeard: (device: DeviceId, link: Link | undefined) => void;
  readonly onUnreadable: (detail: string, error: Error) => void;
  /** Settles it, too. */
  readonly refuse: (arrival: Arrival, what: string) => undefined;
}

/** Opens messages that were sealed for a conversation's group (SPEC S7, S8). */
export class Opener {
  readonly #options: OpenerOptions;
  readonly #handlers: OpenerHandlers;
  readonly #parking: Parking;
  readonly #unopened = new Unopened();
  /** Opened and against the rules: it is not opened again. */
  readonly #refused = new RecentIds<MessageId>(MAX_UNOPENED_IDS);

  constructor(options: OpenerOptions) {
    this.#options = options;
    this.#handlers = options.handlers;
    const { onMail, onReady } = options.handlers;
    this.#parking = new Parking({ clock: options.clock, onReady, onMail });
  }

  /** The server is back: what waits for it is tried again. */
  again(): void {
    this.#parking.again();
  }

  close(): void {
    this.#parking.close();
  }

  /** `duplicate`: it is to be acknowledged once more. Undefined: settled, or waits. */
  async open(letter: Letter, isKnown: boolean): Promise<Incoming | "duplicate" | undefined> {
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
      return this.#handlers.refuse(arrival, "a message for another conversation");
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
    const content = parseContent(MessageContent, opened.plaintext);
    if (content === undefined || content.peer !== (isOwn ? peer : self)) {
      this.#refused.add(envelope.id);
      return this.#handlers.refuse(
        arrival,
        content === undefined ? "malformed content" : "a stray message",
      );
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
}
