import { logWarning } from "./log.ts";

/** Texts in the local storage: best effort, for it may be full or forbidden. */
export function readItem(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch (error) {
    logWarning("storage not readable", error);
    return undefined;
  }
}

/** An empty text removes the item. */
export function writeItem(key: string, text: string): void {
  try {
    if (text === "") localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch (error) {
    logWarning("storage not writable", error);
  }
}
