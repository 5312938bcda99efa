/** The last ids that were added; older ones are forgotten. */
export class RecentIds<T> {
  readonly #ids = new Set<T>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  has(id: T): boolean {
    return this.#ids.has(id);
  }

  add(id: T): void {
    this.#ids.add(id);
    for (const oldest of this.#ids) {
      if (this.#ids.size <= this.#limit) break;
      this.#ids.delete(oldest);
    }
  }
}
