import type { JSX } from "preact";
import type { Message } from "../../../shared/chatkit/api.ts";
import type { MessageId } from "../../../shared/protocol/index.ts";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { bodySummary } from "../model/body.ts";
import { QuoteThumbnail } from "./media-picture.tsx";
import type { ConversationModel } from "../model/conversation-model.ts";

/** The message that a message answers, in short; a press goes there. */
export function Quote(props: {
  readonly of: MessageId;
  readonly model: ConversationModel;
  readonly peerName: string;
}): JSX.Element {
  const { of, model, peerName } = props;
  const app = useApp();
  const account = useAccount();
  const { t } = useText();
  const quoted = model.quoted(of);
  return (
    <blockquote class="quote" data-testid="quote">
      {quoted === undefined ? (
        <p class="quote-text">{t.chat.quoteMissing}</p>
      ) : (
        <button
          type="button"
          class="quote-row"
          onClick={() => app.attempt(() => model.showAround(quoted))}
        >
          <QuoteThumbnail body={quoted.body} />
          <span class="quote-words">
            <span class="quote-name">
              <bdi>
                {quoted.own ? t.chat.you : model.inGroup ? account.nameOf(quoted.from) : peerName}
              </bdi>
            </span>
            <span class="quote-text" dir="auto">
              {bodySummary(t, quoted.body).slice(0, 300)}
            </span>
          </span>
        </button>
      )}
    </blockquote>
  );
}

/** Reactions below a bubble: each emoji once, with who chose it. */
export function Reactions({ message }: { message: Message }): JSX.Element | null {
  const app = useApp();
  const account = useAccount();
  const { kit, self } = account;
  const { t } = useText();
  if (message.reactions.length === 0) return null;
  const me = self.value?.profile.userId;
  const byEmoji = new Map<string, string[]>();
  const own = new Set<string>();
  for (const { userId, emoji } of message.reactions) {
    const name = userId === me ? t.chat.you : account.nameOf(userId);
    byEmoji.set(emoji, [...(byEmoji.get(emoji) ?? []), name]);
    if (userId === me) own.add(emoji);
  }
  return (
    <div class="reactions" data-testid="reactions">
      {[...byEmoji].map(([emoji, names]) => (
        <button
          key={emoji}
          type="button"
          class="reaction"
          tabIndex={-1}
          aria-pressed={own.has(emoji)}
          aria-label={t.chat.reactionOf(emoji, names.join(", "))}
          title={names.join(", ")}
          onClick={() =>
            app.attempt(() => kit.react(message.id, own.has(emoji) ? undefined : emoji))
          }
        >
          <span>{emoji}</span>
          {names.length > 1 && <span class="reaction-count">{names.length}</span>}
        </button>
      ))}
    </div>
  );
}
