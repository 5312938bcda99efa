import type { MenuCommand } from "../../preload/bridge.ts";
import type { Keys } from "./shortcuts.ts";

/** What a person asks of the window, by the menu or the keyboard. */
export type Command = MenuCommand;

/** Between those who ask for something and the screen that does it, if it is there. */
export class Commands {
  readonly #handlers = new Map<Command, (() => void)[]>();

  /** The one that was added last does it. Ends with the returned function. */
  on(command: Command, handler: () => void): () => void {
    const own = (): void => handler();
    this.#handlers.set(command, [...(this.#handlers.get(command) ?? []), own]);
    return () => {
      const left = (this.#handlers.get(command) ?? []).filter((other) => other !== own);
      this.#handlers.set(command, left);
    };
  }

  /** False where nobody does it now: no account is open, or the app is locked. */
  run(command: Command): boolean {
    const handler = this.#handlers.get(command)?.at(-1);
    handler?.();
    return handler !== undefined;
  }
}

export interface CommandKeys extends Keys {
  /** The character, which differs between keyboards. */
  readonly key: string;
}

/**
 * The command of a key press. What belongs to a browser (Ctrl+N) is left to it; keys that type a
 * character on some keyboard are not used. The search hears its own.
 */
export function commandOf(keys: CommandKeys, host: "browser" | "electron"): Command | undefined {
  if (keys.altKey && !keys.ctrlKey && !keys.metaKey && !keys.shiftKey) {
    if (keys.code === "ArrowDown") return "next-conversation";
    if (keys.code === "ArrowUp") return "previous-conversation";
    return undefined;
  }
  if (keys.ctrlKey === keys.metaKey || keys.altKey) return undefined;
  switch (keys.key.toLowerCase()) {
    case "n":
      if (host !== "electron") return undefined;
      return keys.shiftKey ? "new-group" : "new-conversation";
    case ",":
      return "settings";
    // Of some keyboards it is typed with Shift.
    case "/":
      return "shortcuts";
    default:
      return undefined;
  }
}

/** As it is written on the machine's keyboards; undefined where the host has none for it. */
export function commandWords(
  command: Command,
  host: "browser" | "electron",
  mac: boolean,
): string | undefined {
  const ctrl = mac ? "⌘" : "Ctrl+";
  const alt = mac ? "⌥" : "Alt+";
  switch (command) {
    case "search":
      return `${ctrl}K`;
    case "settings":
      return `${ctrl},`;
    case "shortcuts":
      return `${ctrl}/`;
    case "new-conversation":
      return host === "electron" ? `${ctrl}N` : undefined;
    case "new-group":
      return host === "electron" ? (mac ? "⇧⌘N" : "Ctrl+Shift+N") : undefined;
    case "next-conversation":
      return `${alt}↓`;
    case "previous-conversation":
      return `${alt}↑`;
    case "about":
      return undefined;
  }
}

/** Does commands of the keyboard. A dialog has the keyboard for itself. */
export function listenForCommands(
  commands: Commands,
  host: "browser" | "electron",
  target: Document,
): () => void {
  const onKey = (event: KeyboardEvent): void => {
    if (event.defaultPrevented || event.isComposing) return;
    const command = commandOf(event, host);
    if (command === undefined || target.querySelector("dialog[open]") !== null) return;
    if (commands.run(command)) event.preventDefault();
  };
  target.addEventListener("keydown", onKey);
  return () => target.removeEventListener("keydown", onKey);
}
