/** The desktop around the window and the accounts in it: what each tells the other. */
import { effect } from "@preact/signals";
import { assertNever } from "../../../shared/chatkit/assert-never.ts";
import type { Show } from "../../../shared/protocol/index.ts";
import type { BridgeEvent } from "../../preload/bridge.ts";
import type { Desktop } from "../platform/platform.ts";
import type { AppModel } from "./app-model.ts";
import { notified, unsentTag } from "./attention.ts";
import type { AutoAway } from "./auto-away.ts";
import { muteUntil } from "./mute.ts";

export interface DesktopParts {
  readonly app: AppModel;
  readonly desktop: Desktop;
  readonly away: AutoAway;
  /** ms since the epoch. */
  readonly now: () => number;
}

/** Ends with the returned function. */
export function connectDesktop(parts: DesktopParts): () => void {
  const { app, desktop, away } = parts;
  const ends = [
    effect(() => {
      const phase = app.phase.value;
      const self = phase.kind === "main" ? phase.account.self.value : undefined;
      const language = app.i18n.language.value;
      desktop.tellState(self === undefined ? { language } : { language, show: self.show });
    }),
    away.watch(app),
    desktop.onEvent((event) => onEvent(parts, event)),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function onEvent({ app, away, now }: DesktopParts, event: BridgeEvent): void {
  switch (event.type) {
    case "command":
      app.commands.run(event.command);
      return undefined;
    case "presence":
      return setPresence(app, event.show);
    case "link":
      return app.links.open(event.link);
    case "idle":
      return away.setIdle(event.idle);
    case "resumed":
      for (const { kit } of app.opened.peek()) kit.reconnectNow();
      return undefined;
    case "reply":
      return reply(app, event.tag, event.text);
    case "mute":
      return mute(app, event.tag, now());
    default:
      return assertNever(event);
  }
}

/** The tray knows one presence: it is every account's. */
function setPresence(app: AppModel, show: Show): void {
  for (const { kit, self } of app.opened.peek()) {
    const statusText = self.peek()?.statusText ?? "";
    app.attempt(() => kit.setPresence({ show, statusText }));
  }
}

function reply(app: AppModel, tag: string, text: string): void {
  const found = notified(app, tag);
  const t = app.i18n.text.peek();
  if (found === undefined || app.lock.locked.peek()) {
    // Whoever sits there now may not write as its owner; the words are told back, not lost.
    app.platform.notify({ title: t.desktop.notSent, body: text, tag: unsentTag(tag) });
    return;
  }
  const { kit } = found.account;
  const { conversationId } = found.conversation;
  app.attempt(async () => {
    await kit.send(conversationId, text);
    await kit.conversations.markRead(conversationId);
  });
}

function mute(app: AppModel, tag: string, now: number): void {
  const found = notified(app, tag);
  if (found === undefined) return;
  const { conversations } = found.account.kit;
  // It may be muted for longer already: a mention is told all the same.
  const { mutedUntil: known = 0 } = found.conversation.settings;
  const mutedUntil = Math.max(known, muteUntil("hour", now));
  app.attempt(() => conversations.configure(found.conversation.conversationId, { mutedUntil }));
}
