import type { JSX } from "preact";
import { useEffect, useId, useMemo, useRef, useState } from "preact/hooks";
import type { Group } from "../../../shared/chatkit/groups/groups-api.ts";
import { limits, type RosterEntry } from "../../../shared/protocol/index.ts";
import { Button, IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { EmojiPicker } from "../components/emoji-picker.tsx";
import { Icon } from "../components/icons.tsx";
import { bodySummary, bodyText } from "../model/body.ts";
import type { Composing, ConversationModel } from "../model/conversation-model.ts";
import { canRecord } from "../model/voice-recorder.ts";
import { isAllowed } from "../platform/policy.ts";
import { AttachButton } from "./attachments.tsx";
import { VoiceButton } from "./voice-button.tsx";
import { closedBy } from "../model/group-rights.ts";
import { findMentions, groupMembers, mentionQuery, type Member } from "../model/mentions.ts";
import { matchesText } from "../model/buddies.ts";
import { MentionPicker } from "./mention-picker.tsx";

/** More are found by typing on. */
const MAX_OFFERED = 20;

/** The counter shows from here on. */
const NEAR_LIMIT = 500;

export interface ComposerProps {
  readonly model: ConversationModel;
  readonly peerName: string;
  readonly entry: RosterEntry | undefined;
}

/** Where one writes to a group; or why one cannot. */
export function GroupComposer(props: {
  readonly model: ConversationModel;
  readonly peerName: string;
  readonly group: Group | undefined;
}): JSX.Element | null {
  const { group, model, peerName } = props;
  const account = useAccount();
  const { t } = useText();
  const roster = account.roster.value;
  const members = useMemo(() => groupMembers(t, account, group), [t, account, group, roster]);
  // Of a history that was merged alone: nothing more is known of it.
  if (group === undefined) return <Closed text={t.groups.closed.left} />;
  const closed = closedBy(group);
  if (closed !== undefined) return <Closed text={t.groups.closed[closed]} />;
  return <Writer model={model} peerName={peerName} members={members} />;
}

/** Where one writes; or why one cannot, with the way out. */
export function Composer(props: ComposerProps): JSX.Element {
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const { entry, peerName } = props;
  if (entry?.state === "buddies") {
    return <Writer model={props.model} peerName={peerName} members={[entry.profile]} />;
  }
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

function Writer(props: {
  readonly model: ConversationModel;
  readonly peerName: string;
  /** Who can be mentioned. */
  readonly members: readonly Member[];
}): JSX.Element {
  const { members, model, peerName } = props;
  const app = useApp();
  const account = useAccount();
  const { kit } = account;
  const { t } = useText();
  const { conversationId } = model;
  const composing = model.composing.value;
  const [text, setText] = useState(() => app.platform.readDraft(account.draftKey(conversationId)));
  const area = useRef<HTMLTextAreaElement>(null);
  const smile = useRef<HTMLSpanElement>(null);
  const [picking, setPicking] = useState(false);
  const mentioning = useMentioning(members);
  const left = limits.MAX_TEXT_LENGTH - text.length;
  const canSpeak = canRecord() && isAllowed(app.platform, "voice");
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
    if (composing?.kind === "edit") return;
    app.platform.writeDraft(account.draftKey(conversationId), next);
    kit.typing(conversationId, next.trim() !== "");
  };
  const put = (words: string, start: number, end: number): void => {
    const element = area.current;
    const before = element?.value ?? text;
    const next = before.slice(0, start) + words + before.slice(end);
    change(next);
    if (element === null) return;
    const toCaret = (): void => {
      element.focus();
      element.setSelectionRange(start + words.length, start + words.length);
    };
    // At once: the next key may come before the next frame.
    element.value = next;
    toCaret();
    // What the words were chosen from gives the focus back when it closes.
    requestAnimationFrame(() => {
      if (document.activeElement !== element) toCaret();
    });
  };
  /** Where the caret is, in place of what is selected. */
  const insert = (emoji: string): void => {
    setPicking(false);
    const start = area.current?.selectionStart ?? text.length;
    put(emoji, start, area.current?.selectionEnd ?? start);
  };
  const mention = (member: Member): void => {
    const { asked } = mentioning;
    mentioning.look(undefined);
    if (asked === undefined) return;
    put(`@${member.displayName} `, asked.start, asked.start + 1 + asked.query.length);
  };
  const stop = (): void => {
    model.compose(undefined);
    if (composing?.kind === "edit")
      setText(app.platform.readDraft(account.draftKey(conversationId)));
    area.current?.focus();
  };
  const send = (): void => {
    if (!sendable) return;
    const sent = text;
    const mentions = findMentions(sent, mentioning.members);
    mentioning.look(undefined);
    if (composing?.kind === "edit") {
      const { id, body } = composing.message;
      stop();
      if (sent === bodyText(body)) return;
      app.attempt(async () => {
        try {
          await kit.edit(id, sent, { mentions });
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
    const options = composing === undefined ? { mentions } : { mentions, replyTo: composing.to.id };
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
        <ComposingLine
          composing={composing}
          peerName={peerName}
          inGroup={model.inGroup}
          onStop={stop}
        />
      )}
      {mentioning.offered.length > 0 && (
        <MentionPicker
          id={mentioning.id}
          members={mentioning.offered}
          chosen={mentioning.chosen}
          onChoose={mention}
        />
      )}
      <div class={`composer-box ${left < 0 ? "has-error" : ""}`}>
        {composing?.kind !== "edit" && <AttachButton model={model} />}
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
          aria-controls={mentioning.offered.length > 0 ? mentioning.id : undefined}
          aria-activedescendant={
            mentioning.offered.length > 0 ? `${mentioning.id}-${mentioning.chosen}` : undefined
          }
          onInput={(event) => {
            change(event.currentTarget.value);
            mentioning.look(event.currentTarget);
          }}
          onSelect={(event) => mentioning.look(event.currentTarget)}
          onBlur={() => mentioning.look(undefined)}
          onKeyDown={(event) => {
            // 229: an input method is at work, also where the browser ends composition first.
            const inputMethod = event.isComposing || event.keyCode === 229;
            if (!inputMethod && mentioning.takes(event, mention)) return;
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
        {text === "" && composing?.kind !== "edit" && canSpeak ? (
          <VoiceButton model={model} />
        ) : (
          <IconButton
            kind="primary"
            icon="send"
            label={t.composer.send}
            type="submit"
            disabled={!sendable}
            data-testid="send"
          />
        )}
      </div>
    </form>
  );
}

interface Mentioning {
  readonly id: string;
  readonly members: readonly Member[];
  readonly asked: { readonly start: number; readonly query: string } | undefined;
  readonly offered: readonly Member[];
  readonly chosen: number;
  /** The text or the caret changed; undefined to offer nobody. */
  look(area: HTMLTextAreaElement | undefined): void;
  /** True where the key chooses among those offered. */
  takes(event: KeyboardEvent, choose: (member: Member) => void): boolean;
}

/** Offers those in the conversation while an `@` is being typed. */
function useMentioning(members: readonly Member[]): Mentioning {
  const id = useId();
  const [asked, setAsked] = useState<Mentioning["asked"]>();
  const [chosen, setChosen] = useState(0);
  const offered =
    asked === undefined
      ? []
      : members
          .filter(({ displayName, userName }) => matchesText([displayName, userName], asked.query))
          .slice(0, MAX_OFFERED);
  return {
    id,
    members,
    asked,
    offered,
    chosen: Math.min(chosen, Math.max(0, offered.length - 1)),
    look(area) {
      setAsked(area === undefined ? undefined : mentionQuery(area.value, area.selectionStart));
      setChosen(0);
    },
    takes(event, choose) {
      if (offered.length === 0) return false;
      const member = offered[Math.min(chosen, offered.length - 1)];
      switch (event.key) {
        case "ArrowDown":
        case "ArrowUp": {
          const step = event.key === "ArrowDown" ? 1 : offered.length - 1;
          setChosen((chosen + step) % offered.length);
          break;
        }
        case "Enter":
        case "Tab":
          if (member === undefined) return false;
          choose(member);
          break;
        case "Escape":
          setAsked(undefined);
          break;
        default:
          return false;
      }
      event.preventDefault();
      return true;
    },
  };
}

/** What the next text is about, above where it is written. */
function ComposingLine(props: {
  readonly composing: Composing;
  readonly peerName: string;
  readonly inGroup: boolean;
  readonly onStop: () => void;
}): JSX.Element {
  const { composing, inGroup, peerName, onStop } = props;
  const account = useAccount();
  const { t } = useText();
  const about = composing.kind === "edit" ? composing.message : composing.to;
  const title =
    composing.kind === "edit"
      ? t.chat.editing
      : about.own
        ? t.chat.replyingToSelf
        : t.chat.replyingTo(inGroup ? account.nameOf(about.from) : peerName);
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
