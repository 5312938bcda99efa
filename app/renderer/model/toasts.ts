import { signal, type ReadonlySignal } from "@preact/signals";

export interface Toast {
  readonly id: number;
  readonly kind: "info" | "success" | "error";
  readonly text: string;
}

/** More would cover the window; the oldest goes. */
const MAX_TOASTS = 3;
/** A failure takes longer to read than a confirmation. */
const SHOWN_MS = { info: 4_000, success: 4_000, error: 7_000 } as const;

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
    setTimeout(() => this.dismiss(toast.id), SHOWN_MS[kind]);
  }

  dismiss(id: number): void {
    this.#list.value = this.#list.peek().filter((toast) => toast.id !== id);
  }
}
