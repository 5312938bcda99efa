import * as v from "valibot";
import {
  CommitBytes,
  Epoch,
  GroupInfoBytes,
  UserId,
  WelcomeFor,
  type ConversationId,
} from "../../protocol/index.ts";
import type { Store } from "../store.ts";
import type { SecretValues } from "./secret-values.ts";
import type { WriteBuffer } from "./write-buffer.ts";

/** Which of a conversation's stored states holds, and what is remembered of it. */
export const GroupHead = v.object({
  /** The other person of a conversation of two; absent in a group. */
  peer: v.exactOptional(UserId),
  /** The state's number; the next one is written beside it and takes its place by the head alone. */
  slot: v.number(),
  epoch: Epoch,
  /** When this device came into that epoch, ms by its clock. */
  since: v.number(),
  /** Messages that it sealed in that epoch, now and then written down. */
  sent: v.number(),
});
export type GroupHead = v.InferOutput<typeof GroupHead>;

/**
 * A step that the delivery service may or may not have taken. `create`: makes the group, at `epoch`.
 * `commit`, `join`: ends `epoch`, by a member or from outside.
 */
export const PendingStep = v.object({
  kind: v.picklist(["create", "commit", "join"]),
  /** As `GroupHead`. */
  peer: v.exactOptional(UserId),
  slot: v.number(),
  epoch: Epoch,
  /** Empty for `create`. */
  commit: v.union([CommitBytes, v.literal("")]),
  groupInfo: GroupInfoBytes,
  welcome: v.exactOptional(WelcomeFor),
});
export type PendingStep = v.InferOutput<typeof PendingStep>;

const HEAD = "mls-head/";
const PENDING = "mls-pending/";
const STATE = "mls/";

/** What the store holds of one conversation. */
export interface StoredGroup {
  readonly head: GroupHead | undefined;
  readonly pending: PendingStep | undefined;
  /** Records by slot, as the MLS core gave them. */
  readonly slots: ReadonlyMap<number, ReadonlyMap<string, Uint8Array>>;
}

/**
 * The store's values of groups: `mls-head/<conversation>`, `mls-pending/<conversation>`, and the MLS
 * core's own records, sealed, under `mls/<conversation>/<slot>/<record>`. A new epoch is written into
 * a slot of its own: whatever part of a change reaches the store, the head names a whole state.
 */
export class GroupRecords {
  readonly #store: Store;
  readonly #secrets: SecretValues;
  readonly #buffer: WriteBuffer;

  constructor(store: Store, secrets: SecretValues, buffer: WriteBuffer) {
    this.#store = store;
    this.#secrets = secrets;
    this.#buffer = buffer;
  }

  /** Epochs of all groups that this device is in. @throws StoreError */
  async heads(): Promise<ReadonlyMap<string, GroupHead>> {
    const heads = new Map<string, GroupHead>();
    for (const [key, value] of await this.#store.values(HEAD)) {
      const head = parsed(GroupHead, value);
      if (head !== undefined) heads.set(key.slice(HEAD.length), head);
    }
    return heads;
  }

  /** Conversations with a step that was interrupted. @throws StoreError */
  async interrupted(): Promise<readonly string[]> {
    return [...(await this.#store.values(PENDING)).keys()].map((key) => key.slice(PENDING.length));
  }

  /** Records that are damaged read as absent: the device then joins anew. @throws StoreError */
  async load(conversationId: ConversationId): Promise<StoredGroup> {
    const head = await this.#store.value(HEAD + conversationId);
    const pending = await this.#store.value(PENDING + conversationId);
    const prefix = `${STATE}${conversationId}/`;
    const slots = new Map<number, Map<string, Uint8Array>>();
    for (const [key, value] of await this.#store.values(prefix)) {
      const rest = key.slice(prefix.length);
      const end = rest.indexOf("/");
      const slot = Number(rest.slice(0, end));
      const records = slots.get(slot) ?? new Map<string, Uint8Array>();
      slots.set(slot, records);
      const bytes = this.#secrets.open(key, value);
      if (bytes !== undefined) records.set(rest.slice(end + 1), bytes);
    }
    return {
      head: head === undefined ? undefined : parsed(GroupHead, head),
      pending: pending === undefined ? undefined : parsed(PendingStep, pending),
      slots,
    };
  }

  putHead(conversationId: ConversationId, head: GroupHead): void {
    this.#buffer.put(HEAD + conversationId, JSON.stringify(head));
  }

  putPending(conversationId: ConversationId, pending: PendingStep): void {
    this.#buffer.put(PENDING + conversationId, JSON.stringify(pending));
  }

  deletePending(conversationId: ConversationId): void {
    this.#buffer.delete(PENDING + conversationId);
  }

  putRecord(conversationId: ConversationId, slot: number, name: string, bytes: Uint8Array): void {
    const key = `${STATE}${conversationId}/${slot}/${name}`;
    this.#buffer.putSealed(key, () => this.#secrets.seal(key, bytes));
  }

  deleteRecord(conversationId: ConversationId, slot: number, name: string): void {
    this.#buffer.delete(`${STATE}${conversationId}/${slot}/${name}`);
  }

  /** Is something of that conversation still to be committed? */
  isWaiting(conversationId: ConversationId): boolean {
    return prefixesOf(conversationId).some((prefix) => this.#buffer.has(prefix));
  }

  /** What of that conversation is still to be committed is void. */
  dropWaiting(conversationId: ConversationId): void {
    for (const prefix of prefixesOf(conversationId)) this.#buffer.drop(prefix);
  }
}

function prefixesOf(conversationId: ConversationId): readonly string[] {
  return [HEAD + conversationId, PENDING + conversationId, `${STATE}${conversationId}/`];
}

/** This device wrote it; what does not read as such is damaged, and as good as absent. */
function parsed<S extends v.GenericSchema>(schema: S, text: string): v.InferOutput<S> | undefined {
  try {
    const result = v.safeParse(schema, JSON.parse(text));
    return result.success ? result.output : undefined;
  } catch {
    return undefined;
  }
}
