import { expect, test } from "vitest";
import { nextAway } from "./auto-away.ts";

const fresh = { marked: false, tried: false };
const set = { marked: true, tried: true };
const idle = { idle: true, elsewhere: false } as const;
const there = { idle: false, elsewhere: false } as const;

test("online becomes away while nobody is there, once, and online again", () => {
  expect(nextAway(fresh, { ...idle, show: "online" })).toEqual({ ...set, set: "away" });
  expect(nextAway(set, { ...idle, show: "away" })).toEqual(set);
  expect(nextAway(set, { ...there, show: "away" })).toEqual({ ...fresh, set: "online" });
});

test("what a person chose stays", () => {
  for (const show of ["away", "busy", "offline"] as const) {
    expect(nextAway(fresh, { ...idle, show })).toEqual(fresh);
    expect(nextAway(fresh, { ...there, show })).toEqual(fresh);
  }
  const chosen = nextAway(set, { ...idle, show: "online" });
  expect(chosen).toEqual({ marked: false, tried: true });
  expect(nextAway(chosen, { ...idle, show: "online" })).toEqual(chosen);
  expect(nextAway(set, { ...there, show: "busy" })).toEqual(fresh);
});

test("whose other device is there may sit at that one", () => {
  const elsewhere = { idle: true, elsewhere: true, show: "online" } as const;
  expect(nextAway(fresh, elsewhere)).toEqual(fresh);
  expect(nextAway(set, { ...elsewhere, show: "away" })).toEqual(set);
});
