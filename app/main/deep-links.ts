/** Links that open the app: what the operating system hands over, before anybody has read it. */
import * as v from "valibot";

/** Of links that open the app. */
export const LINK_SCHEME = "beeline";

/** Longer ones are refused; an invitation has less than 300 characters. */
const MAX_LINK_LENGTH = 2048;

/**
 * A link of our own scheme in the characters of a URI (RFC 3986 §2) and no others: no space, no
 * quote, no control character that could mean something to whoever handles it next.
 */
const Link = v.pipe(
  v.string(),
  v.maxLength(MAX_LINK_LENGTH),
  v.regex(new RegExp(`^${LINK_SCHEME}:[\\w\\-.~:/?#[\\]@!$&'()*+,;=%]+$`, "i")),
);

/** The link, or undefined where the text is none that may be passed on. */
export function deepLink(text: unknown): string | undefined {
  const parsed = v.safeParse(Link, text);
  return parsed.success ? parsed.output : undefined;
}

/**
 * The link in a program's arguments, as Windows and Linux hand it over. Of another instance's
 * arguments nothing else is taken: a link could not have been kept from looking like a flag.
 */
export function linkInArguments(argv: readonly string[]): string | undefined {
  for (const argument of argv) {
    const link = deepLink(argument);
    if (link !== undefined) return link;
  }
  return undefined;
}

/** The part of Electron's app that is used. */
export interface LinkApp {
  on(
    event: "open-url",
    listener: (event: { preventDefault(): void }, url: string) => void,
  ): unknown;
  on(event: "second-instance", listener: (event: unknown, argv: string[]) => void): unknown;
}

/**
 * Hands over every link with which the app is opened: at its start, by another start of it, or by
 * macOS. To be called before the app is ready, for macOS tells then.
 * @param show somebody started the app once more, or opened a link: they want to see it
 */
export function watchLinks(
  app: LinkApp,
  argv: readonly string[],
  onLink: (link: string) => void,
  show: () => void,
): void {
  const first = linkInArguments(argv);
  if (first !== undefined) onLink(first);
  app.on("open-url", (event, url) => {
    event.preventDefault();
    const link = deepLink(url);
    if (link !== undefined) onLink(link);
    show();
  });
  app.on("second-instance", (_event, others) => {
    const link = linkInArguments(others);
    if (link !== undefined) onLink(link);
    show();
  });
}
