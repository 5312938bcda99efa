import type { ComponentChildren, JSX } from "preact";
import type { RosterEntry } from "../../../shared/protocol/index.ts";
import { moveWithArrows } from "../components/arrow-keys.ts";
import { Avatar } from "../components/avatar.tsx";
import { Button } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { arrangeBuddies, entryName } from "../model/buddies.ts";
import { Empty } from "./empty.tsx";
import { presenceLine } from "./presence-line.ts";

export interface BuddyListProps {
  readonly query: string;
  readonly onAddBuddy: () => void;
}

/** Requests first, then the buddies by group, then who is blocked. */
export function BuddyList({ query, onAddBuddy }: BuddyListProps): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { t, language } = useText();
  const roster = account.roster.value;
  const { requestsIn, requestsOut, groups, blocked } = arrangeBuddies(
    roster.values(),
    query,
    language,
  );
  const { roster: api } = account.kit;
  const nothing = requestsIn.length + requestsOut.length + groups.length + blocked.length === 0;
  if (nothing && query !== "") {
    return <Empty picture="search" title={t.sidebar.noResults(query)} />;
  }
  if (nothing) {
    return (
      <Empty
        picture="buddies"
        title={t.sidebar.emptyBuddiesTitle}
        text={t.sidebar.emptyBuddiesText}
      >
        <Button kind="primary" icon="addPerson" onClick={onAddBuddy}>
          {t.sidebar.addBuddy}
        </Button>
      </Empty>
    );
  }
  return (
    <div class="buddies" onKeyDown={(event) => moveWithArrows(event, ".row-main")}>
      <Section title={t.sidebar.requestsIn} entries={requestsIn}>
        {(entry) => (
          <RequestRow key={entry.profile.userId} entry={entry}>
            <Button
              kind="primary"
              aria-label={t.sidebar.acceptOf(entryName(entry))}
              onClick={() => app.attempt(() => api.accept(entry.profile.userId))}
            >
              {t.sidebar.accept}
            </Button>
            <Button
              aria-label={t.sidebar.declineOf(entryName(entry))}
              onClick={() => app.attempt(() => api.decline(entry.profile.userId))}
            >
              {t.sidebar.decline}
            </Button>
          </RequestRow>
        )}
      </Section>
      {groups.map((group) => (
        <Section
          key={`group:${group.name}`}
          title={group.name === "" ? t.sidebar.noGroup : group.name}
          note={t.sidebar.onlineOf(group.online, group.entries.length)}
          entries={group.entries}
        >
          {(entry) => <BuddyRow key={entry.profile.userId} entry={entry} />}
        </Section>
      ))}
      <Section title={t.sidebar.requestsOut} entries={requestsOut}>
        {(entry) => (
          <RequestRow key={entry.profile.userId} entry={entry}>
            <Button
              aria-label={t.sidebar.withdrawOf(entryName(entry))}
              onClick={() => app.attempt(() => api.remove(entry.profile.userId))}
            >
              {t.sidebar.withdraw}
            </Button>
          </RequestRow>
        )}
      </Section>
      <Section title={t.sidebar.blocked} entries={blocked}>
        {(entry) => (
          <RequestRow key={entry.profile.userId} entry={entry}>
            <Button
              aria-label={t.sidebar.unblockOf(entryName(entry))}
              onClick={() => app.attempt(() => api.unblock(entry.profile.userId))}
            >
              {t.sidebar.unblock}
            </Button>
          </RequestRow>
        )}
      </Section>
    </div>
  );
}

function Section(props: {
  title: string;
  note?: string;
  entries: readonly RosterEntry[];
  children: (entry: RosterEntry) => ComponentChildren;
}): JSX.Element | null {
  if (props.entries.length === 0) return null;
  return (
    <section class="group">
      <h2 class="group-head">
        <bdi>{props.title}</bdi>
        {props.note !== undefined && <span class="group-note">{props.note}</span>}
      </h2>
      <ul class="rows">{props.entries.map((entry) => props.children(entry))}</ul>
    </section>
  );
}

/** A buddy: a press opens the conversation. */
export function BuddyRow({ entry }: { entry: RosterEntry }): JSX.Element {
  const app = useApp();
  const account = useAccount();
  const { t, format } = useText();
  const name = entryName(entry);
  const { userId, userName } = entry.profile;
  return (
    <li class="row" data-testid="buddy-row" data-user={userName}>
      <button
        type="button"
        class="row-main"
        aria-current={account.open.value?.peer === userId ? "true" : undefined}
        onClick={() => app.attempt(() => account.openPeer(userId))}
      >
        <Avatar id={userId} name={name} size={38} show={entry.presence.show} />
        <span class="row-words">
          <bdi class="row-name">{name}</bdi>
          <span class="row-text" dir="auto">
            {entry.presence.statusText === ""
              ? presenceLine(t, format, entry, Date.now())
              : entry.presence.statusText}
          </span>
        </span>
        <span class="visually-hidden">{t.presence[entry.presence.show]}</span>
      </button>
    </li>
  );
}

function RequestRow(props: { entry: RosterEntry; children: ComponentChildren }): JSX.Element {
  const { entry } = props;
  const name = entryName(entry);
  return (
    <li class="row row-request" data-testid="request-row" data-user={entry.profile.userName}>
      <Avatar id={entry.profile.userId} name={name} size={38} />
      <span class="row-words">
        <bdi class="row-name">{name}</bdi>
        <bdi class="row-text">{entry.profile.userName}</bdi>
      </span>
      <span class="row-actions">{props.children}</span>
    </li>
  );
}
