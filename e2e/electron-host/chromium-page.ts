/** What is done to one page of the Chromium that stands in. */
import type { Page, Request } from "playwright";
import { BINDING, LISTENER, preparePage, type ToPage } from "./page-side.ts";

/** Chromium opens no unknown schemes: this origin is as secure and as much its own. */
export const STAND_IN = "http://beeline.localhost";
export const ORIGIN = "app://beeline";

/** The page that asks; undefined while the one that it is for does not exist yet. */
export function pageOf(request: Request): Page | undefined {
  try {
    return request.frame().page();
  } catch {
    return undefined;
  }
}

/** The preload, as it runs before the page's own scripts. */
export function pageScript(preload: string, args: readonly string[]): string {
  const names = JSON.stringify({ binding: BINDING, listener: LISTENER });
  const run = `function (require, process, module) { const { exports } = module;\n${preload}\n}`;
  const start = `(${preparePage.toString()})(${run}, ${names}, ${JSON.stringify(args)});`;
  // The app's own page only, and no frames in it.
  return `if (location.origin === ${JSON.stringify(STAND_IN)} && self === top) {\n${start}\n}`;
}

/** Tells the page's side of the stand-in. */
export async function say(page: Page, news: ToPage): Promise<void> {
  await page.evaluate(
    ([name, said]) => {
      const listener: unknown = Reflect.get(globalThis, Symbol.for(name));
      // Nobody listens on a page that has not loaded yet.
      if (typeof listener === "function") Reflect.apply(listener, undefined, [said]);
    },
    [LISTENER, news] as const,
  );
}

/** Ends the page's process; returns when it has gone. */
export async function crash(page: Page): Promise<void> {
  const gone = new Promise((resolve) => void page.once("crash", resolve));
  const session = await page.context().newCDPSession(page);
  // Never answered: who would, has gone.
  session.send("Page.crash").catch(() => undefined);
  await gone;
}
