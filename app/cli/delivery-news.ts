import type { Message } from "../../shared/chatkit/api.ts";

/** Messages on their way, and such as somebody may yet react to; of older ones a state may be told twice. */
export const MAX_REMEMBERED = 1_000;

/** A message changes for many reasons; which of its changes are a new delivery state? */
export class DeliveryNews {
  /** By message; the one told last comes last. */
  readonly #told = new Map<Message["id"], string>();

  /** False where the state of that message was told already. */
  isNews({ id, delivery }: Pick<Message, "id" | "delivery">): boolean {
    const state = JSON.stringify(delivery);
    if (this.#told.get(id) === state) return false;
    this.#told.delete(id);
    this.#told.set(id, state);
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= MAX_REMEMBERED) break;
      this.#told.delete(oldest);
    }
    return true;
  }
}
