import type { ConversationId, UserId } from "../../protocol/index.ts";
import {
  encodeBase64,
  MlsError,
  MlsGroup,
  type MlsGroupApi,
  type PendingCommit,
} from "../../crypto/index.ts";
import { ConversationPolicy } from "./conversation-policy.ts";
import { accountsOf, type GroupContext } from "./group-context.ts";
import type { PendingStep, StoredGroup } from "./group-records.ts";
import { HeldGroup } from "./held-group.ts";

/** What this device has of a conversation's group. */
export type GroupState =
  | { readonly kind: "none" }
  | { readonly kind: "joined"; readonly group: HeldGroup }
  /** A step is with the delivery service, or is about to be; `group` is what holds until it is taken. */
  | {
      readonly kind: "pending";
      readonly group: HeldGroup | undefined;
      readonly step: PendingStep;
      readonly next: HeldGroup;
    };

/** The group that holds now. */
export function presentGroup(state: GroupState): HeldGroup | undefined {
  return state.kind === "none" ? undefined : state.group;
}

/**
 * The state of one conversation's group, in memory and in the store, and the turns in which it is
 * used: MLS operations must not overlap. Nothing in a turn waits for the server. Every change goes
 * into the write buffer; what of it reaches the store leaves a whole state there.
 */
export class GroupMemory {
  readonly conversationId: ConversationId;
  readonly policy: ConversationPolicy;
  readonly #context: GroupContext;
  #peer: UserId | undefined;
  #state: GroupState | undefined;
  #topSlot = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #turns = 0;
  #isForgotten = false;

  constructor(conversationId: ConversationId, context: GroupContext) {
    this.conversationId = conversationId;
    this.#context = context;
    this.policy = new ConversationPolicy({
      accounts: () => this.accounts ?? new Set(),
      wasIn: (userId) => context.groups.wasIn(conversationId, userId),
      isGroup: () => this.isGroup,
      directory: context.directory,
      look: async () => (await context.groups.look(conversationId)) === "known",
    });
  }

  /** The other person of a conversation of two, as soon as that is known. */
  get peer(): UserId | undefined {
    return this.#peer;
  }

  /** Is it one of more than two people, as far as that is known? */
  get isGroup(): boolean {
    return this.#context.groups.accounts(this.conversationId) !== undefined;
  }

  /** Nothing new for a request that names nobody. */
  learnPeer(peer: UserId | undefined): void {
    this.#peer = peer ?? this.#peer;
  }

