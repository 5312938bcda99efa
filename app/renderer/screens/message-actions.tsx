import type { JSX } from "preact";
import type { Message } from "../../../shared/chatkit/api.ts";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Icon, type IconName } from "../components/icons.tsx";
import { Popover } from "../components/popover.tsx";
import { bodyText } from "../model/body.ts";
import { canChange, type ConversationModel } from "../model/conversation-model.ts";

/** What people answer with most. */
const REACTIONS = ["👍", "❤️", "😂", "🎉", "😮", "😢"] as const;

/** What can be done with a message: react, reply, copy, edit, take back. */
export function MessageActions(props: {
  readonly message: Message;
  readonly model: ConversationModel;
  readonly anchor: HTMLElement | null;
  /** Asks before it is taken back. */
  readonly onRecall: () => void;
  /** Shows all emojis to react with. */
  readonly onPick: () => void;
  readonly onClose: () => void;
}): JSX.Element {
  const { message, model, anchor, onRecall, onPick, onClose } = props;
  const app = useApp();
  const { kit, self } = useAccount();
  const { t } = useText();
  const text = bodyText(message.body);
  const changeable = canChange(message, Date.now());
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
      <div class="menu">
        {message.body.type !== "recalled" && (
          <Action
            icon="reply"
            label={t.chat.reply}
            onClick={then(() => model.compose({ kind: "reply", to: message }))}
          />
        )}
        {text !== undefined && (
          <Action
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
          <Action
            icon="pencil"
            label={t.chat.edit}
            onClick={then(() => model.compose({ kind: "edit", message }))}
          />
        )}
        {changeable && <Action icon="trash" label={t.chat.recall} onClick={then(onRecall)} />}
      </div>
    </Popover>
  );
}

function Action(props: {
  readonly icon: IconName;
  readonly label: string;
  readonly onClick: () => void;
}): JSX.Element {
  return (
    <button type="button" class="menu-item" onClick={props.onClick}>
      <Icon name={props.icon} size={18} />
      <span>{props.label}</span>
    </button>
  );
}
