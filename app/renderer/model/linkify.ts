import { tokenize } from "linkifyjs";

export type TextPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "link"; readonly text: string; readonly href: string };

/**
 * Splits a message into plain text and links. Only http and https become links; everything else,
 * markup and other schemes included, stays text.
 */
export function linkParts(text: string): readonly TextPart[] {
  const parts: TextPart[] = [];
  for (const token of tokenize(text)) {
    const shown = token.toString();
    const href = token.isLink && token.t === "url" ? safeHref(token.toHref("https")) : undefined;
    const last = parts.at(-1);
    if (href !== undefined) parts.push({ kind: "link", text: shown, href });
    else if (last?.kind === "text") {
      parts[parts.length - 1] = { kind: "text", text: last.text + shown };
    } else parts.push({ kind: "text", text: shown });
  }
  return parts;
}

function safeHref(href: string): string | undefined {
  if (!URL.canParse(href)) return undefined;
  const { protocol, username, password } = new URL(href);
  // `https://bank.example@evil.example` shows one host and opens another.
  if (username !== "" || password !== "") return undefined;
  return protocol === "http:" || protocol === "https:" ? href : undefined;
}
