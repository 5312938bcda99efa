import { isOwn } from "./scheme.ts";

/** Longer addresses are refused: no honest link needs them, and some shells cut them. */
const MAX_EXTERNAL_URL = 2048;

interface NavigationEvent {
  readonly url: string;
  preventDefault(): void;
}

/** The part of Electron's WebContents that the guard uses. */
export interface GuardedContents {
  on(event: "will-frame-navigate", listener: (event: NavigationEvent) => void): unknown;
  on(event: "will-redirect", listener: (event: NavigationEvent) => void): unknown;
  on(event: "will-attach-webview", listener: (event: { preventDefault(): void }) => void): unknown;
  setWindowOpenHandler(handler: (details: { url: string }) => { action: "deny" }): void;
}

/**
 * The address to hand to the system's browser, or undefined where it must not be: only http and
 * https, for other schemes start programs; no user name in it, for that is how a link lies.
 */
export function externalUrl(text: string): string | undefined {
  if (text.length > MAX_EXTERNAL_URL || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  const web = url.protocol === "http:" || url.protocol === "https:";
  return web && url.username === "" && url.password === "" ? url.href : undefined;
}

/** The window stays on its own page: links elsewhere open outside, new windows never. */
export function guardNavigation(
  contents: GuardedContents,
  openExternal: (url: string) => void,
): void {
  const leave = (text: string): void => {
    const url = externalUrl(text);
    if (url !== undefined) openExternal(url);
  };
  contents.on("will-frame-navigate", (event) => {
    if (isOwn(event.url)) return;
    event.preventDefault();
    leave(event.url);
  });
  contents.on("will-redirect", (event) => {
    if (!isOwn(event.url)) event.preventDefault();
  });
  contents.on("will-attach-webview", (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    leave(url);
    return { action: "deny" };
  });
}
