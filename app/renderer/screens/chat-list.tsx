import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import type { ConversationOfTwo } from "../model/account-model.ts";
import { moveWithArrows } from "../components/arrow-keys.ts";
import { Avatar } from "../components/avatar.tsx";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { DeliveryMark, deliveryName } from "../components/delivery-mark.tsx";
import { Icon, type IconName } from "../components/icons.tsx";
import { asksForMenu } from "../components/menu.tsx";
import { useNow } from "../components/use-now.ts";
import { bodySummary } from "../model/body.ts";
import { entryName, matches, matchesText } from "../model/buddies.ts";
import { mutedUntil } from "../model/mute.ts";
import { BuddyRow } from "./buddy-list.tsx";
import { ConversationMenu } from "./conversation-menu.tsx";
import { Empty } from "./empty.tsx";

const MINUTE = 60_000;

export interface ListProps {
  readonly query: string;
  readonly onAddBuddy: () => void;
}

/**
 * Conversations, those on top first and then newest first; with a search also the buddies one has not
 * talked to yet. What is archived has a list of its own, and is found all the same.
 */
export function ChatList({ query, onAddBuddy }: ListProps): JSX.Element {
  const account = useAccount();
  const { t } = useText();
  const [inArchive, setInArchive] = useState(false);
  const roster = account.roster.value;
  const all = account.conversations.value.filter(
    ({ peer, last, settings }) =>
      last !== undefined || peer === account.open.value?.peer || Object.keys(settings).length > 0,
  );
  const searching = query.trim() !== "";
  const archived = all.filter(({ settings }) => settings.archived === true);
  const showArchive = inArchive && !searching;
  const shown = all.filter((conversation) => {
    if (!searching) return (conversation.settings.archived === true) === showArchive;
    const entry = roster.get(conversation.peer);
    return entry === undefined ? matchesText([conversation.title], query) : matches(entry, query);
  });
  const talked = new Set(all.map(({ peer }) => peer));
  const others = searching
    ? [...roster.values()].filter(
        (entry) =>
          entry.state === "buddies" && !talked.has(entry.profile.userId) && matches(entry, query),
      )
    : [];

  if (query !== "" && shown.length + others.length === 0) {
    return <Empty picture="search" title={t.sidebar.noResults(query)} />;
  }
  if (all.length === 0 && query === "") {
    return (
      <Empty picture="chats" title={t.sidebar.emptyChatsTitle} text={t.sidebar.emptyChatsText}>
        <Button kind="primary" icon="addPerson" onClick={onAddBuddy}>
          {t.sidebar.addBuddy}
        </Button>
      </Empty>
    );
  }
  return (
    <ul class="rows" onKeyDown={(event) => moveWithArrows(event, ".row-main")}>
      {showArchive && <ArchiveHead onLeave={() => setInArchive(false)} />}
      {shown.map((conversation) => (
        <ChatRow key={conversation.conversationId} conversation={conversation} />
      ))}
      {others.map((entry) => (
        <BuddyRow key={entry.profile.userId} entry={entry} />
      ))}
      {!showArchive && !searching && archived.length > 0 && (
        <ArchiveRow archived={archived} onOpen={() => setInArchive(true)} />
      )}
      {showArchive && (
        <li class="archive-hint">
          {archived.length === 0 ? t.conversations.archiveEmpty : t.conversations.archiveHint}
        </li>
      )}
    </ul>
  );
}

/** The way to what is archived; new messages in it are counted here. */
function ArchiveRow(props: {
  readonly archived: readonly ConversationOfTwo[];
  readonly onOpen: () => void;
}): JSX.Element {
  const { t } = useText();
  const { archived, onOpen } = props;
  const unread = archived.reduce((sum, conversation) => sum + conversation.unread, 0);
  return (
    <li class="row">
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
    </li>
  );
}

function ArchiveHead({ onLeave }: { readonly onLeave: () => void }): JSX.Element {
  const { t } = useText();
  return (
    <li class="row">
      <button
        type="button"
        class="row-main archive-row"
        aria-label={t.conversations.leaveArchive}
        onClick={onLeave}
      >
        <Icon name="back" />
        <span class="row-name">{t.conversations.archived}</span>
      </button>
    </li>
  );
}

type MenuPlace = { readonly at?: { readonly x: number; readonly y: number } };

/** One conversation in a list. */
export function ChatRow({ conversation }: { conversation: ConversationOfTwo }): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { t, format } = useText();
  const now = useNow(MINUTE);
  const row = useRef<HTMLButtonElement>(null);
  const [menu, setMenu] = useState<MenuPlace>();
  const { conversationId, peer, last, settings } = conversation;
  const entry = account.roster.value.get(peer);
  const name = entry === undefined ? conversation.title : entryName(entry);
  const current = account.open.value?.peer === peer;
  const muted = mutedUntil(settings, now) !== undefined;
  return (
    <li
      class={`row chat-row ${menu === undefined ? "" : "has-menu"}`}
      data-testid="conversation-row"
      data-user={entry?.profile.userName}
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
        <Avatar id={peer} name={name} show={entry?.presence.show} />
        <span class="row-words">
          <span class="row-line">
            <bdi class="row-name">{name}</bdi>
            {entry?.state === "buddies" && (
              <span class="visually-hidden">{t.presence[entry.presence.show]}</span>
            )}
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
    </li>
  );
}

/** What was said last, what one began to say, or that somebody says something just now. */
function RowText(props: {
  readonly conversation: ConversationOfTwo;
  readonly current: boolean;
}): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { t } = useText();
  const { conversationId, last } = props.conversation;
  const draft = props.current ? "" : app.platform.readDraft(account.draftKey(conversationId));
  if (account.typing.value.has(conversationId)) {
    return <span class="row-text row-typing">{t.conversations.typingShort}</span>;
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
        bodySummary(t, last.body).slice(0, 160)
      )}
    </span>
  );
}

function RowMark(props: {
  readonly conversation: ConversationOfTwo;
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
