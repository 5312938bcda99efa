import type { GroupCommit } from "../../protocol/index.ts";
import { MlsError } from "../../crypto/index.ts";
import { MAX_COMMIT_PAGES, MAX_LOOKS } from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import type { ConversationGroup } from "./conversation-group.ts";
import { foreignBytes } from "./foreign-bytes.ts";
import type { GroupContext } from "./group-context.ts";
import { GroupEntry } from "./group-entry.ts";
import { presentGroup, type GroupState } from "./group-memory.ts";
import type { GroupView } from "./group-service.ts";
import { GroupSteps } from "./group-steps.ts";
import { Pacer } from "./pacer.ts";
import { UpkeepError } from "./upkeep-error.ts";

/** What is wanted of a group. */
export interface Demand {
  /** Somebody wants to seal for these. */
  readonly recipients?: readonly LinkPeer[];
  /** The server is said to have come to that epoch. */
  readonly epoch?: number;
  readonly compare?: boolean;
  /** Somebody has left: their devices are taken out, although nobody is writing. */
  readonly tidy?: boolean;
}

/**
 * Brings one group and the delivery service into agreement (SPEC M). Each method makes one attempt
 * and throws where it did not succeed; whoever calls tries again, with pauses and not for ever.
 */
export class GroupSync {
  readonly #group: ConversationGroup;
  readonly #context: GroupContext;
  readonly #entry: GroupEntry;
  readonly #steps: GroupSteps;
  /** Attempts in a row at which a commit brought somebody in who is in no verified list. */
  #refusals = 0;
  /** Where a server leads everybody astray, the members must not chase each other from epoch to epoch. */
  readonly #rejoins: Pacer;

  constructor(group: ConversationGroup, context: GroupContext) {
    this.#group = group;
    this.#context = context;
    this.#entry = new GroupEntry(group, context);
    this.#steps = new GroupSteps(group, context);
    this.#rejoins = new Pacer(context.clock);
  }

  /** @throws UpkeepError, MlsError, StoreError; as `ServerConnection.request` */
  async bringAbout(demand: Demand): Promise<void> {
    const { memory, needs } = this.#group;
    if (memory.isOver) throw new UpkeepError("refused", "This account is not in it any more.");
    if ((await this.#state()).kind === "pending") await this.#steps.settle();
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
    const isNew = this.#steps.takeJoined();
    if (demand.recipients !== undefined || needs.renew || isNew || demand.tidy === true) {
      await this.#steps.adjust(demand.recipients);
    }
  }

  #state(): Promise<GroupState> {
    return this.#group.memory.exclusively((state) => state);
  }

  /** @param recipients where somebody wants to write: a group is made if there is none */
  async #enter(recipients: readonly LinkPeer[] | undefined): Promise<void> {
    const view = await this.#steps.get();
    if (view !== undefined) {
      await this.#join(view);
    } else if (recipients !== undefined) {
      await this.#entry.create(recipients);
      await this.#steps.settle();
    }
  }

  async #join(view: GroupView): Promise<void> {
    if (await this.#entry.joinByWelcome(view)) {
      this.#group.needs.rejoin = false;
      this.#group.needs.compare = true;
      this.#steps.joined();
      await this.#catchUp();
    } else {
      await this.#entry.joinExternally(view);
      await this.#steps.settle();
    }
  }

  async #rejoin(): Promise<void> {
    this.#group.needs.rejoin = true;
    if (!this.#rejoins.tryNow()) {
      throw new UpkeepError("refused", "This device has joined anew too often.");
    }
    const view = await this.#steps.get();
    if (view === undefined) await this.#steps.giveBack();
    else await this.#join(view);
  }

  async #catchUp(): Promise<void> {
    const { needs } = this.#group;
    const group = presentGroup(await this.#state());
    if (group === undefined) return;
    const view = await this.#steps.get(needs.compare ? undefined : group.mls.epoch);
    if (view === undefined) {
      await this.#steps.giveBack();
    } else if (view.epoch < group.mls.epoch) {
      this.#steps.notice(
        "The server had an older state of a conversation's group; it was renewed.",
      );
      needs.renew = true;
    } else if (await this.#follow(view)) {
      const now = presentGroup(await this.#state());
      const isComparable = now?.mls.epoch === view.epoch && view.groupInfo !== undefined;
      if (isComparable && !(await this.#steps.isSame(now.mls.confirmation, view))) {
        this.#steps.notice("The server had another history of a conversation's group.");
        await this.#rejoin();
      } else {
        this.#steps.compared();
      }
    }
  }

  /** Applies commits until the group is where the view says. @returns false where it joined anew */
  async #follow(view: GroupView): Promise<boolean> {
    let page: GroupView | undefined = view;
    for (let pages = 0; pages < MAX_COMMIT_PAGES; pages++) {
      const epoch = presentGroup(await this.#state())?.mls.epoch;
      if (epoch === undefined || epoch >= view.epoch) return true;
      if (pages > 0 || this.#group.needs.compare) page = await this.#steps.get(epoch);
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
    // Who is in the conversation may be news, and which devices they have, of one after the other.
    for (let look = 0; look < MAX_LOOKS && problem?.reason === "not-admitted"; look++) {
      if (!(await policy.lookAgain())) break;
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
      const isKnown = memory.accounts !== undefined;
      if (state.kind !== "joined" || state.group.mls.epoch !== epoch || !isKnown) {
        return undefined;
      }
      try {
        memory.join(await state.group.mls.process(commit));
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
    this.#steps.notice(detail);
    if (this.#refusals === 1) throw new UpkeepError("refused", detail, { cause });
    this.#refusals = 0;
  }
}
