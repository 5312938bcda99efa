import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { IconButton } from "../components/button.tsx";
import { useAccount, useApp, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import type { ConversationModel } from "../model/conversation-model.ts";
import { MessageSearch } from "../model/message-search.ts";

/** Is it the key of the system's "find"? */
export function isFindKey(event: KeyboardEvent): boolean {
  return isCommand(event) && event.key.toLowerCase() === "f";
}

/** Is it the key that goes to the search of everything? */
export function isSearchKey(event: KeyboardEvent): boolean {
  return isCommand(event) && event.key.toLowerCase() === "k";
}

function isCommand({ altKey, ctrlKey, metaKey, shiftKey }: KeyboardEvent): boolean {
  return (ctrlKey || metaKey) && !altKey && !shiftKey;
}

/** Finds in one conversation: from the newest hit back. */
export function SearchInChat(props: {
  readonly model: ConversationModel;
  readonly onClose: () => void;
}): JSX.Element {
  const { model, onClose } = props;
  const app = useApp();
  const { kit } = useAccount();
  const { t } = useText();
  const [query, setQuery] = useState("");
  const [at, setAt] = useState(0);
  const input = useRef<HTMLInputElement>(null);
  const search = useMemo(() => new MessageSearch(kit), [kit, model]);
  const filter = useMemo(() => ({ conversationId: model.conversationId }), [model]);
  const { hits, busy, more, foundFor } = search.state.value;
  useEffect(() => input.current?.focus(), []);
  useEffect(() => {
    setAt(0);
    void search.look(query, filter);
  }, [search, query]);
  const hit = foundFor === query ? hits[at] : undefined;
  const shown = hit?.message.id;
  useEffect(() => {
    if (hit !== undefined) app.attempt(() => model.showAround(hit.message));
  }, [shown]);
  // The next ones are read before one comes to the last.
  useEffect(() => {
    if (at + 5 > hits.length) void search.more();
  }, [at, hits.length]);
  const go = (step: number): void => {
    if (hits.length > 0) setAt(Math.min(Math.max(at + step, 0), hits.length - 1));
  };
  const asked = query.trim() !== "";
  return (
    <div class="find-bar" role="search" aria-label={t.history.findLabel} data-testid="find">
      <Icon name="search" size={18} />
      <input
        ref={input}
        type="text"
        inputMode="search"
        aria-label={t.history.findLabel}
        placeholder={t.history.findLabel}
        value={query}
        maxLength={200}
        dir="auto"
        onInput={(event) => setQuery(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.isComposing) return;
          if (event.key === "Escape") onClose();
          else if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
          else if (event.key === "ArrowUp") go(1);
          else if (event.key === "ArrowDown") go(-1);
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <span class="find-count" role="status">
        {asked &&
          !busy &&
          (hits.length === 0 ? t.history.findNone : t.history.findAt(at + 1, hits.length, more))}
      </span>
      <IconButton
        icon="up"
        label={t.history.findOlder}
        disabled={at + 1 >= hits.length}
        onClick={() => go(1)}
      />
      <IconButton
        icon="down"
        label={t.history.findNewer}
        disabled={at === 0}
        onClick={() => go(-1)}
      />
      <IconButton icon="close" label={t.history.findClose} onClick={onClose} />
    </div>
  );
}
