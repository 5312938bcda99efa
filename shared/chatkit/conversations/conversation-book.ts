import type { ConversationId, UserId } from "../../protocol/index.ts";
import type { ConversationRecord, MessageRecord, Store, StoreWrite } from "../store.ts";
import { directConversationId } from "./conversation-id.ts";
import { changedSettings, isMuted, type SettingsChange } from "./settings-change.ts";

/** A conversation in memory. */
interface Entry {
  record: ConversationRecord;
  /** Its last message; one's own always, for its delivery is shown, the others' as far as it is known. */
  last: MessageRecord | undefined;
}

/**
 * All conversations of the account, as they are or are about to be in the store: a change is made
 * here first, and its write belongs into the commit of what caused it.
 */
export class ConversationBook {
  readonly #self: () => UserId;
  readonly #entries = new Map<ConversationId, Entry>();
  readonly #ids = new Map<UserId, ConversationId>();

  /** @param self known once this device has signed in for the first time */
  constructor(self: () => UserId) {
    this.#self = self;
  }

  /** Also after a commit failed: then everything is as the store has it. @throws StoreError */
  async load(store: Store): Promise<void> {
    const records = await store.conversations();
    const ids = records.flatMap(({ last }) => (last?.own === true ? [last.id] : []));
    // All at once: one after the other, hundreds of them make a person wait.
    const found = await store.messagesOf(ids);
    const byId = new Map(found.map((message) => [message.id, message]));
    this.#entries.clear();
    for (const record of records) {
      const last = record.last && byId.get(record.last.id);
      this.#entries.set(record.conversationId, { record, last });
    }
  }

