import type { ConversationId, GroupNote, UserId } from "../../protocol/index.ts";
import { encodeBase64 } from "../../crypto/index.ts";
import type { GroupDirectory, GroupFacts } from "../groups/group-directory.ts";

/** A group of a test, as the server has it. */
export interface FakeGroup {
  members: readonly UserId[];
  /** Statements in its log. */
  length: number;
  /** Those who alone write there; absent where everybody does. */
  writers?: readonly UserId[];
  /** Who left, and how many statements the log had then. */
  readonly former: Map<UserId, number>;
}

/** The groups of a test: everybody in them knows them, unless it is kept from them. */
export class FakeGroupWorld {
  readonly groups = new Map<ConversationId, FakeGroup>();
  /** Conversations of which those accounts were not told yet: `user conversation`. */
  readonly untold = new Set<string>();
  isUp = true;
  /** How often the server was asked for a log. */
  looks = 0;

  found(conversationId: ConversationId, members: readonly UserId[]): FakeGroup {
    const group: FakeGroup = { members, length: 1, former: new Map() };
    this.groups.set(conversationId, group);
    return group;
  }

  remove(conversationId: ConversationId, userId: UserId): void {
    const group = this.groups.get(conversationId);
    if (group === undefined) return;
    group.members = group.members.filter((one) => one !== userId);
    group.length += 1;
    group.former.set(userId, group.length);
  }
}

/** What one account knows of the groups of a test. */
export class FakeGroupDirectory implements GroupDirectory {
  readonly heardOf: GroupNote[] = [];
  readonly #world: FakeGroupWorld;
  readonly #self: UserId;

  constructor(world: FakeGroupWorld, self: UserId) {
    this.#world = world;
    this.#self = self;
  }

  get(conversationId: ConversationId): GroupFacts | undefined {
    const group = this.#world.groups.get(conversationId);
    if (group === undefined || this.#world.untold.has(`${this.#self} ${conversationId}`)) {
      return undefined;
    }
    const { former, length, members, writers } = group;
    if (!members.includes(this.#self) && !former.has(this.#self)) return undefined;
    return {
      standing: members.includes(this.#self) ? "member" : "removed",
      members,
      note: noteOf(length),
      has: (userId, at) => members.includes(userId) || at < (former.get(userId) ?? 0),
      mayWrite: (userId) => writers?.includes(userId) ?? true,
      isAdmin: (userId) => userId === members[0],
    };
  }

  heard(_: ConversationId, __: UserId, note: GroupNote): void {
    this.heardOf.push(note);
  }

  async look(conversationId: ConversationId): Promise<"known" | "none" | "unreached"> {
    this.#world.looks++;
    await Promise.resolve();
    if (!this.#world.isUp) return "unreached";
    this.#world.untold.delete(`${this.#self} ${conversationId}`);
    return this.get(conversationId) === undefined ? "none" : "known";
  }
}

function noteOf(length: number): GroupNote {
  const zeros = encodeBase64(new Uint8Array(32));
  return { key: zeros, length, head: zeros };
}