  /** Whose devices may be in it; undefined where it is not known whose conversation it is. */
  get accounts(): ReadonlySet<UserId> | undefined {
    const { groups, self } = this.#context;
    const members = groups.accounts(this.conversationId);
    if (members !== undefined || this.#peer === undefined) return members;
    return accountsOf(self().userId, this.#peer);
  }

  /** This account is not in it any more: what it has opens what came before, and nothing else is done. */
  get isOver(): boolean {
    return this.accounts?.has(this.#context.self().userId) === false;
  }

  /** Turns under way or waiting. */
  get isBusy(): boolean {
    return this.#turns > 0;
  }

  /** One turn: the state does not change but by its own doing. @throws StoreError */
  exclusively<T>(use: (state: GroupState) => Promise<T> | T): Promise<T> {
    this.#turns++;
    const turn = this.#turn.then(async () => {
      try {
        this.#isForgotten = false;
        this.#state ??= await this.#load();
        return await use(this.#state);
      } finally {
        this.#turns--;
        // Forgotten meanwhile: what this turn has changed was built upon what is void.
        if (this.#isForgotten) {
          this.#state = undefined;
          this.#context.records.dropWaiting(this.conversationId);
        }
      }
    });
    // The next in turn does not care how this one ended; its caller is told.
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  /** Goes back to what is in the store, at the next turn. */
  forget(): void {
    this.#state = undefined;
    this.#isForgotten = true;
  }

  /** In a turn: a group takes the place of the present one, which must not be used any more. */
  join(mls: MlsGroupApi): HeldGroup {
    return this.#put(this.#held(mls));
  }

  /** In a turn: writes a step and the state after it down, beside the present one. */
  propose(
    step: Pick<PendingStep, "kind" | "epoch" | "welcome">,
    pending: Pick<PendingCommit<MlsGroupApi>, "commit" | "groupInfo" | "next">,
  ): void {
    const state = this.#present();
    if (state.kind === "pending") this.#drop(state);
    const next = this.#held(pending.next);
    const written: PendingStep = {
      ...step,
      ...(this.#peer === undefined ? {} : { peer: this.#peer }),
      slot: next.slot,
      commit: step.kind === "create" ? "" : encodeBase64(pending.commit),
      groupInfo: encodeBase64(pending.groupInfo),
    };
    this.#context.records.putPending(this.conversationId, written);
    this.#state = { kind: "pending", group: presentGroup(state), step: written, next };
  }

  /** In a turn: the delivery service has taken the step. */
  adopt(): HeldGroup | undefined {
    const state = this.#present();
    if (state.kind !== "pending") return presentGroup(state);
    this.#context.records.deletePending(this.conversationId);
    return this.#put(state.next);
  }

  /** In a turn: the delivery service has taken another step, or never will take this one. */
  discard(): void {
    const state = this.#present();
    if (state.kind === "pending") this.#drop(state);
  }

  #present(): GroupState {
    return this.#state ?? { kind: "none" };
  }

  #held(mls: MlsGroupApi): HeldGroup {
    const { clock, records } = this.#context;
    this.#topSlot++;
    const { conversationId } = this;
    const slot = this.#topSlot;
    const held = new HeldGroup({ mls, conversationId, records, slot, since: clock.now() });
    held.save();
    return held;
  }

  #put(next: HeldGroup): HeldGroup {
    const before = presentGroup(this.#present());
    if (before !== undefined) next.mls.takeOver(before.mls);
    next.save();
    next.saveHead(this.#peer);
    before?.erase();
    this.#state = { kind: "joined", group: next };
    return next;
  }

  #drop({ group, next }: Extract<GroupState, { kind: "pending" }>): void {
    next.erase();
    this.#context.records.deletePending(this.conversationId);
    this.#state = group === undefined ? { kind: "none" } : { kind: "joined", group };
  }

  async #load(): Promise<GroupState> {
    await this.#context.commit();
    const stored = await this.#context.records.load(this.conversationId);
    const { head, pending, slots } = stored;
    this.#topSlot = Math.max(this.#topSlot, ...slots.keys());
    this.#peer ??= head?.peer ?? pending?.peer;
    const group = await this.#read(stored, head);
    const next = await this.#read(stored, pending);
    this.#sweep(stored, [group?.slot, next?.slot]);
    if (pending !== undefined && next !== undefined) {
      return { kind: "pending", group, step: pending, next };
    }
    if (pending !== undefined) this.#context.records.deletePending(this.conversationId);
    return group === undefined ? { kind: "none" } : { kind: "joined", group };
  }

  /** A state that cannot be read is as good as none: the device joins anew. */
  async #read(
    { slots }: StoredGroup,
    saved: { readonly slot: number; readonly since?: number; readonly sent?: number } | undefined,
  ): Promise<HeldGroup | undefined> {
    const names = saved === undefined ? undefined : slots.get(saved.slot);
    if (saved === undefined || names === undefined) return undefined;
    const { clock, log, records, self } = this.#context;
    try {
      const mls = await MlsGroup.load(names, {
        identity: self().identity,
        policy: this.policy,
      });
      const { since = clock.now(), sent = 0, slot } = saved;
      const { conversationId } = this;
      return new HeldGroup({
        mls,
        conversationId,
        records,
        slot,
        since,
        sent,
        names: names.keys(),
      });
    } catch (error) {
      if (!(error instanceof MlsError)) throw error;
      log.warn("a group's state is damaged", { conversationId: this.conversationId, error });
      return undefined;
    }
  }

  /** What an interrupted change has left behind. */
  #sweep({ slots }: StoredGroup, used: readonly (number | undefined)[]): void {
    for (const [slot, names] of slots) {
      if (used.includes(slot)) continue;
      for (const name of names.keys()) {
        this.#context.records.deleteRecord(this.conversationId, slot, name);
      }
    }
  }
}
