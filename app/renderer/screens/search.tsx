import type { JSX, RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { SearchHit } from "../../../shared/chatkit/chatkit.ts";
import { moveWithArrows } from "../components/arrow-keys.ts";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Marked } from "../components/marked.tsx";
import { useNow } from "../components/use-now.ts";
import { VirtualRows } from "../components/virtual-rows.tsx";
import { matches, matchesText } from "../model/buddies.ts";
import { goToMessage, MessageSearch } from "../model/message-search.ts";
import { BuddyRow } from "./buddy-list.tsx";
import { ChatRow, isListed } from "./chat-list.tsx";
import { ConversationAvatar } from "./conversation-avatar.tsx";
import { Empty } from "./empty.tsx";
import { EVERYTHING, filterOf, isNarrowed, SearchFilters } from "./search-filters.tsx";

const MINUTE = 60_000;

export interface SearchResultsProps {
  readonly query: string;
  readonly scroller: RefObject<HTMLElement | null>;
}

/** What was typed, found in chats, people and all messages. */
export function SearchResults({ query, scroller }: SearchResultsProps): JSX.Element {
  const account = useAccount();
  const { t } = useText();
  const search = useMemo(() => new MessageSearch(account.kit), [account]);
  const [choice, setChoice] = useState(EVERYTHING);
  const filter = useMemo(() => filterOf(choice, Date.now()), [choice]);
  useEffect(() => {
    void search.look(query, filter);
  }, [search, query, filter]);
  const { hits, busy, failed, more, query: foundFor } = search.state.value;
  const settled = busy ? undefined : foundFor;
  const roster = account.roster.value;
  const talked = account.conversations.value.filter((conversation) =>
    isListed(account, conversation),
  );
  const chats = talked.filter((conversation) => {
    const { peer } = conversation;
    const entry = peer === undefined ? undefined : roster.get(peer);
    return entry === undefined ? matchesText([conversation.title], query) : matches(entry, query);
  });
  const known = new Set(talked.map(({ peer }) => peer));
  const people = [...roster.values()].filter(
    (entry) =>
      entry.state === "buddies" && !known.has(entry.profile.userId) && matches(entry, query),
  );
  const narrowed = isNarrowed(choice);
  const isEmpty = chats.length + people.length + hits.length === 0;
  if (isEmpty && !busy && !narrowed) {
    return (
      <div role="status" data-testid="search-results" data-query={settled}>
        <Empty
          picture="search"
          title={failed ? t.history.searchFailed : t.sidebar.noResults(query)}
        />
      </div>
    );
  }
  return (
    <div
      class="results"
      data-testid="search-results"
      data-query={settled}
      onKeyDown={(event) => moveWithArrows(event, ".row-main")}
    >
      {chats.length > 0 && (
        <section aria-labelledby="found-chats">
          <h2 id="found-chats" class="group-head">
            {t.history.foundChats}
          </h2>
          {/* One letter may be in the names of all. */}
          <VirtualRows
            items={chats}
            keyOf={({ conversationId }) => conversationId}
            scroller={scroller}
          >
            {(conversation) => <ChatRow conversation={conversation} />}
          </VirtualRows>
        </section>
      )}
      {people.length > 0 && (
        <section aria-labelledby="found-people">
          <h2 id="found-people" class="group-head">
            {t.history.foundPeople}
          </h2>
          <ul class="rows">
            {people.map((entry) => (
              <BuddyRow key={entry.profile.userId} entry={entry} />
            ))}
          </ul>
        </section>
      )}
      {(hits.length > 0 || narrowed) && (
        <section aria-labelledby="found-messages">
          <h2 id="found-messages" class="group-head">
            {t.history.foundMessages}
          </h2>
          <SearchFilters choice={choice} onChange={setChoice} />
          {hits.length === 0 && !busy && (
            <p class="results-none">{failed ? t.history.searchFailed : t.history.filterNothing}</p>
          )}
          <ul class="rows">
            {hits.map((hit) => (
              <HitRow key={hit.message.id} hit={hit} />
            ))}
          </ul>
          {more && <MoreOnSight onSight={() => void search.more()} />}
        </section>
      )}
      <p class="visually-hidden" role="status">
        {busy ? "" : t.history.found(hits.length)}
      </p>
      {busy && <span class="spinner results-busy" aria-hidden="true" />}
    </div>
  );
}

function HitRow({ hit }: { readonly hit: SearchHit }): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { t, format } = useText();
  const now = useNow(MINUTE);
  const { message, ranges, text } = hit;
  const conversation = account.kit.conversations.get(message.conversationId);
  const name = conversation === undefined ? "" : account.titleOf(conversation);
  return (
    <li class="row" data-testid="hit">
      <button
        type="button"
        class="row-main"
        onClick={() => app.attempt(() => goToMessage(account, message))}
      >
        {conversation !== undefined && <ConversationAvatar conversation={conversation} size={36} />}
        <span class="row-words">
          <span class="row-line">
            <bdi class="row-name">{name}</bdi>
            <time class="row-time" dateTime={new Date(message.sentAt).toISOString()}>
              {format.brief(message.sentAt, now)}
            </time>
          </span>
          <span class="hit-text" dir="auto">
            {message.own && <span class="hit-own">{t.history.ownMessage} </span>}
            {!message.own && conversation !== undefined && conversation.peer === undefined && (
              <span class="hit-own">{t.groups.summary(account.nameOf(message.from), "")}</span>
            )}
            <Marked text={text} ranges={ranges} />
          </span>
        </span>
      </button>
    </li>
  );
}

/** Asks for more when it comes into sight. */
function MoreOnSight({ onSight }: { readonly onSight: () => void }): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (element.current === null) return undefined;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) onSight();
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  });
  return <div ref={element} class="results-more" />;
}
