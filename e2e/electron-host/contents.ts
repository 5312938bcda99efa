/** Electron's `webContents`: the page of one window, shown elsewhere by a real Chromium. */
import { EventEmitter } from "node:events";
import type Electron from "electron";
import * as v from "valibot";
import { HostEvent } from "./event.ts";
import { line } from "./link.ts";
import { defaultSession, type HostSession } from "./session.ts";

type Known =
  | "copy"
  | "cut"
  | "executeJavaScript"
  | "focus"
  | "forcefullyCrashRenderer"
  | "getURL"
  | "id"
  | "isCrashed"
  | "isDestroyed"
  | "isLoading"
  | "paste"
  | "reload"
  | "replaceMisspelling"
  | "selectAll"
  | "send"
  | "setBackgroundThrottling"
  | "setWebRTCIPHandlingPolicy"
  | "setWindowOpenHandler";

type OpenHandler = Parameters<Electron.WebContents["setWindowOpenHandler"]>[0];

/** What the windows' owner tells of a page. */
export const PageNews = v.variant("what", [
  v.object({ what: v.literal("loading"), url: v.string() }),
  v.object({ what: v.picklist(["ready", "loaded", "crashed", "closed"]) }),
  v.object({
    what: v.literal("menu"),
    place: v.object({ isEditable: v.boolean(), selectionText: v.string(), linkURL: v.string() }),
  }),
]);

export class HostContents extends EventEmitter implements Pick<Electron.WebContents, Known> {
  readonly id: number;
  readonly session: HostSession = defaultSession;
  #url = "";
  #isCrashed = false;
  #isLoading = false;
  #isDestroyed = false;
  #openHandler: OpenHandler = () => ({ action: "allow" });

  constructor(id: number) {
    super();
    this.id = id;
  }

  async load(url: string): Promise<void> {
    this.#isCrashed = false;
    await line.ask("load", { window: this.id, url });
  }
  reload(): void {
    this.load(this.#url).catch((error: unknown) => {
      this.emit("did-fail-load", new HostEvent(), -2, String(error), this.#url, true);
    });
  }
  getURL(): string {
    return this.#url;
  }
  isLoading(): boolean {
    return this.#isLoading;
  }
  isCrashed(): boolean {
    return this.#isCrashed;
  }
  isDestroyed(): boolean {
    return this.#isDestroyed;
  }
  send(channel: string, ...args: unknown[]): void {
    line.tell("send", { window: this.id, channel, args });
  }
  executeJavaScript(code: string): Promise<unknown> {
    return line.ask("execute", { window: this.id, code });
  }
  forcefullyCrashRenderer(): void {
    line.tell("crash", { window: this.id });
  }
  focus(): void {
    // The window's own affair here.
  }
  setWindowOpenHandler(handler: OpenHandler): void {
    this.#openHandler = handler;
  }
  setWebRTCIPHandlingPolicy(): void {
    // "default" is what Chromium does.
  }
  setBackgroundThrottling(): void {
    // The pages of the stand-in are never throttled.
  }
  #edit(command: string): void {
    line.tell("edit", { window: this.id, command });
  }
  copy(): void {
    this.#edit("copy");
  }
  cut(): void {
    this.#edit("cut");
  }
  paste(): void {
    this.#edit("paste");
  }
  selectAll(): void {
    this.#edit("selectAll");
  }
  replaceMisspelling(text: string): void {
    line.tell("type", { window: this.id, text });
  }

  /** What happened to the page. */
  take(news: v.InferOutput<typeof PageNews>): void {
    if (news.what === "loading") {
      this.#url = news.url;
      this.#isLoading = true;
      this.emit("did-start-loading");
    } else if (news.what === "ready") {
      this.emit("dom-ready", new HostEvent());
    } else if (news.what === "loaded") {
      this.#isLoading = false;
      this.emit("did-finish-load");
      this.emit("did-stop-loading");
    } else if (news.what === "menu") {
      // Chromium's own spelling, which finds nothing here, and everything that can be done to a text.
      const editFlags = { canCut: true, canCopy: true, canPaste: true, canSelectAll: true };
      const spelling = { misspelledWord: "", dictionarySuggestions: [] };
      this.emit("context-menu", new HostEvent(), { ...news.place, ...spelling, editFlags });
    } else if (news.what === "crashed") {
      this.#isCrashed = true;
      this.emit("render-process-gone", new HostEvent(), { reason: "crashed", exitCode: 5 });
    }
  }

  /** Asks the shell whether the page may go there. @returns whether it may */
  leave(url: string, isMainFrame: boolean): boolean {
    const event = Object.assign(new HostEvent(), { url, isMainFrame, isSameDocument: false });
    this.emit("will-frame-navigate", event);
    if (isMainFrame) this.emit("will-navigate", event, url);
    return !event.defaultPrevented;
  }
  /** Asks the shell whether the page may open a window. */
  open(url: string): "allow" | "deny" {
    return this.#openHandler({
      url,
      frameName: "",
      features: "",
      disposition: "foreground-tab",
      referrer: { policy: "no-referrer", url: "" },
    }).action;
  }
  gone(): void {
    this.#isDestroyed = true;
    this.emit("destroyed");
  }
}
