/** The windows of the stand-in: pages of a real Chromium that is kept with the shell's data. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { chromium, type BrowserContext, type Download, type Page, type Route } from "playwright";
import * as v from "valibot";
import { chromiumArgs, findChromium, NO_CHROMIUM, thisMachine } from "../scripts/chromium.ts";
import type { Line } from "./line.ts";
import { crash, ORIGIN, pageOf, pageScript, say, STAND_IN } from "./chromium-page.ts";
import { BINDING, type FromPage } from "./page-side.ts";

const Size = { width: v.number(), height: v.number() };
const Open = v.object({
  window: v.number(),
  preload: v.optional(v.string()),
  args: v.array(v.string()),
  ...Size,
});
const Window = v.object({ window: v.number() });
const Load = v.object({ window: v.number(), url: v.string() });
const Send = v.object({ window: v.number(), channel: v.string(), args: v.array(v.unknown()) });
const Focus = v.object({ window: v.number(), isFocused: v.boolean() });
const Resize = v.object({ window: v.number(), ...Size });
const Execute = v.object({ window: v.number(), code: v.string() });
const Type = v.object({ window: v.number(), text: v.string() });
const Edit = v.object({ window: v.number(), command: v.string() });
const Answer = v.object({
  status: v.number(),
  headers: v.record(v.string(), v.string()),
  body: v.instance(Uint8Array),
});

interface Shown {
  readonly open: v.InferOutput<typeof Open>;
  page: Page | undefined;
  isFocused: boolean;
  isCrashed: boolean;
  isClosed: boolean;
  /** Everything that is done to the page, in its order. */
  done: Promise<unknown>;
}

export class ChromiumWindows {
  readonly #line: Line;
  readonly #folder: string;
  readonly #report: (problem: unknown) => void;
  readonly #windows = new Map<number, Shown>();
  /** Every page that was a window's. */
  readonly #own = new WeakSet<Page>();
  #permissions: string[] = [];
  #isEnding = false;
  #downloads = 0;
  #context: Promise<BrowserContext> | undefined;

  /** @param userData the shell's folder; Chromium's profile lies in it */
  constructor(line: Line, userData: string, report: (problem: unknown) => void) {
    this.#line = line;
    this.#folder = join(userData, "chromium");
    this.#report = report;
    line.on("permissions", (value) => {
      this.#permissions = v.parse(v.array(v.string()), value);
    });
    line.on("open", (value) => this.#open(v.parse(Open, value)));
    line.on("load", (value) => {
      const { window, url } = v.parse(Load, value);
      return this.#then(window, (page, shown) => this.#load(page, shown, url));
    });
    line.on("close", (value) => this.#close(v.parse(Window, value).window));
    line.on("send", (value) => {
      const { window, channel, args } = v.parse(Send, value);
      this.#later(window, (page) => say(page, { kind: "message", channel, args }));
    });
    line.on("focus", (value) => {
      const { window, isFocused } = v.parse(Focus, value);
      this.#later(window, (page, shown) => {
        shown.isFocused = isFocused;
        return say(page, { kind: "focus", isFocused });
      });
    });
    line.on("resize", (value) => {
      const { window, ...size } = v.parse(Resize, value);
      this.#later(window, (page) => page.setViewportSize(size));
    });
    line.on("execute", (value) => {
      const { window, code } = v.parse(Execute, value);
      return this.#then(window, (page) => page.evaluate(code));
    });
    line.on("type", (value) => {
      const { window, text } = v.parse(Type, value);
      this.#later(window, (page) => page.keyboard.insertText(text));
    });
    line.on("edit", (value) => {
      const { window, command } = v.parse(Edit, value);
      this.#later(window, (page) => page.evaluate((name) => document.execCommand(name), command));
    });
    line.on("crash", (value) => {
      this.#later(v.parse(Window, value).window, (page) => crash(page));
    });
  }

