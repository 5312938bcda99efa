import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import { BuddyList } from "./buddy-list.tsx";
import { ChatList } from "./chat-list.tsx";
import { PresenceMenu } from "./presence-menu.tsx";
import { isSearchKey } from "./search-in-chat.tsx";
import { SearchResults } from "./search.tsx";

/** After the first screen; then what will be searched is read, little by little. */
const READ_AHEAD_MS = 1_000;

export interface SidebarProps {
  readonly onAddBuddy: () => void;
  readonly onNewGroup: () => void;
  readonly onSettings: () => void;
}

/** Oneself, search, and the two lists. */
export function Sidebar({ onAddBuddy, onNewGroup, onSettings }: SidebarProps): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { t } = useText();
  const [tab, setTab] = useState<"chats" | "buddies">("chats");
  const [query, setQuery] = useState("");
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const search = (): void => {
      setTab("chats");
      // On a narrow window the list is behind the conversation.
      if (field.current?.checkVisibility() === false) account.closeConversation();
      requestAnimationFrame(() => field.current?.select());
    };
    const toSearch = (event: KeyboardEvent): void => {
      if (!isSearchKey(event) || document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      search();
    };
    const end = app.commands.on("search", search);
    globalThis.addEventListener("keydown", toSearch);
    return () => {
      end();
      globalThis.removeEventListener("keydown", toSearch);
    };
  }, [account, app]);
  useEffect(() => {
    const timer = setTimeout(() => {
      // Where it cannot be read, the search tells.
      account.kit.archive.prepareSearch().catch(() => undefined);
    }, READ_AHEAD_MS);
    return () => clearTimeout(timer);
  }, [account]);
  const unread = account.unread.value;
  const requests = [...account.roster.value.values()].filter((e) => e.state === "pending").length;
  const tabs = [
    { id: "chats", label: t.sidebar.chats, count: unread, words: t.sidebar.unread(unread) },
    {
      id: "buddies",
      label: t.sidebar.buddies,
      count: requests,
      words: t.sidebar.requestCount(requests),
    },
  ] as const;

  return (
    <nav class="sidebar" aria-label={t.sidebar.label}>
      <div class="sidebar-head">
        <PresenceMenu />
        <IconButton icon="addPerson" label={t.sidebar.addBuddy} onClick={onAddBuddy} />
        <IconButton icon="settings" label={t.sidebar.settings} onClick={onSettings} />
      </div>
      <div class="search" role="search">
        <Icon name="search" size={18} />
        <input
          ref={field}
          type="text"
          inputMode="search"
          aria-label={t.sidebar.search}
          placeholder={t.sidebar.searchPlaceholder}
          value={query}
          maxLength={300}
          dir="auto"
          onInput={(event) => {
            const text = event.currentTarget.value;
            // A link that is pasted here is no search.
            setQuery(app.links.offerGroup(text) ? "" : text);
            if (app.links.request.peek()?.kind === "group") event.currentTarget.value = "";
          }}
          onKeyDown={(event) => {
            if (event.isComposing) return;
            if (event.key === "Escape") setQuery("");
            if (event.key !== "ArrowDown") return;
            event.preventDefault();
            document.querySelector<HTMLElement>("#sidebar-list .row-main")?.focus();
          }}
        />
        {query !== "" && (
          <button
            type="button"
            class="field-toggle"
            aria-label={t.sidebar.clearSearch}
            onClick={() => setQuery("")}
          >
            <Icon name="close" size={16} />
          </button>
        )}
      </div>
      <div class="tabs-bar">
        <div
          class="tabs"
          role="tablist"
          aria-label={t.sidebar.label}
          onKeyDown={(event) => {
            if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
            const next = tab === "chats" ? "buddies" : "chats";
            setTab(next);
            document.querySelector<HTMLElement>(`#tab-${next}`)?.focus();
          }}
        >
          {tabs.map(({ id, label, count, words }) => (
            <button
              key={id}
              id={`tab-${id}`}
              type="button"
              role="tab"
              class="tab"
              aria-selected={tab === id}
              aria-controls="sidebar-list"
              tabIndex={tab === id ? 0 : -1}
              onClick={() => setTab(id)}
            >
              {label}
              {count > 0 && (
                <span class="count">
                  <span aria-hidden="true">{count > 99 ? "99+" : count}</span>
                  <span class="visually-hidden">{words}</span>
                </span>
              )}
            </button>
          ))}
        </div>
        <IconButton icon="addGroup" label={t.groups.newGroup} onClick={onNewGroup} />
      </div>
      <div
        ref={list}
        id="sidebar-list"
        class="sidebar-list"
        role="tabpanel"
        aria-labelledby={`tab-${tab}`}
        data-testid="sidebar-list"
      >
        {tab === "chats" && query.trim() !== "" ? (
          <SearchResults query={query} scroller={list} />
        ) : tab === "chats" ? (
          <ChatList scroller={list} onAddBuddy={onAddBuddy} />
        ) : (
          <BuddyList query={query} onAddBuddy={onAddBuddy} />
        )}
      </div>
    </nav>
  );
}
