import type { Message } from "../../../shared/chatkit/api.ts";

/**
 * Where the pages lie that follow the messages held, though the messages themselves were let go.
 * One short text for each page: the history can only be asked for what comes before a place.
 */
export class SkippedPages {
  readonly #size: number;
  /** Order of the first message behind each page, nearest page last. */
  #ends: string[] = [];
  /** Order of the very first of them. */
  #first: string | undefined;
  /** Messages behind the last of the ends. */
  #open = 0;

  /** @param size messages per page */
  constructor(size: number) {
    this.#size = size;
  }

  /** @param messages let go, in order; they come before all that were skipped earlier */
  skip(messages: readonly Message[]): void {
    const starts = messages.filter((_, index) => index % this.#size === 0);
    const [first, ...ends] = starts.map(({ order }) => order);
    if (first === undefined) return;
    if (this.#first === undefined) this.#open = messages.length - ends.length * this.#size;
    else ends.push(this.#first);
    this.#first = first;
    this.#ends = [...this.#ends, ...ends.toReversed()];
  }

  /** A new message behind all that was skipped. */
  arrived(message: Message): void {
    if (this.#open === this.#size) {
      this.#ends = [message.order, ...this.#ends];
      this.#open = 0;
    }
    this.#open += 1;
  }

  /** `before` of the page that comes next; undefined where it reaches to the end. */
  next(): string | undefined {
    return this.#ends.at(-1);
  }

  /** The next page is held now. */
  took(): void {
    this.#first = this.#ends.pop();
    if (this.#first === undefined) this.#open = 0;
  }

  clear(): void {
    this.#ends = [];
    this.#first = undefined;
    this.#open = 0;
  }
}
