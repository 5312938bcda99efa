import type { JSX, RefObject } from "preact";
import { useRef, useState } from "preact/hooks";
import type { Conversation } from "../../../shared/chatkit/api.ts";
import type { AccountModel } from "../model/account-model.ts";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { DeliveryMark, deliveryName } from "../components/delivery-mark.tsx";
import { Icon, type IconName } from "../components/icons.tsx";
import { asksForMenu } from "../components/menu.tsx";
import { useNow } from "../components/use-now.ts";
import { VirtualRows } from "../components/virtual-rows.tsx";
import { summaryIn } from "../model/body.ts";
import { mutedUntil } from "../model/mute.ts";
import { ConversationAvatar } from "./conversation-avatar.tsx";
import { ConversationMenu } from "./conversation-menu.tsx";
import { Empty } from "./empty.tsx";

const MINUTE = 60_000;

type Item =
  | { readonly kind: "chat"; readonly conversation: Conversation }
  /** The ways into the archive and out of it. */
  | { readonly kind: "archive"; readonly archived: readonly Conversation[] }
  | { readonly kind: "leave" };

export interface ChatListProps {
  readonly scroller: RefObject<HTMLElement | null>;
  readonly onAddBuddy: () => void;
}

/** Conversations, those on top first and then newest first. What is archived has a list of its own. */
export function ChatList({ scroller, onAddBuddy }: ChatListProps): JSX.Element {
  const account = useAccount();
  const { t } = useText();
  const [inArchive, setInArchive] = useState(false);
  const all = account.conversations.value.filter((conversation) => isListed(account, conversation));
  if (all.length === 0) {
    return (
      <Empty picture="chats" title={t.sidebar.emptyChatsTitle} text={t.sidebar.emptyChatsText}>
        <Button kind="primary" icon="addPerson" onClick={onAddBuddy}>
          {t.sidebar.addBuddy}
        </Button>
      </Empty>
    );
  }
  const archived = all.filter(({ settings }) => settings.archived === true);
  const shown = inArchive ? archived : all.filter(({ settings }) => settings.archived !== true);
  const chats = shown.map((conversation): Item => ({ kind: "chat", conversation }));
  const items: readonly Item[] = inArchive
    ? [{ kind: "leave" }, ...chats]
    : archived.length > 0
      ? [...chats, { kind: "archive", archived }]
      : chats;
  return (
    <>
      <VirtualRows items={items} keyOf={keyOf} scroller={scroller}>
        {(item) => {
          switch (item.kind) {
            case "chat":
              return <ChatRow conversation={item.conversation} />;
            case "archive":
              return <ArchiveRow archived={item.archived} onOpen={() => setInArchive(true)} />;
            case "leave":
              return <ArchiveHead onLeave={() => setInArchive(false)} />;
          }
        }}
      </VirtualRows>
      {inArchive && (
        <p class="archive-hint">
          {archived.length === 0 ? t.conversations.archiveEmpty : t.conversations.archiveHint}
        </p>
      )}
    </>
  );
}

/** One with nothing in it is shown while it is open, and where something was chosen for it. */
export function isListed(
  account: AccountModel,
  { conversationId, last, settings }: Conversation,
): boolean {
  const open = account.open.value?.model.conversationId;
  return last !== undefined || conversationId === open || Object.keys(settings).length > 0;
}

function keyOf(item: Item): string {
  return item.kind === "chat" ? item.conversation.conversationId : item.kind;
}

/** The way to what is archived; new messages in it are counted here. */
function ArchiveRow(props: {
  readonly archived: readonly Conversation[];
  readonly onOpen: () => void;
}): JSX.Element {
  const { t } = useText();
  const { archived, onOpen } = props;
  const unread = archived.reduce((sum, conversation) => sum + conversation.unread, 0);
  return (
    <div class="row">
      <button type="button" class="row-main archive-row" data-testid="archive" onClick={onOpen}>
        <span class="archive-icon">
          <Icon name="archiveBox" />
        </span>
        <span class="row-name">{t.conversations.archived}</span>
        <span class="visually-hidden">{t.conversations.archivedChats(archived.length)}</span>
        {unread > 0 && (
          <span class="count count-quiet">
            <span aria-hidden="true">{unread > 99 ? "99+" : unread}</span>
            <span class="visually-hidden">{t.sidebar.unread(unread)}</span>
          </span>
        )}
      </button>
    </div>
  );
}

function ArchiveHead({ onLeave }: { readonly onLeave: () => void }): JSX.Element {
  const { t } = useText();
  return (
    <div class="row">
      <button
        type="button"
        class="row-main archive-row"
        aria-label={t.conversations.leaveArchive}
        onClick={onLeave}
      >
        <Icon name="back" />
        <span class="row-name">{t.conversations.archived}</span>
      </button>
    </div>
  );
}

type MenuPlace = { readonly at?: { readonly x: number; readonly y: number } };

