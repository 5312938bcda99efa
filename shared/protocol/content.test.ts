import * as v from "valibot";
import { expect, test } from "vitest";
import { KeptBody, UnknownBody } from "./content.ts";

function nested(levels: number): unknown {
  return JSON.parse(`{"type":"poll","more":${"[".repeat(levels)}${"]".repeat(levels)}}`);
}

test("what a newer version sends is kept as it is", () => {
  const body = { type: "poll", question: "When?", options: [{ at: 1 }, { at: 2 }] };
  expect(v.parse(KeptBody, body)).toEqual(body);
  expect(v.is(UnknownBody, nested(20))).toBe(true);
});

test("what no store could take is no message, however deep it is", () => {
  for (const levels of [32, 5_000, 30_000]) {
    expect(v.is(UnknownBody, nested(levels))).toBe(false);
    expect(v.is(KeptBody, nested(levels))).toBe(false);
  }
});
