import { expect, it } from "vitest";
import { judge } from "./judge.ts";
import type { Expectation, Observation } from "./scenario.ts";

const DIRECT: Expectation = { first: ["direct", "relayed"], hundredth: "direct" };
const RELAYED: Expectation = { first: ["relayed"], hundredth: "relayed" };

const well: Observation = {
  first: ["relayed", "direct"],
  hundredth: ["direct"],
  firstMs: 300,
  worstMs: 300,
  directMs: 700,
  paths: { direct: 199, relayed: 1, stored: 0 },
  sent: 200,
  lost: 0,
  doubled: 0,
  outOfOrder: 0,
};

const relayed: Observation = {
  ...well,
  first: ["relayed"],
  hundredth: ["relayed"],
  directMs: undefined,
};

it("is content where all is as it should be", () => {
  expect(judge(DIRECT, well)).toEqual([]);
  expect(judge(RELAYED, relayed)).toEqual([]);
});

it("a direct path that is possible has to be found", () => {
  expect(judge(DIRECT, relayed)).toEqual([
    "no direct link was found",
    "the hundredth message went relayed",
  ]);
});

it("one direction alone is not enough", () => {
  expect(judge(DIRECT, { ...well, hundredth: ["direct", "relayed"] })).toEqual([
    "the hundredth message went relayed",
  ]);
});

it("a direct link where none should be possible: the network is not what it is said to be", () => {
  expect(judge(RELAYED, { ...relayed, directMs: 90 })).toEqual([
    "a direct link where none was to be possible",
  ]);
});

it("no message may stray where none should", () => {
  expect(judge({ ...DIRECT, between: ["direct"] }, well)).toEqual(["1 went relayed"]);
  expect(judge({ ...DIRECT, between: ["direct", "relayed"] }, well)).toEqual([]);
});

it("a path that some have to take", () => {
  expect(judge({ ...DIRECT, also: "relayed" }, well)).toEqual([]);
  expect(judge({ ...DIRECT, also: "stored" }, well)).toEqual(["none went stored"]);
});

it("none may take longer than it is said", () => {
  expect(judge({ ...DIRECT, worstMs: 300 }, well)).toEqual([]);
  const slow = "the slowest message took 300 ms, and may take 299 ms";
  expect(judge({ ...DIRECT, worstMs: 299 }, well)).toEqual([slow]);
  const never = "the slowest message took for ever, and may take 299 ms";
  expect(judge({ ...DIRECT, worstMs: 299 }, { ...well, worstMs: undefined })).toEqual([never]);
});

it("no packet may go from one to the other where none should, and they have to be counted", () => {
  const apart: Expectation = { ...RELAYED, apart: true };
  expect(judge(apart, { ...relayed, packets: 0 })).toEqual([]);
  expect(judge(apart, { ...relayed, packets: 1 })).toEqual([
    "1 packets went from one to the other",
  ]);
  expect(judge(apart, relayed)).toEqual(["uncounted packets went from one to the other"]);
});

it("a first message by mailbox is not what was expected", () => {
  expect(judge(RELAYED, { ...relayed, first: ["stored"] })).toEqual([
    "the first message went stored",
  ]);
});

it.each([
  [{ lost: 2 }, "2 lost"],
  [{ doubled: 1 }, "1 doubled"],
  [{ outOfOrder: 3 }, "3 out of order"],
  [{ first: [] }, "the first message took no path"],
] as const)("%j", (change, reason) => {
  expect(judge(DIRECT, { ...well, ...change })).toEqual([reason]);
});
