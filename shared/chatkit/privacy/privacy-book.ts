import * as v from "valibot";
import type { Store, StoreWrite } from "../store.ts";

const KEY = "settings/privacy";

/** What others learn without a word of the person's; each works both ways. */
const Privacy = v.object({
  /** Others are told what was read here, and here is shown what they have read. */
  readReceipts: v.optional(v.boolean(), true),
  /** Others are told that one types, and here is shown that they do. */
  typing: v.optional(v.boolean(), true),
});
export type Privacy = v.InferOutput<typeof Privacy>;

/** What the person chose of it, for this account on this device. */
export class PrivacyBook {
  readonly #commit: (writes: readonly StoreWrite[]) => Promise<void>;
  #current: Privacy = { readReceipts: true, typing: true };

  /** @param commit throws StoreError */
  constructor(commit: (writes: readonly StoreWrite[]) => Promise<void>) {
    this.#commit = commit;
  }

  /** @throws StoreError */
  async load(store: Store): Promise<void> {
    const value = await store.value(KEY);
    if (value === undefined) return;
    const saved = v.safeParse(Privacy, JSON.parse(value));
    if (saved.success) this.#current = saved.output;
  }

  get current(): Privacy {
    return this.#current;
  }

  /** In force once it is saved. @throws StoreError */
  async change(change: Partial<Privacy>): Promise<Privacy> {
    const next = { ...this.#current, ...change };
    await this.#commit([{ type: "put-value", key: KEY, value: JSON.stringify(next) }]);
    this.#current = next;
    return next;
  }
}
