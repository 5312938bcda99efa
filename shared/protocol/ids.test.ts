import fc from "fast-check";
import * as v from "valibot";
import { expect, test } from "vitest";
import { decodeId, encodeId, ID_BYTES, MessageId } from "./ids.ts";

test("an id's text and its 16 bytes are one and the same", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: ID_BYTES, maxLength: ID_BYTES }), (bytes) => {
      const id = encodeId(bytes);
      expect(v.is(MessageId, id)).toBe(true);
      const back = new Uint8Array(ID_BYTES + 2);
      decodeId(id, back, 1);
      expect(back.subarray(1, 1 + ID_BYTES)).toEqual(bytes);
    }),
  );
});

test("the text is base64url (RFC 4648 §5)", () => {
  expect(encodeId(Uint8Array.from({ length: ID_BYTES }, (_, index) => 255 - index))).toBe(
    "__79_Pv6-fj39vX08_Lx8A",
  );
});

test.each([
  "",
  "short",
  "A".repeat(23),
  "A".repeat(21) + "B",
  "A".repeat(21) + "=",
  "é".repeat(22),
])("W2: %j is no id", (text) => {
  expect(v.is(MessageId, text)).toBe(false);
});

test("encodeId refuses any other length", () => {
  expect(() => encodeId(new Uint8Array(15))).toThrow(RangeError);
});
