import type { Message } from "../../../shared/chatkit/api.ts";
import type { MembershipNote, MessageId } from "../../../shared/protocol/index.ts";
import { membershipNote } from "./body.ts";

/** One line of a conversation as it is shown. `key` is stable while the line exists. */
export type TimelineRow =
  | { readonly kind: "start"; readonly key: string }
  | { readonly kind: "loading"; readonly key: string }
  | { readonly kind: "day"; readonly key: string; readonly at: number }
  | { readonly kind: "unread"; readonly key: string }
  /** What happened in a group. */
  | {
      readonly kind: "news";
      readonly key: string;
      readonly message: Message;
      readonly note: MembershipNote;
    }
  | {
      readonly kind: "message";
      readonly key: string;
      readonly message: Message;
      /** First and last bubble of a group: one sender, little time between. */
      readonly first: boolean;
      readonly last: boolean;
    };

export interface TimelineOptions {
  /** The first message that was unread when the conversation was opened. */
  readonly unreadFrom?: MessageId | undefined;
  /** There is nothing older. */
  readonly complete: boolean;
  readonly startOfDay: (at: number) => number;
}

/** Bubbles of one sender with less than this between them form a group. */
const GROUP_MS = 5 * 60_000;

/** No day is shorter: this long after its start it is certainly the same. */
const SHORT_DAY_MS = 22 * 60 * 60_000;

/** @param messages in order, oldest first */
export function timelineRows(
  messages: readonly Message[],
  { unreadFrom, complete, startOfDay }: TimelineOptions,
): readonly TimelineRow[] {
  const rows: TimelineRow[] = [
    complete ? { kind: "start", key: "start" } : { kind: "loading", key: "loading" },
  ];
  // Asking the calendar for each of 2,000 messages would hold up whoever scrolls.
  let known = Number.NaN;
  const dayOf = (at: number): number => {
    if (!(at >= known && at < known + SHORT_DAY_MS)) known = startOfDay(at);
    return known;
  };
  const breaksBefore = (index: number): boolean => {
    const message = messages[index];
    const previous = messages[index - 1];
    if (message === undefined || previous === undefined) return true;
    if (message.body.type === "membership" || previous.body.type === "membership") return true;
    return (
      message.own !== previous.own ||
      message.from !== previous.from ||
      message.id === unreadFrom ||
      Math.abs(message.sentAt - previous.sentAt) >= GROUP_MS ||
      dayOf(message.sentAt) !== dayOf(previous.sentAt)
    );
  };
  let day: number | undefined;
  for (const [index, message] of messages.entries()) {
    const itsDay = dayOf(message.sentAt);
    if (itsDay !== day) {
      // Keyed by the message below it: with wrong clocks one day may come twice.
      rows.push({ kind: "day", key: `day:${message.id}`, at: message.sentAt });
      day = itsDay;
    }
    if (message.id === unreadFrom) rows.push({ kind: "unread", key: "unread" });
    const note = membershipNote(message.body);
    if (note !== undefined) {
      rows.push({ kind: "news", key: message.id, message, note });
      continue;
    }
    rows.push({
      kind: "message",
      key: message.id,
      message,
      first: breaksBefore(index),
      last: breaksBefore(index + 1),
    });
  }
  return rows;
}

/** The rows, each that is as it was as the same object: what is drawn already is not drawn again. */
export function keepRows(
  before: readonly TimelineRow[],
  rows: readonly TimelineRow[],
): readonly TimelineRow[] {
  const known = new Map(before.map((row) => [row.key, row]));
  return rows.map((row) => {
    const was = known.get(row.key);
    return was !== undefined && isSame(was, row) ? was : row;
  });
}

function isSame(a: TimelineRow, b: TimelineRow): boolean {
  if (a.kind === "message" && b.kind === "message") {
    return a.message === b.message && a.first === b.first && a.last === b.last;
  }
  if (a.kind === "news" && b.kind === "news") return a.message === b.message;
  // What was Today is Yesterday after midnight.
  return a.kind === b.kind && a.kind !== "day";
}

/** Puts a new or changed message in its place; the order of the rest stays. */
export function upsertMessage(messages: readonly Message[], message: Message): readonly Message[] {
  const known = messages.findIndex(({ id }) => id === message.id);
  if (known >= 0) return messages.with(known, message);
  const after = messages.findLastIndex(({ order }) => order < message.order);
  return messages.toSpliced(after + 1, 0, message);
}

/** Joins a page of history with what is there; each message once, in order. */
export function mergeMessages(
  messages: readonly Message[],
  page: readonly Message[],
): readonly Message[] {
  const byId = new Map(page.map((message) => [message.id, message]));
  // What is there came later, by an event: it is fresher than the page.
  for (const message of messages) byId.set(message.id, message);
  return [...byId.values()].toSorted((a, b) =>
    a.order < b.order ? -1 : a.order > b.order ? 1 : 0,
  );
}

/** The first of the last `unread` messages of others. */
export function firstUnread(messages: readonly Message[], unread: number): MessageId | undefined {
  let left = unread;
  let first: MessageId | undefined;
  for (let index = messages.length - 1; index >= 0 && left > 0; index -= 1) {
    const message = messages[index];
    if (message === undefined || message.own || message.body.type === "membership") continue;
    first = message.id;
    left -= 1;
  }
  return first;
}
