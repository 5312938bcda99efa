import * as v from "valibot";
import { encodeId, FileBody, FileId, ID_BYTES } from "../../protocol/index.ts";
import { sha256Hasher } from "../../crypto/index.ts";
import type { MessageRecord } from "../store.ts";
import type { FileRecord } from "./file-records.ts";

/** The message's file; undefined where it is none. */
export function fileBodyOf(message: Pick<MessageRecord, "body"> | undefined): FileBody | undefined {
  if (message?.body.type !== "file") return undefined;
  const parsed = v.safeParse(FileBody, message.body);
  return parsed.success ? parsed.output : undefined;
}

/**
 * Under which id the vault has a message's file. One's own has the one that this device made. What
 * others send is filed by its message too: whoever names an id that is in use here already, of one's
 * own file or another conversation's, gets at nothing of that one and puts nothing in its place.
 */
export function vaultIdOf({
  fileId,
  messageId,
  source,
}: Pick<FileRecord, "fileId" | "messageId" | "source">): FileId {
  if (source) return fileId;
  const hasher = sha256Hasher();
  hasher.update(new TextEncoder().encode(`beeline received file v1\0${messageId}\0${fileId}`));
  return v.parse(FileId, encodeId(hasher.digest().subarray(0, ID_BYTES)));
}
