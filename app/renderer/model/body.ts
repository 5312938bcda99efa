import * as v from "valibot";
import { FileBody, type KeptBody } from "../../../shared/protocol/index.ts";
import type { Catalogue } from "../i18n/en.ts";

/** The text of a body, or undefined where this version cannot show it. */
export function bodyText(body: KeptBody): string | undefined {
  return body.type === "text" && "text" in body && typeof body.text === "string"
    ? body.text
    : undefined;
}

/** What stands for a message in a list, a quote or a notification. */
export function bodySummary(t: Catalogue, body: KeptBody): string {
  if (body.type === "recalled") return t.chat.recalled;
  if (v.is(FileBody, body)) return body.caption ?? body.name;
  return bodyText(body) ?? t.chat.unknownBody;
}
