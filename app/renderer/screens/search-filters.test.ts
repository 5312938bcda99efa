import { expect, test } from "vitest";
import { userId } from "../testing/fake-people.ts";
import { EVERYTHING, filterOf, isNarrowed } from "./search-filters.tsx";

const NOW = Date.UTC(2026, 4, 4);

test("what was chosen is what the engine looks for", () => {
  expect([filterOf(EVERYTHING, NOW), isNarrowed(EVERYTHING)]).toEqual([{}, false]);
  const narrow = { ...EVERYTHING, from: userId(1), kind: "files", span: "week" } as const;
  expect(filterOf(narrow, NOW)).toEqual({
    from: userId(1),
    hasFile: true,
    since: Date.UTC(2026, 3, 27),
  });
  expect(isNarrowed(narrow)).toBe(true);
});
