import { useEffect, useState } from "preact/hooks";
import { useAccount, useApp } from "../components/context.tsx";
import type { ConversationModel } from "../model/conversation-model.ts";

/** Somebody sits before this window. */
export function isLookedAt(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

/**
 * Marks the conversation as read while its end is in sight of somebody.
 * @returns messages that came since the person scrolled up or looked away
 */
export function useReading(model: ConversationModel, atEnd: boolean): number {
  const app = useApp();
  const account = useAccount();
  const [fresh, setFresh] = useState(0);
  const ready = model.ready.value;

  useEffect(() => {
    const { kit } = account;
    const { conversationId } = model;
    const read = (): void => {
      if (!ready || !atEnd || !isLookedAt()) return;
      setFresh(0);
      const { settings, unread = 0 } = kit.conversations.get(conversationId) ?? {};
      // What the person has just marked as unread stays so until they come again.
      if (!model.keepsUnread && (unread > 0 || settings?.markedUnread === true)) {
        app.attempt(() => kit.conversations.markRead(conversationId));
      }
    };
    read();
    const end = kit.on("message", (message) => {
      if (message.conversationId !== conversationId) return;
      if (message.own) {
        model.clearUnread();
        return;
      }
      if (atEnd && isLookedAt()) {
        // The engine counts the message after it has told of it.
        queueMicrotask(read);
        return;
      }
      setFresh((count) => count + 1);
      if (model.unreadFrom.peek() === undefined) model.markUnreadFrom(message.id);
    });
    const endConversation = kit.on("conversation", (changed) => {
      if (changed.conversationId === conversationId && changed.unread > 0) read();
    });
    globalThis.addEventListener("focus", read);
    document.addEventListener("visibilitychange", read);
    return () => {
      end();
      endConversation();
      globalThis.removeEventListener("focus", read);
      document.removeEventListener("visibilitychange", read);
    };
  }, [account, app, model, atEnd, ready]);

  return fresh;
}
