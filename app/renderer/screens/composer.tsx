import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { limits, type RosterEntry } from "../../../shared/protocol/index.ts";
import { Button, IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { EmojiPicker } from "../components/emoji-picker.tsx";
import { Icon } from "../components/icons.tsx";
import { bodySummary, bodyText } from "../model/body.ts";
import type { Composing, ConversationModel } from "../model/conversation-model.ts";

/** The counter shows from here on. */
const NEAR_LIMIT = 500;

export interface ComposerProps {
  readonly model: ConversationModel;
  readonly peerName: string;
  readonly entry: RosterEntry | undefined;
}

/** Where one writes; or why one cannot, with the way out. */
export function Composer(props: ComposerProps): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const { entry, peerName } = props;
  if (entry?.state === "buddies") return <Writer {...props} />;
  const id = entry?.profile.userId;
  switch (entry?.state) {
    case "requested":
      return <Closed text={t.composer.requested(peerName)} />;
    case "pending":
      return (
        <Closed text={t.composer.pending(peerName)}>
          <Button
            kind="primary"
            onClick={() => id !== undefined && app.attempt(() => kit.roster.accept(id))}
          >
            {t.sidebar.accept}
          </Button>
        </Closed>
      );
    case "blocked":
      return (
        <Closed text={t.composer.blocked(peerName)}>
          <Button onClick={() => id !== undefined && app.attempt(() => kit.roster.unblock(id))}>
            {t.sidebar.unblock}
          </Button>
        </Closed>
      );
    case undefined:
      return <Closed text={t.composer.gone(peerName)} />;
  }
}

function Closed(props: { text: string; children?: JSX.Element }): JSX.Element {
  return (
    <div class="composer composer-closed" data-testid="composer-closed">
      <Icon name="info" />
      <span>{props.text}</span>
      {props.children}
    </div>
  );
}

function Writer({ model, peerName }: ComposerProps): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const { conversationId } = model;
  const composing = model.composing.value;
  const [text, setText] = useState(() => app.platform.readDraft(conversationId));
  const area = useRef<HTMLTextAreaElement>(null);
  const smile = useRef<HTMLSpanElement>(null);
  const [picking, setPicking] = useState(false);
  const left = limits.MAX_TEXT_LENGTH - text.length;
  const sendable = text.trim() !== "" && left >= 0;

  useEffect(() => {
    // On a touch screen the keyboard would cover what one came to read.
    if (matchMedia("(pointer: fine)").matches) area.current?.focus();
  }, [conversationId]);

  useEffect(() => {
    if (composing === undefined) return;
    // The draft waits on disk until the edit is over.
    if (composing.kind === "edit") setText(bodyText(composing.message.body) ?? "");
    area.current?.focus();
  }, [composing]);

  const change = (next: string): void => {
    setText(next);
    if (composing?.kind !== "edit") app.platform.writeDraft(conversationId, next);
  };
  /** Where the caret is, in place of what is selected. */
  const insert = (emoji: string): void => {
    setPicking(false);
    const element = area.current;
    const start = element?.selectionStart ?? text.length;
    change(text.slice(0, start) + emoji + text.slice(element?.selectionEnd ?? start));
    requestAnimationFrame(() => {
      element?.focus();
      element?.setSelectionRange(start + emoji.length, start + emoji.length);
    });
  };
  const stop = (): void => {
    model.compose(undefined);
    if (composing?.kind === "edit") setText(app.platform.readDraft(conversationId));
    area.current?.focus();
  };
  const send = (): void => {
    if (!sendable) return;
    const sent = text;
    if (composing?.kind === "edit") {
      const { id, body } = composing.message;
      stop();
      if (sent === bodyText(body)) return;
      app.attempt(async () => {
        try {
          await kit.edit(id, sent);
        } catch (error) {
          // What was written stays in the field, to be copied or sent anew.
          change(sent);
          throw error;
        }
      });
      return;
    }
    change("");
    stop();
    const options = composing === undefined ? {} : { replyTo: composing.to.id };
    kit.send(conversationId, sent, options).catch((error: unknown) => {
      app.fail(error);
      // Nothing that was written may be lost; what was typed since stays behind it.
      const since = area.current?.value ?? "";
      change(since === "" ? sent : `${sent}\n${since}`);
      if (composing !== undefined) model.compose(composing);
    });
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {composing !== undefined && (
        <ComposingLine composing={composing} peerName={peerName} onStop={stop} />
      )}
      <div class={`composer-box ${left < 0 ? "has-error" : ""}`}>
        <textarea
          ref={area}
          rows={1}
          dir="auto"
          value={text}
          aria-label={t.composer.label(peerName)}
          placeholder={t.composer.placeholder(peerName)}
          title=""
          aria-describedby="composer-count"
          data-testid="composer"
          onInput={(event) => change(event.currentTarget.value)}
          onKeyDown={(event) => {
            // 229: an input method is at work, also where the browser ends composition first.
            const inputMethod = event.isComposing || event.keyCode === 229;
            if (event.key === "Escape" && model.composing.peek() !== undefined && !inputMethod) {
              event.preventDefault();
              stop();
              return;
            }
            if (event.key === "ArrowUp" && text === "" && composing === undefined) {
              const last = model.lastEditable(Date.now());
              if (last !== undefined) {
                event.preventDefault();
                model.compose({ kind: "edit", message: last });
              }
              return;
            }
            if (event.key !== "Enter" || event.shiftKey || inputMethod) return;
            event.preventDefault();
            send();
          }}
        />
        <span ref={smile}>
          <IconButton
            icon="smile"
            label={t.emoji.add}
            data-testid="emoji"
            onClick={() => setPicking(true)}
          />
        </span>
        {picking && (
          <EmojiPicker
            anchor={smile.current?.querySelector("button") ?? null}
            onChoose={insert}
            onClose={() => setPicking(false)}
          />
        )}
        <span
          id="composer-count"
          class={`composer-count ${left < 0 ? "is-over" : ""}`}
          aria-live="polite"
        >
          {left < 0 ? t.composer.over(-left) : left <= NEAR_LIMIT ? t.composer.left(left) : ""}
        </span>
        <IconButton
          kind="primary"
          icon="send"
          label={t.composer.send}
          type="submit"
          disabled={!sendable}
          data-testid="send"
        />
      </div>
    </form>
  );
}

/** What the next text is about, above where it is written. */
function ComposingLine(props: {
  readonly composing: Composing;
  readonly peerName: string;
  readonly onStop: () => void;
}): JSX.Element {
  const { composing, peerName, onStop } = props;
  const { t } = useText();
  const about = composing.kind === "edit" ? composing.message : composing.to;
  const title =
    composing.kind === "edit"
      ? t.chat.editing
      : about.own
        ? t.chat.replyingToSelf
        : t.chat.replyingTo(peerName);
  return (
    <div class="composing" data-testid="composing">
      <Icon name={composing.kind === "edit" ? "pencil" : "reply"} size={18} />
      <div class="composing-words">
        <p class="composing-title">{title}</p>
        <p class="composing-text" dir="auto">
          {bodySummary(t, about.body).slice(0, 200)}
        </p>
      </div>
      <IconButton icon="close" label={t.chat.cancelCompose} onClick={onStop} />
    </div>
  );
}
