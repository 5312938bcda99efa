import * as v from "valibot";
import {
  ChangeBody,
  ConversationId,
  MessageId,
  TextBody,
  UserId,
  type MessageBody,
} from "../../protocol/index.ts";
import type { ConversationBook } from "../conversations/conversation-book.ts";
import { PinBook } from "../conversations/pin-book.ts";
import { CHANGE_WINDOW_MS, MAX_EARLY_CHANGES, MAX_REACTIONS } from "../limits.ts";
import type { MessageRecord, Store, StoredReaction, StoreWrite } from "../store.ts";
import type { Journal } from "./journal.ts";
import { orderTime } from "./order.ts";
import type { Outbox } from "./outbox.ts";

/** Somebody does something to a message: an edit, a recall, a reaction, a pin. */
export interface Change {
  readonly id: MessageId;
  readonly conversationId: ConversationId;
  readonly by: UserId;
  /** Its place in the conversation, as a message's. */
  readonly order: string;
  /** ms since the epoch, by its sender's clock. */
  readonly at: number;
  readonly body: ChangeBody;
}

const SavedChange = v.object({
  id: MessageId,
  conversationId: ConversationId,
  by: UserId,
  order: v.string(),
  at: v.number(),
  body: ChangeBody,
});

const EARLY = "early-change/";

interface ChangesOptions {
  readonly store: Store;
  readonly journal: Journal;
  readonly book: ConversationBook;
  readonly outbox: Outbox;
  readonly onMessageChanged: (message: MessageRecord) => void;
}

