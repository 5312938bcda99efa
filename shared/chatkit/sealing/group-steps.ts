import { ProtocolError, type GroupCommit, type UserId } from "../../protocol/index.ts";
import { encodeBase64, MlsError } from "../../crypto/index.ts";
import { MAX_ADDED_AT_ONCE } from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import type { ConversationGroup } from "./conversation-group.ts";
import { foreignBytes } from "./foreign-bytes.ts";
import type { GroupContext } from "./group-context.ts";
import { groupInfoClaims, welcomeFor } from "./group-entry.ts";
import { presentGroup, type GroupState } from "./group-memory.ts";
import type { PendingStep } from "./group-records.ts";
import type { GroupView } from "./group-service.ts";
import { takeMemberPackages } from "./member-packages.ts";
import { UpkeepError } from "./upkeep-error.ts";

type Pending = Extract<GroupState, { kind: "pending" }>;

/** The steps that this device makes in a group: what it offers, and what became of it. */
export class GroupSteps {
  readonly #group: ConversationGroup;
  readonly #context: GroupContext;
  #hasJoined = false;

  constructor(group: ConversationGroup, context: GroupContext) {
    this.#group = group;
    this.#context = context;
  }

  /** This device has come into the group anew. */
  joined(): void {
    this.#hasJoined = true;
  }

  /** Whether it has since this was asked last. */
  takeJoined(): boolean {
    const hasJoined = this.#hasJoined;
    this.#hasJoined = false;
    return hasJoined;
  }

  /** Offers the pending step, after it is on disk, and finds out what became of it. */
  async settle(): Promise<void> {
    await this.#context.commit();
    const state = await this.#state();
    if (state.kind !== "pending") return;
    const { memory, needs } = this.#group;
    try {
      await this.#context.service.offer(memory.conversationId, state.step);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (error.errorName === "epoch-taken" || error.errorName === "group-exists") {
        if (!(await this.#wasTaken(state))) {
          await memory.exclusively(() => memory.discard());
          needs.behind = true;
          throw new UpkeepError("conflict", "Another step was first.", { cause: error });
        }
      } else if (error.errorName === "no-such-group") {
        await memory.exclusively(() => memory.discard());
        await this.giveBack();
        throw new UpkeepError("conflict", "The server had lost the group.", { cause: error });
      } else {
        if (!error.retryable) await memory.exclusively(() => memory.discard());
        throw error;
      }
    }
    await memory.exclusively(() => memory.adopt());
    if (state.step.kind === "join") this.joined();
    needs.renew = false;
    needs.rejoin = false;
    this.compared();
  }

  /** Was that step taken before, and only the answer lost? */
  async #wasTaken({ next, step }: Pending): Promise<boolean> {
    const view = await this.get(step.kind === "create" ? next.mls.epoch : step.epoch);
    if (view === undefined) return false;
    const first = view.commits[0];
    if (step.kind !== "create" && first?.epoch === step.epoch) return first.commit === step.commit;
    if (view.epoch === next.mls.epoch) return await this.isSame(next.mls.confirmation, view);
    return first?.epoch === next.mls.epoch && (await this.#follows(first));
  }

