import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Message } from "../../../shared/chatkit/api.ts";
import { IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Dialog } from "../components/dialog.tsx";
import { Icon } from "../components/icons.tsx";
import { bodySummary } from "../model/body.ts";
import type { ConversationModel } from "../model/conversation-model.ts";

/** The newest pinned message, under the conversation's head; a press goes to it. */
export function PinsBar({ model }: { readonly model: ConversationModel }): JSX.Element | null {
  const app = useApp();
  const { t } = useText();
  const pins = usePins(model);
  const [all, setAll] = useState(false);
  const newest = pins[0];
  if (newest === undefined) return null;
  const text = bodySummary(t, newest.body).slice(0, 200);
  const go = (message: Message): void => {
    setAll(false);
    app.attempt(() => model.showAround(message));
  };
  return (
    <div class="pins-bar" data-testid="pins">
      <button
        type="button"
        class="pins-newest"
        aria-label={t.conversations.goToPin(text)}
        onClick={() => go(newest)}
      >
        <Icon name="pin" size={18} />
        <span class="pins-words">
          <span class="pins-title">
            {pins.length === 1
              ? t.conversations.pinnedMessage
              : t.conversations.pinnedMessages(pins.length)}
          </span>
          <span class="pins-text" dir="auto">
            {text}
          </span>
        </span>
      </button>
      <IconButton icon="down" label={t.conversations.allPins} onClick={() => setAll(true)} />
      {all && <AllPins pins={pins} onGo={go} onClose={() => setAll(false)} />}
    </div>
  );
}

function AllPins(props: {
  readonly pins: readonly Message[];
  readonly onGo: (message: Message) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { kit } = account;
  const { t, format } = useText();
  return (
    <Dialog title={t.conversations.allPins} onClose={props.onClose}>
      <ul class="dialog-body pins-list">
        {props.pins.map((message) => (
          <li key={message.id} class="pins-item">
            <button type="button" class="pins-jump" onClick={() => props.onGo(message)}>
              <span class="pins-title">
                <bdi>{message.own ? t.chat.you : account.nameOf(message.from)}</bdi>
                <time dateTime={new Date(message.sentAt).toISOString()}>
                  {format.full(message.sentAt)}
                </time>
              </span>
              <span class="pins-text" dir="auto">
                {bodySummary(t, message.body).slice(0, 300)}
              </span>
            </button>
            <IconButton
              icon="close"
              label={t.conversations.unpinMessage}
              onClick={() => app.attempt(() => kit.pin(message.id, false))}
            />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

/** The pinned messages as they are now, those pinned last first. */
function usePins({ conversationId }: ConversationModel): readonly Message[] {
  const app = useApp();
  const { kit } = useAccount();
  const [pins, setPins] = useState<readonly Message[]>([]);
  const known = useRef(pins);
  known.current = pins;
  useEffect(() => {
    let current = true;
    const read = (): void =>
      app.attempt(async () => {
        const found = await kit.conversations.pins(conversationId);
        if (current) setPins(found);
      });
    read();
    const end = kit.on("messageChanged", (message) => {
      if (message.conversationId !== conversationId) return;
      const isKnown = known.current.some(({ id }) => id === message.id);
      if (isKnown || message.pinnedAt !== undefined) read();
    });
    return () => {
      current = false;
      end();
    };
  }, [app, kit, conversationId]);
  return pins;
}
