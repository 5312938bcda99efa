import type { JSX } from "preact";
import type { Conversation } from "../../../shared/chatkit/api.ts";
import { moveWithArrows } from "../components/arrow-keys.ts";
import { Avatar } from "../components/avatar.tsx";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { DeliveryMark, deliveryName } from "../components/delivery-mark.tsx";
import { useNow } from "../components/use-now.ts";
import { bodySummary } from "../model/body.ts";
import { entryName, matches, matchesText } from "../model/buddies.ts";
import { BuddyRow } from "./buddy-list.tsx";
import { Empty } from "./empty.tsx";

const MINUTE = 60_000;

export interface ListProps {
  readonly query: string;
  readonly onAddBuddy: () => void;
}

/** Conversations, newest first; with a search also the buddies one has not talked to yet. */
export function ChatList({ query, onAddBuddy }: ListProps): JSX.Element {
  const account = useAccount();
  const { t } = useText();
  const roster = account.roster.value;
  const all = account.conversations.value.filter(
    ({ peer, last }) => last !== undefined || peer === account.open.value?.peer,
  );
  const shown = all.filter((conversation) => {
    const entry = roster.get(conversation.peer);
    return entry === undefined ? matchesText([conversation.title], query) : matches(entry, query);
  });
  const talked = new Set(all.map(({ peer }) => peer));
  const others =
    query.trim() === ""
      ? []
      : [...roster.values()].filter(
          (entry) =>
            entry.state === "buddies" && !talked.has(entry.profile.userId) && matches(entry, query),
        );

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
      {shown.map((conversation) => (
        <ChatRow key={conversation.conversationId} conversation={conversation} />
      ))}
      {others.map((entry) => (
        <BuddyRow key={entry.profile.userId} entry={entry} />
      ))}
    </ul>
  );
}

function ChatRow({ conversation }: { conversation: Conversation }): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { t, format } = useText();
  const now = useNow(MINUTE);
  const { conversationId, peer, last, unread } = conversation;
  const entry = account.roster.value.get(peer);
  const name = entry === undefined ? conversation.title : entryName(entry);
  const current = account.open.value?.peer === peer;
  const draft = current ? "" : app.platform.readDraft(conversationId);
  return (
    <li class="row" data-testid="conversation-row" data-user={entry?.profile.userName}>
      <button
        type="button"
        class="row-main"
        aria-current={current ? "true" : undefined}
        onClick={() => app.attempt(() => account.openConversation(conversationId))}
      >
        <Avatar id={peer} name={name} show={entry?.presence.show} />
        <span class="row-words">
          <span class="row-line">
            <bdi class="row-name">{name}</bdi>
            {entry?.state === "buddies" && (
              <span class="visually-hidden">{t.presence[entry.presence.show]}</span>
            )}
            {last !== undefined && (
              <time class="row-time" dateTime={new Date(last.sentAt).toISOString()}>
                {format.brief(last.sentAt, now)}
              </time>
            )}
          </span>
          <span class="row-line">
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
            {unread > 0 ? (
              <span class="count" data-testid="unread">
                <span aria-hidden="true">{unread > 99 ? "99+" : unread}</span>
                <span class="visually-hidden">{t.sidebar.unread(unread)}</span>
              </span>
            ) : (
              last?.delivery !== undefined && (
                <span class="row-mark">
                  <DeliveryMark delivery={last.delivery} />
                  <span class="visually-hidden">{deliveryName(t, last.delivery)}</span>
                </span>
              )
            )}
          </span>
        </span>
      </button>
    </li>
  );
}
