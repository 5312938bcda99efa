import { ChatKitError } from "../../../shared/chatkit/api.ts";
import type { Catalogue } from "../i18n/en.ts";
import { logWarning } from "../platform/log.ts";

/** What a person is told of a failed call, by the error's reason, in their language. */
export function errorText(t: Catalogue, error: unknown): string {
  if (error instanceof ChatKitError) return t.errors[error.reason];
  logWarning("unexpected error", error);
  return t.unexpectedError;
}
