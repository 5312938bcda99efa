import type { Log } from "../../../shared/chatkit/ports.ts";

/** For callers that want no log. */
export const silentLog: Log = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
};

function ignore(): void {
  // Nobody asked to read it.
}
