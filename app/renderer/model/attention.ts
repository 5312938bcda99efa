import { effect } from "@preact/signals";
import type { Conversation, Message } from "../../../shared/chatkit/api.ts";
import { mentions } from "../../../shared/chatkit/conversations/mentions.ts";
import type { AccountModel } from "./account-model.ts";
import type { AppModel } from "./app-model.ts";
import type { Catalogue } from "../i18n/en.ts";
import { bodySummary, bodyText } from "./body.ts";
import { entryName } from "./buddies.ts";
import { mutedUntil } from "./mute.ts";

/** Longest excerpt of a message in a notification. */
const EXCERPT = 200;

/** Notifications that are taken back once they are read; of more, nobody reads the oldest. */
const MAX_SHOWN = 32;

/** Keeps tab title, badge and notifications in step with all open accounts. */
export function attend(app: AppModel, isHidden: () => boolean): void {
  effect(() => {
    const t = app.i18n.text.value;
    const unread = app.unread.value;
    app.platform.setUnread(unread, unread > 0 ? t.titleUnread(unread) : t.appName);
  });
  /** Tags of what was notified and may not be read yet, oldest first. */
  const shown = new Set<string>();
  effect(() => {
    const ends = app.opened.value.flatMap((account) => [
      account.kit.on("message", (message) => {
        if (message.own || message.body.type === "membership") return;
        if (!app.settings.notifications.peek()) return;
        if (!isHidden() && isShown(app, account)) return;
        const tag = account.draftKey(message.conversationId);
        if (!notify(app, account, message, tag)) return;
        shown.delete(tag);
        shown.add(tag);
        const [oldest] = shown;
        if (shown.size > MAX_SHOWN && oldest !== undefined) shown.delete(oldest);
      }),
      account.kit.on("conversation", ({ conversationId, unread }) => {
        // Read in this window, or on another device of one's own.
        const tag = account.draftKey(conversationId);
        if (unread === 0 && shown.delete(tag)) app.platform.withdraw(tag);
      }),
    ]);
    return () => {
      for (const end of ends) end();
    };
  });
  effect(() => {
    if (!app.lock.locked.value) return;
    // Who sits there now neither reads nor hears what came before.
    for (const tag of shown) app.platform.withdraw(tag);
    shown.clear();
    for (const account of app.opened.value) account.files.hide();
  });
  app.platform.onNotificationClick((tag) => {
    const found = notified(app, tag);
    if (found === undefined) return;
    const slot = app.slotOf(found.account);
    if (slot !== undefined) app.show(slot.key);
    app.attempt(() => found.account.openConversation(found.conversation.conversationId));
  });
}

/** The conversation that a notification with this tag was about, and whose it is. */
export function notified(
  app: AppModel,
  tag: string,
): { account: AccountModel; conversation: Conversation } | undefined {
  for (const account of app.opened.peek()) {
    const conversation = account.kit.conversations.list().find(({ conversationId }) => {
      const own = account.draftKey(conversationId);
      return tag === own || tag === unsentTag(own);
    });
    if (conversation !== undefined) return { account, conversation };
  }
  return undefined;
}

/** Of words that could not be sent: they stay until somebody has seen them. */
export function unsentTag(tag: string): string {
  return `${tag}/unsent`;
}

function isShown(app: AppModel, account: AccountModel): boolean {
  const phase = app.phase.peek();
  return phase.kind === "main" && phase.account === account;
}

/** @returns whether anything was shown */
function notify(app: AppModel, account: AccountModel, message: Message, tag: string): boolean {
  const self = account.self.peek();
  if (self?.show === "busy") return false;
  const conversation = account.kit.conversations.get(message.conversationId);
  const isMuted =
    conversation !== undefined && mutedUntil(conversation.settings, Date.now()) !== undefined;
  const isMention =
    self !== undefined &&
    mentions(message.body, self.profile.userId, conversation?.peer === undefined);
  if (isMuted && !(isMention && app.settings.mentions.peek())) return false;
  const t = app.i18n.text.peek();
  const several = app.slots.peek().length > 1;
  const whose = several && self !== undefined ? self.profile.displayName : undefined;
  if (app.lock.locked.peek()) {
    // Nothing that tells who wrote, or what.
    app.platform.notify({ title: t.appName, body: t.accounts.newMessage, tag });
    return true;
  }
  const entry = account.kit.roster.get(message.from);
  const inGroup = conversation !== undefined && conversation.peer === undefined;
  const person =
    entry !== undefined
      ? entryName(entry)
      : inGroup
        ? account.kit.groups.nameOf(message.from)
        : (conversation?.title ?? "");
  const doing = isMention ? t.conversations.mentionedYou(person) : person;
  const name = inGroup ? t.groups.notification(conversation.title, doing) : doing;
  app.platform.notify({
    title: whose === undefined ? name : t.accounts.notificationTitle(name, whose),
    body: excerpt(t, message, person).slice(0, EXCERPT),
    tag,
    actions: true,
  });
  return true;
}

function excerpt(t: Catalogue, { body }: Message, name: string): string {
  if (body.type === "file") return bodySummary(t, body);
  return bodyText(body) ?? t.newMessageFrom(name);
}
