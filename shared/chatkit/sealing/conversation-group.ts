import type { DeviceId, MessageId, UserId } from "../../protocol/index.ts";
import { MlsError } from "../../crypto/index.ts";
import {
  GROUP_COMPARED_MS,
  GROUP_RENEWAL_MESSAGES,
  GROUP_RENEWAL_MS,
  LEFT_OUT_MS,
  MAX_UNREADABLE_NOTED,
} from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import type { GroupContext } from "./group-context.ts";
import { presentGroup, type GroupMemory } from "./group-memory.ts";
import type { HeldGroup } from "./held-group.ts";
import { memberDevices, membershipGap, type MembershipGap } from "./membership.ts";
import { encodeBinding, isBoundTo } from "./message-binding.ts";
import { Pacer } from "./pacer.ts";
import { SealError } from "./seal-error.ts";
import type { OpenRequest, SealRequest } from "./sealing.ts";
import { UpkeepError } from "./upkeep-error.ts";

/** What must be done with the server's help before the group is as it should be. */
export interface GroupNeeds {
  /** The server has an epoch beyond the group's. */
  behind: boolean;
  /** The group must be compared with the server's: it may be on a branch of its own. */
  compare: boolean;
  /** This device must renew its keys by a commit. */
  renew: boolean;
  /** The group's history is not the server's: only joining anew helps. */
  rejoin: boolean;
}

/** What `open` says where the group has to be looked after first; `compare`: not only be caught up. */
export type LocallyOpened =
  | { readonly kind: "opened"; readonly plaintext: Uint8Array }
  | { readonly kind: "behind"; readonly compare: boolean }
  | { readonly kind: "unreadable"; readonly error: Error; readonly isAhead: boolean };

/** Messages are written down as sent only now and then: it serves the renewal alone. */
const SENT_STEP = 256;

/** One conversation's group, as far as it is used without the server. */
export class ConversationGroup {
  readonly memory: GroupMemory;
  readonly needs: GroupNeeds = { behind: false, compare: false, renew: false, rejoin: false };
  /** When the group was last found equal to the server's; monotonic ms. */
  comparedAt = -Infinity;
  readonly #context: GroupContext;
  /** Devices that could not be taken into the group, with the time until which that is accepted. */
  readonly #leftOut = new Map<DeviceId, number>();
  /** Of a group: people whose device lists the server does not give, as far as it was asked. */
  readonly #unlisted = new Set<UserId>();
  /** How often a device could not open a message; bounded. */
  readonly #complaints = new Map<string, number>();

  /** New keys because of complaints: they may have another cause. */
  readonly #renewals: Pacer;

  constructor(memory: GroupMemory, context: GroupContext) {
    this.memory = memory;
    this.#context = context;
    this.#renewals = new Pacer(context.clock);
  }

