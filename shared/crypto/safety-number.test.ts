import { expect, test } from "vitest";
import fc from "fast-check";
import { accountFingerprint, isSafetyCode, safetyCode, safetyNumber } from "./index.ts";

const filled = (value: number, length = 32) => new Uint8Array(length).fill(value);
const ada = accountFingerprint({
  userId: filled(1, 16),
  devices: [filled(11), filled(12)],
  passwordKey: filled(13),
});
const ben = accountFingerprint({
  userId: filled(2, 16),
  devices: [filled(21)],
  passwordKey: undefined,
});

test("I10: known answers stay the same from version to version", () => {
  expect(safetyNumber(ada, ben)).toMatchInlineSnapshot(
    `"597529493742756564845139660931331731904874359377858891120208"`,
  );
  expect(safetyCode(ada, ben)).toMatchInlineSnapshot(
    `"beeline-safety:1:Z9tYxmioMZiseZX8v5ukTjxERkSDuaD9hIBdSj-jer4:L2wxTNV0AEBH6Bs0Kdd3wyDD_Hl3ouRzL_tEguSwzL4"`,
  );
});

test("I10: 60 digits, the same from both ends, 30 of each account", () => {
  const number = safetyNumber(ada, ben);
  expect(number).toMatch(/^\d{60}$/);
  expect(safetyNumber(ben, ada)).toBe(number);
  const other = accountFingerprint({ userId: filled(3, 16), devices: [], passwordKey: undefined });
  expect(safetyNumber(ada, other).slice(0, 30)).toBe(number.slice(0, 30));
  expect(safetyNumber(ada, other).slice(30)).not.toBe(number.slice(30));
});

test("I10: the order of the devices does not matter; each key, the password's and the account do", () => {
  const list = {
    userId: filled(1, 16),
    devices: [filled(12), filled(11)],
    passwordKey: filled(13),
  };
  expect(accountFingerprint(list)).toEqual(ada);
  for (const change of [
    { userId: filled(9, 16) },
    { devices: [filled(11)] },
    { devices: [filled(11), filled(12), filled(13)] },
    { devices: [filled(11), filled(99)] },
    { passwordKey: filled(99) },
    { passwordKey: undefined },
  ]) {
    expect(accountFingerprint({ ...list, ...change }).bytes).not.toEqual(ada.bytes);
  }
});

test("I10: a key cannot stand for a device and for the password alike", () => {
  const userId = filled(1, 16);
  const a = accountFingerprint({ userId, devices: [filled(1), filled(2)], passwordKey: filled(3) });
  const b = accountFingerprint({
    userId,
    devices: [filled(1), filled(2), filled(3)],
    passwordKey: undefined,
  });
  expect(a.bytes).not.toEqual(b.bytes);
});

test("I10: a code is the same from both ends and counts only as a whole", () => {
  const code = safetyCode(ada, ben);
  expect(safetyCode(ben, ada)).toBe(code);
  expect(isSafetyCode(code, ben, ada)).toBe(true);
  expect(code).toMatch(/^beeline-safety:1:[\w-]{43}:[\w-]{43}$/);
  fc.assert(
    fc.property(fc.nat(code.length - 1), fc.string({ minLength: 1, maxLength: 3 }), (at, text) => {
      const changed = code.slice(0, at) + text + code.slice(at + 1);
      fc.pre(changed !== code);
      expect(isSafetyCode(changed, ada, ben)).toBe(false);
      expect(isSafetyCode(code.slice(0, at), ada, ben)).toBe(false);
    }),
  );
  expect(isSafetyCode(`${code}A`, ada, ben)).toBe(false);
  expect(isSafetyCode("", ada, ben)).toBe(false);
});
