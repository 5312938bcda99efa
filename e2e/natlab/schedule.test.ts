import { expect, it } from "vitest";
import { leastMs } from "./schedule.ts";
import { SCENARIOS } from "./scenarios.ts";

it("what waits long is known beforehand", () => {
  const [longest] = SCENARIOS.toSorted((a, b) => leastMs(b) - leastMs(a));
  expect(longest?.name).toBe("link-down-120s");
  const least = (name: string) =>
    SCENARIOS.filter((scenario) => scenario.name === name).map(leastMs)[0];
  expect(least("link-down-30s")).toBe(60_000);
  expect(least("lan")).toBe(0);
});
