import { expect, it } from "vitest";
import { Badge } from "./badge.ts";

it("is a number where the system shows one, and a described mark on Windows", () => {
  const seen: unknown[] = [];
  const badge = new Badge(
    {
      setBadgeCount: (count) => seen.push(count),
      setOverlay: (description) => seen.push(description),
    },
    (count) => `${count} unread`,
  );
  badge.set(2);
  badge.refresh();
  badge.set(0);
  expect(seen).toEqual([2, "2 unread", 2, "2 unread", 0, undefined]);
});
