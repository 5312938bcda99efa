import type { BridgeNotification } from "../preload/bridge.ts";

/** Older ones stay in the system's list, but can no longer be replaced or clicked. */
const MAX_KEPT = 32;

/** The part of Electron's Notification that is used. */
export interface SystemNotification {
  on(event: "click", listener: () => void): unknown;
  on(event: "close", listener: () => void): unknown;
  show(): void;
  close(): void;
}

/** Shows one notification per tag; kept, since a collected one loses its click. */
export class Notifications {
  readonly #shown = new Map<string, SystemNotification>();
  readonly #create: (content: { title: string; body: string }) => SystemNotification;
  readonly #onClick: (tag: string) => void;

  constructor(
    create: (content: { title: string; body: string }) => SystemNotification,
    onClick: (tag: string) => void,
  ) {
    this.#create = create;
    this.#onClick = onClick;
  }

  show({ title, body, tag }: BridgeNotification): void {
    this.#shown.get(tag)?.close();
    this.#shown.delete(tag);
    const notification = this.#create({ title, body });
    notification.on("click", () => this.#onClick(tag));
    notification.on("close", () => {
      // A replaced one closes after its successor has taken the tag.
      if (this.#shown.get(tag) === notification) this.#shown.delete(tag);
    });
    this.#shown.set(tag, notification);
    const [oldest] = this.#shown.keys();
    if (this.#shown.size > MAX_KEPT && oldest !== undefined) this.#shown.delete(oldest);
    notification.show();
  }
}
