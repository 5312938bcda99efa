import {
  MessageContent,
  type ConversationId,
  type DeviceId,
  type MessageId,
  type UserId,
} from "../../protocol/index.ts";
import type { GroupDirectory } from "../groups/group-directory.ts";
import {
  MAX_FOREIGN_GROUPS,
  MAX_UNOPENED_IDS,
  UNKNOWN_GROUP_EVERY_MS,
  UNKNOWN_GROUPS_AT_ONCE,
} from "../limits.ts";
import type { Link } from "../link.ts";
import { RecentIds } from "../links/recent-ids.ts";
import { TokenBucket } from "../links/token-bucket.ts";
import type { Clock } from "../ports.ts";
import type { Opened, Sealing } from "../sealing/sealing.ts";
import { pathOf, type Arrival, type Incoming, type Letter } from "./arrival.ts";
import { parseContent } from "./parse-content.ts";
import type { Directory } from "./directory.ts";
import { Parking } from "./parking.ts";
import { weightOf } from "./sending.ts";
import { Unopened } from "./unopened.ts";

export interface OpenerOptions {
  readonly directory: Directory;
  readonly groups: GroupDirectory;
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
  /** Groups, with the senders, of which the server said that this account, or they, have no part in it. */
  readonly #foreign = new RecentIds<string>(MAX_FOREIGN_GROUPS);

  /** Whoever writes can name ever other groups: the server is not asked about all of them at once. */
  readonly #looks: TokenBucket;

  constructor(options: OpenerOptions) {
    this.#options = options;
    this.#looks = new TokenBucket(options.clock, {
      burst: UNKNOWN_GROUPS_AT_ONCE,
      perMs: 1 / UNKNOWN_GROUP_EVERY_MS,
    });
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
    const { conversationId } = envelope;
    const other = isOwn ? this.#handlers.peerOf(conversationId) : arrival.from.userId;
    const isDirect =
      other !== undefined && this.#handlers.conversationOf(self, other) === conversationId;
    const peer = isDirect ? other : undefined;
    if (peer === undefined && !this.#hasPart(letter)) return this.#lookForGroup(letter);
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
        ...(peer === undefined ? {} : { peer }),
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
    const wrong =
      content === undefined
        ? "malformed content"
        : peer === undefined
          ? await this.#wrongInGroup(letter, content)
          : content.group !== undefined || content.peer !== (isOwn ? peer : self)
            ? "a stray message"
            : undefined;
    if (wrong === "untold") {
      // It is sealed anew for when the server tells.
      arrival.settle?.("failed");
      return undefined;
    }
    if (content === undefined || wrong !== undefined) {
      this.#refused.add(envelope.id);
      return this.#handlers.refuse(arrival, wrong ?? "malformed content");
    }
    this.#unopened.forget(envelope.id);
    this.#handlers.onHeard(envelope.from, arrival.link);
    return { envelope, arrival, content, path: pathOf(arrival.link), isKnown };
  }

  /** Is that a group known here, with the sender in it, now or at some time? */
  #hasPart({ arrival, envelope }: Letter): boolean {
    const facts = this.#options.groups.get(envelope.conversationId);
    return facts?.has(arrival.from.userId, 0) === true;
  }

  /** A group, or a member, that this device does not know yet: it waits until the log was read. */
  #lookForGroup({ arrival, envelope }: Letter): undefined {
    const name = `${envelope.conversationId}/${arrival.from.userId}`;
    if (this.#foreign.has(name)) {
      if (arrival.from.userId !== this.#options.directory.self.userId) {
        return this.#handlers.refuse(arrival, "a message for another conversation");
      }
      // To somebody whom this device does not know yet: the roster's change is on its way.
      arrival.settle?.("unknown-sender");
      return undefined;
    }
    if (this.#parking.has(envelope)) {
      this.#parking.park(envelope, arrival);
      return undefined;
    }
    this.#parking.park(envelope, arrival, this.#lookAt({ arrival, envelope }, name));
    return undefined;
  }

  /** True once it is known whether they have a part in that group. */
  async #lookAt(letter: Letter, name: string): Promise<boolean> {
    if (!this.#looks.take(1)) return false;
    const found = await this.#options.groups.look(letter.envelope.conversationId);
    if (found === "unreached") return false;
    if (found === "none" || !this.#hasPart(letter)) this.#foreign.add(name);
    return true;
  }

  /**
   * What is wrong with a message of a group, by its log; undefined where nothing is. `untold`: the log
   * must be read on, and the server does not tell.
   */
  async #wrongInGroup(
    { arrival, envelope }: Letter,
    { body, group: note, peer }: MessageContent,
  ): Promise<string | undefined> {
    const { groups } = this.#options;
    const { conversationId } = envelope;
    const { userId } = arrival.from;
    if (note === undefined || peer !== undefined) return "a stray message";
    const wrong = (): string | undefined => {
      const facts = groups.get(conversationId);
      if (facts?.has(userId, note.length) !== true) return "a message of a group they left";
      const mayNot = weightOf(body) === "writing" && !facts.mayWrite(userId);
      return mayNot ? "a message where they may not write" : undefined;
    };
    groups.heard(conversationId, userId, note);
    const isBehind = (groups.get(conversationId)?.note.length ?? 0) < note.length;
    // They may have been permitted by what this device has not read.
    if (wrong() !== undefined && isBehind) {
      const found = this.#looks.take(1) ? await groups.look(conversationId) : "unreached";
      if (found === "unreached") return "untold";
    }
    return wrong();
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
