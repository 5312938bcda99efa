import type { JSX } from "preact";
import type { Message } from "../../../shared/chatkit/api.ts";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { DeliveryMark, deliveryName, deliveryWords } from "../components/delivery-mark.tsx";
import { Icon } from "../components/icons.tsx";
import { Illustration } from "../components/illustrations.tsx";
import { PathGlyph } from "../components/path-glyph.tsx";
import { RichText } from "../components/rich-text.tsx";
import { Tooltip } from "../components/tooltip.tsx";
import { bodyText } from "../model/body.ts";
import { emojiOnlyCount } from "../model/emoji.ts";
import type { TimelineRow } from "../model/timeline.ts";

export interface TimelineRowProps {
  readonly row: TimelineRow;
  readonly peerName: string;
  /** There are no messages at all. */
  readonly alone: boolean;
  /** The newest: its mark is the one that the Tab key reaches. */
  readonly newest: boolean;
  /** Older messages could not be read; this tries again. */
  readonly onRetry?: (() => void) | undefined;
}

export function TimelineRowView(props: TimelineRowProps): JSX.Element {
  const { t, format } = useText();
  const { row, peerName } = props;
  switch (row.kind) {
    case "start":
      return (
        <div class={`line chat-start ${props.alone ? "is-alone" : ""}`}>
          <Illustration name="hello" />
          <p class="empty-title" dir="auto">
            {t.chat.startTitle(peerName)}
          </p>
          <p class="empty-text">{props.alone ? t.chat.emptyText : t.chat.startText}</p>
        </div>
      );
    case "loading":
      return props.onRetry !== undefined ? (
        <div class="line chat-loading" role="alert">
          <span>{t.chat.historyFailed}</span>
          <button type="button" class="link-button" onClick={props.onRetry}>
            {t.chat.retry}
          </button>
        </div>
      ) : (
        <div class="line chat-loading" role="status">
          <span class="spinner" aria-hidden="true" />
          <span class="visually-hidden">{t.chat.loadingOlder}</span>
        </div>
      );
    case "day":
      return (
        <div class="line day-line" data-testid="day">
          <span>{format.day(row.at, Date.now())}</span>
        </div>
      );
    case "unread":
      return (
        <div class="line unread-line" data-testid="unread-divider">
          <span>{t.chat.unreadDivider}</span>
        </div>
      );
    case "message":
      return <MessageRow {...props} row={row} />;
  }
}

type MessageRowProps = TimelineRowProps & { row: Extract<TimelineRow, { kind: "message" }> };

function MessageRow({ row, peerName, newest }: MessageRowProps): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t, format } = useText();
  const { message, first, last } = row;
  const { own, delivery } = message;
  const text = bodyText(message.body);
  const emoji = text === undefined ? 0 : emojiOnlyCount(text);
  const classes = [
    "line message",
    own ? "is-own" : "is-theirs",
    first ? "is-first" : "",
    last ? "is-last" : "",
    emoji > 0 ? "is-emoji" : "",
    newest ? "is-newest" : "",
  ];
  const author = own ? t.chat.you : peerName;
  return (
    <article
      class={classes.join(" ")}
      aria-label={t.chat.messageFrom(author, format.time(message.sentAt))}
      data-testid="message"
      data-id={message.id}
      data-own={own}
      data-state={delivery.state}
      data-path={"path" in delivery ? delivery.path : undefined}
    >
      <div class="bubble">
        <div class="bubble-text" dir="auto" data-testid="message-text">
          {text === undefined ? (
            <em class="bubble-unknown">{t.chat.unknownBody}</em>
          ) : (
            <RichText text={text} />
          )}
        </div>
        <MessageMark message={message} newest={newest} />
      </div>
      {delivery.state === "failed" && (
        <div class="message-failed">
          <Icon name="alert" size={15} />
          <span>{t.delivery.failure[delivery.reason]}</span>
          <button
            type="button"
            class="link-button"
            onClick={() => app.attempt(() => kit.resend(message.id))}
          >
            {t.delivery.resend}
          </button>
        </div>
      )}
    </article>
  );
}

/** Time, path and delivery in the corner of a bubble; in words on hover and focus. */
function MessageMark({ message, newest }: { message: Message; newest: boolean }): JSX.Element {
  const { t, format } = useText();
  const { delivery, sentAt } = message;
  const time = format.time(sentAt);
  return (
    <Tooltip text={`${format.full(sentAt)}\n${deliveryWords(t, format, delivery)}`}>
      <button
        type="button"
        class="message-mark"
        data-testid="delivery"
        tabIndex={newest ? 0 : -1}
        aria-label={`${time}, ${deliveryName(t, delivery)}`}
      >
        <span aria-hidden="true">{time}</span>
        {"path" in delivery && <PathGlyph path={delivery.path} />}
        <DeliveryMark delivery={delivery} />
      </button>
    </Tooltip>
  );
}
