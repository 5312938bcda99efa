import * as v from "valibot";
import { ConversationId, type GroupNote, type UserId } from "../../protocol/index.ts";
import { encodeBase64, mayWrite, memberKey } from "../../crypto/index.ts";
import type { SecretValues } from "../sealing/secret-values.ts";
import type { Store, StoreWrite } from "../store.ts";
import { idBytes } from "../trust/device-id.ts";
import type { GroupFacts } from "./group-directory.ts";
import { userIdOf } from "./group-news.ts";
import { decodeGroup, encodeGroup, standingOf, type KnownGroup } from "./known-group.ts";

const GROUP = "group/";

/** A group in memory, with what is asked of it again and again. */
export interface ShelvedGroup {
  readonly group: KnownGroup;
  readonly facts: GroupFacts;
  readonly accounts: ReadonlySet<UserId>;
}

/** All groups that this device knows, in memory and in the store: `group/<conversation>`, sealed. */
export class GroupShelf {
  readonly #secrets: SecretValues;
  readonly #self: () => UserId | undefined;
  readonly #groups = new Map<ConversationId, ShelvedGroup>();
  #people: ReadonlySet<UserId> | undefined;

  /** @param self this account, once it is known */
  constructor(secrets: SecretValues, self: () => UserId | undefined) {
    this.#secrets = secrets;
    this.#self = self;
  }

  /** One that is damaged is read anew, from the server. @throws StoreError */
  async load(store: Store): Promise<void> {
    for (const [key, text] of await store.values(GROUP)) {
      const id = v.parse(ConversationId, key.slice(GROUP.length));
      const bytes = this.#secrets.open(key, text);
      const group = bytes && decodeGroup(idBytes(id), bytes);
      if (group !== undefined) this.put(id, group);
    }
  }

  get(conversationId: ConversationId): ShelvedGroup | undefined {
    return this.#groups.get(conversationId);
  }

  all(): IterableIterator<[ConversationId, ShelvedGroup]> {
    return this.#groups.entries();
  }

  /** Everybody in the groups in which this account is. */
  get people(): ReadonlySet<UserId> {
    this.#people ??= new Set(
      [...this.#groups.values()]
        .filter(({ facts }) => facts.standing === "member")
        .flatMap(({ facts }) => facts.members),
    );
    return this.#people;
  }

  /** @returns what belongs into the store */
  put(conversationId: ConversationId, group: KnownGroup): StoreWrite {
    const facts = this.#factsOf(group);
    this.#people = undefined;
    this.#groups.set(conversationId, { group, facts, accounts: new Set(facts.members) });
    const key = GROUP + conversationId;
    return { type: "put-value", key, value: this.#secrets.seal(key, encodeGroup(group)) };
  }

  /** In memory alone: what was to be kept is not. */
  putBack(conversationId: ConversationId, before: ShelvedGroup | undefined): void {
    this.#people = undefined;
    if (before === undefined) this.#groups.delete(conversationId);
    else this.#groups.set(conversationId, before);
  }

  #factsOf({ membership, former, key }: KnownGroup): GroupFacts {
    const { members, settings, length, head } = membership;
    const note: GroupNote = {
      ...(key === undefined ? {} : { key: encodeBase64(key) }),
      length,
      head: encodeBase64(head),
    };
    const roleOf = (userId: UserId) => {
      const id = memberKey(idBytes(userId));
      return members.get(id)?.role ?? former.get(id)?.role;
    };
    const self = this.#self();
    return {
      standing: self === undefined ? "left" : standingOf(membership, idBytes(self)),
      members: Array.from(members.values(), ({ userId }) => userIdOf(userId)),
      note,
      has: (userId, at) => {
        const id = memberKey(idBytes(userId));
        return members.has(id) || at <= (former.get(id)?.until ?? -1);
      },
      mayWrite: (userId) => {
        const role = roleOf(userId);
        return role !== undefined && mayWrite(role, settings);
      },
      isAdmin: (userId) => {
        const role = roleOf(userId);
        return role === "admin" || role === "owner";
      },
    };
  }
}
