import { effect } from "@preact/signals";
import type { Message } from "../../../shared/chatkit/api.ts";
import type { AccountModel } from "./account-model.ts";
import type { AppModel } from "./app-model.ts";
import { bodyText } from "./body.ts";
import { entryName } from "./buddies.ts";

/** Longest excerpt of a message in a notification. */
const EXCERPT = 200;

/** Keeps tab title, badge and notifications in step with the open account. */
export function attend(app: AppModel, isHidden: () => boolean): void {
  effect(() => {
    const phase = app.phase.value;
    const t = app.i18n.text.value;
    const unread = phase.kind === "main" ? phase.account.unread.value : 0;
    app.platform.setUnread(unread, unread > 0 ? t.titleUnread(unread) : t.appName);
  });
  effect(() => {
    const phase = app.phase.value;
    if (phase.kind !== "main") return undefined;
    const { account } = phase;
    const ends = [
      account.kit.on("message", (message) => {
        if (!message.own && isHidden() && app.settings.notifications.peek()) {
          notify(app, account, message);
        }
      }),
      app.platform.onNotificationClick((tag) => {
        const conversation = account.kit.conversations
          .list()
          .find(({ conversationId }) => conversationId === tag);
        if (conversation === undefined) return;
        app.attempt(() => account.openConversation(conversation.conversationId));
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  });
}

function notify(app: AppModel, account: AccountModel, message: Message): void {
  if (account.self.peek()?.show === "busy") return;
  const entry = account.kit.roster.get(message.from);
  const name =
    entry === undefined
      ? (account.kit.conversations.get(message.conversationId)?.title ?? "")
      : entryName(entry);
  app.platform.notify({
    title: name,
    body: (bodyText(message.body) ?? app.i18n.text.peek().newMessageFrom(name)).slice(0, EXCERPT),
    tag: message.conversationId,
  });
}
