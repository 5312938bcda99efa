import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import {
  EMOJI_GROUPS,
  findEmojis,
  loadEmojis,
  type EmojiEntry,
  type EmojiTable,
} from "../model/emoji-data.ts";
import { useApp, useText } from "./context.tsx";
import { Popover } from "./popover.tsx";

/** More than one looks through; a longer word finds less. */
const MAX_FOUND = 80;

/** All emojis by group, with a search in the person's language. */
export function EmojiPicker(props: {
  readonly anchor: HTMLElement | null;
  readonly onChoose: (emoji: string) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const { anchor, onChoose, onClose } = props;
  const app = useApp();
  const { t, language } = useText();
  const [table, setTable] = useState<EmojiTable>();
  const [search, setSearch] = useState("");
  /** Enter was pressed before the emoji were here. */
  const [eager, setEager] = useState(false);
  const body = useRef<HTMLDivElement>(null);
  useEffect(() => {
    app.attempt(async () => setTable(await loadEmojis(language)));
  }, [language]);
  const found =
    table === undefined || search.trim() === "" ? undefined : findEmojis(table, search, MAX_FOUND);
  const first = found?.[0];
  useEffect(() => {
    if (eager && first !== undefined) onChoose(first.emoji);
  }, [eager, first]);
  return (
    <Popover anchor={anchor} label={t.emoji.title} onClose={onClose}>
      <input
        type="search"
        class="emoji-search"
        data-first
        value={search}
        aria-label={t.emoji.search}
        placeholder={t.emoji.search}
        onInput={(event) => {
          setSearch(event.currentTarget.value);
          setEager(false);
          body.current?.scrollTo(0, 0);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            event.preventDefault();
            if (first !== undefined) onChoose(first.emoji);
            else if (table === undefined) setEager(true);
          }
          if (event.key === "ArrowDown") {
            event.preventDefault();
            body.current?.querySelector("button")?.focus();
          }
        }}
      />
      <div ref={body} class="emoji-body" onKeyDown={(event) => moveAmongEmojis(event)}>
        {found?.length === 0 && <p class="empty-text">{t.emoji.none}</p>}
        {found !== undefined && found.length > 0 && <Grid entries={found} onChoose={onChoose} />}
        {found === undefined &&
          EMOJI_GROUPS.map((group) => (
            <section key={group} class="emoji-group" aria-label={t.emoji.groups[group]}>
              <h3>{t.emoji.groups[group]}</h3>
              <Grid entries={table?.get(group) ?? []} onChoose={onChoose} />
            </section>
          ))}
      </div>
    </Popover>
  );
}

function Grid(props: {
  readonly entries: readonly EmojiEntry[];
  readonly onChoose: (emoji: string) => void;
}): JSX.Element {
  return (
    <div class="emoji-grid">
      {props.entries.map(({ emoji, label }) => (
        <button
          key={emoji}
          type="button"
          class="emoji"
          tabIndex={-1}
          aria-label={label}
          title={label}
          onClick={() => props.onChoose(emoji)}
        >
          {emoji}
        </button>
      ))}
    </div>
  );
}

/** The arrows go from one to the next; up and down by the row as it is laid out. */
function moveAmongEmojis(event: KeyboardEvent): void {
  const { currentTarget, target } = event;
  if (!(currentTarget instanceof HTMLElement) || !(target instanceof HTMLElement)) return;
  const all = [...currentTarget.querySelectorAll<HTMLElement>(".emoji")];
  const at = all.indexOf(target);
  if (at < 0) return;
  const top = target.offsetTop;
  const row = all.filter((one) => one.offsetTop === top).length || 1;
  const steps: Readonly<Record<string, number>> = {
    ArrowRight: 1,
    ArrowLeft: -1,
    ArrowDown: row,
    ArrowUp: -row,
  };
  const step = steps[event.key];
  if (step === undefined) return;
  event.preventDefault();
  all[Math.max(0, Math.min(all.length - 1, at + step))]?.focus();
}
