import type { UserId } from "../../protocol/index.ts";
import type { GroupMember, GroupPolicy } from "../../crypto/index.ts";
import { MAX_CONVERSATION_DEVICES } from "../limits.ts";
import { memberDevices } from "./membership.ts";
import type { MemberDirectory } from "./member-directory.ts";

/** Who may come into the group of a conversation: devices in the verified lists of its two people. */
export class ConversationPolicy implements GroupPolicy {
  readonly maxMembers = MAX_CONVERSATION_DEVICES;
  readonly #accounts: () => readonly UserId[];
  readonly #directory: MemberDirectory;
  readonly #refused = new Set<UserId>();
  #isJoining = false;

  constructor(accounts: () => readonly UserId[], directory: MemberDirectory) {
    this.#accounts = accounts;
    this.#directory = directory;
  }

  admits(member: Omit<GroupMember, "leaf">): Promise<boolean> {
    const [device] = memberDevices([{ ...member, leaf: 0 }]);
    if (device === undefined || !this.#accounts().includes(device.userId)) {
      return Promise.resolve(false);
    }
    const isListed = this.#directory
      .devices(device.userId)
      .some(({ deviceId }) => deviceId === device.deviceId);
    if (!isListed) this.#refused.add(device.userId);
    return Promise.resolve(isListed || this.#isJoining);
  }

  /**
   * Reads the lists on in which somebody was not found: they may have grown without our knowing.
   * @returns whether there were any
   */
  async lookAgain(): Promise<boolean> {
    const users = [...this.#refused];
    this.#refused.clear();
    for (const userId of users) await this.#directory.refresh(userId);
    return users.length > 0;
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
