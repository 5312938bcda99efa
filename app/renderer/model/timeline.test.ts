import { describe, expect, test } from "vitest";
import type { Message } from "../../../shared/chatkit/api.ts";
import { message, userId } from "../testing/fake-people.ts";
import { firstUnread, keepRows, mergeMessages, timelineRows, upsertMessage } from "./timeline.ts";

const NOON = Date.UTC(2026, 4, 4, 12);
const startOfDay = (at: number): number => at - (at % 86_400_000);
const at = (index: number, minutesAgo: number, own: boolean): Message =>
  message(1, index, [minutesAgo, own, `m${index}`], NOON);
const shape = (
  messages: readonly Message[],
  options: { unreadFrom?: Message["id"]; complete?: boolean } = {},
): readonly string[] =>
  timelineRows(messages, { complete: true, startOfDay, ...options }).map((row) =>
    row.kind === "message" ? `${row.first ? "[" : ""}m${row.last ? "]" : ""}` : row.kind,
  );

describe("timelineRows", () => {
  test("an empty conversation has its start only", () => {
    expect(shape([])).toEqual(["start"]);
    expect(shape([], { complete: false })).toEqual(["loading"]);
  });

  test("one day line before the first message of each day", () => {
    expect(shape([at(0, 24 * 60, false), at(1, 5, false)])).toEqual([
      "start",
      "day",
      "[m]",
      "day",
      "[m]",
    ]);
  });

  test("bubbles of one sender group until five minutes pass or the other speaks", () => {
    const messages = [at(0, 20, false), at(1, 18, false), at(2, 10, false), at(3, 9, true)];
    expect(shape(messages)).toEqual(["start", "day", "[m", "m]", "[m]", "[m]"]);
  });

  test("G10: what happened in a group is a line of its own, and counts as seen", () => {
    const note = { type: "membership", change: "leave", by: userId(2) } as const;
    const left = { ...at(1, 19, false), body: note };
    const messages = [at(0, 20, false), left, at(2, 18, false)];
    expect(shape(messages)).toEqual(["start", "day", "[m]", "news", "[m]"]);
    expect(firstUnread(messages, 1)).toBe(messages[2]?.id);
    expect(firstUnread(messages, 2)).toBe(messages[0]?.id);
  });

  test("the unread divider breaks a group", () => {
    const messages = [at(0, 4, false), at(1, 3, false)];
    expect(shape(messages, { unreadFrom: messages[1]?.id ?? at(9, 0, true).id })).toEqual([
      "start",
      "day",
      "[m]",
      "unread",
      "[m]",
    ]);
  });

  test("no two rows share a key, also where a wrong clock repeats a day", () => {
    const messages = [at(0, 1, false), at(1, 3000, false), at(2, 0, false)];
    const keys = timelineRows(messages, { complete: true, startOfDay }).map(({ key }) => key);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

test("keepRows leaves the rows that are as they were, and no day: its name changes at midnight", () => {
  const messages = [at(1, 20, false), at(2, 3, false), at(3, 1, false)];
  const rows = (shown: readonly Message[]) =>
    timelineRows(shown, { complete: true, startOfDay: () => 0 });
  const before = rows(messages);
  const after = keepRows(before, rows([at(0, 30, false), ...messages, at(4, 0, false)]));
  const kept = after.filter((row) => before.includes(row)).map(({ key }) => key);
  // The last one closed its group: it does no more.
  expect(kept).toEqual(["start", messages[0]?.id, messages[1]?.id]);
  expect(keepRows(before, rows(messages)).filter((row) => !before.includes(row))).toEqual([
    before[1],
  ]);
});

describe("upsertMessage", () => {
  test("a late message goes to its place by order", () => {
    const [a, b, c] = [at(0, 9, false), at(1, 8, false), at(2, 7, false)];
    expect(upsertMessage([a, c], b)).toEqual([a, b, c]);
    expect(upsertMessage([], a)).toEqual([a]);
  });

  test("a changed message replaces itself", () => {
    const a = at(0, 9, true);
    const changed: Message = { ...a, delivery: { state: "failed", reason: "expired" } };
    expect(upsertMessage([a], changed)).toEqual([changed]);
  });
});

test("mergeMessages keeps what came live over the same message of a page", () => {
  const old = at(0, 9, true);
  const live: Message = { ...old, delivery: { state: "failed", reason: "refused" } };
  const older = at(1, 90, false);
  expect(mergeMessages([live], [older, old])).toEqual([older, live]);
});

describe("firstUnread", () => {
  test("counts messages of others only, from the end", () => {
    const messages = [at(0, 9, false), at(1, 8, false), at(2, 7, true), at(3, 6, false)];
    expect(firstUnread(messages, 2)).toBe(messages[1]?.id);
    expect(firstUnread(messages, 0)).toBeUndefined();
    expect(firstUnread(messages, 99)).toBe(messages[0]?.id);
  });
});
