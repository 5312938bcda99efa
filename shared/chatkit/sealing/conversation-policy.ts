import type { UserId } from "../../protocol/index.ts";
import type { GroupMember, GroupPolicy } from "../../crypto/index.ts";
import { memberDevices } from "./membership.ts";
import type { MemberDirectory } from "./member-directory.ts";

/**
 * Who may come into the group of a conversation: devices in the verified lists of its two people.
 * A list may have grown without our knowing, so it is read on before somebody is turned away.
 */
export class ConversationPolicy implements GroupPolicy {
  readonly #accounts: () => readonly UserId[];
  readonly #directory: MemberDirectory;
  #isJoining = false;

  constructor(accounts: () => readonly UserId[], directory: MemberDirectory) {
    this.#accounts = accounts;
    this.#directory = directory;
  }

  async admits(member: Omit<GroupMember, "leaf">): Promise<boolean> {
    const [device] = memberDevices([{ ...member, leaf: 0 }]);
    if (device === undefined || !this.#accounts().includes(device.userId)) return false;
    const isListed = (): boolean =>
      this.#directory.devices(device.userId).some(({ deviceId }) => deviceId === device.deviceId);
    if (this.#isJoining || isListed()) return true;
    await this.#directory.refresh(device.userId);
    return isListed();
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
