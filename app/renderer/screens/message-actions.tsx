import type { JSX } from "preact";
import type { Message } from "../../../shared/chatkit/api.ts";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import { Menu, MenuItem } from "../components/menu.tsx";
import { Popover } from "../components/popover.tsx";
import { bodyText } from "../model/body.ts";
import { fileBody } from "../model/files.ts";
import { isAllowed } from "../platform/policy.ts";
import { isHere, saveFile, useTransfer } from "./file-parts.tsx";
import { canChange, canRecall, type ConversationModel } from "../model/conversation-model.ts";

/** What people answer with most. */
const REACTIONS = ["👍", "❤️", "😂", "🎉", "😮", "😢"] as const;

/** What needs a window of its own before it is done. */
export type AskedAction = "recall" | "delete-here" | "forward" | "details";

/** What can be done with a message: react, reply, forward, copy, pin, edit, take back. */
export function MessageActions(props: {
  readonly message: Message;
  readonly model: ConversationModel;
  readonly anchor: HTMLElement | null;
  readonly onAsk: (action: AskedAction) => void;
  /** Shows all emojis to react with. */
  readonly onPick: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const { message, model, anchor, onAsk, onPick, onClose } = props;
  const app = useApp();
  const { files, kit, self } = useAccount();
  const { t } = useText();
  const text = bodyText(message.body);
  const file = fileBody(message.body);
  // What is not here can be neither saved nor given on.
  const fileHere = isHere(useTransfer(message));
  const forwardable =
    message.body.type === "text" || (fileHere && isAllowed(app.platform, "files"));
  const changeable = canChange(message, Date.now());
  const isContent = message.body.type === "text" || message.body.type === "file";
  const isPinned = message.pinnedAt !== undefined;
  const me = self.value?.profile.userId;
  const mine = message.reactions.find(({ userId }) => userId === me)?.emoji;
  const then = (act: () => void) => (): void => {
    onClose();
    act();
  };
  return (
    <Popover anchor={anchor} label={t.chat.actions} onClose={onClose}>
      {message.body.type !== "recalled" && (
        <div class="quick-reactions">
          {REACTIONS.map((emoji) => (
            <button
              key={emoji}
              type="button"
              class="quick-reaction"
              aria-label={t.chat.react(emoji)}
              aria-pressed={emoji === mine}
              onClick={then(() =>
                app.attempt(() => kit.react(message.id, emoji === mine ? undefined : emoji)),
              )}
            >
              {emoji}
            </button>
          ))}
          <button
            type="button"
            class="quick-reaction"
            aria-label={t.emoji.more}
            onClick={then(onPick)}
          >
            <Icon name="smile" />
          </button>
        </div>
      )}
      <Menu>
        {message.body.type !== "recalled" && (
          <MenuItem
            icon="reply"
            label={t.chat.reply}
            onClick={then(() => model.compose({ kind: "reply", to: message }))}
          />
        )}
        {forwardable && (
          <MenuItem
            icon="forward"
            label={t.conversations.forward}
            onClick={then(() => onAsk("forward"))}
          />
        )}
        {file !== undefined && fileHere && (
          <MenuItem
            icon="download"
            label={t.common.save}
            onClick={then(() => app.attempt(() => saveFile(files, message.id, file.name)))}
          />
        )}
        {text !== undefined && (
          <MenuItem
            icon="copy"
            label={t.chat.copyText}
            onClick={then(() =>
              app.attempt(async () => {
                await navigator.clipboard.writeText(text);
                app.toasts.show("success", t.common.copied);
              }),
            )}
          />
        )}
        {changeable && (
          <MenuItem
            icon="pencil"
            label={t.chat.edit}
            onClick={then(() => model.compose({ kind: "edit", message }))}
          />
        )}
        {isContent && message.delivery.state !== "failed" && (
          <MenuItem
            icon="pin"
            label={isPinned ? t.conversations.unpinMessage : t.conversations.pinMessage}
            onClick={then(() => app.attempt(() => kit.pin(message.id, !isPinned)))}
          />
        )}
        {!message.own && (
          <MenuItem
            icon="unreadDot"
            label={t.conversations.unreadFromHere}
            onClick={then(() => app.attempt(() => model.keepUnreadFrom(message.id)))}
          />
        )}
        <MenuItem
          icon="info"
          label={t.conversations.details}
          onClick={then(() => onAsk("details"))}
        />
        {canRecall(message, Date.now()) && (
          <MenuItem
            icon="trash"
            label={t.chat.recall}
            danger
            onClick={then(() => onAsk("recall"))}
          />
        )}
        <MenuItem
          icon="trash"
          label={t.history.deleteHere}
          danger
          onClick={then(() => onAsk("delete-here"))}
        />
      </Menu>
    </Popover>
  );
}
