import type { RosterEntry, UserId } from "../../protocol/index.ts";
import type { RosterApi } from "../chatkit.ts";
import type { ServerConnection } from "../connection/server-connection.ts";
import { calling } from "../calling.ts";
import type { RosterBook } from "./roster-book.ts";

interface Open {
  readonly connection: ServerConnection;
  readonly roster: RosterBook;
  readonly trust: { ready(userId: UserId): Promise<void> };
}

/** The roster as hosts use it. Requests go to the server; its answer and events change the book. */
export class RosterCalls implements RosterApi {
  readonly #open: () => Open;
  readonly #current: () => RosterBook | undefined;

  /**
   * @param current the book, if an account is open
   * @param open throws ChatKitError not-open where none is
   */
  constructor(current: () => RosterBook | undefined, open: () => Open) {
    this.#current = current;
    this.#open = open;
  }

  entries(): readonly RosterEntry[] {
    return this.#current()?.entries() ?? [];
  }

  get(userId: UserId): RosterEntry | undefined {
    return this.#current()?.get(userId);
  }

  add(userName: string): Promise<RosterEntry> {
    return this.#changing(({ connection }) => connection.request("roster.add", { userName }));
  }

  accept(userId: UserId): Promise<RosterEntry> {
    return this.#changing(({ connection }) => connection.request("roster.accept", { userId }));
  }

  ready(): Promise<void> {
    return calling(async () => {
      const { roster, trust } = this.#open();
      const buddies = roster.entries().filter(({ state }) => state === "buddies");
      await Promise.all(buddies.map(({ profile }) => trust.ready(profile.userId)));
    });
  }

  decline(userId: UserId): Promise<void> {
    return this.#removing(userId, "roster.decline");
  }

  remove(userId: UserId): Promise<void> {
    return this.#removing(userId, "roster.remove");
  }

  block(userId: UserId): Promise<RosterEntry> {
    return this.#changing(({ connection }) => connection.request("roster.block", { userId }));
  }

  unblock(userId: UserId): Promise<void> {
    return this.#removing(userId, "roster.unblock");
  }

  update(userId: UserId, change: { nickname?: string; group?: string }): Promise<RosterEntry> {
    return this.#changing(({ connection }) =>
      connection.request("roster.update", { userId, ...change }),
    );
  }

  /** The answer counts as the event that will follow it, or came already. */
  #changing(request: (open: Open) => Promise<RosterEntry>): Promise<RosterEntry> {
    return calling(async () => {
      const open = this.#open();
      const entry = await request(open);
      open.roster.answered(entry);
      return entry;
    });
  }

  #removing(
    userId: UserId,
    method: "roster.decline" | "roster.remove" | "roster.unblock",
  ): Promise<void> {
    return calling(async () => {
      const { connection, roster } = this.#open();
      await connection.request(method, { userId });
      roster.removed(userId);
    });
  }
}
