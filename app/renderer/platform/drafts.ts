import * as v from "valibot";
import { readItem, writeItem } from "./local-items.ts";
import type { Platform } from "./platform.ts";

const KEY = "beeline:drafts";
/** More are not kept: the one that was touched longest ago goes. */
const MAX_DRAFTS = 50;
/** Longer ones could not be sent either; all together stay far below a storage's 5 MiB. */
const MAX_LENGTH = 20_000;

/** Key and text, oldest first. */
const Drafts = v.array(v.tuple([v.string(), v.string()]));

/** Drafts in the local storage: both hosts have one, and it outlives the window. */
export function localDrafts(): Pick<Platform, "readDraft" | "writeDraft" | "clearDrafts"> {
  return {
    readDraft: (key) => read().find(([known]) => known === key)?.[1] ?? "",
    writeDraft(key, text) {
      // Read anew: another window may have written its own.
      const others = read().filter(([known]) => known !== key);
      const all = text === "" ? others : [...others, [key, text.slice(0, MAX_LENGTH)] as const];
      writeItem(KEY, all.length === 0 ? "" : JSON.stringify(all.slice(-MAX_DRAFTS)));
    },
    clearDrafts(prefix) {
      const others = read().filter(([known]) => !known.startsWith(prefix));
      writeItem(KEY, others.length === 0 ? "" : JSON.stringify(others));
    },
  };
}

function read(): readonly (readonly [string, string])[] {
  const text = readItem(KEY);
  if (text === undefined) return [];
  try {
    return v.parse(Drafts, JSON.parse(text));
  } catch {
    // Damaged: as if there were none; the next one written replaces it.
    return [];
  }
}
