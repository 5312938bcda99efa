import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { limits, type RosterEntry, type UserId } from "../../../shared/protocol/index.ts";
import { moveWithArrows } from "../components/arrow-keys.ts";
import { Avatar } from "../components/avatar.tsx";
import { useAccount, useText } from "../components/context.tsx";
import { Field } from "../components/field.tsx";
import { Icon } from "../components/icons.tsx";
import { entryName, matches } from "../model/buddies.ts";

/** Chooses some of one's buddies: by search, with those chosen above as chips. */
export function PeopleChooser(props: {
  readonly chosen: readonly UserId[];
  /** Who is there already, oneself included. */
  readonly present: readonly UserId[];
  readonly autofocus?: boolean;
  readonly onChange: (chosen: readonly UserId[]) => void;
}): JSX.Element {
  const { autofocus = false, chosen, present, onChange } = props;
  const { roster } = useAccount();
  const { t, language } = useText();
  const [query, setQuery] = useState("");
  const list = useRef<HTMLUListElement>(null);
  const collator = new Intl.Collator(language, { numeric: true });
  const buddies = [...roster.value.values()]
    .filter(({ profile, state }) => state === "buddies" && !present.includes(profile.userId))
    .toSorted((a, b) => collator.compare(entryName(a), entryName(b)));
  const found = buddies.filter((entry) => matches(entry, query));
  const full = present.length + chosen.length >= limits.MAX_GROUP_MEMBERS;
  const toggle = (userId: UserId): void => {
    const others = chosen.filter((known) => known !== userId);
    if (others.length < chosen.length) onChange(others);
    else if (!full) onChange([...chosen, userId]);
  };
  return (
    <div class="people-chooser">
      {chosen.length > 0 && (
        <ul class="chips" aria-label={t.groups.chosen(chosen.length)}>
          {chosen.map((userId) => {
            const entry = roster.value.get(userId);
            const name = entry === undefined ? "" : entryName(entry);
            return (
              <li key={userId}>
                <button type="button" class="person-chip" onClick={() => toggle(userId)}>
                  <Avatar id={userId} name={name} size={24} />
                  <bdi aria-hidden="true">{name}</bdi>
                  <span class="visually-hidden">{t.groups.unchoose(name)}</span>
                  <Icon name="close" size={14} />
                </button>
              </li>
            );
          })}
        </ul>
      )}
      <div
        onKeyDown={(event) => {
          if (event.isComposing || !(event.target instanceof HTMLInputElement)) return;
          const [first] = found;
          if (event.key === "Enter") {
            // The form is sent by its button: here one chooses.
            event.preventDefault();
            if (query.trim() === "" || first === undefined) return;
            toggle(first.profile.userId);
            setQuery("");
          } else if (event.key === "Backspace" && query === "" && chosen.length > 0) {
            onChange(chosen.slice(0, -1));
          } else if (event.key === "ArrowDown") {
            event.preventDefault();
            list.current?.querySelector("input")?.focus();
          }
        }}
      >
        <Field
          label={t.groups.search}
          icon="search"
          value={query}
          onText={setQuery}
          autofocus={autofocus}
          hint={full ? t.groups.full(limits.MAX_GROUP_MEMBERS) : undefined}
        />
      </div>
      <ul
        ref={list}
        class="forward-people"
        aria-label={t.sidebar.buddies}
        onKeyDown={(event) => moveWithArrows(event, "input")}
      >
        {found.map((entry) => (
          <PersonRow
            key={entry.profile.userId}
            entry={entry}
            checked={chosen.includes(entry.profile.userId)}
            disabled={full}
            onChange={() => toggle(entry.profile.userId)}
          />
        ))}
        {found.length === 0 && (
          <li class="empty-text">
            {buddies.length > 0
              ? t.groups.nobody
              : present.length > 1
                ? t.groups.allHere
                : t.groups.noBuddies}
          </li>
        )}
      </ul>
      <p class="visually-hidden" role="status">
        {t.groups.chosen(chosen.length)}
      </p>
    </div>
  );
}

function PersonRow(props: {
  readonly entry: RosterEntry;
  readonly checked: boolean;
  readonly disabled: boolean;
  readonly onChange: () => void;
}): JSX.Element {
  const { checked, disabled, entry, onChange } = props;
  const name = entryName(entry);
  return (
    <li>
      <label class="forward-person">
        <input
          type="checkbox"
          checked={checked}
          disabled={disabled && !checked}
          onChange={onChange}
        />
        <Avatar id={entry.profile.userId} name={name} size={36} show={entry.presence.show} />
        <bdi class="row-name">{name}</bdi>
      </label>
    </li>
  );
}
