import type { ConversationId, UserId } from "../../protocol/index.ts";
import type { MlsGroupApi } from "../../crypto/index.ts";
import type { GroupHead, GroupRecords } from "./group-records.ts";
import { memberDevices, type MemberDevice } from "./membership.ts";

/** A group in memory, with its slot in the store. */
export class HeldGroup {
  readonly mls: MlsGroupApi;
  readonly slot: number;
  readonly since: number;
  sent: number;
  readonly #conversationId: ConversationId;
  readonly #records: GroupRecords;
  /** Names of the records that the slot holds. */
  readonly #names: Set<string>;
  /** Who is in it changes with the epoch only, and an epoch has an object of its own. */
  #members: readonly MemberDevice[] | undefined;

  constructor(options: {
    readonly mls: MlsGroupApi;
    readonly conversationId: ConversationId;
    readonly records: GroupRecords;
    readonly slot: number;
    readonly since: number;
    readonly sent?: number;
    readonly names?: Iterable<string>;
  }) {
    this.mls = options.mls;
    this.slot = options.slot;
    this.since = options.since;
    this.sent = options.sent ?? 0;
    this.#conversationId = options.conversationId;
    this.#records = options.records;
    this.#names = new Set(options.names);
  }

  get members(): readonly MemberDevice[] {
    this.#members ??= memberDevices(this.mls.members);
    return this.#members;
  }

  /** Puts what has changed since the last time into the write buffer. */
  save(): void {
    for (const [name, bytes] of this.mls.takeRecords()) {
      if (bytes === undefined) {
        this.#records.deleteRecord(this.#conversationId, this.slot, name);
        this.#names.delete(name);
      } else {
        this.#records.putRecord(this.#conversationId, this.slot, name, bytes);
        this.#names.add(name);
      }
    }
  }

  saveHead(peer: UserId | undefined): void {
    const { mls, sent, since, slot } = this;
    const head: GroupHead = {
      ...(peer === undefined ? {} : { peer }),
      slot,
      epoch: mls.epoch,
      since,
      sent,
    };
    this.#records.putHead(this.#conversationId, head);
  }

  /** Deletes the slot: another state has taken its place. */
  erase(): void {
    for (const name of this.#names) {
      this.#records.deleteRecord(this.#conversationId, this.slot, name);
    }
    this.#names.clear();
  }
}
