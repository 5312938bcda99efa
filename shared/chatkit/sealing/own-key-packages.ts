import * as v from "valibot";
import {
  createKeyPackage,
  decodeBase64,
  encodeBase64,
  type MlsIdentity,
  type MlsSuite,
  type OwnKeyPackage,
} from "../../crypto/index.ts";
import { Base64 } from "../../protocol/index.ts";
import {
  KEY_PACKAGE_LIFETIME_MS,
  KEY_PACKAGES_KEPT,
  KEY_PACKAGES_PUBLISHED,
  KEY_PACKAGES_AT_ONCE,
  LAST_RESORT_LIFETIME_MS,
  LAST_RESORT_ROTATION_MS,
} from "../limits.ts";
import type { Clock } from "../ports.ts";
import type { Store, StoreWrite } from "../store.ts";
import type { GroupService } from "./group-service.ts";
import type { SecretValues } from "./secret-values.ts";
import type { WriteBuffer } from "./write-buffer.ts";

const PACKAGE = "mls-key-package/";

const Saved = v.object({
  keyPackage: Base64,
  reference: Base64,
  suite: v.picklist(["hybrid", "classic"]),
  lastResort: v.boolean(),
  /** Seconds since the epoch. */
  notAfter: v.number(),
  /** ms since the epoch. */
  madeAt: v.number(),
  /** Base64 of the private keys. */
  secret: Base64,
});

interface Kept extends OwnKeyPackage {
  readonly suite: MlsSuite;
  readonly madeAt: number;
}

export interface OwnKeyPackagesOptions {
  readonly store: Store;
  readonly secrets: SecretValues;
  readonly clock: Clock;
  readonly service: GroupService;
  readonly buffer: WriteBuffer;
  readonly suite: MlsSuite;
  readonly keyPackages?: number;
  readonly identity: () => MlsIdentity;
  /** @throws StoreError */
  readonly commit: (writes: readonly StoreWrite[]) => Promise<void>;
}

/**
 * The key packages by which others take this device into a group (RFC 9420 §10). The private keys
 * are in the store before the package is at the server, and stay until a Welcome used them or the
 * package's time is over.
 */
export class OwnKeyPackages {
  readonly #options: OwnKeyPackagesOptions;
  #publishing: Promise<void> | undefined;

  constructor(options: OwnKeyPackagesOptions) {
    this.#options = options;
  }

  /** @throws StoreError */
  async all(): Promise<readonly OwnKeyPackage[]> {
    return await this.#all();
  }

  /** A Welcome has used it: its secrets go with the commit that saves the group. */
  used({ lastResort, reference }: OwnKeyPackage): void {
    if (!lastResort) this.#options.buffer.delete(keyOf(reference));
  }

  /**
   * Fills up what the server keeps, and replaces the one of last resort when it is old. Calls while
   * one is under way join it.
   * @throws StoreError; as `ServerConnection.request`
   */
  publish(): Promise<void> {
    this.#publishing ??= this.#publish().finally(() => {
      this.#publishing = undefined;
    });
    return this.#publishing;
  }

  async #publish(): Promise<void> {
    const { clock, keyPackages = KEY_PACKAGES_PUBLISHED, service, suite } = this.#options;
    const known = await this.#tidied();
    const lastResort = known
      .filter((one) => one.lastResort && one.suite === suite)
      .toSorted((a, b) => b.madeAt - a.madeAt)[0];
    const isOld =
      lastResort === undefined || clock.now() - lastResort.madeAt > LAST_RESORT_ROTATION_MS;
    // The newest one goes again each time: the server may never have got it, or lost it.
    const resort = isOld ? await this.#make(true) : lastResort;
    let kept = await service.publish([resort]);
    while (kept < keyPackages) {
      const made: OwnKeyPackage[] = [];
      const count = Math.min(KEY_PACKAGES_AT_ONCE, keyPackages - kept);
      for (let index = 0; index < count; index++) made.push(await this.#make(false));
      const now = await service.publish(made);
      // A server that keeps none of them is asked another time.
      if (now <= kept) return;
      kept = now;
    }
  }

  async #make(lastResort: boolean): Promise<OwnKeyPackage> {
    const { clock, commit, identity, secrets, suite } = this.#options;
    const madeAt = clock.now();
    const life = lastResort ? LAST_RESORT_LIFETIME_MS : KEY_PACKAGE_LIFETIME_MS;
    const made = await createKeyPackage(identity(), suite, {
      lastResort,
      // Good at once, for those whose clocks are behind, too.
      notBefore: 0,
      notAfter: Math.floor((madeAt + life) / 1000),
    });
    const key = keyOf(made.reference);
    const saved: v.InferOutput<typeof Saved> = {
      keyPackage: encodeBase64(made.keyPackage),
      reference: encodeBase64(made.reference),
      suite,
      lastResort,
      notAfter: made.notAfter,
      madeAt,
      secret: encodeBase64(made.secret),
    };
    const value = secrets.seal(key, new TextEncoder().encode(JSON.stringify(saved)));
    await commit([{ type: "put-value", key, value }]);
    return made;
  }

  /** What is left once those whose time is over, and the oldest of too many, are deleted. */
  async #tidied(): Promise<readonly Kept[]> {
    const { clock, commit } = this.#options;
    const all = (await this.#all()).toSorted((a, b) => b.madeAt - a.madeAt);
    const now = clock.now() / 1000;
    const kept = all.filter(({ notAfter }) => notAfter > now).slice(0, KEY_PACKAGES_KEPT);
    const gone = all.filter((one) => !kept.includes(one));
    if (gone.length > 0) {
      await commit(
        gone.map(({ reference }) => ({
          type: "delete-value",
          key: keyOf(reference),
        })),
      );
    }
    return kept;
  }

  async #all(): Promise<readonly Kept[]> {
    const { secrets, store } = this.#options;
    const all: Kept[] = [];
    for (const [key, value] of await store.values(PACKAGE)) {
      const bytes = secrets.open(key, value);
      const one = bytes === undefined ? undefined : decoded(bytes);
      if (one !== undefined) all.push(one);
    }
    return all;
  }
}

/** The store's key of one's secrets. */
function keyOf(reference: Uint8Array): string {
  return PACKAGE + encodeBase64(reference);
}

/** Sealed by this device; what does not read as such is damaged, and as good as used. */
function decoded(bytes: Uint8Array): Kept | undefined {
  try {
    const saved = v.parse(Saved, JSON.parse(new TextDecoder().decode(bytes)));
    return {
      ...saved,
      keyPackage: decodeBase64(saved.keyPackage),
      reference: decodeBase64(saved.reference),
      secret: decodeBase64(saved.secret),
    };
  } catch {
    return undefined;
  }
}
