import { expect, it } from "vitest";
import { ownerOf } from "./lab.ts";
import { SCENARIOS } from "./scenarios.ts";

it("knows what labs have made, and leaves all else alone", () => {
  expect(ownerOf("beeline-lab-123-1-ada")).toBe(123);
  for (const name of [
    "ada",
    "beeline-123-ada",
    "beeline-lab-ada",
    "beeline-lab-12x-a",
    "x-beeline-lab-1-a",
  ]) {
    expect(ownerOf(name)).toBeUndefined();
  }
});

it("every scenario has a name of its own", () => {
  const names = SCENARIOS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
