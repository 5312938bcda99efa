import * as v from "valibot";
import { limits, UserId, type ConversationId } from "../../protocol/index.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import { LISTS_AGAIN_MS, MAX_PEOPLE, PEOPLE_MAX_AGE_MS } from "../limits.ts";
import type { Clock, Log } from "../ports.ts";
import type { Store, StoreWrite } from "../store.ts";

const PERSON = "group-person/";
const Saved = v.object({
  name: v.string(),
  userName: v.exactOptional(v.string()),
  at: v.number(),
});
type Person = v.InferOutput<typeof Saved>;

export interface GroupPeopleOptions {
  readonly connection: ServerConnection;
  readonly clock: Clock;
  readonly log: Log;
  /** Whose name the roster knows. */
  readonly isKnown: (userId: UserId) => boolean;
  readonly save: (writes: readonly StoreWrite[]) => void;
  /** Names of people in that group became known, or are others. */
  readonly onNames: (conversationId: ConversationId) => void;
}

/** What people call themselves who are in one's groups and not on the roster. Asked for as they are needed. */
export class GroupPeople {
  readonly #options: GroupPeopleOptions;
  /** In the order in which they were asked for. */
  readonly #people = new Map<UserId, Person>();
  readonly #asking = new Set<UserId>();
  /** Whom the server does not know any more, with when it was asked; monotonic ms. */
  readonly #silent = new Map<UserId, number>();
  /** Under way. */
  readonly #looks = new Set<Promise<void>>();

  constructor(options: GroupPeopleOptions) {
    this.#options = options;
  }

  /** @throws StoreError */
  async load(store: Store): Promise<void> {
    for (const [key, text] of await store.values(PERSON)) {
      const userId = v.parse(UserId, key.slice(PERSON.length));
      const saved = v.safeParse(Saved, JSON.parse(text));
      if (saved.success) this.#people.set(userId, saved.output);
    }
  }

  nameOf(userId: UserId): string | undefined {
    return this.#people.get(userId)?.name;
  }

  userNameOf(userId: UserId): string | undefined {
    return this.#people.get(userId)?.userName;
  }

  /** Whoever was asked for is known by then, as far as the server tells. Never rejects. */
  async settled(): Promise<void> {
    await Promise.all(this.#looks);
  }

  /** Asks for those who are not known, and for those who may have another name by now. */
  look(conversationId: ConversationId, people: Iterable<UserId>): void {
    const look = this.#look(conversationId, people).catch((error: unknown) => {
      this.#options.log.info("names of people in a group were not read", { error });
    });
    this.#looks.add(look);
    void look.then(() => this.#looks.delete(look));
  }

  async #look(conversationId: ConversationId, people: Iterable<UserId>): Promise<void> {
    const { clock, connection, isKnown } = this.#options;
    if (connection.state.state !== "online") return;
    const wanted = [...people].filter((userId) => {
      const age = clock.now() - (this.#people.get(userId)?.at ?? -Infinity);
      const isOld = age > PEOPLE_MAX_AGE_MS || age < 0;
      const silentAt = this.#silent.get(userId) ?? -Infinity;
      const isSilent = clock.monotonic() - silentAt < LISTS_AGAIN_MS;
      return isOld && !isSilent && !isKnown(userId) && !this.#asking.has(userId);
    });
    if (wanted.length === 0) return;
    for (const userId of wanted) this.#asking.add(userId);
    try {
      for (let at = 0; at < wanted.length; at += limits.PROFILES_AT_ONCE) {
        const userIds = wanted.slice(at, at + limits.PROFILES_AT_ONCE);
        const params = { conversationId, userIds };
        const { profiles } = await connection.request("conversation.profiles", params);
        this.#noteSilent(userIds, new Set(profiles.map(({ userId }) => userId)));
        for (const { userId, displayName, userName } of profiles) {
          this.#put(userId, displayName || userName, userName);
        }
      }
    } finally {
      for (const userId of wanted) this.#asking.delete(userId);
    }
    this.#options.onNames(conversationId);
  }

  /** Every message looks at the people of its group: those are not asked about with each. */
  #noteSilent(asked: readonly UserId[], told: ReadonlySet<UserId>): void {
    const now = this.#options.clock.monotonic();
    for (const userId of asked) {
      this.#silent.delete(userId);
      if (!told.has(userId)) this.#silent.set(userId, now);
    }
    for (const oldest of this.#silent.keys()) {
      if (this.#silent.size <= MAX_PEOPLE) break;
      this.#silent.delete(oldest);
    }
  }

  #put(userId: UserId, name: string, userName: string): void {
    const person = { name, userName, at: this.#options.clock.now() };
    this.#people.delete(userId);
    this.#people.set(userId, person);
    const writes: StoreWrite[] = [
      { type: "put-value", key: PERSON + userId, value: JSON.stringify(person) },
    ];
    for (const oldest of this.#people.keys()) {
      if (this.#people.size <= MAX_PEOPLE) break;
      this.#people.delete(oldest);
      writes.push({ type: "delete-value", key: PERSON + oldest });
    }
    this.#options.save(writes);
  }
}
