import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright";
import * as v from "valibot";
import { chromiumArgs, findChromium, NO_CHROMIUM, thisMachine } from "../scripts/chromium.ts";
import { fillHistory } from "../support/long-history.ts";
import { Person } from "../support/person.ts";
import { RendezvousProcess } from "../support/rendezvous-process.ts";
import type { Figure } from "./figure.ts";
import { median, p95 } from "./statistics.ts";

const MESSAGES = 100_000;
const CONVERSATIONS = 500;
const STARTS = 5;

/** What tells that the list of chats is there. */
const ROWS = "conversation-row";

/** Typed letter by letter: common and rare, two words, Chinese, and what is nowhere. */
const TYPED = [
  "honey",
  "meet tom",
  "会议室",
  "99990",
  "下午三",
  "contract review",
  "zzz",
  "the har",
];

/** The window with a history of years: until it is of use, while one types, while one scrolls. */
export async function history(folder: string): Promise<Figure[]> {
  const machine = thisMachine();
  const executablePath = findChromium(machine);
  if (executablePath === undefined) throw new Error(NO_CHROMIUM);
  const built = fileURLToPath(new URL("../../dist/renderer/index.html", import.meta.url));
  if (!existsSync(built)) throw new Error("npm run build first");
  await using server = await RendezvousProcess.start(join(folder, "server"));
  await using context = await chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath,
    args: chromiumArgs(machine.isRoot),
    viewport: { width: 1280, height: 800 },
    locale: "en-GB",
  });
  const first = Person.at("ada", await context.newPage());
  await first.register(server.address);
  await first.leave();
  const empty: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const page = await context.newPage();
    empty.push(await usefulAfter(page, server.address, "main-screen"));
    await page.close();
  }
  const filling = await context.newPage();
  await fillHistory(filling, server.address, { messages: MESSAGES, conversations: CONVERSATIONS });
  await filling.close();

  const starts: number[] = [];
  for (let start = 0; start < STARTS; start++) {
    const page = await context.newPage();
    starts.push(await usefulAfter(page, server.address, ROWS));
    await page.close();
  }
  const page = await context.newPage();
  await usefulAfter(page, server.address, ROWS);
  const cold = await typing(page, "harbour");
  // Nowhere: all that there is has been read when that is known.
  const [all = 0] = await typing(page, "zqx");
  const times: number[] = [];
  for (const words of TYPED) times.push(...(await typing(page, words)));
  const list = await scrolling(page, '[data-testid="sidebar-list"]', 1);
  await page.getByTestId("conversation-row").first().getByRole("button").first().click();
  await page.getByTestId("message").first().waitFor();
  const chat = await scrolling(page, '[data-testid="messages"]', -1);
  const of = `${MESSAGES.toLocaleString("en")} messages in ${CONVERSATIONS} chats`;
  const atMost = (limit: number) => ({ bound: "at most", limit, of: "value" }) as const;
  return [
    {
      name: `first useful screen, ${of}`,
      value: median(starts),
      reference: { name: "with nothing in it", value: median(empty) },
      unit: "ms",
      goal: atMost(1_000),
    },
    {
      name: `search right after the start, slowest letter, ${of}`,
      value: Math.max(...cold),
      unit: "ms",
    },
    { name: `first search through everything, ${of}`, value: all, unit: "ms" },
    { name: `search while typing, p50, ${of}`, value: median(times), unit: "ms" },
    { name: `search while typing, p95, ${of}`, value: p95(times), unit: "ms", goal: atMost(100) },
    {
      name: `longest task while the list of chats scrolls, ${of}`,
      value: list,
      unit: "ms",
      goal: atMost(50),
    },
    { name: `longest task while a chat scrolls, ${of}`, value: chat, unit: "ms", goal: atMost(50) },
  ];
}

/** From the navigation to the first painted rows of the list, ms. */
async function usefulAfter(page: Page, address: string, testId: string): Promise<number> {
  await page.addInitScript((id) => {
    const observer = new MutationObserver(() => {
      if (document.querySelector(`[data-testid="${id}"]`) === null) return;
      observer.disconnect();
      // Two frames: the first draws them.
      requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("beeline:chats")));
    });
    observer.observe(document, { childList: true, subtree: true });
  }, testId);
  await page.goto(address);
  await page.getByTestId(testId).first().waitFor();
  await page.waitForFunction(() => performance.getEntriesByName("beeline:chats").length > 0);
  return await page.evaluate(() => {
    const [navigation] = performance.getEntriesByType("navigation");
    const rows = performance.getEntriesByName("beeline:chats");
    return (rows[0]?.startTime ?? performance.now()) - (navigation?.startTime ?? 0);
  });
}

/** Types letter by letter; ms from each letter to all that it finds first. */
async function typing(page: Page, words: string): Promise<readonly number[]> {
  const field = page.getByRole("textbox", { name: "Search", exact: true });
  await field.fill("");
  await field.focus();
  return await field.evaluate(async (element, text) => {
    if (!(element instanceof HTMLInputElement)) throw new Error("no field");
    const spent: number[] = [];
    for (let length = 1; length <= text.length; length++) {
      const query = text.slice(0, length);
      if (query.endsWith(" ")) continue;
      const start = performance.now();
      element.value = query;
      element.dispatchEvent(new InputEvent("input", { bubbles: true }));
      const { promise, resolve } = Promise.withResolvers<void>();
      const look = (): void => {
        const shown = document.querySelector<HTMLElement>('[data-testid="search-results"]');
        if (shown?.dataset["query"] === query) requestAnimationFrame(() => resolve());
        else setTimeout(look);
      };
      look();
      await promise;
      spent.push(performance.now() - start);
    }
    element.value = "";
    element.dispatchEvent(new InputEvent("input", { bubbles: true }));
    return spent;
  }, words);
}

/** The longest task that the page reports while the wheel turns for some seconds, ms. */
async function scrolling(page: Page, selector: string, direction: 1 | -1): Promise<number> {
  await page.locator(selector).hover();
  await page.evaluate(() => {
    const longest = { ms: 0 };
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest.ms = Math.max(longest.ms, duration);
    });
    observer.observe({ type: "longtask" });
    Object.assign(globalThis, { longest });
  });
  for (let turn = 0; turn < 120; turn++) {
    await page.mouse.wheel(0, direction * 400);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  const found = await page.evaluate<unknown>("globalThis.longest.ms");
  return v.parse(v.number(), found);
}
