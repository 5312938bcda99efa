import type { Message } from "../../shared/chatkit/api.ts";
import { MAX_REMEMBERED } from "./delivery-news.ts";

/** A message changes for many reasons; did what it says, or what people did to it, change? */
export class ChangeNews {
  /** By message; the one told last comes last. */
  readonly #told = new Map<Message["id"], string>();

  /** It is told as it is. */
  tell(message: Message): void {
    this.#told.delete(message.id);
    this.#told.set(message.id, stateOf(message));
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= MAX_REMEMBERED) break;
      this.#told.delete(oldest);
    }
  }

  /** False where it was told like this already, or nothing was ever done to it. */
  isNews(message: Message): boolean {
    const before = this.#told.get(message.id);
    if (before === stateOf(message)) return false;
    this.tell(message);
    return before !== undefined || wasChanged(message);
  }
}

function wasChanged({ body, editedAt, pinnedAt, reactions }: Message): boolean {
  const isChanged = editedAt !== undefined || pinnedAt !== undefined || reactions.length > 0;
  return isChanged || body.type === "recalled";
}

function stateOf({ body, editedAt, pinnedAt, reactions }: Message): string {
  return JSON.stringify([body, editedAt, pinnedAt, reactions]);
}
