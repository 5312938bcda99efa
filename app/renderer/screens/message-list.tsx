import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { Virtualizer, type VirtualizerHandle } from "virtua";
import { useApp, useText } from "../components/context.tsx";
import { Icon } from "../components/icons.tsx";
import type { ConversationModel } from "../model/conversation-model.ts";
import { startOfDay } from "../i18n/format.ts";
import { keepRows, timelineRows, type TimelineRow } from "../model/timeline.ts";
import { bringOut } from "./show-message.ts";
import { TimelineRowView } from "./timeline-row.tsx";
import { useReading } from "./use-reading.ts";

/** Nearer to the end than this is at the end; nearer to the start than this loads older ones. */
const END_PX = 48;
const LOAD_PX = 800;

export interface MessageListProps {
  readonly model: ConversationModel;
  readonly peerName: string;
}

/** The messages, virtualised; at the end until the person scrolls up. */
export function MessageList({ model, peerName }: MessageListProps): JSX.Element {
  const app = useApp();
  const { t } = useText();
  const scroller = useRef<HTMLDivElement>(null);
  const list = useRef<VirtualizerHandle>(null);
  const [atEnd, setAtEnd] = useState(true);
  const stick = useRef(true);
  const extent = useRef({ scrollHeight: 0, clientHeight: 0 });
  const messages = model.messages.value;
  const complete = model.complete.value;
  const endHeld = model.endHeld.value;
  const failed = model.failed.value;
  const ready = model.ready.value;
  const unreadFrom = model.unreadFrom.value;

  const drawn = useRef<readonly TimelineRow[]>([]);
  const rows = useMemo(
    () => keepRows(drawn.current, timelineRows(messages, { unreadFrom, complete, startOfDay })),
    [messages, unreadFrom, complete],
  );
  const fresh = useReading(model, atEnd);

  // True only for the one rendering in which the start moved: the place is then kept from the end.
  const firstId = messages[0]?.id;
  const before = useRef(messages);
  const shift =
    before.current[0]?.id !== firstId &&
    (messages.some(({ id }) => id === before.current[0]?.id) ||
      before.current.some(({ id }) => id === firstId));
  useLayoutEffect(() => {
    before.current = messages;
    drawn.current = rows;
  });

  const last = rows.length - 1;
  const own = endHeld && messages.at(-1)?.own === true;
  const newest = messages.at(-1)?.id;
  const toEnd = (): void => list.current?.scrollToIndex(last, { align: "end" });

  // What one sends is where one looks, wherever one was.
  useLayoutEffect(() => {
    if (own) stick.current = true;
    if (stick.current) toEnd();
  }, [newest]);
  useLayoutEffect(() => {
    if (stick.current) toEnd();
  }, [rows, ready]);

  // Somebody went to a message: it stands in the middle, and the keyboard is there too.
  const shown = model.shown.value;
  useLayoutEffect(() => {
    const index = rows.findIndex((row) => row.kind === "message" && row.message.id === shown?.id);
    if (shown === undefined || index < 0 || scroller.current === null) return undefined;
    stick.current = false;
    list.current?.scrollToIndex(index, { align: "center" });
    return bringOut(scroller.current, shown.id);
  }, [shown]);

  // A smaller window (a keyboard, a growing composer) keeps the end in sight.
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => {
      if (stick.current) list.current?.scrollToIndex(Number.MAX_SAFE_INTEGER, { align: "end" });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  // In a rendering of its own: adding at one end and letting go at the other would move the place.
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    model.trim(element.scrollTop < element.scrollHeight / 2 ? "older" : "newer");
  }, [messages]);

  const older = (): void => app.attempt(() => model.loadOlder());
  const newer = (): void => app.attempt(() => model.loadNewer());
  const onScroll = (offset: number): void => {
    const element = scroller.current;
    if (element === null) return;
    const { scrollHeight, clientHeight } = element;
    const below = scrollHeight - element.scrollTop - clientHeight;
    const isEnd = endHeld && below < END_PX;
    // Rows just measured and a resized window move the end away; only a person's scrolling leaves it.
    const moved =
      scrollHeight !== extent.current.scrollHeight || clientHeight !== extent.current.clientHeight;
    extent.current = { scrollHeight, clientHeight };
    if (moved && stick.current && !isEnd) {
      toEnd();
      return;
    }
    stick.current = isEnd;
    setAtEnd(isEnd);
    if (offset < LOAD_PX && ready && !complete && !failed) older();
    if (below < LOAD_PX && !endHeld) newer();
  };

  return (
    <div class="messages-frame">
      <div
        ref={scroller}
        class="messages"
        role="log"
        aria-live="off"
        aria-label={t.chat.messages}
        aria-busy={!ready}
        tabIndex={0}
        data-testid="messages"
        onKeyDown={(event) => moveAmongMarks(event)}
      >
        <div class="messages-spacer" />
        <Virtualizer
          ref={list}
          data={rows}
          scrollRef={scroller}
          shift={shift}
          bufferSize={400}
          onScroll={onScroll}
          onResize={() => {
            if (stick.current) toEnd();
          }}
        >
          {(row, index) => (
            <TimelineRowView
              key={row.key}
              row={row}
              model={model}
              peerName={peerName}
              alone={messages.length === 0}
              newest={index === last}
              onRetry={failed ? older : undefined}
            />
          )}
        </Virtualizer>
      </div>
      {!atEnd && (
        <button
          type="button"
          class={`to-end ${fresh > 0 ? "has-new" : ""}`}
          data-testid="to-end"
          aria-label={fresh > 0 ? t.chat.newMessages(fresh) : t.chat.toBottom}
          onClick={() => {
            stick.current = true;
            if (endHeld) toEnd();
            else app.attempt(() => model.loadEnd());
          }}
        >
          {fresh > 0 && <span>{t.chat.newMessages(fresh)}</span>}
          <Icon name="arrowDown" size={18} />
        </button>
      )}
    </div>
  );
}

/** The marks of all messages are one stop of the Tab key; arrows go from one to the next. */
function moveAmongMarks(event: KeyboardEvent): void {
  if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
  const { currentTarget, target } = event;
  if (!(currentTarget instanceof HTMLElement) || !(target instanceof HTMLElement)) return;
  if (!target.matches(".message-mark")) return;
  const marks = [...currentTarget.querySelectorAll<HTMLElement>(".message-mark")];
  const next = marks[marks.indexOf(target) + (event.key === "ArrowUp" ? -1 : 1)];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
}
