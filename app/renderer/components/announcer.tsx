import { signal } from "@preact/signals";
import type { JSX } from "preact";

/** What a screen reader says next without being asked. */
export class Announcer {
  readonly #text = signal("");

  say(text: string): void {
    // The same words twice are no change: a no-break space makes them one.
    this.#text.value = this.#text.peek() === text ? `${text}\u00A0` : text;
  }

  readonly Region = (): JSX.Element => (
    <div class="visually-hidden" role="status" aria-live="polite" data-testid="announcer">
      {this.#text.value}
    </div>
  );
}
