import { effect } from "@preact/signals";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { useNow } from "./use-now.ts";

beforeEach(() => vi.useFakeTimers({ now: 0 }));
afterEach(() => vi.useRealTimers());

test("all who look share one timer; it ends with the last of them, and the time is right again", () => {
  const seen: string[] = [];
  const look = (who: string) =>
    effect(() => {
      seen.push(`${who} ${useNow(1_000)}`);
    });
  const ends = [look("a"), look("b")];
  expect(vi.getTimerCount()).toBe(1);
  vi.advanceTimersByTime(1_000);
  expect(seen.toSorted()).toEqual(["a 0", "a 1000", "b 0", "b 1000"]);
  for (const end of ends) end();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(5_000);
  look("c")();
  expect(seen.at(-1)).toBe("c 6000");
});
