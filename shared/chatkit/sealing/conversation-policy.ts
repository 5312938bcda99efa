import type { UserId } from "../../protocol/index.ts";
import type { GroupMember, GroupPolicy } from "../../crypto/index.ts";
import { MAX_CONVERSATION_DEVICES, MAX_GROUP_CONVERSATION_DEVICES } from "../limits.ts";
import { memberDevices } from "./membership.ts";
import type { MemberDirectory } from "./member-directory.ts";

export interface ConversationPolicyOptions {
  /** Whose devices may be in it. */
  readonly accounts: () => ReadonlySet<UserId>;
  /** Is or was that one of them? */
  readonly wasIn: (userId: UserId) => boolean;
  /** Is it one of more than two people? */
  readonly isGroup: () => boolean;
  readonly directory: MemberDirectory;
  /** Reads on who is in it; false where that came to nothing. */
  readonly look: () => Promise<boolean>;
}

/** Who may come into the group of a conversation: devices in the verified lists of its people. */
export class ConversationPolicy implements GroupPolicy {
  readonly #options: ConversationPolicyOptions;
  readonly #refused = new Set<UserId>();
  /** Somebody was refused who is none of those people, as far as they are known. */
  #strangers = false;
  #isJoining = false;

  constructor(options: ConversationPolicyOptions) {
    this.#options = options;
  }

  get maxMembers(): number {
    return this.#options.isGroup() ? MAX_GROUP_CONVERSATION_DEVICES : MAX_CONVERSATION_DEVICES;
  }

  admits(member: Omit<GroupMember, "leaf">): Promise<boolean> {
    const [device] = memberDevices([{ ...member, leaf: 0 }]);
    const { accounts, directory, wasIn } = this.#options;
    if (device === undefined) return Promise.resolve(false);
    if (!accounts().has(device.userId)) {
      // Came in and left while this device was away: their list is not told any more, and they are taken
      // out before anything is sealed.
      if (wasIn(device.userId)) return Promise.resolve(true);
      this.#strangers = true;
      return Promise.resolve(false);
    }
    const isListed = directory
      .devices(device.userId)
      .some(({ deviceId }) => deviceId === device.deviceId);
    if (!isListed) this.#refused.add(device.userId);
    return Promise.resolve(isListed || this.#isJoining);
  }

  /**
   * Reads on who is in the conversation, the lists in which somebody was not found, which may have grown
   * without our knowing, and those that are not known at all: of a commit that brings many in, one was
   * refused and the others not asked about. @returns whether there was anything to look at
   */
  async lookAgain(): Promise<boolean> {
    const refused = [...this.#refused];
    const hadStrangers = this.#strangers;
    this.#refused.clear();
    this.#strangers = false;
    const { accounts, directory, look } = this.#options;
    const isRead = hadStrangers && (await look());
    const unknown = [...accounts()].filter((userId) => directory.devices(userId).length === 0);
    const users = new Set([...refused, ...unknown]);
    await Promise.all(Array.from(users, (userId) => directory.refresh(userId)));
    return isRead || refused.length > 0;
  }

  /**
   * A device that comes into a group may find leaves that have left the lists, and must get in to
   * take them out: that happens before it seals anything.
   */
  async joining<T>(join: () => Promise<T>): Promise<T> {
    this.#isJoining = true;
    try {
      return await join();
    } finally {
      this.#isJoining = false;
    }
  }
}
