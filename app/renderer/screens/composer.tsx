import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { limits, type ConversationId, type RosterEntry } from "../../../shared/protocol/index.ts";
import { Button, IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";

/** The counter shows from here on. */
const NEAR_LIMIT = 500;

export interface ComposerProps {
  readonly conversationId: ConversationId;
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

function Writer({ conversationId, peerName }: ComposerProps): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const [text, setText] = useState(() => app.platform.readDraft(conversationId));
  const area = useRef<HTMLTextAreaElement>(null);
  const left = limits.MAX_TEXT_LENGTH - text.length;
  const sendable = text.trim() !== "" && left >= 0;

  useEffect(() => {
    // On a touch screen the keyboard would cover what one came to read.
    if (matchMedia("(pointer: fine)").matches) area.current?.focus();
  }, [conversationId]);

  const change = (next: string): void => {
    setText(next);
    app.platform.writeDraft(conversationId, next);
  };
  const send = (): void => {
    if (!sendable) return;
    const sent = text;
    change("");
    area.current?.focus();
    kit.send(conversationId, sent).catch((error: unknown) => {
      app.fail(error);
      // Nothing that was written may be lost; what was typed since stays behind it.
      const since = area.current?.value ?? "";
      change(since === "" ? sent : `${sent}\n${since}`);
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
            const composing = event.isComposing || event.keyCode === 229;
            if (event.key !== "Enter" || event.shiftKey || composing) return;
            event.preventDefault();
            send();
          }}
        />
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
