import { beforeEach, expect, test, vi } from "vitest";
import { localDrafts } from "./drafts.ts";

const items = new Map<string, string>();
beforeEach(() => {
  items.clear();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, text: string) => void items.set(key, text),
    removeItem: (key: string) => void items.delete(key),
  });
});

test("drafts are kept for the next window, until they are empty or cleared", () => {
  localDrafts().writeDraft("a", "half a thought");
  localDrafts().writeDraft("b", "another");
  expect(localDrafts().readDraft("a")).toBe("half a thought");
  localDrafts().writeDraft("a", "");
  expect(localDrafts().readDraft("a")).toBe("");
  expect(localDrafts().readDraft("b")).toBe("another");
  localDrafts().clearDrafts("a");
  expect(localDrafts().readDraft("b")).toBe("another");
  localDrafts().clearDrafts("");
  expect(items.size).toBe(0);
});

test("the draft that was touched longest ago makes room", () => {
  const drafts = localDrafts();
  for (let number = 0; number < 50; number += 1) drafts.writeDraft(`c${number}`, "x");
  drafts.writeDraft("c0", "touched");
  drafts.writeDraft("c50", "x");
  expect(drafts.readDraft("c0")).toBe("touched");
  expect(drafts.readDraft("c1")).toBe("");
});

test("damaged drafts are none", () => {
  items.set("beeline:drafts", "{");
  expect(localDrafts().readDraft("a")).toBe("");
  localDrafts().writeDraft("a", "new");
  expect(localDrafts().readDraft("a")).toBe("new");
});
