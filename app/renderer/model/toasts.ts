import { signal, type ReadonlySignal } from "@preact/signals";

export interface Toast {
  readonly id: number;
  readonly kind: "info" | "success" | "error";
  readonly text: string;
}

/** More would cover the window; the oldest goes. */
const MAX_TOASTS = 3;
const SHOWN_MS = 6_000;

/** Short notes that go by themselves. */
export class Toasts {
  readonly #list = signal<readonly Toast[]>([]);
  #nextId = 1;

  get list(): ReadonlySignal<readonly Toast[]> {
    return this.#list;
  }

  show(kind: Toast["kind"], text: string): void {
    // The same again would only flicker.
    if (this.#list.peek().some((toast) => toast.text === text)) return;
    const toast = { id: this.#nextId, kind, text };
    this.#nextId += 1;
    this.#list.value = [...this.#list.peek(), toast].slice(-MAX_TOASTS);
    setTimeout(() => this.dismiss(toast.id), SHOWN_MS);
  }

  dismiss(id: number): void {
    this.#list.value = this.#list.peek().filter((toast) => toast.id !== id);
  }
}