  /** Does that commit follow on the state after the pending step? */
  #follows({ commit }: GroupCommit): Promise<boolean> {
    return this.#group.memory.exclusively(async (state) => {
      if (state.kind !== "pending") return false;
      try {
        await state.next.mls.process(foreignBytes(commit));
        return true;
      } catch (error) {
        if (error instanceof MlsError) return false;
        throw error;
      }
    });
  }

  /** Is that the confirmation of the state which the server shows? */
  async isSame(confirmation: Uint8Array, view: GroupView): Promise<boolean> {
    // The server leaves the GroupInfo out for those who say that they are there already.
    const whole = view.groupInfo === undefined ? await this.get() : view;
    if (whole === undefined || whole.epoch !== view.epoch) return false;
    const claims = await groupInfoClaims(whole, this.#group, this.#context);
    return encodeBase64(claims.confirmation) === encodeBase64(confirmation);
  }

  /** The server has lost the group, or never had it: it gets it as it is here. */
  async giveBack(): Promise<void> {
    const { memory } = this.#group;
    const { conversationId, peer } = memory;
    const lost = await memory.exclusively(async (state) => {
      const group = presentGroup(state);
      if (group === undefined) return undefined;
      return { epoch: group.mls.epoch, groupInfo: await group.mls.groupInfo() };
    });
    if (lost === undefined || memory.accounts === undefined) return;
    try {
      await this.#context.service.giveBack(conversationId, { ...lost, peer });
    } catch (error) {
      const reason = error instanceof ProtocolError ? error.errorName : undefined;
      if (reason === "group-exists") {
        throw new UpkeepError("conflict", "Another device was first.", { cause: error });
      }
      if (reason === "not-buddies" || reason === "no-such-conversation") {
        // It was not lost, only not shown.
        throw new UpkeepError("refused", "It is not this account's any more.", { cause: error });
      }
      throw error;
    }
    this.notice("The server had lost a conversation's group; this device gave it back.");
    this.#group.needs.rejoin = false;
    this.compared();
  }

  /**
   * Commits what the group lacks: recipients in, stale leaves out, new keys when it is time.
   * @param recipients undefined where nobody wants to write, and what is not urgent waits
   */
  async adjust(recipients: readonly LinkPeer[] | undefined): Promise<void> {
    const { memory, needs } = this.#group;
    const group = presentGroup(await this.#state());
    if (group === undefined || memory.accounts === undefined) return;
    const { missing: all, unknown } = this.#group.gap(group, recipients ?? []);
    const missing = all.slice(0, MAX_ADDED_AT_ONCE);
    if (recipients !== undefined) await this.#readLists(unknown);
    const taken = missing.length === 0 ? [] : await takeMemberPackages(missing, this.#context);
    const added = taken.filter(({ suite }) => suite === group.mls.suite);
    this.#group.leaveOutBut(missing, added);
    const isProposed = await memory.exclusively(async (state) => {
      if (state.kind !== "joined") return false;
      const { mls, members } = state.group;
      const { stale } = this.#group.gap(state.group, []);
      const wanted = added.filter(
        ({ device }) => !members.some(({ deviceId }) => deviceId === device.deviceId),
      );
      const isWritten = recipients !== undefined;
      const isDue = needs.renew || (isWritten && this.#group.isRenewalDue(state.group));
      if (wanted.length + stale.length === 0 && !isDue) return false;
      const add = wanted.map(({ keyPackage }) => keyPackage);
      const pending = await this.#group.adding(missing, () => mls.commit({ add, remove: stale }));
      const devices = wanted.map(({ device }) => device);
      const step: Pick<PendingStep, "kind" | "epoch" | "welcome"> = {
        kind: "commit",
        epoch: mls.epoch,
        ...welcomeFor(pending.welcome, devices),
      };
      memory.propose(step, pending);
      return true;
    });
    if (isProposed) await this.settle();
    // Each round takes some in, or leaves them out: it ends.
    if (all.length > missing.length) await this.adjust(recipients);
  }

  /** @throws UpkeepError refused */
  async #readLists(users: readonly UserId[]): Promise<void> {
    const { directory } = this.#context;
    // All at once: they go in few requests.
    const isRead = await Promise.all(users.map((userId) => directory.refresh(userId)));
    const unread = users.filter(
      (userId, index) => isRead[index] !== true || directory.devices(userId).length === 0,
    );
    if (unread.length === 0) return;
    if (!this.#context.service.isReachable || !this.#group.goOnWithout(unread)) {
      throw new UpkeepError("refused", "A device list could not be read.");
    }
  }

  #state(): Promise<GroupState> {
    return this.#group.memory.exclusively((state) => state);
  }

  /** @param have the epoch from which on commits are wanted */
  get(have?: number): Promise<GroupView | undefined> {
    return this.#context.service.get(this.#group.memory.conversationId, have);
  }

  /** The group is as the server has it. */
  compared(): void {
    this.#group.needs.behind = false;
    this.#group.needs.compare = false;
    this.#group.comparedAt = this.#context.clock.monotonic();
  }

  notice(detail: string): void {
    this.#context.notice({ kind: "server-untrusted", detail });
  }
}
