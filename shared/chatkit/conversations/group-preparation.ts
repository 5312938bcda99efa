import type { ConversationId, UserId } from "../../protocol/index.ts";
import { MAX_PREPARED_GROUPS } from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import type { PrepareRequest } from "../sealing/group-book.ts";

export interface GroupPreparationOptions {
  readonly isOnline: () => boolean;
  /** Everybody's devices that a message to that buddy is for; none while they are not known. */
  readonly recipients: (peer: UserId) => readonly LinkPeer[];
  readonly conversationWith: (peer: UserId) => ConversationId;
  /** True when the group is as it should be; false when the server was not reached. Never rejects. */
  readonly prepare: (request: PrepareRequest) => Promise<boolean>;
}

/**
 * Makes the groups of conversations that were opened before anything is said in them, while there is
 * a server to help: the first message is then as fast as any, and needs no server any more.
 */
export class GroupPreparation {
  readonly #options: GroupPreparationOptions;
  /** In the order in which they were opened; the oldest go where too many wait. */
  readonly #wanted = new Set<UserId>();
  readonly #underWay = new Set<UserId>();

  constructor(options: GroupPreparationOptions) {
    this.#options = options;
  }

  /** A conversation with that buddy was opened. */
  want(peer: UserId): void {
    this.#wanted.delete(peer);
    this.#wanted.add(peer);
    for (const oldest of this.#wanted) {
      if (this.#wanted.size <= MAX_PREPARED_GROUPS) break;
      this.#wanted.delete(oldest);
    }
    this.look();
  }

  /** The server is there again, or somebody's devices have become known. */
  look(): void {
    if (!this.#options.isOnline()) return;
    for (const peer of this.#wanted) {
      if (!this.#underWay.has(peer)) void this.#prepare(peer);
    }
  }

  async #prepare(peer: UserId): Promise<void> {
    const { conversationWith, prepare, recipients } = this.#options;
    const devices = recipients(peer);
    if (devices.length === 0) return;
    this.#underWay.add(peer);
    const conversationId = conversationWith(peer);
    const isDone = await prepare({ conversationId, peer, recipients: devices });
    this.#underWay.delete(peer);
    if (isDone) this.#wanted.delete(peer);
  }
}