  /** @returns undefined where the server has to help first @throws MlsError, StoreError */
  seal(request: SealRequest): Promise<Uint8Array | undefined> {
    this.memory.learnPeer(request.peer);
    return this.memory.exclusively(async (state) => {
      const group = presentGroup(state);
      if (group === undefined || !this.#isReady(group, request.recipients)) return undefined;
      const from = this.#context.self().deviceId;
      const sealed = await group.mls.seal(request.plaintext, encodeBinding({ ...request, from }));
      group.sent++;
      group.save();
      if (group.sent % SENT_STEP === 0) group.saveHead(this.memory.peer);
      return sealed;
    });
  }

  /** Could a message for these be sealed without the server? @throws StoreError */
  isReadyFor({ peer, recipients }: Pick<SealRequest, "peer" | "recipients">): Promise<boolean> {
    this.memory.learnPeer(peer);
    return this.memory.exclusively(async (state) => {
      const group = presentGroup(state);
      return group !== undefined && this.#isReady(group, recipients);
    });
  }

  /** @param caughtUp the group was looked after since this message came @throws StoreError */
  open(request: OpenRequest, caughtUp: boolean): Promise<LocallyOpened> {
    this.memory.learnPeer(request.peer);
    return this.memory.exclusively(async (state) => {
      const group = presentGroup(state);
      if (group === undefined) {
        if (!caughtUp) return { kind: "behind", compare: false };
        const error = new SealError("unknown-key", "This device is not in the group.");
        return { kind: "unreadable", error, isAhead: false };
      }
      try {
        return await this.#open(group, request);
      } catch (error) {
        if (!(error instanceof MlsError)) throw error;
        const isAhead = error.reason === "future-epoch";
        const isHopeless =
          caughtUp || error.reason === "malformed" || (!isAhead && this.#isCompared());
        return isHopeless
          ? { kind: "unreadable", error, isAhead }
          : { kind: "behind", compare: !isAhead };
      }
    });
  }

  /** A device could not open a message of ours: first the group is compared, then renewed. */
  unreadable(device: DeviceId, message: MessageId): void {
    const key = `${device}/${message}`;
    const times = (this.#complaints.get(key) ?? 0) + 1;
    this.#complaints.delete(key);
    this.#complaints.set(key, times);
    for (const oldest of this.#complaints.keys()) {
      if (this.#complaints.size <= MAX_UNREADABLE_NOTED) break;
      this.#complaints.delete(oldest);
    }
    if (times > 1 && this.#renewals.tryNow()) this.needs.renew = true;
    else this.needs.compare = true;
  }

  /** Those recipients that could not be taken in do not hold up the others for a while. */
  leaveOutBut(
    recipients: readonly LinkPeer[],
    added: readonly { readonly device: LinkPeer }[],
  ): void {
    const until = this.#context.clock.monotonic() + LEFT_OUT_MS;
    for (const { deviceId } of recipients) {
      const isIn = added.some(({ device }) => device.deviceId === deviceId);
      if (!isIn) this.#leftOut.set(deviceId, until);
    }
  }

  notLeftOut(recipients: readonly LinkPeer[]): readonly LinkPeer[] {
    const now = this.#context.clock.monotonic();
    for (const [device, until] of this.#leftOut) if (until <= now) this.#leftOut.delete(device);
    return recipients.filter(({ deviceId }) => !this.#leftOut.has(deviceId));
  }

  /**
   * The server was asked for their lists, in vain. They hold up a conversation of two; in a group what
   * they have in it is taken out, and the others go on. @returns whether that is so
   */
  goOnWithout(users: readonly UserId[]): boolean {
    if (!this.memory.isGroup || users.includes(this.#context.self().userId)) return false;
    for (const userId of users) this.#unlisted.add(userId);
    return true;
  }

  /**
   * A commit that adds them. Where that is not possible one of their key packages is at fault: they
   * are left out, and join by themselves. @throws UpkeepError conflict: without them it works
   */
  async adding<T>(devices: readonly LinkPeer[], commit: () => Promise<T>): Promise<T> {
    try {
      return await commit();
    } catch (error) {
      if (!(error instanceof MlsError) || devices.length === 0) throw error;
      this.leaveOutBut(devices, []);
      throw new UpkeepError("conflict", "A device could not be added.", { cause: error });
    }
  }

  /** What the present members differ in from what must be; devices left out do not count. */
  gap(group: HeldGroup, recipients: readonly LinkPeer[]): MembershipGap {
    const { directory, self } = this.#context;
    const { deviceId, userId } = self();
    return membershipGap(group.members, {
      recipients: this.notLeftOut(recipients),
      accounts: this.memory.accounts ?? new Set([userId]),
      unlisted: this.memory.isGroup ? this.#unlisted : undefined,
      directory,
      self: deviceId,
    });
  }

  /** Time for new keys (RFC 9420 §16.6, post-compromise security). */
  isRenewalDue(group: HeldGroup): boolean {
    const age = this.#context.clock.now() - group.since;
    return age > GROUP_RENEWAL_MS || group.sent >= GROUP_RENEWAL_MESSAGES;
  }

  #isReady(group: HeldGroup, recipients: readonly LinkPeer[]): boolean {
    if (this.memory.isOver) return false;
    const { missing, stale, unknown } = this.gap(group, recipients);
    if (missing.length + stale.length + unknown.length > 0) return false;
    const { compare, renew, rejoin } = this.needs;
    if (renew || rejoin) return false;
    // Without the server what there is must do. Being behind is no hindrance: keys of former epochs
    // are kept a while.
    if (!this.#context.service.isReachable) return true;
    return !compare && !this.isRenewalDue(group);
  }

  #isCompared(): boolean {
    return this.#context.clock.monotonic() - this.comparedAt < GROUP_COMPARED_MS;
  }

  async #open(group: HeldGroup, { from, header, sealed }: OpenRequest): Promise<LocallyOpened> {
    const { additional, plaintext, sender } = await group.mls.open(sealed);
    group.save();
    const [device] = memberDevices([sender]);
    if (
      device?.userId === from.userId &&
      device.deviceId === from.deviceId &&
      device.deviceId === header.from &&
      isBoundTo(additional, header)
    ) {
      return { kind: "opened", plaintext };
    }
    const error = new SealError("damaged", "The sender or the header is not what was sealed.");
    return { kind: "unreadable", error, isAhead: false };
  }
}
