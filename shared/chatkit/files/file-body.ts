import * as v from "valibot";
import { FileBody } from "../../protocol/index.ts";
import type { MessageRecord } from "../store.ts";

/** The message's file; undefined where it is none. */
export function fileBodyOf(message: Pick<MessageRecord, "body"> | undefined): FileBody | undefined {
  if (message?.body.type !== "file") return undefined;
  const parsed = v.safeParse(FileBody, message.body);
  return parsed.success ? parsed.output : undefined;
}