/** Edits, recalls, reactions and pins, whichever way and in whatever order they come (SPEC E). */
export class Changes {
  readonly pins = new PinBook();
  readonly #options: ChangesOptions;
  /** By the message that they are about, which is not here yet. Oldest first. */
  readonly #early = new Map<MessageId, Change[]>();
  #earlyCount = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ChangesOptions) {
    this.#options = options;
  }

  /** @throws StoreError */
  async load(): Promise<void> {
    await this.pins.load(this.#options.store);
    for (const value of (await this.#options.store.values(EARLY)).values()) {
      const saved = v.safeParse(SavedChange, JSON.parse(value));
      if (saved.success) this.#keep(saved.output);
    }
    // The program may have ended after a message came, and before what waited for it was taken in.
    for (const id of [...this.#early.keys()]) {
      const message = await this.#options.store.message(id);
      if (message !== undefined) await this.arrived(message);
    }
  }

  /** What reads messages and writes them again takes its turn: neither undoes the other. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    // The next in turn does not care how this one ended; its caller is told.
    this.#turn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  /** The message as it is now: on its way, or in the store. @throws StoreError */
  async find(id: MessageId): Promise<MessageRecord | undefined> {
    const { journal, outbox, store } = this.#options;
    // What is on its way into the store is waited for.
    await journal.commit([]);
    return outbox.get(id)?.message ?? (await store.message(id));
  }

  /** Takes in what somebody did; kept until the message comes where it is not here. @throws StoreError */
  take(change: Change): Promise<void> {
    return this.exclusive(async () => {
      const target = await this.find(change.body.of);
      if (target === undefined) {
        await this.#options.journal.commit(this.#keep(change));
        return;
      }
      const writes = this.revise(target, [change]);
      if (writes.length === 0) return;
      try {
        await this.#options.journal.commit(writes);
      } catch (error) {
        // It comes again, and is to be found undone.
        this.undo(target);
        await this.#options.book.load(this.#options.store);
        throw error;
      }
      this.tell(writes);
    });
  }

  /**
   * The message came, and is in the store. Resolves to it with everything that came before it; that is
   * saved a moment later, for it stays on disk until then.
   */
  async arrived(message: MessageRecord): Promise<MessageRecord> {
    if (!this.#early.has(message.id)) return message;
    return await this.exclusive(async () => {
      const early = this.#early.get(message.id) ?? [];
      const writes = this.revise(message, early);
      const forgotten = early.map(({ id }): StoreWrite => ({
        type: "delete-value",
        key: EARLY + id,
      }));
      this.#options.journal.later([...writes, ...forgotten]);
      this.#early.delete(message.id);
      this.#earlyCount -= early.length;
      return revisedIn(writes) ?? message;
    });
  }

  /** Changes the message where it is on its way, and gives what belongs into the store. */
  revise(message: MessageRecord, changes: readonly Change[]): readonly StoreWrite[] {
    const { book, outbox } = this.#options;
    const live = outbox.live(message);
    const revised = changes.reduce(changed, live);
    if (revised === live) return [];
    outbox.revise(revised);
    const conversation = book.revised(revised);
    return [
      { type: "put-message", message: revised },
      ...(conversation === undefined ? [] : [conversation]),
      ...this.pins.changed(revised),
    ];
  }

  /** The commit of a change failed: where the message is on its way, it is as it was. */
  undo(target: MessageRecord): void {
    const { outbox } = this.#options;
    this.pins.changed(target);
    const { delivery, trail } = outbox.live(target);
    outbox.revise({ ...target, delivery, ...(trail === undefined ? {} : { trail }) });
  }

  /** @param writes of `revise`, and durable */
  tell(writes: readonly StoreWrite[]): void {
    const revised = revisedIn(writes);
    if (revised !== undefined) this.#options.onMessageChanged(this.#options.outbox.live(revised));
  }

  #keep(change: Change): readonly StoreWrite[] {
    const { of } = change.body;
    const kept = this.#early.get(of) ?? [];
    const writes: StoreWrite[] = [
      { type: "put-value", key: EARLY + change.id, value: JSON.stringify(change) },
    ];
    // It comes again where it could not be saved.
    if (kept.some(({ id }) => id === change.id)) return writes;
    this.#early.set(of, [...kept, change]);
    this.#earlyCount++;
    while (this.#earlyCount > MAX_EARLY_CHANGES) {
      const dropped = this.#dropOldest();
      for (const { id } of dropped) writes.push({ type: "delete-value", key: EARLY + id });
      this.#earlyCount -= dropped.length;
    }
    return writes;
  }

  /** Those of one message, in the conversation that has most: nobody makes another's changes go. */
  #dropOldest(): readonly Change[] {
    const counts = new Map<ConversationId, number>();
    for (const { conversationId } of [...this.#early.values()].flat()) {
      counts.set(conversationId, (counts.get(conversationId) ?? 0) + 1);
    }
    const most = Math.max(...counts.values());
    for (const [target, changes] of this.#early) {
      const isDropped = (one: Change): boolean => counts.get(one.conversationId) === most;
      const rest = changes.filter((one) => !isDropped(one));
      if (rest.length === changes.length) continue;
      if (rest.length === 0) this.#early.delete(target);
      else this.#early.set(target, rest);
      return changes.filter(isDropped);
    }
    return [];
  }
}

export function isChange(body: MessageBody): body is ChangeBody {
  const { type } = body;
  return type === "edit" || type === "recall" || type === "reaction" || type === "pin";
}

/** The message after the change; the very same where the change has no effect (SPEC E1 to E4). */
export function changed(message: MessageRecord, change: Change): MessageRecord {
  const { body, by, conversationId } = change;
  if (message.conversationId !== conversationId) return message;
  // What was taken back stays so, and what happened in a group is nobody's message.
  if (message.body.type === "recalled" || message.body.type === "membership") return message;
  switch (body.type) {
    case "reaction":
      return withReaction(message, change, body.emoji);
    case "edit": {
      const { edited } = message;
      if (by !== message.from.userId || !isInTime(message, change)) return message;
      if (message.body.type !== "text" || (edited?.order ?? "") >= change.order) return message;
      const { mentions: _, ...before } = v.parse(TextBody, message.body);
      const { text, mentions } = body;
      return {
        ...message,
        body: { ...before, text, ...(mentions === undefined ? {} : { mentions }) },
        edited: { at: change.at, order: change.order },
      };
    }
    case "recall": {
      if (by !== message.from.userId || !isInTime(message, change)) return message;
      const { edited: _, reactions: __, pin: ___, ...rest } = message;
      return { ...rest, body: { type: "recalled" } };
    }
    case "pin": {
      if ((message.pin?.order ?? "") >= change.order) return message;
      return { ...message, pin: { at: change.at, order: change.order, pinned: body.pinned } };
    }
  }
}

/** By the conversation's own time, which all devices agree upon, and nobody's clock. */
function isInTime({ order }: MessageRecord, change: Change): boolean {
  const ms = orderTime(change.order).ms - orderTime(order).ms;
  return ms >= 0 && ms <= CHANGE_WINDOW_MS;
}

function withReaction(
  message: MessageRecord,
  { by, at, order }: Change,
  emoji: string | undefined,
): MessageRecord {
  const { reactions = [] } = message;
  const before = reactions.find(({ userId }) => userId === by);
  if (before !== undefined && before.order >= order) return message;
  if (before === undefined && reactions.length >= MAX_REACTIONS) return message;
  const reaction: StoredReaction = {
    userId: by,
    at,
    order,
    ...(emoji === undefined ? {} : { emoji }),
  };
  return { ...message, reactions: [...reactions.filter((one) => one !== before), reaction] };
}

function revisedIn(writes: readonly StoreWrite[]): MessageRecord | undefined {
  for (const write of writes) if (write.type === "put-message") return write.message;
  return undefined;
}
