import type { Membership } from "../../shared/crypto/index.ts";
import type { ConversationId, UserId } from "../../shared/protocol/index.ts";
import type { Bus } from "../bus/bus.ts";
import type { ConversationStore } from "../store/conversation-store.ts";
import { idBytes, userIdOf } from "./id-bytes.ts";
import { decodeMembership } from "./membership-state.ts";

/** Members of all groups that are kept in memory, some 400 bytes each: a hundred large groups. */
const MAX_KEPT_MEMBERS = 50_000;

/** A group as its log says it is. */
export interface KnownGroup {
  readonly membership: Membership;
  readonly users: ReadonlySet<UserId>;
}

/** Who is in which group, in memory for those in use: it is asked for every message of them. */
export class Memberships {
  readonly #store: ConversationStore;
  /** The least recently used first. */
  readonly #kept = new Map<ConversationId, KnownGroup>();
  #keptMembers = 0;
  /** Changes of any group so far: what was read before one may be older. */
  #changes = 0;

  constructor(store: ConversationStore, bus: Bus) {
    this.#store = store;
    bus.onMembership((conversationId) => {
      this.#changes += 1;
      this.#forget(conversationId);
    });
  }

  async get(conversationId: ConversationId): Promise<KnownGroup | undefined> {
    const kept = this.#kept.get(conversationId);
    if (kept !== undefined) {
      this.#kept.delete(conversationId);
      this.#kept.set(conversationId, kept);
      return kept;
    }
    const changes = this.#changes;
    const head = await this.#store.head(conversationId);
    if (head === undefined) return undefined;
    const membership = decodeMembership(idBytes(conversationId), head.length, head.state);
    const users = new Set([...membership.members.values()].map(({ userId }) => userIdOf(userId)));
    const group = { membership, users };
    if (changes === this.#changes) this.#keep(conversationId, group);
    return group;
  }

  /** The others in it, and the account itself: undefined where it is not in the group. */
  async usersFor(
    userId: UserId,
    conversationId: ConversationId,
  ): Promise<ReadonlySet<UserId> | undefined> {
    const group = await this.get(conversationId);
    return group?.users.has(userId) === true ? group.users : undefined;
  }

  #keep(conversationId: ConversationId, group: KnownGroup): void {
    this.#forget(conversationId);
    this.#kept.set(conversationId, group);
    this.#keptMembers += sizeOf(group);
    for (const oldest of this.#kept.keys()) {
      if (this.#keptMembers <= MAX_KEPT_MEMBERS || oldest === conversationId) return;
      this.#forget(oldest);
    }
  }

  #forget(conversationId: ConversationId): void {
    const group = this.#kept.get(conversationId);
    if (group === undefined) return;
    this.#kept.delete(conversationId);
    this.#keptMembers -= sizeOf(group);
  }
}

/** Those who are barred take as much as members; a group costs something of its own. */
function sizeOf({ membership }: KnownGroup): number {
  return 8 + membership.members.size + membership.barred.size;
}
