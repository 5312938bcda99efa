import { expect, test } from "vitest";
import { format, judge, type Figure } from "./figure.ts";

const figure: Figure = {
  name: "round trip",
  value: 3,
  unit: "ms",
  reference: { name: "raw channel", value: 2 },
};

test("a figure is its ratio to the reference", () => {
  expect(judge(figure)).toEqual({ ...figure, ratio: 1.5 });
});

test.each([
  { bound: "at most", limit: 1.5, met: true },
  { bound: "at most", limit: 1.4, met: false },
  { bound: "at least", limit: 1.5, met: true },
  { bound: "at least", limit: 1.6, met: false },
] as const)("$bound $limit × of 1.5 × is met: $met", ({ bound, limit, met }) => {
  expect(judge({ ...figure, goal: { bound, limit, of: "ratio" } })).toMatchObject({ met });
});

test("a goal on the value leaves the reference aside", () => {
  const goal = { bound: "at most", limit: 2, of: "value" } as const;
  expect(judge({ ...figure, goal })).toMatchObject({ ratio: 1.5, met: false });
});

test("a ratio that nothing stands behind is no goal met", () => {
  const alone: Figure = {
    name: "heap",
    value: 1,
    unit: "KiB",
    goal: { bound: "at most", limit: 12, of: "ratio" },
  };
  expect(() => judge(alone)).toThrow("heap: a ratio needs a reference");
});

test("a line tells the value, its ratio, the goal, and a goal that was missed", () => {
  const goal = { bound: "at most", limit: 2, of: "ratio" } as const;
  expect(format(judge({ ...figure, goal }))).toBe(
    "round trip: 3 ms  = 1.5 × raw channel (2)  goal: at most 2 × ✓",
  );
  expect(format(judge({ ...figure, value: 12_345.6, goal }))).toBe(
    "round trip: 12,350 ms  = 6,173 × raw channel (2)  goal: at most 2 × ✗ MISSED",
  );
  expect(format(judge({ name: "heap", value: 9.5, unit: "KiB" }))).toBe("heap: 9.5 KiB");
});