/** One conversation in a list. */
export function ChatRow({ conversation }: { conversation: Conversation }): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { t, format } = useText();
  const now = useNow(MINUTE);
  const row = useRef<HTMLButtonElement>(null);
  const [menu, setMenu] = useState<MenuPlace>();
  const { conversationId, peer, last, settings } = conversation;
  const entry = peer === undefined ? undefined : account.roster.value.get(peer);
  const name = account.titleOf(conversation);
  const current = account.open.value?.model.conversationId === conversationId;
  const muted = mutedUntil(settings, now) !== undefined;
  return (
    <div
      class={`row chat-row ${menu === undefined ? "" : "has-menu"}`}
      data-testid="conversation-row"
      data-user={entry?.profile.userName}
      data-group={peer === undefined ? name : undefined}
      onContextMenu={(event) => {
        event.preventDefault();
        // The key's own event comes with the middle of what has the focus, or with no place at all.
        if (menu === undefined) setMenu({ at: { x: event.clientX, y: event.clientY } });
      }}
    >
      <button
        ref={row}
        type="button"
        class="row-main"
        aria-current={current ? "true" : undefined}
        onClick={() => app.attempt(() => account.openConversation(conversationId))}
        onKeyDown={(event) => {
          if (!asksForMenu(event)) return;
          event.preventDefault();
          setMenu({});
        }}
      >
        <ConversationAvatar conversation={conversation} show />
        <span class="row-words">
          <span class="row-line">
            <bdi class="row-name">{name}</bdi>
            {entry?.state === "buddies" && (
              <span class="visually-hidden">{t.presence[entry.presence.show]}</span>
            )}
            {peer === undefined && <span class="visually-hidden">{t.groups.group}</span>}
            {muted && <Sign icon="bellOff" label={t.conversations.muted} />}
            {last !== undefined && (
              <time class="row-time" dateTime={new Date(last.sentAt).toISOString()}>
                {format.brief(last.sentAt, now)}
              </time>
            )}
          </span>
          <span class="row-line">
            <RowText conversation={conversation} current={current} />
            <RowMark conversation={conversation} muted={muted} />
          </span>
        </span>
      </button>
      <button
        type="button"
        class="row-more"
        tabIndex={-1}
        aria-label={t.conversations.more(name)}
        aria-haspopup="dialog"
        onClick={() => setMenu({})}
      >
        <Icon name="more" size={18} />
      </button>
      {menu !== undefined && (
        <ConversationMenu
          conversation={conversation}
          anchor={row.current}
          at={menu.at}
          onClose={() => setMenu(undefined)}
        />
      )}
    </div>
  );
}

/** What was said last, what one began to say, or that somebody says something just now. */
function RowText(props: {
  readonly conversation: Conversation;
  readonly current: boolean;
}): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { t, format } = useText();
  const { conversationId, last, peer } = props.conversation;
  const draft = props.current ? "" : app.platform.readDraft(account.draftKey(conversationId));
  const typing = account.typing.value.get(conversationId)?.at(-1);
  if (typing !== undefined) {
    return (
      <span class="row-text row-typing" dir="auto">
        {peer === undefined
          ? t.groups.typingRow(account.nameOf(typing))
          : t.conversations.typingShort}
      </span>
    );
  }
  return (
    <span class="row-text" dir="auto">
      {draft !== "" ? (
        <>
          <span class="row-draft">{t.sidebar.draft}</span> {draft.slice(0, 120)}
        </>
      ) : last === undefined ? (
        t.sidebar.noMessages
      ) : (
        summaryIn(t, format, account, props.conversation).slice(0, 160)
      )}
    </span>
  );
}

function RowMark(props: {
  readonly conversation: Conversation;
  readonly muted: boolean;
}): JSX.Element | null {
  const { t } = useText();
  const { last, settings, unread } = props.conversation;
  if (unread > 0) {
    return (
      <span class={`count ${props.muted ? "count-quiet" : ""}`} data-testid="unread">
        <span aria-hidden="true">{unread > 99 ? "99+" : unread}</span>
        <span class="visually-hidden">{t.sidebar.unread(unread)}</span>
      </span>
    );
  }
  if (settings.markedUnread === true) {
    return (
      <span class="count count-dot" data-testid="unread">
        <span class="visually-hidden">{t.conversations.markedUnread}</span>
      </span>
    );
  }
  return (
    <>
      {settings.pinned === true && <Sign icon="pin" label={t.conversations.pinned} />}
      {last?.delivery !== undefined && (
        <span class="row-mark">
          <DeliveryMark delivery={last.delivery} />
          <span class="visually-hidden">{deliveryName(t, last.delivery)}</span>
        </span>
      )}
    </>
  );
}

function Sign({ icon, label }: { readonly icon: IconName; readonly label: string }): JSX.Element {
  return (
    <span class="row-sign" title={label}>
      <Icon name={icon} size={15} />
      <span class="visually-hidden">{label}</span>
    </span>
  );
}
