import { ProtocolError, type GroupCommit } from "../../protocol/index.ts";
import { encodeBase64, MlsError } from "../../crypto/index.ts";
import { MAX_COMMIT_PAGES } from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import type { ConversationGroup } from "./conversation-group.ts";
import { foreignBytes } from "./foreign-bytes.ts";
import type { GroupContext } from "./group-context.ts";
import { GroupEntry, welcomeFor } from "./group-entry.ts";
import { presentGroup, type GroupState } from "./group-memory.ts";
import type { PendingStep } from "./group-records.ts";
import type { GroupView } from "./group-service.ts";
import { takeMemberPackages } from "./member-packages.ts";
import { Pacer } from "./pacer.ts";
import { UpkeepError } from "./upkeep-error.ts";

/** What is wanted of a group. */
export interface Demand {
  /** Somebody wants to seal for these. */
  readonly recipients?: readonly LinkPeer[];
  /** The server is said to have come to that epoch. */
  readonly epoch?: number;
  readonly compare?: boolean;
}

type Pending = Extract<GroupState, { kind: "pending" }>;

/**
 * Brings one group and the delivery service into agreement (SPEC M). Each method makes one attempt
 * and throws where it did not succeed; whoever calls tries again, with pauses and not for ever.
 */
export class GroupSync {
  readonly #group: ConversationGroup;
  readonly #context: GroupContext;
  readonly #entry: GroupEntry;
  /** Attempts in a row at which a commit brought somebody in who is in no verified list. */
  #refusals = 0;
  #hasJoined = false;
  /** Where a server leads everybody astray, the members must not chase each other from epoch to epoch. */
  readonly #rejoins: Pacer;

  constructor(group: ConversationGroup, context: GroupContext) {
    this.#group = group;
    this.#context = context;
    this.#entry = new GroupEntry(group, context);
    this.#rejoins = new Pacer(context.clock);
  }

  /** @throws UpkeepError, MlsError, StoreError; as `ServerConnection.request` */
  async bringAbout(demand: Demand): Promise<void> {
    const { needs } = this.#group;
    if ((await this.#state()).kind === "pending") await this.#settle();
    const state = await this.#state();
    const group = presentGroup(state);
    if (group === undefined) {
      await this.#enter(demand.recipients);
    } else if (needs.rejoin) {
      await this.#rejoin();
    } else if (needs.compare || needs.behind || (demand.epoch ?? 0) > group.mls.epoch) {
      await this.#catchUp();
    }
    // Who came in looks around: the device may have found leaves that have left their lists.
    const isNew = this.#hasJoined;
    this.#hasJoined = false;
    if (demand.recipients !== undefined || needs.renew || isNew) {
      await this.#adjust(demand.recipients);
    }
  }

  #state(): Promise<GroupState> {
    return this.#group.memory.exclusively((state) => state);
  }

  /** @param recipients where somebody wants to write: a group is made if there is none */
  async #enter(recipients: readonly LinkPeer[] | undefined): Promise<void> {
    const view = await this.#get();
    if (view !== undefined) {
      await this.#join(view);
    } else if (recipients !== undefined) {
      await this.#entry.create(recipients);
      await this.#settle();
    }
  }

