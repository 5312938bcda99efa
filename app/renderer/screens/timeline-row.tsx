import type { JSX } from "preact";
import { useState } from "preact/hooks";
import * as v from "valibot";
import type { Message } from "../../../shared/chatkit/api.ts";
import {
  FileBody,
  TextBody,
  type KeptBody,
  type MessageId,
} from "../../../shared/protocol/index.ts";
import { Avatar, toneOf } from "../components/avatar.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { DeliveryMark, deliveryName, deliveryWords } from "../components/delivery-mark.tsx";
import { Confirm } from "../components/dialog.tsx";
import { EmojiPicker } from "../components/emoji-picker.tsx";
import { Icon } from "../components/icons.tsx";
import { Illustration } from "../components/illustrations.tsx";
import { PathGlyph } from "../components/path-glyph.tsx";
import { Tooltip } from "../components/tooltip.tsx";
import { bodyText, readerOf } from "../model/body.ts";
import { membershipText } from "../model/group-words.ts";
import type { ConversationModel } from "../model/conversation-model.ts";
import { emojiOnlyCount } from "../model/emoji.ts";
import type { TimelineRow } from "../model/timeline.ts";
import { ForwardDialog } from "./forward-dialog.tsx";
import { MessageActions, type AskedAction } from "./message-actions.tsx";
import { MessageBody } from "./message-body.tsx";
import { MessageDetailsDialog } from "./message-details.tsx";
import { Quote, Reactions } from "./message-parts.tsx";

export interface TimelineRowProps {
  readonly model: ConversationModel;
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
  const { inGroup } = props.model;
  const words = inGroup ? t.groups : t.chat;
  switch (row.kind) {
    case "start":
      return (
        <div class={`line chat-start ${props.alone ? "is-alone" : ""}`}>
          <Illustration name="hello" />
          <p class="empty-title" dir="auto">
            {inGroup ? t.groups.startTitle(peerName) : t.chat.startTitle(peerName)}
          </p>
          <p class="empty-text">{props.alone ? words.emptyText : words.startText}</p>
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
    case "news":
      return <NewsRow row={row} />;
    case "message":
      return <MessageRow {...props} row={row} />;
  }
}

/** What happened in the group, in its place in time. */
function NewsRow({ row }: { row: Extract<TimelineRow, { kind: "news" }> }): JSX.Element {
  const account = useAccount();
  const { t, format } = useText();
  const { sentAt } = row.message;
  return (
    <div class="line news-line" data-testid="news" data-id={row.message.id}>
      <span dir="auto" title={format.full(sentAt)}>
        {membershipText(t, format, row.note, readerOf(account))}
      </span>
    </div>
  );
}

type MessageRowProps = TimelineRowProps & { row: Extract<TimelineRow, { kind: "message" }> };

function MessageRow({ row, peerName, newest, model }: MessageRowProps): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { kit } = account;
  const { t, format } = useText();
  const { message, first, last } = row;
  const { own, delivery, body } = message;
  const [asked, setAsked] = useState<AskedAction>();
  const [picking, setPicking] = useState<HTMLElement | null>(null);
  const [acting, setActing] = useState<HTMLElement | null>(null);
  const text = bodyText(body);
  const replyTo = answered(body);
  const emoji = text === undefined ? 0 : emojiOnlyCount(text);
  const withSender = model.inGroup && !own;
  const classes = [
    "line message",
    own ? "is-own" : "is-theirs",
    first ? "is-first" : "",
    last ? "is-last" : "",
    withSender ? "has-sender" : "",
    emoji > 0 ? "is-emoji" : "",
    newest ? "is-newest" : "",
  ];
  const author = own ? t.chat.you : model.inGroup ? account.nameOf(message.from) : peerName;
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
      <div class="bubble-row">
        {withSender && (
          <span class="sender-avatar">
            {last && <Avatar id={message.from} name={author} size={30} />}
          </span>
        )}
        <div class="bubble">
          {withSender && first && (
            <p class={`tone-${toneOf(message.from)} sender-name`} aria-hidden="true">
              <bdi>{author}</bdi>
            </p>
          )}
          {replyTo !== undefined && <Quote of={replyTo} model={model} peerName={peerName} />}
          <MessageBody message={message} />
          <MessageMark
            message={message}
            newest={newest}
            onActions={(anchor) => setActing(anchor)}
          />
        </div>
        <button
          type="button"
          class="message-more"
          tabIndex={-1}
          aria-label={t.chat.actions}
          data-testid="message-actions"
          onClick={(event) => setActing(event.currentTarget)}
        >
          <Icon name="more" size={18} />
        </button>
      </div>
      <Reactions message={message} />
      {acting !== null && (
        <MessageActions
          message={message}
          model={model}
          anchor={acting}
          onAsk={setAsked}
          onPick={() => setPicking(acting)}
          onClose={() => setActing(null)}
        />
      )}
      {picking !== null && (
        <EmojiPicker
          anchor={picking}
          onChoose={(emoji) => {
            setPicking(null);
            app.attempt(() => kit.react(message.id, emoji));
          }}
          onClose={() => setPicking(null)}
        />
      )}
      {asked === "forward" && (
        <ForwardDialog message={message} onClose={() => setAsked(undefined)} />
      )}
      {asked === "details" && (
        <MessageDetailsDialog message={message} onClose={() => setAsked(undefined)} />
      )}
      {asked === "delete-here" && (
        <Confirm
          title={t.history.deleteTitle}
          text={t.history.deleteText}
          action={t.history.deleteHere}
          onConfirm={() => app.attempt(() => kit.archive.deleteHere([message.id]))}
          onClose={() => setAsked(undefined)}
        />
      )}
      {asked === "recall" && (
        <Confirm
          title={t.chat.recallTitle}
          text={t.chat.recallText}
          action={t.chat.recall}
          onConfirm={() => app.attempt(() => kit.recall(message.id))}
          onClose={() => setAsked(undefined)}
        />
      )}
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

/** Time, path and delivery in the corner of a bubble; in words on hover and focus. Opens the actions. */
function MessageMark(props: {
  readonly message: Message;
  readonly newest: boolean;
  readonly onActions: (anchor: HTMLElement) => void;
}): JSX.Element {
  const { message, newest, onActions } = props;
  const { t, format } = useText();
  const { delivery, sentAt, editedAt, pinnedAt } = message;
  const time = format.time(sentAt);
  const edited = editedAt === undefined ? [] : [t.chat.editedAt(format.full(editedAt))];
  const words = [format.full(sentAt), ...edited, deliveryWords(t, format, delivery)];
  return (
    <Tooltip text={words.join("\n")}>
      <button
        type="button"
        class="message-mark"
        data-testid="delivery"
        tabIndex={newest ? 0 : -1}
        aria-label={`${time}, ${deliveryName(t, delivery)}. ${t.chat.actions}`}
        onClick={(event) => onActions(event.currentTarget)}
      >
        {pinnedAt !== undefined && <Icon name="pin" size={13} />}
        {editedAt !== undefined && <span class="message-edited">{t.chat.edited}</span>}
        <span aria-hidden="true">{time}</span>
        {"path" in delivery && <PathGlyph path={delivery.path} />}
        <DeliveryMark delivery={delivery} />
      </button>
    </Tooltip>
  );
}

/** The message that this one answers. */
function answered(body: KeptBody): MessageId | undefined {
  const answer = v.safeParse(v.union([TextBody, FileBody]), body);
  return answer.success ? answer.output.replyTo : undefined;
}
