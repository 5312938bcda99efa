import type { BridgeNotification } from "../preload/bridge.ts";

/** Older ones stay in the system's list, but can no longer be replaced or clicked. */
const MAX_KEPT = 32;

/** Longest answer that is taken from a notification. */
const MAX_REPLY = 4096;

/** What Electron's Notification is made of. */
export interface NotificationContent {
  readonly title: string;
  readonly body: string;
  /** With a field for an answer (macOS and Windows). */
  readonly hasReply?: boolean;
  readonly replyPlaceholder?: string;
  readonly actions?: { type: "button"; text: string }[];
}

/** The part of Electron's Notification that is used. */
export interface SystemNotification {
  on(event: "click", listener: () => void): unknown;
  on(event: "close", listener: () => void): unknown;
  on(event: "reply", listener: (details: { readonly reply: string }) => void): unknown;
  on(event: "action", listener: () => void): unknown;
  show(): void;
  close(): void;
}

export interface NotificationOptions {
  readonly create: (content: NotificationContent) => SystemNotification;
  /** The words for answering and muting. A system that shows neither leaves them out. */
  readonly words: () => { readonly reply: string; readonly mute: string };
  readonly onClick: (tag: string) => void;
  readonly onReply: (tag: string, text: string) => void;
  readonly onMute: (tag: string) => void;
}

/** Shows one notification per tag; kept, since a collected one loses its click. */
export class Notifications {
  readonly #shown = new Map<string, SystemNotification>();
  readonly #options: NotificationOptions;

  constructor(options: NotificationOptions) {
    this.#options = options;
  }

  show({ title, body, tag, actions }: BridgeNotification): void {
    const { create, onClick, onReply, onMute } = this.#options;
    this.withdraw(tag);
    const words = actions === true ? this.#options.words() : undefined;
    const notification = create({
      title,
      body,
      ...(words === undefined
        ? {}
        : {
            hasReply: true,
            replyPlaceholder: words.reply,
            actions: [{ type: "button", text: words.mute }],
          }),
    });
    notification.on("click", () => onClick(tag));
    notification.on("reply", ({ reply }) => {
      const answer = reply.trim().slice(0, MAX_REPLY);
      if (answer !== "") onReply(tag, answer);
    });
    // There is one action, whatever its number.
    notification.on("action", () => onMute(tag));
    notification.on("close", () => {
      // A replaced one closes after its successor has taken the tag.
      if (this.#shown.get(tag) === notification) this.#shown.delete(tag);
    });
    this.#shown.set(tag, notification);
    const [oldest] = this.#shown.keys();
    if (this.#shown.size > MAX_KEPT && oldest !== undefined) this.#shown.delete(oldest);
    notification.show();
  }

  /** Takes it back: what it told of was read elsewhere. */
  withdraw(tag: string): void {
    this.#shown.get(tag)?.close();
    this.#shown.delete(tag);
  }
}