  async #join(view: GroupView): Promise<void> {
    if (await this.#entry.joinByWelcome(view)) {
      this.#group.needs.rejoin = false;
      this.#group.needs.compare = true;
      this.#hasJoined = true;
      await this.#catchUp();
    } else {
      await this.#entry.joinExternally(view);
      await this.#settle();
    }
  }

  async #rejoin(): Promise<void> {
    this.#group.needs.rejoin = true;
    if (!this.#rejoins.tryNow()) {
      throw new UpkeepError("refused", "This device has joined anew too often.");
    }
    const view = await this.#get();
    if (view === undefined) await this.#giveBack();
    else await this.#join(view);
  }

  /** Offers the pending step, after it is on disk, and finds out what became of it. */
  async #settle(): Promise<void> {
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
        await this.#giveBack();
        throw new UpkeepError("conflict", "The server had lost the group.", { cause: error });
      } else {
        if (!error.retryable) await memory.exclusively(() => memory.discard());
        throw error;
      }
    }
    await memory.exclusively(() => memory.adopt());
    if (state.step.kind === "join") this.#hasJoined = true;
    needs.renew = false;
    needs.rejoin = false;
    this.#compared();
  }

  /** Was that step taken before, and only the answer lost? */
  async #wasTaken({ next, step }: Pending): Promise<boolean> {
    const view = await this.#get(step.kind === "create" ? next.mls.epoch : step.epoch);
    if (view === undefined) return false;
    const first = view.commits[0];
    if (step.kind !== "create" && first?.epoch === step.epoch) return first.commit === step.commit;
    if (view.epoch === next.mls.epoch) return await this.#isSame(next.mls.confirmation, view);
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

  async #isSame(confirmation: Uint8Array, view: GroupView): Promise<boolean> {
    // The server leaves the GroupInfo out for those who say that they are there already.
    const whole = view.groupInfo === undefined ? await this.#get() : view;
    if (whole === undefined || whole.epoch !== view.epoch) return false;
    const claims = await this.#entry.claims(whole);
    return encodeBase64(claims.confirmation) === encodeBase64(confirmation);
  }

  async #catchUp(): Promise<void> {
    const { needs } = this.#group;
    const group = presentGroup(await this.#state());
    if (group === undefined) return;
    const view = await this.#get(needs.compare ? undefined : group.mls.epoch);
    if (view === undefined) {
      await this.#giveBack();
    } else if (view.epoch < group.mls.epoch) {
      this.#notice("The server had an older state of a conversation's group; it was renewed.");
      needs.renew = true;
    } else if (await this.#follow(view)) {
      const now = presentGroup(await this.#state());
      const isComparable = now?.mls.epoch === view.epoch && view.groupInfo !== undefined;
      if (isComparable && !(await this.#isSame(now.mls.confirmation, view))) {
        this.#notice("The server had another history of a conversation's group.");
        await this.#rejoin();
      } else {
        this.#compared();
      }
    }
  }

  /** Applies commits until the group is where the view says. @returns false where it joined anew */
  async #follow(view: GroupView): Promise<boolean> {
    let page: GroupView | undefined = view;
    for (let pages = 0; pages < MAX_COMMIT_PAGES; pages++) {
      const epoch = presentGroup(await this.#state())?.mls.epoch;
      if (epoch === undefined || epoch >= view.epoch) return true;
      if (pages > 0 || this.#group.needs.compare) page = await this.#get(epoch);
      if (page === undefined || !(await this.#apply(page.commits, epoch))) break;
    }
    await this.#rejoin();
    return false;
  }

  /** @returns false where they do not lead on from that epoch */
  async #apply(commits: readonly GroupCommit[], from: number): Promise<boolean> {
    let epoch = from;
    for (const commit of commits) {
      if (commit.epoch < epoch) continue;
      if (commit.epoch > epoch || !(await this.#applyOne(commit))) return false;
      epoch++;
    }
    return epoch > from;
  }

  async #applyOne({ commit, epoch }: GroupCommit): Promise<boolean> {
    const { policy } = this.#group.memory;
    const bytes = foreignBytes(commit);
    let problem = await this.#process(bytes, epoch);
    if (problem?.reason === "not-admitted" && (await policy.lookAgain())) {
      problem = await this.#process(bytes, epoch);
    }
    if (problem === undefined) {
      this.#refusals = 0;
      this.#rejoins.reset();
      return true;
    }
    this.#context.log.info("a commit could not be applied", { reason: problem.reason, epoch });
    if (problem.reason === "not-admitted") this.#refused(problem);
    return false;
  }

  /** @returns why the commit that ends that epoch does not apply; undefined where it was applied */
  #process(commit: Uint8Array, epoch: number): Promise<MlsError | undefined> {
    const { memory } = this.#group;
    return memory.exclusively(async (state) => {
      const { peer } = memory;
      if (state.kind !== "joined" || state.group.mls.epoch !== epoch || peer === undefined) {
        return undefined;
      }
      try {
        memory.join(await state.group.mls.process(commit), peer);
        return undefined;
      } catch (error) {
        if (error instanceof MlsError) return error;
        throw error;
      }
    });
  }

  /**
   * Somebody who is in no verified list was brought in. The first time that is not followed, for the
   * list may come later; when it stays so, this device joins anew, and takes them out before it
   * seals anything.
   */
  #refused(cause: MlsError): void {
    this.#refusals++;
    const detail = "Somebody who is in no device list was brought into a conversation's group.";
    this.#notice(detail);
    if (this.#refusals === 1) throw new UpkeepError("refused", detail, { cause });
    this.#refusals = 0;
  }

  /** The server has lost the group, or never had it: it gets it as it is here. */
  async #giveBack(): Promise<void> {
    const { memory } = this.#group;
    const { conversationId, peer } = memory;
    const lost = await memory.exclusively(async (state) => {
      const group = presentGroup(state);
      if (group === undefined) return undefined;
      return { epoch: group.mls.epoch, groupInfo: await group.mls.groupInfo() };
    });
    if (lost === undefined || peer === undefined) return;
    try {
      await this.#context.service.giveBack(conversationId, { ...lost, peer });
    } catch (error) {
      const reason = error instanceof ProtocolError ? error.errorName : undefined;
      if (reason === "group-exists") {
        throw new UpkeepError("conflict", "Another device was first.", { cause: error });
      }
      // It was not lost, only not shown: the two are no buddies any more.
      if (reason === "not-buddies") return;
      throw error;
    }
    this.#notice("The server had lost a conversation's group; this device gave it back.");
    this.#group.needs.rejoin = false;
    this.#compared();
  }

  /**
   * Commits what the group lacks: recipients in, stale leaves out, new keys when it is time.
   * @param recipients undefined where nobody wants to write, and what is not urgent waits
   */
  async #adjust(recipients: readonly LinkPeer[] | undefined): Promise<void> {
    const { memory, needs } = this.#group;
    const group = presentGroup(await this.#state());
    const { peer } = memory;
    if (group === undefined || peer === undefined) return;
    const { missing, unknown } = this.#group.gap(group, recipients ?? []);
    for (const userId of recipients === undefined ? [] : unknown) {
      if (!(await this.#context.directory.refresh(userId))) {
        throw new UpkeepError("refused", "A device list could not be read.");
      }
    }
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
      const pending = await mls.commit({ add, remove: stale });
      const devices = wanted.map(({ device }) => device);
      const step: Pick<PendingStep, "kind" | "epoch" | "welcome"> = {
        kind: "commit",
        epoch: mls.epoch,
        ...welcomeFor(pending.welcome, devices),
      };
      memory.propose(step, pending, peer);
      return true;
    });
    if (isProposed) await this.#settle();
  }

  #get(have?: number): Promise<GroupView | undefined> {
    return this.#context.service.get(this.#group.memory.conversationId, have);
  }

  #compared(): void {
    this.#group.needs.behind = false;
    this.#group.needs.compare = false;
    this.#group.comparedAt = this.#context.clock.monotonic();
  }

  #notice(detail: string): void {
    this.#context.notice({ kind: "server-untrusted", detail });
  }
}
