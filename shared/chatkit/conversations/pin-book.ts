import * as v from "valibot";
import { MessageId, type ConversationId } from "../../protocol/index.ts";
import { MAX_PINS } from "../limits.ts";
import type { MessageRecord, Store, StoreWrite } from "../store.ts";

const PINS = "pins/";
const Pin = v.object({ id: MessageId, order: v.string() });
const Saved = v.object({ conversationId: v.string(), pins: v.array(Pin) });
type Pin = v.InferOutput<typeof Pin>;

/**
 * Which messages of each conversation are pinned, so that nobody has to look for them in its history.
 * The newest are listed; what was pinned longest ago goes from the list where there are too many.
 */
export class PinBook {
  readonly #pins = new Map<string, readonly Pin[]>();

  /** @throws StoreError */
  async load(store: Store): Promise<void> {
    this.#pins.clear();
    for (const value of (await store.values(PINS)).values()) {
      const saved = v.safeParse(Saved, JSON.parse(value));
      if (saved.success) this.#pins.set(saved.output.conversationId, saved.output.pins);
    }
  }

  /** Those pinned last come first. */
  list(conversationId: ConversationId): readonly MessageId[] {
    return (this.#pins.get(conversationId) ?? []).map(({ id }) => id);
  }

  /** A message changed, maybe its pin: what belongs into the commit of what changed it. */
  changed({ conversationId, id, pin }: MessageRecord): readonly StoreWrite[] {
    const before = this.#pins.get(conversationId) ?? [];
    const known = before.find((one) => one.id === id);
    const order = pin?.pinned === true ? pin.order : undefined;
    if (known?.order === order) return [];
    const others = before.filter((one) => one !== known);
    const all = order === undefined ? others : [...others, { id, order }];
    const pins = all.toSorted((a, b) => (a.order < b.order ? 1 : -1)).slice(0, MAX_PINS);
    const key = PINS + conversationId;
    if (pins.length === 0) {
      this.#pins.delete(conversationId);
      return [{ type: "delete-value", key }];
    }
    this.#pins.set(conversationId, pins);
    return [{ type: "put-value", key, value: JSON.stringify({ conversationId, pins }) }];
  }
}
