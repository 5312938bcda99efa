import type { MessageBody } from "../../../shared/protocol/index.ts";

/** The text of a body, or undefined where this version cannot show it. */
export function bodyText(body: MessageBody): string | undefined {
  return body.type === "text" && "text" in body && typeof body.text === "string"
    ? body.text
    : undefined;
}
