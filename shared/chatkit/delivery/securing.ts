import { GROUP_SEALED, type ConversationId } from "../../protocol/index.ts";
import { LAZY_RETRY_MS, MAX_SEAL_BATCH, SECURING_RETRY_MS } from "../limits.ts";
import type { LinkPeer } from "../link.ts";
import type { Clock } from "../ports.ts";
import type { Sealing } from "../sealing/sealing.ts";
import type { StoreWrite } from "../store.ts";
import type { Journal } from "./journal.ts";
import type { OutboxItem } from "./outbox.ts";

interface SecuringOptions {
  readonly sealing: Pick<Sealing, "seal">;
  readonly journal: Journal;
  readonly clock: Clock;
  /** The item has not ended. */
  readonly isLive: (item: OutboxItem) => boolean;
  /** The item must wait for its conversation's group. */
  readonly onNotReady: (item: OutboxItem) => void;
  readonly onProblem: (error: unknown) => void;
}

interface Task {
  readonly item: OutboxItem;
  /** What makes a new message durable, asked for right before the commit; absent where it is. */
  readonly writes: (() => readonly StoreWrite[]) | undefined;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface Lane {
  tasks: Task[];
  /** New messages are saved unsealed meanwhile. */
  isBlocked: boolean;
  /** Ends a pause. */
  wake: (() => void) | undefined;
  /** The end of the work that is under way. */
  done: Promise<void>;
}

/**
 * Seals messages for their conversations' groups, each once for all its recipients, and commits what
 * that changed before the bytes may leave. A conversation's messages are sealed in the order in which
 * they are asked for; those of one tick share a commit. Conversations do not wait for each other.
 * What waits is bounded by the outbox.
 */
export class Securing {
  readonly #options: SecuringOptions;
  readonly #lanes = new Map<ConversationId, Lane>();
  readonly #secured = new WeakMap<OutboxItem, Promise<void>>();
  #closed = false;

  constructor(options: SecuringOptions) {
    this.#options = options;
  }

  /**
   * Makes a new message durable, and seals it if that needs nothing first. Resolves after the commit,
   * which holds all of it. @throws StoreError; then the message is not saved
   */
  queue(item: OutboxItem, writes: () => readonly StoreWrite[]): Promise<void> {
    if (this.#closed || this.isBlocked(item.record.conversationId)) {
      return this.#options.journal.commit(writes());
    }
    return this.#push(item, writes);
  }

