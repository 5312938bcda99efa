import { expect, test } from "vitest";
import { shortcutOf, type Keys } from "./shortcuts.ts";

const keys = (code: string, held: Partial<Keys> = {}): Keys => ({
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...held,
  code,
});

test("the lock, by either command key", () => {
  expect(shortcutOf(keys("KeyL", { ctrlKey: true, shiftKey: true }), "browser")?.kind).toBe("lock");
  expect(shortcutOf(keys("KeyL", { metaKey: true, shiftKey: true }), "electron")?.kind).toBe(
    "lock",
  );
  expect(shortcutOf(keys("KeyL", { shiftKey: true }), "browser")).toBeUndefined();
  expect(shortcutOf(keys("KeyL", { ctrlKey: true }), "browser")).toBeUndefined();
});

test("accounts by number; a browser keeps Ctrl for its tabs, AltGr stays a letter's key", () => {
  expect(shortcutOf(keys("Digit2", { altKey: true }), "browser")).toEqual({
    kind: "account",
    index: 1,
  });
  expect(shortcutOf(keys("Digit2", { ctrlKey: true }), "browser")).toBeUndefined();
  expect(shortcutOf(keys("Digit9", { ctrlKey: true }), "electron")).toEqual({
    kind: "account",
    index: 8,
  });
  expect(shortcutOf(keys("Digit2", { ctrlKey: true, altKey: true }), "electron")).toBeUndefined();
  expect(shortcutOf(keys("Digit2"), "electron")).toBeUndefined();
  expect(shortcutOf(keys("Digit0", { altKey: true }), "electron")).toBeUndefined();
});
