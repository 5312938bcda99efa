import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { IconButton } from "../components/button.tsx";
import { useAccount, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import { BuddyList } from "./buddy-list.tsx";
import { ChatList } from "./chat-list.tsx";
import { PresenceMenu } from "./presence-menu.tsx";

export interface SidebarProps {
  readonly onAddBuddy: () => void;
  readonly onSettings: () => void;
}

/** Oneself, search, and the two lists. */
export function Sidebar({ onAddBuddy, onSettings }: SidebarProps): JSX.Element {
  const account = useAccount();
  const { t } = useText();
  const [tab, setTab] = useState<"chats" | "buddies">("chats");
  const [query, setQuery] = useState("");
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
          type="text"
          inputMode="search"
          aria-label={t.sidebar.search}
          placeholder={t.sidebar.searchPlaceholder}
          value={query}
          maxLength={100}
          dir="auto"
          onInput={(event) => setQuery(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Escape") setQuery("");
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
      <div
        id="sidebar-list"
        class="sidebar-list"
        role="tabpanel"
        aria-labelledby={`tab-${tab}`}
        data-testid="sidebar-list"
      >
        {tab === "chats" ? (
          <ChatList query={query} onAddBuddy={onAddBuddy} />
        ) : (
          <BuddyList query={query} onAddBuddy={onAddBuddy} />
        )}
      </div>
    </nav>
  );
}