  /** The pages of the windows that are open, in the order in which they were opened. */
  async pages(): Promise<Page[]> {
    const shown = [...this.#windows.values()];
    await Promise.all(shown.map(({ done }) => done));
    return shown.flatMap(({ page }) => page ?? []);
  }

  /** Ends Chromium; what it keeps is on the disk by then. */
  async close(): Promise<void> {
    this.#isEnding = true;
    for (const shown of this.#windows.values()) shown.isClosed = true;
    const context = await this.#context;
    await context?.close();
  }

  #open(open: v.InferOutput<typeof Open>): void {
    this.#windows.set(open.window, {
      open,
      page: undefined,
      isFocused: false,
      isCrashed: false,
      isClosed: false,
      done: Promise.resolve(),
    });
    this.#later(open.window, async () => {});
  }

  #close(window: number): void {
    const shown = this.#windows.get(window);
    if (shown === undefined) return;
    shown.isClosed = true;
    this.#windows.delete(window);
    // Not in its turn: what still waits for the page ends with it.
    shown.page?.close().catch(this.#report);
  }

  /** Does something to the window's page, after all that was asked before. */
  async #then<Result>(
    window: number,
    act: (page: Page, shown: Shown) => Promise<Result>,
  ): Promise<Result> {
    const shown = this.#windows.get(window);
    if (shown === undefined) throw new Error(`no window ${window}`);
    const result = shown.done.then(async () => act(shown.page ?? (await this.#page(shown)), shown));
    shown.done = result.catch(() => undefined);
    return result;
  }

  #later(window: number, act: (page: Page, shown: Shown) => Promise<unknown>): void {
    // What is said to a window that has gone is lost, as with Electron.
    this.#then(window, act).catch((error: unknown) => {
      if (this.#windows.has(window)) this.#report(error);
    });
  }

  async #load(page: Page, shown: Shown, url: string): Promise<void> {
    if (!shown.isCrashed) {
      await page.goto(url.replace(ORIGIN, STAND_IN), { waitUntil: "domcontentloaded" });
      return;
    }
    // A crashed page takes nothing any longer: the window goes on with another.
    shown.isCrashed = false;
    shown.page = undefined;
    const next = await this.#page(shown);
    await page.close();
    await next.goto(url.replace(ORIGIN, STAND_IN), { waitUntil: "domcontentloaded" });
  }

  async #page(shown: Shown): Promise<Page> {
    const { window, args, preload, width, height } = shown.open;
    this.#context ??= this.#launch();
    const context = await this.#context;
    const [first] = context.pages();
    const isFree = first !== undefined && this.#windowOf(first) === undefined && !first.isClosed();
    const page = isFree && first.url() === "about:blank" ? first : await context.newPage();
    shown.page = page;
    this.#own.add(page);
    const tell = (news: object): void => this.#line.tell("page", { window, ...news });
    page.on("domcontentloaded", () => {
      tell({ what: "ready" });
      // The page that was there before knew it; this one does not.
      if (shown.isFocused)
        this.#later(window, (now) => say(now, { kind: "focus", isFocused: true }));
    });
    page.on("load", () => tell({ what: "loaded" }));
    page.on("crash", () => {
      shown.isCrashed = true;
      tell({ what: "crashed" });
    });
    page.on("download", (download) => {
      this.#save(download).catch(this.#report);
    });
    page.on("close", () => {
      if (!shown.isClosed && shown.page === page) tell({ what: "closed" });
    });
    await page.setViewportSize({ width, height });
    if (preload !== undefined) {
      await page.addInitScript({ content: pageScript(await readFile(preload, "utf8"), args) });
    }
    return page;
  }

  async #launch(): Promise<BrowserContext> {
    const machine = thisMachine();
    const executablePath = findChromium(machine);
    if (executablePath === undefined) throw new Error(NO_CHROMIUM);
    const context = await chromium.launchPersistentContext(this.#folder, {
      executablePath,
      args: [...chromiumArgs(machine.isRoot), "--use-fake-device-for-media-stream"],
      locale: "en-GB",
      permissions: this.#permissions,
    });
    await context.exposeBinding(BINDING, async ({ page, frame }, message: FromPage) => {
      const { kind, channel, args } = message;
      const url = frame.url().replace(STAND_IN, ORIGIN);
      const isMainFrame = frame.parentFrame() === null;
      const window = this.#windowOf(page);
      if (kind === "menu") {
        this.#line.tell("page", { window, what: "menu", place: args[0] });
        return undefined;
      }
      const asked = { window, channel, args: [...args], url, isMainFrame };
      if (kind === "invoke") return this.#line.ask("invoke", asked);
      this.#line.tell("ipc", asked);
      return undefined;
    });
    await context.route("**/*", async (route) => {
      try {
        await this.#route(route);
      } catch (error) {
        // What the pages still ask for while the program ends, nobody answers.
        if (!this.#isEnding) this.#report(error);
      }
    });
    return context;
  }

  /** Whatever a page asks for by HTTP. */
  async #route(route: Route): Promise<void> {
    const request = route.request();
    const page = pageOf(request);
    const window = page === undefined ? undefined : this.#windowOf(page);
    const url = request.url().replace(STAND_IN, ORIGIN);
    if (window === undefined) {
      await route.abort();
      // One of a window that is being closed asks for nothing any longer.
      if (page === undefined || !this.#own.has(page)) await this.#stranger(page, url);
      return;
    }
    if (!url.startsWith(`${ORIGIN}/`)) {
      const isLeaving = request.isNavigationRequest();
      const isMainFrame = isLeaving && request.frame().parentFrame() === null;
      const may = !isLeaving || (await this.#line.ask("leaving", { window, url, isMainFrame }));
      // As if it had never been tried: no error page takes the place of the page.
      await (may === true ? route.continue() : route.abort("aborted"));
      return;
    }
    if (request.isNavigationRequest()) this.#line.tell("page", { window, what: "loading", url });
    const asked = { method: request.method(), url };
    const { status, headers, body } = v.parse(Answer, await this.#line.ask("request", asked));
    await route.fulfill({ status, headers, body: Buffer.from(body) });
  }

  /** The shell says where to, or that it is not to be. */
  async #save(download: Download): Promise<void> {
    this.#downloads += 1;
    const id = this.#downloads;
    const url = download.url().replace(STAND_IN, ORIGIN);
    const asked = { download: id, url, name: download.suggestedFilename() };
    const path = v.parse(v.optional(v.string()), await this.#line.ask("download", asked));
    if (path === undefined) {
      await download.cancel();
      return;
    }
    await download.saveAs(path);
    this.#line.tell("downloaded", { download: id });
  }

  /** A page that the shell did not open: one of its own has tried to. It stays shut here. */
  async #stranger(page: Page | undefined, url: string): Promise<void> {
    const [window] = this.#windows.keys();
    const verdict = await this.#line.ask("opening", { window, url });
    await page?.close();
    if (verdict !== "deny") throw new Error(`the stand-in opens no windows for pages: ${url}`);
  }

  #windowOf(page: Page): number | undefined {
    for (const [window, shown] of this.#windows) if (shown.page === page) return window;
    return undefined;
  }
}
