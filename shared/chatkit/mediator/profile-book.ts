import * as v from "valibot";
import type { Hooks, Awaitable } from "./hooks.ts";

/** A person of the host's own user system. */
export const UserProfile = v.object({
  userId: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
  name: v.pipe(v.string(), v.maxLength(256)),
  /** Where the host finds the picture; ChatKit fetches nothing of it. */
  avatarURL: v.exactOptional(v.pipe(v.string(), v.maxLength(2048))),
  clientId: v.pipe(v.string(), v.minLength(1), v.maxLength(256)),
});
export type UserProfile = v.InferOutput<typeof UserProfile>;

/** Client ids in, the profiles that there are out; in any order, unknown ones left out. */
export type FetchProfiles = (clientIds: readonly string[]) => Awaitable<readonly UserProfile[]>;

/** People asked about in one call: what an HTTP service of the host's takes in one request. */
export const PROFILE_BATCH = 100;
/** Profiles that are remembered; those used longest ago go. */
export const MAX_CACHED_PROFILES = 10_000;
/** A person waits for a name no longer than that. */
export const PROFILE_TIMEOUT_MS = 10_000;

/**
 * Names and pictures out of the host's user system: asked for when somebody is shown, all of a moment
 * together, and remembered until they are removed.
 */
export class ProfileBook {
  readonly #hooks: Hooks;
  readonly #cached = new Map<string, UserProfile>();
  /** Asked for and not answered. */
  readonly #asked = new Map<string, Promise<UserProfile | undefined>>();
  #next:
    | { readonly ids: Set<string>; readonly answer: Promise<ReadonlyMap<string, UserProfile>> }
    | undefined;
  #fetch: FetchProfiles | undefined;
  /** Grows when what is under way is not wanted any more. */
  #generation = 0;

  constructor(hooks: Hooks) {
    this.#hooks = hooks;
  }

  setFetch(fetch: FetchProfiles | undefined): void {
    this.#fetch = fetch;
    this.removeAll();
  }

  /** What is remembered of that person; nothing is fetched. */
  cached(clientId: string): UserProfile | undefined {
    const profile = this.#cached.get(clientId);
    if (profile !== undefined) this.#remember(profile);
    return profile;
  }

  /** In the order asked for, without those of whom there is none. Never rejects: a failure is reported. */
  async get(clientIds: readonly string[]): Promise<readonly UserProfile[]> {
    const found = await Promise.all([...new Set(clientIds)].map((id) => this.#one(id)));
    return found.filter((profile) => profile !== undefined);
  }

  remove(clientId: string): void {
    this.#cached.delete(clientId);
    this.#asked.delete(clientId);
  }

  removeAll(): void {
    this.#generation += 1;
    this.#cached.clear();
    this.#asked.clear();
    this.#next = undefined;
  }

  #one(clientId: string): Promise<UserProfile | undefined> {
    const known = this.cached(clientId);
    if (known !== undefined) return Promise.resolve(known);
    const asked = this.#asked.get(clientId);
    if (asked !== undefined) return asked;
    const answer = this.#ask(clientId).finally(() => {
      if (this.#asked.get(clientId) === answer) this.#asked.delete(clientId);
    });
    this.#asked.set(clientId, answer);
    return answer;
  }

  async #ask(clientId: string): Promise<UserProfile | undefined> {
    if (this.#fetch === undefined) return undefined;
    if (this.#next === undefined || this.#next.ids.size >= PROFILE_BATCH) {
      const ids = new Set<string>();
      this.#next = { ids, answer: this.#batch(ids) };
    }
    const { answer, ids } = this.#next;
    ids.add(clientId);
    return (await answer).get(clientId);
  }

  /** One call for all that is asked for in the same tick. */
  async #batch(ids: ReadonlySet<string>): Promise<ReadonlyMap<string, UserProfile>> {
    await Promise.resolve();
    const fetch = this.#fetch;
    const generation = this.#generation;
    if (this.#next?.ids === ids) this.#next = undefined;
    if (fetch === undefined) return new Map();
    const profiles = await this.#hooks.ask<readonly UserProfile[]>(
      "fetchProfiles",
      async () => v.parse(v.array(UserProfile), await fetch([...ids])),
      { timeoutMs: PROFILE_TIMEOUT_MS, otherwise: [] },
    );
    // Whom nobody asked about is not taken in.
    const wanted = profiles.filter(({ clientId }) => ids.has(clientId));
    if (generation === this.#generation) for (const profile of wanted) this.#remember(profile);
    return new Map(wanted.map((profile) => [profile.clientId, profile]));
  }

  #remember(profile: UserProfile): void {
    this.#cached.delete(profile.clientId);
    this.#cached.set(profile.clientId, profile);
    for (const oldest of this.#cached.keys()) {
      if (this.#cached.size <= MAX_CACHED_PROFILES) break;
      this.#cached.delete(oldest);
    }
  }
}
