/** What runs in every page of the stand-in before its own scripts: Electron's renderer, as far as it is used. */

/** What the page tells, over the one binding that it has; `menu`: what was pressed for a menu. */
export interface FromPage {
  readonly kind: "invoke" | "menu" | "send";
  readonly channel: string;
  readonly args: readonly unknown[];
}

/** What is said to the page, by the symbol under which it listens. */
export type ToPage =
  | { readonly kind: "message"; readonly channel: string; readonly args: readonly unknown[] }
  | { readonly kind: "focus"; readonly isFocused: boolean };

/** The name of the binding; taken out of the page's sight before its scripts run. */
export const BINDING = "electronHostBinding";
/** `Symbol.for` this. */
export const LISTENER = "electron-host";

/**
 * Runs the preload as Electron would: with `require("electron")`, the window's arguments and nothing
 * of Node. Whole in itself, for its text is what goes into the page.
 * @throws what the preload throws; MissingApi's text where it uses something else of Electron
 */
export function preparePage(
  run: (require: (name: string) => unknown, process: object, module: object) => void,
  names: { readonly binding: string; readonly listener: string },
  argv: readonly string[],
): void {
  type Listener = (event: object, ...args: unknown[]) => void;
  const say: unknown = Reflect.get(globalThis, names.binding);
  Reflect.deleteProperty(globalThis, names.binding);
  const listeners = new Map<string, Set<Listener>>();
  let isFocused = false;

  // Chromium without a screen holds every page for focused.
  document.hasFocus = () => isFocused;
  Object.defineProperty(globalThis, Symbol.for(names.listener), {
    value: (news: ToPage) => {
      if (news.kind === "focus") {
        isFocused = news.isFocused;
        globalThis.dispatchEvent(new Event(isFocused ? "focus" : "blur"));
        return;
      }
      for (const listener of listeners.get(news.channel) ?? []) listener({}, ...news.args);
    },
  });

  async function ask(
    kind: FromPage["kind"],
    channel: string,
    args: readonly unknown[],
  ): Promise<unknown> {
    if (typeof say !== "function") throw new TypeError("the page has no line to its host");
    const answer: unknown = await Reflect.apply(say, undefined, [{ kind, channel, args }]);
    return answer;
  }

  // At last: a page that has a menu of its own there prevents this one.
  globalThis.addEventListener("contextmenu", (event) => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.defaultPrevented) return;
    const place = {
      isEditable: target.matches("input, textarea"),
      selectionText: String(getSelection() ?? ""),
      linkURL: target.closest("a")?.href ?? "",
    };
    void ask("menu", "", [place]);
  });

  const ipcRenderer = loud("ipcRenderer", {
    invoke: async (channel: string, ...args: unknown[]) => {
      try {
        return await ask("invoke", channel, args);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new Error(`Error invoking remote method '${channel}': ${why}`, { cause: error });
      }
    },
    send: (channel: string, ...args: unknown[]) => void ask("send", channel, args),
    on: (channel: string, listener: Listener) => {
      listeners.set(channel, (listeners.get(channel) ?? new Set()).add(listener));
      return ipcRenderer;
    },
    removeListener: (channel: string, listener: Listener) => {
      listeners.get(channel)?.delete(listener);
      return ipcRenderer;
    },
  });

  const contextBridge = loud("contextBridge", {
    exposeInMainWorld: (key: string, api: unknown) => {
      Object.defineProperty(globalThis, key, { value: crossing(api), enumerable: true });
    },
  });

  /**
   * What arrives on the other side of the bridge: copies of plain things, functions that take and
   * give copies, nothing else.
   */
  function crossing(value: unknown): unknown {
    if (typeof value === "function") {
      return (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, undefined, args.map(crossing));
        return crossing(result);
      };
    }
    if (value instanceof Promise) return value.then(crossing);
    if (Array.isArray(value)) return Object.freeze(value.map(crossing));
    if (typeof value !== "object" || value === null) return value;
    const kind: unknown = Object.getPrototypeOf(value);
    // Bytes, dates, files: what the structured clone takes.
    if (kind !== Object.prototype && kind !== null) return structuredClone(value);
    const entries = Object.entries(value).map(([key, part]) => [key, crossing(part)] as const);
    return Object.freeze(Object.fromEntries(entries));
  }

  function loud<Part extends object>(name: string, part: Part): Part {
    return new Proxy(part, {
      get(object, key) {
        if (typeof key === "string" && !(key in object) && key !== "then") {
          throw new Error(
            `The stand-in for Electron has no ${name}.${key}: add it under e2e/electron-host`,
          );
        }
        const value: unknown = Reflect.get(object, key);
        return value;
      },
    });
  }

  const electron = loud("electron (in the preload)", { ipcRenderer, contextBridge });
  run(
    (name) => {
      if (name === "electron" || name === "electron/renderer") return electron;
      throw new Error(`A sandboxed preload has no module "${name}"`);
    },
    { argv: ["electron", ...argv], platform: "linux", env: {}, contextIsolated: true },
    { exports: {} },
  );
}
