import { expect, it } from "vitest";
import { KeyProtection, type KeyStorage } from "./key-protection.ts";

function storage(available: boolean): KeyStorage {
  return {
    isEncryptionAvailable: () => available,
    encryptString: (text) => Buffer.from(`sealed ${text}`),
    decryptString(sealed) {
      const text = sealed.toString();
      if (!text.startsWith("sealed ")) throw new Error("not ours");
      return text.slice("sealed ".length);
    },
  };
}

it("gives back what it protected, and refuses anything else", () => {
  const protection = new KeyProtection(storage(true));
  const sealed = protection.protect("a2V5");
  expect(sealed).not.toContain("a2V5");
  expect(protection.unprotect(sealed ?? "")).toBe("a2V5");
  expect(() => protection.unprotect(Buffer.from("other").toString("base64"))).toThrow(Error);
});

it("protects nothing where the system has no place for keys", () => {
  expect(new KeyProtection(storage(false)).protect("a2V5")).toBeUndefined();
  // Chromium's own stand-in: a password that everybody knows.
  const plain = { ...storage(true), getSelectedStorageBackend: () => "basic_text" };
  expect(new KeyProtection(plain).available).toBe(false);
  expect(new KeyProtection(plain).protect("a2V5")).toBeUndefined();
  const guarded = { ...storage(true), getSelectedStorageBackend: () => "kwallet6" };
  expect(new KeyProtection(guarded).available).toBe(true);
});
