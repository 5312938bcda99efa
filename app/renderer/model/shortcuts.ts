export type Shortcut =
  | { readonly kind: "lock" }
  /** From 0. */
  | { readonly kind: "account"; readonly index: number };

export interface Keys {
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/**
 * What a key press asks of the whole window. Ctrl (Cmd) and Shift and L locks; in a browser Ctrl and
 * a digit belong to its tabs, so that accounts are chosen with Alt there.
 */
export function shortcutOf(keys: Keys, host: "browser" | "electron"): Shortcut | undefined {
  const command = keys.ctrlKey !== keys.metaKey && !keys.altKey;
  if (keys.code === "KeyL") return command && keys.shiftKey ? { kind: "lock" } : undefined;
  const digit = /^Digit([1-9])$/.exec(keys.code)?.[1];
  if (digit === undefined || keys.shiftKey) return undefined;
  const alt = keys.altKey && !keys.ctrlKey && !keys.metaKey;
  return alt || (host === "electron" && command)
    ? { kind: "account", index: Number(digit) - 1 }
    : undefined;
}

/** As it is written on the machine's keyboards. */
export function shortcutWords(kind: "lock" | "accounts", host: "browser" | "electron"): string {
  const mac = /Mac|iPhone|iPad/.test(navigator.userAgent);
  if (kind === "lock") return mac ? "⇧⌘L" : "Ctrl+Shift+L";
  if (host === "electron") return mac ? "⌘1…9" : "Ctrl+1…9";
  return mac ? "⌥1…9" : "Alt+1…9";
}
