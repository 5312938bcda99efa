import * as v from "valibot";
import { FileBody, TextBody, type KeptBody } from "../../protocol/index.ts";

/** The words of a message, as a person reads them; a file's are its name and caption. */
export function textOf(body: KeptBody): string {
  if (body.type === "text") return v.is(TextBody, body) ? body.text : "";
  if (body.type !== "file" || !v.is(FileBody, body)) return "";
  return body.caption === undefined ? body.name : `${body.name}\n${body.caption}`;
}
