import type { JSX } from "preact";
import { linkParts } from "../model/linkify.ts";

/** Text with its links; nothing in it is ever taken as markup. */
export function RichText({ text }: { text: string }): JSX.Element {
  return (
    <>
      {linkParts(text).map((part, index) =>
        part.kind === "text" ? (
          part.text
        ) : (
          <a key={index} href={part.href} target="_blank" rel="noopener noreferrer nofollow">
            {part.text}
          </a>
        ),
      )}
    </>
  );
}
