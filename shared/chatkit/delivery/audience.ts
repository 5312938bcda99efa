import type { ConversationId, GroupNote, UserId } from "../../protocol/index.ts";
import { ChatKitError } from "../api.ts";
import type { ConversationBook } from "../conversations/conversation-book.ts";
import type { GroupDirectory, GroupFacts } from "../groups/group-directory.ts";
import type { LinkPeer } from "../link.ts";
import type { FailureReason } from "./delivery-state.ts";
import type { Directory } from "./directory.ts";

/** Where a message belongs: to a buddy, or to a group. */
export interface Place {
  readonly conversationId: ConversationId;
  /** Absent in a group. */
  readonly peer?: UserId;
}

/** What a message is to its conversation: whoever may not write may react, and read, all the same. */
export type Weight = "writing" | "remark";

interface AudienceOptions {
  readonly directory: Directory;
  readonly groups: GroupDirectory;
  readonly book: ConversationBook;
}

/** Who is in a conversation, and to which devices goes what is said there (SPEC C3, G8). */
export class Audience {
  readonly #options: AudienceOptions;

  constructor(options: AudienceOptions) {
    this.#options = options;
  }

  /** What is known of the group; undefined for a conversation of two, and for a stranger's. */
  group(conversationId: ConversationId): GroupFacts | undefined {
    return this.#options.groups.get(conversationId);
  }

  /** Where somebody writes. @throws ChatKitError no-such-conversation */
  place(conversationId: ConversationId): Place {
    const { book } = this.#options;
    const record = book.get(conversationId)?.record;
    if (record === undefined && this.group(conversationId) === undefined) {
      throw new ChatKitError("no-such-conversation", "There is no such conversation.");
    }
    const { peer } = record ?? {};
    return { conversationId, ...(peer === undefined ? {} : { peer }) };
  }

  /** What a message says of where it belongs. @throws ChatKitError not-permitted */
  address({ conversationId, peer }: Place): { peer: UserId } | { group: GroupNote } {
    return peer === undefined ? { group: this.#own(conversationId).note } : { peer };
  }

  /**
   * Everybody's devices for what is sent there now, one's own others included.
   * @throws ChatKitError not-buddies, not-permitted, no-such-device
   */
  recipients(place: Place, weight: Weight): readonly LinkPeer[] {
    const { directory } = this.#options;
    const { conversationId, peer } = place;
    if (peer === undefined) {
      const facts = this.#own(conversationId);
      if (weight === "writing" && !facts.mayWrite(directory.self.userId)) {
        throw new ChatKitError("not-permitted", "Only those who lead this group write here.");
      }
    } else if (!directory.isBuddy(peer)) {
      throw new ChatKitError("not-buddies", "Messages go to buddies only.");
    }
    const devices = this.others(place);
    if (devices.length === 0) {
      throw new ChatKitError("no-such-device", "Nobody there has a device to receive messages.");
    }
    return [...devices, ...directory.ownOthers()];
  }

  /** The devices of everybody else in it. */
  others({ conversationId, peer }: Place): readonly LinkPeer[] {
    const { directory } = this.#options;
    if (peer !== undefined) return directory.devicesOf(peer);
    return this.people({ conversationId }).flatMap((userId) => directory.memberDevices(userId));
  }

  /** Everybody else in it. */
  people({ conversationId, peer }: Place): readonly UserId[] {
    if (peer !== undefined) return [peer];
    const facts = this.group(conversationId);
    const { self } = this.#options.directory;
    if (facts?.standing !== "member") return [];
    return facts.members.filter((userId) => userId !== self.userId);
  }

  /** Devices of these people in that conversation. */
  devicesOf(people: Iterable<UserId>, { peer }: Place): readonly LinkPeer[] {
    const { directory } = this.#options;
    return [...people].flatMap((userId) =>
      peer === undefined ? directory.memberDevices(userId) : directory.devicesOf(userId),
    );
  }

  /** Why that device gets nothing more of what was sent there; undefined where it does. */
  whyNot(
    { conversationId, peer }: Place,
    { deviceId, userId }: LinkPeer,
  ): FailureReason | undefined {
    const { directory } = this.#options;
    const isOwn = userId === directory.self.userId;
    if (peer === undefined) {
      if (this.group(conversationId)?.standing !== "member") return "not-member";
      if (!isOwn && !this.people({ conversationId }).includes(userId)) return "not-member";
    } else if (!isOwn && !directory.isBuddy(userId)) {
      return "not-buddies";
    }
    const present = isOwn
      ? directory.ownOthers()
      : peer === undefined
        ? directory.memberDevices(userId)
        : directory.devicesOf(userId);
    return present.some((one) => one.deviceId === deviceId) ? undefined : "no-devices";
  }

  /** @throws ChatKitError not-permitted, where this account is not in it */
  #own(conversationId: ConversationId): GroupFacts {
    const facts = this.group(conversationId);
    if (facts?.standing !== "member") {
      throw new ChatKitError("not-permitted", "You are not in this group any more.");
    }
    return facts;
  }
}