  /** Resolves once the item is sealed, and that is durable; or has ended. Never rejects. */
  secure(item: OutboxItem): Promise<void> {
    if (item.sealed !== undefined || this.#closed) return Promise.resolve();
    let secured = this.#secured.get(item);
    if (secured === undefined) {
      if (this.isBlocked(item.record.conversationId)) this.#options.onNotReady(item);
      secured = this.#push(item, undefined).finally(() => this.#secured.delete(item));
      this.#secured.set(item, secured);
    }
    return secured;
  }

  /** The conversation waits for its group. */
  isBlocked(conversationId: ConversationId): boolean {
    return this.#lanes.get(conversationId)?.isBlocked === true;
  }

  /** The server is back, or the roster changed: what paused is tried again. */
  again(): void {
    for (const lane of this.#lanes.values()) lane.wake?.();
  }

  /** What is new is saved as it is. Resolves when nothing is being sealed any more. */
  async close(): Promise<void> {
    this.#closed = true;
    const lanes = [...this.#lanes.values()];
    this.#lanes.clear();
    for (const lane of lanes) lane.wake?.();
    await Promise.all(lanes.filter(({ isBlocked }) => !isBlocked).map(({ done }) => done));
  }

  #push(item: OutboxItem, writes: Task["writes"]): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const task: Task = { item, writes, resolve, reject };
    const { conversationId } = item.record;
    const lane = this.#lanes.get(conversationId);
    if (lane === undefined) {
      const made: Lane = {
        tasks: [task],
        isBlocked: false,
        wake: undefined,
        done: Promise.resolve(),
      };
      this.#lanes.set(conversationId, made);
      made.done = this.#run(conversationId, made);
    } else {
      lane.tasks.push(task);
    }
    return promise;
  }

  async #run(conversationId: ConversationId, lane: Lane): Promise<void> {
    // The rest of this tick joins the first batch.
    await Promise.resolve();
    while (lane.tasks.length > 0) {
      const { ready } = await this.#batch(lane, lane.tasks.splice(0, MAX_SEAL_BATCH));
      if (ready === undefined || this.#closed) continue;
      lane.isBlocked = true;
      this.#saveUnsealed(lane);
      for (const { item } of lane.tasks) this.#options.onNotReady(item);
      if (!(await ready)) await this.#pause(lane, SECURING_RETRY_MS);
      lane.isBlocked = false;
    }
    if (this.#lanes.get(conversationId) === lane) this.#lanes.delete(conversationId);
  }

  /**
   * Seals and commits; what could not be sealed and is saved already waits in the lane. Where that is
   * so, returns when to go on, as `Sealed` does.
   */
  async #batch(
    lane: Lane,
    batch: readonly Task[],
  ): Promise<{ readonly ready: Promise<boolean> | undefined }> {
    const { isLive, journal, onProblem } = this.#options;
    const before = journal.rollBacks;
    const sealed = new Map<Task, Uint8Array>();
    let ready: Promise<boolean> | undefined;
    for (const task of batch) {
      if (this.#closed || ready !== undefined) break;
      if (!isLive(task.item)) continue;
      const outcome = await this.#seal(task.item);
      if (outcome.kind === "sealed") sealed.set(task, outcome.bytes);
      else ready = outcome.ready;
    }
    try {
      await journal.commit(batch.flatMap(({ writes }) => writes?.() ?? []));
    } catch (error) {
      for (const { writes, reject } of batch) if (writes !== undefined) reject(error);
      const waiting = batch.filter(({ writes }) => writes === undefined);
      if (waiting.length === 0) return { ready };
      onProblem(error);
      this.#return(lane, waiting);
      return { ready: this.#pause(lane, LAZY_RETRY_MS).then(() => true) };
    }
    // Where another commit failed meanwhile, what was sealed before is void.
    const isKept = journal.rollBacks === before;
    const unsealed: Task[] = [];
    for (const task of batch) {
      const bytes = sealed.get(task);
      if (isKept && bytes !== undefined) task.item.sealed = bytes;
      if (task.writes === undefined && task.item.sealed === undefined) unsealed.push(task);
      else task.resolve();
    }
    this.#return(lane, unsealed);
    return { ready };
  }

  /** New messages that came while the last batch was under way: nobody lets a sender wait. */
  #saveUnsealed(lane: Lane): void {
    const { journal } = this.#options;
    for (const { resolve, reject, writes } of lane.tasks) {
      if (writes !== undefined) journal.commit(writes()).then(resolve, reject);
    }
    lane.tasks = lane.tasks.filter(({ writes }) => writes === undefined);
  }

  #return(lane: Lane, tasks: readonly Task[]): void {
    const live = tasks.filter(({ item }) => !this.#closed && this.#options.isLive(item));
    for (const task of tasks) if (!live.includes(task)) task.resolve();
    lane.tasks.unshift(...live);
  }

  async #seal(item: OutboxItem): ReturnType<Sealing["seal"]> {
    const { onProblem, sealing } = this.#options;
    const { conversationId, id, peer, sequence } = item.record;
    try {
      const outcome = await sealing.seal({
        conversationId,
        peer,
        recipients: missing(item),
        id,
        sequence,
        plaintext: item.plaintext,
      });
      if (outcome.kind === "not-ready") return outcome;
      const bytes = new Uint8Array(1 + outcome.bytes.length);
      bytes[0] = GROUP_SEALED;
      bytes.set(outcome.bytes, 1);
      return { kind: "sealed", bytes };
    } catch (error) {
      // Its own fault or the store's: the others of the conversation wait with it, for a moment.
      onProblem(error);
      return { kind: "not-ready", ready: Promise.resolve(false) };
    }
  }

  /** For so long, or until something changes. */
  #pause(lane: Lane, ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    if (this.#closed) return Promise.resolve();
    const timer = this.#options.clock.setTimer(resolve, ms);
    lane.wake = () => {
      timer.cancel();
      resolve();
    };
    return promise.finally(() => {
      lane.wake = undefined;
    });
  }
}

/** The recipients that do not have it yet. */
function missing({ record }: OutboxItem): readonly LinkPeer[] {
  return record.recipients
    .filter(({ state }) => state !== "acknowledged")
    .map(({ userId, deviceId }) => ({ userId, deviceId }));
}
