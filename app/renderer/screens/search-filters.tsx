import type { JSX } from "preact";
import type { ConversationId, UserId } from "../../../shared/protocol/index.ts";
import { useAccount, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import { entryName } from "../model/buddies.ts";
import type { SearchFilter } from "../model/message-search.ts";

const DAY = 24 * 60 * 60 * 1000;

/** How far back one looks, days. */
const SPANS = { week: 7, month: 30, year: 365 } as const;

/** What was chosen; undefined: all. */
export interface SearchChoice {
  readonly from: UserId | undefined;
  readonly conversationId: ConversationId | undefined;
  readonly kind: "files" | undefined;
  readonly span: keyof typeof SPANS | undefined;
}

export const EVERYTHING: SearchChoice = {
  from: undefined,
  conversationId: undefined,
  kind: undefined,
  span: undefined,
};

/** @param now ms since the epoch */
export function filterOf(choice: SearchChoice, now: number): SearchFilter {
  const { conversationId, from, kind, span } = choice;
  return {
    ...(from === undefined ? {} : { from }),
    ...(conversationId === undefined ? {} : { conversationId }),
    ...(kind === undefined ? {} : { hasFile: true }),
    ...(span === undefined ? {} : { since: now - SPANS[span] * DAY }),
  };
}

export function isNarrowed(choice: SearchChoice): boolean {
  return Object.values(choice).some((part) => part !== undefined);
}

/** Narrows the search of messages: who wrote them, where, what they are, and since when. */
export function SearchFilters(props: {
  readonly choice: SearchChoice;
  readonly onChange: (choice: SearchChoice) => void;
}): JSX.Element {
  const { choice, onChange } = props;
  const account = useAccount();
  const { conversations, roster, self } = account;
  const { t } = useText();
  const people = [...roster.value.values()]
    .filter(({ state }) => state === "buddies")
    .map((entry) => ({ value: entry.profile.userId, label: entryName(entry) }))
    .toSorted(byLabel);
  const own = self.value?.profile.userId;
  const chats = conversations.value
    .filter(({ last }) => last !== undefined)
    .map((one) => ({ value: one.conversationId, label: account.titleOf(one) }))
    .toSorted(byLabel);
  return (
    <div class="filters" role="group" aria-label={t.history.filters} data-testid="filters">
      <Filter
        label={t.history.filterFrom}
        all={t.history.filterAnyone}
        chosen={choice.from}
        options={[
          ...(own === undefined ? [] : [{ value: own, label: t.history.filterMe }]),
          ...people,
        ]}
        onChange={(from) => onChange({ ...choice, from })}
      />
      <Filter
        label={t.history.filterChat}
        all={t.history.exportAll}
        chosen={choice.conversationId}
        options={chats}
        onChange={(conversationId) => onChange({ ...choice, conversationId })}
      />
      <Filter
        label={t.history.filterKind}
        all={t.history.filterAnyKind}
        chosen={choice.kind}
        options={[{ value: "files", label: t.history.filterFiles }]}
        onChange={(kind) => onChange({ ...choice, kind })}
      />
      <Filter
        label={t.history.filterTime}
        all={t.history.filterAnyTime}
        chosen={choice.span}
        options={[
          { value: "week", label: t.history.filterWeek },
          { value: "month", label: t.history.filterMonth },
          { value: "year", label: t.history.filterYear },
        ]}
        onChange={(span) => onChange({ ...choice, span })}
      />
    </div>
  );
}

function byLabel(a: { readonly label: string }, b: { readonly label: string }): number {
  return a.label.localeCompare(b.label);
}

/** One choice as a small field that is as wide as what it says. */
function Filter<T extends string>(props: {
  readonly label: string;
  readonly all: string;
  readonly chosen: T | undefined;
  readonly options: readonly { readonly value: T; readonly label: string }[];
  readonly onChange: (chosen: T | undefined) => void;
}): JSX.Element {
  const { label, all, chosen, options, onChange } = props;
  return (
    <span class={`filter ${chosen === undefined ? "" : "is-set"}`}>
      <select
        aria-label={label}
        value={chosen ?? ""}
        onChange={(event) => {
          const { value } = event.currentTarget;
          onChange(options.find((option) => option.value === value)?.value);
        }}
      >
        <option value="">{all}</option>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
      <Icon name="down" size={14} />
    </span>
  );
}
