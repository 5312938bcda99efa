import { ChatKitError } from "../../../shared/chatkit/api.ts";
import type { Catalogue } from "../i18n/en.ts";
import { logWarning } from "../platform/log.ts";
import { FolderTooLargeError, MAX_FOLDER_FILES } from "./file-picking.ts";

/** What a person is told of a failed call, by the error's reason, in their language. */
export function errorText(t: Catalogue, error: unknown): string {
  if (error instanceof ChatKitError) return t.errors[error.reason];
  if (error instanceof FolderTooLargeError) return t.files.folderTooLarge(MAX_FOLDER_FILES);
  logWarning("unexpected error", error);
  return t.unexpectedError;
}
