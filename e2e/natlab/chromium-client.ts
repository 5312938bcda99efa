import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium as playwright, type BrowserContext, type Page } from "playwright/test";
import * as v from "valibot";
import { selectedPairOf } from "../../app/peer/selected-pair.ts";
import { ChatMessage, type ClientEvent, type ClientLink, type Sent } from "../client-wire.ts";
import { EventLog } from "../event-log.ts";
import { chromiumArgs } from "../scripts/chromium.ts";
import { openConnections, Seen, showMessages, watchPage } from "./chromium-page.ts";
import type { Lab } from "./lab.ts";
import type { LabClient } from "./lab-client.ts";
import type { Person } from "./scenario.ts";

/** For one step on the slowest of networks. */
const PATIENCE_MS = 45_000;

/** High enough for the messages that are under way: the list has rows for no others. */
const VIEWPORT = { width: 700, height: 2_400 };

/** High enough for all of them at the end. It is too much to paint for every message. */
const HIGH_VIEWPORT = { width: 700, height: 16_000 };

export interface ChromiumClientOptions {
  readonly lab: Pick<Lab, "on" | "folder">;
  readonly person: Person;
  readonly server: string;
  /** The program. */
  readonly chromium: string | undefined;
}

/** The real app in a Chromium of its own; all that is done in it, is done as people do it. */
export class ChromiumClient implements LabClient {
  readonly #log = new EventLog();
  readonly #context: BrowserContext;
  readonly #page: Page;
  readonly #server: string;

  private constructor(context: BrowserContext, page: Page, server: string) {
    this.#context = context;
    this.#page = page;
    this.#server = server;
  }

  static async start(options: ChromiumClientOptions): Promise<ChromiumClient> {
    const { lab, person, server, chromium } = options;
    if (chromium === undefined) throw new Error("there is no Chromium");
    // What it keeps goes with the lab.
    const context = await playwright.launchPersistentContext(join(lab.folder, person), {
      executablePath: onNode(lab, person, chromium),
      // The lab's own handlers end it, and all else in its namespace.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      args: chromiumArgs(true),
      // The server's certificate is its own, which people accept once by hand.
      ignoreHTTPSErrors: true,
      viewport: VIEWPORT,
    });
    context.setDefaultTimeout(PATIENCE_MS);
    const page = await context.newPage();
    const client = new ChromiumClient(context, page, server);
    await page.exposeFunction("labTell", (line: string) => client.#take(line));
    await page.addInitScript(watchPage);
    return client;
  }

  get events(): readonly ClientEvent[] {
    return this.#log.events;
  }

  get received(): readonly ChatMessage[] {
    return this.events.flatMap((event) => (event.event === "message" ? [event.message] : []));
  }

  until: LabClient["until"] = (what, find, options) => this.#log.until(what, find, options);

  async register(userName: string, password: string): Promise<void> {
    const page = this.#page;
    await page.goto(this.#server);
    await page.getByRole("tab", { name: "Create account" }).click();
    await page.getByLabel("User name").fill(userName);
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Create account" }).click();
    await page.getByTestId("main-screen").waitFor();
  }

  async add(userName: string): Promise<void> {
    const page = this.#page;
    await page.getByRole("button", { name: "Add a buddy" }).first().click();
    const dialog = page.getByRole("dialog", { name: "Add a buddy" });
    await dialog.getByLabel("User name").first().fill(userName);
    await dialog.getByRole("button", { name: "Send request" }).click();
    await dialog.waitFor({ state: "hidden" });
  }

  async accept(userName: string): Promise<void> {
    await this.#page.getByRole("tab", { name: /Buddies/ }).click();
    const row = this.#page.locator(`[data-testid="request-row"][data-user="${userName}"]`);
    await row.getByRole("button", { name: /^Accept/ }).click();
  }

  /** Also opens the conversation. */
  async isBuddy(userName: string): Promise<void> {
    await this.#page.getByRole("tab", { name: /Buddies/ }).click();
    await this.#page.locator(`[data-testid="buddy-row"][data-user="${userName}"] button`).click();
    // It keeps the focus, as nothing else is done there.
    await this.#page.getByTestId("composer").focus();
  }

  async setRoute(): Promise<void> {
    throw new Error("no scenario with Chromium sets a route");
  }

  async send(_: string, text: string): Promise<Sent> {
    const { keyboard } = this.#page;
    await keyboard.insertText(text);
    // By the clock of the machine, which the page tells, too.
    const at = performance.timeOrigin + performance.now();
    await keyboard.press("Enter");
    const id = await this.until(
      `the row of ${text}`,
      (event) =>
        event.event === "messageChanged" && event.message.text === text
          ? event.message.id
          : undefined,
      { timeoutMs: PATIENCE_MS },
    );
    return { id, at };
  }

  async history(): Promise<readonly ChatMessage[]> {
    await this.#page.setViewportSize(HIGH_VIEWPORT);
    await this.#page.locator(".chat-start").waitFor();
    return v.parse(v.array(ChatMessage), await this.#page.evaluate(showMessages));
  }

  async links(): Promise<readonly ClientLink[]> {
    const last = this.events.findLast((event) => event.event === "link");
    if (last === undefined) return [];
    const reports = v.parse(
      v.array(v.array(v.unknown())),
      await this.#page.evaluate(openConnections),
    );
    const pair = reports.map(selectedPairOf).findLast((found) => found !== undefined);
    return [{ ...last.link, ...(pair === undefined ? {} : { pair }) }];
  }

  async restart(): Promise<void> {
    throw new Error("no scenario starts Chromium again");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }

  #take(line: string): void {
    this.#log.add(v.parse(Seen, JSON.parse(line)));
  }
}

/** A program of that name's own that runs Chromium on a node: Playwright starts one file. */
function onNode(lab: Pick<Lab, "on" | "folder">, person: Person, chromium: string): string {
  const file = join(lab.folder, `chromium-of-${person}`);
  const command = [...lab.on(person), chromium].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
  writeFileSync(file, `#!/bin/sh\nexec ${command.join(" ")} "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}