  /** The id of the conversation with that person, whether it exists or not. */
  idWith(peer: UserId): ConversationId {
    let id = this.#ids.get(peer);
    if (id === undefined) {
      id = directConversationId(this.#self(), peer);
      this.#ids.set(peer, id);
    }
    return id;
  }

  get(conversationId: ConversationId): Readonly<Entry> | undefined {
    return this.#entries.get(conversationId);
  }

  /** Those that a person pinned first, and each kind newest first. */
  list(): readonly Readonly<Entry>[] {
    // By the time shown: the order's own may be far ahead in a conversation with a wrong clock.
    return [...this.#entries.values()].toSorted(
      ({ record: a }, { record: b }) =>
        Number(b.settings?.pinned ?? false) - Number(a.settings?.pinned ?? false) ||
        (b.last?.sentAt ?? 0) - (a.last?.sentAt ?? 0) ||
        compare(b.last?.order ?? "", a.last?.order ?? ""),
    );
  }

  /** Makes the conversation if it is new. */
  ensure(peer: UserId): ConversationRecord {
    return this.#ensure({ conversationId: this.idWith(peer), peer, unread: 0 });
  }

  /**
   * Makes a group's conversation if it is new.
   * @param title what a history calls it that is merged
   */
  ensureGroup(conversationId: ConversationId, title?: string): ConversationRecord {
    return this.#ensure({ conversationId, ...(title === undefined ? {} : { title }), unread: 0 });
  }

  /**
   * A message came or was queued: counts it, and shows it where it is the newest.
   * @param peer absent in a group
   */
  added(peer: UserId | undefined, message: MessageRecord): StoreWrite {
    const before =
      peer === undefined ? this.ensureGroup(message.conversationId) : this.ensure(peer);
    const { id, order, body, from, own, sentAt } = message;
    const isNewest = before.last === undefined || order > before.last.order;
    const isSeen = !counts(message) || (before.readUpTo !== undefined && order <= before.readUpTo);
    const { settings } = before;
    const comesBack =
      settings?.archived === true &&
      body.type !== "membership" &&
      !isMuted(settings, message.receivedAt);
    const record: ConversationRecord = {
      ...before,
      ...(comesBack ? { settings: changedSettings(settings, { archived: false }) } : {}),
      unread: before.unread + (isSeen ? 0 : 1),
      ...(isNewest ? { last: { id, order, body, from, own, sentAt } } : {}),
    };
    const last = isNewest ? message : this.#entries.get(record.conversationId)?.last;
    this.#entries.set(record.conversationId, { record, last });
    return { type: "put-conversation", conversation: record };
  }

  /** Its delivery changed. True where it is the one that the conversation shows. */
  changed(message: MessageRecord): boolean {
    const entry = this.#entries.get(message.conversationId);
    if (entry?.record.last?.id !== message.id) return false;
    entry.last = message;
    return true;
  }

  /** Its content changed: what belongs into the store where it is the one that the conversation shows. */
  revised(message: MessageRecord): StoreWrite | undefined {
    const entry = this.#entries.get(message.conversationId);
    const last = entry?.record.last;
    if (entry === undefined || last?.id !== message.id) return undefined;
    entry.last = message;
    entry.record = { ...entry.record, last: { ...last, body: message.body } };
    return { type: "put-conversation", conversation: entry.record };
  }

  /** Everything up to `order` was seen; `unread` are the others' messages after it. */
  read(conversationId: ConversationId, order: string, unread: number): StoreWrite | undefined {
    const entry = this.#entries.get(conversationId);
    if (entry === undefined) return undefined;
    const { readUpTo } = entry.record;
    if (readUpTo !== undefined && readUpTo >= order) return undefined;
    const { settings } = entry.record;
    const marked = settings?.markedUnread === true;
    entry.record = {
      ...entry.record,
      ...(marked ? { settings: changedSettings(settings, { markedUnread: false }) } : {}),
      unread,
      readUpTo: order,
    };
    return { type: "put-conversation", conversation: entry.record };
  }

  /** All of it was seen, however it was marked. */
  seen(conversationId: ConversationId): StoreWrite | undefined {
    const entry = this.#entries.get(conversationId);
    if (entry === undefined) return undefined;
    entry.record = { ...entry.record, unread: 0 };
    return this.configure(conversationId, { markedUnread: false });
  }

  /** What is after `order` counts as not seen, although it was: `unread` messages of the others. */
  unread(conversationId: ConversationId, order: string, unread: number): StoreWrite | undefined {
    const entry = this.#entries.get(conversationId);
    if (entry === undefined) return undefined;
    const { settings } = entry.record;
    entry.record = {
      ...entry.record,
      unread,
      readUpTo: order,
      // Of one's own message nothing counts: the mark says it.
      ...(unread === 0 ? { settings: changedSettings(settings, { markedUnread: true }) } : {}),
    };
    return { type: "put-conversation", conversation: entry.record };
  }

  /** Messages were deleted here. @returns a write where the conversation shows or counts one of them */
  removed(
    conversationId: ConversationId,
    messages: readonly MessageRecord[],
  ): StoreWrite | undefined {
    const entry = this.#entries.get(conversationId);
    if (entry === undefined) return undefined;
    const { last, ...rest } = entry.record;
    const { readUpTo = "" } = rest;
    const uncounted = messages.filter((one) => counts(one) && one.order > readUpTo).length;
    const isShown = messages.some(({ id }) => id === last?.id);
    if (!isShown && uncounted === 0) return undefined;
    const unread = Math.max(0, rest.unread - uncounted);
    entry.record = { ...rest, unread, ...(isShown || last === undefined ? {} : { last }) };
    if (isShown) entry.last = undefined;
    return { type: "put-conversation", conversation: entry.record };
  }

  /** Its newest message is that one, unless a newer one came. */
  endsWith(message: MessageRecord): StoreWrite | undefined {
    const entry = this.#entries.get(message.conversationId);
    const shown = entry?.record.last;
    if (entry === undefined || (shown !== undefined && shown.order >= message.order))
      return undefined;
    const { id, order, body, from, own, sentAt } = message;
    entry.last = message;
    entry.record = { ...entry.record, last: { id, order, body, from, own, sentAt } };
    return { type: "put-conversation", conversation: entry.record };
  }

  /** All up to `order` was deleted: what is written next still comes after it. */
  cleared(conversationId: ConversationId, order: string): StoreWrite | undefined {
    const entry = this.#entries.get(conversationId);
    if (entry === undefined || (entry.record.readUpTo ?? "") >= order) return undefined;
    entry.record = { ...entry.record, readUpTo: order };
    return { type: "put-conversation", conversation: entry.record };
  }

  #ensure(made: ConversationRecord): ConversationRecord {
    const known = this.#entries.get(made.conversationId);
    // A history can have called it a group's; the id of two people is theirs alone.
    if (known !== undefined && made.peer !== undefined && known.record.peer === undefined) {
      known.record = { ...known.record, peer: made.peer };
    }
    if (known !== undefined) return known.record;
    this.#entries.set(made.conversationId, { record: made, last: undefined });
    return made;
  }

  /** What the person chose for it. */
  configure(conversationId: ConversationId, change: SettingsChange): StoreWrite | undefined {
    const entry = this.#entries.get(conversationId);
    if (entry === undefined) return undefined;
    const settings = changedSettings(entry.record.settings, change);
    entry.record = { ...entry.record, settings };
    return { type: "put-conversation", conversation: entry.record };
  }
}

/** Others' messages count as unread until they are seen; what happened in a group does not (SPEC G10). */
export function counts({ body, own }: Pick<MessageRecord, "body" | "own">): boolean {
  return !own && body.type !== "membership";
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
