import { createRequire } from "node:module";
import pino, { type Logger } from "pino";
import type { Settings } from "../config/settings.ts";
import { usageError } from "../config/operator-error.ts";

/** What must never be read in a log, wherever an object that has it is logged. */
const REDACT = ["password", "credential", "record", "proof", "token", "authorization"];

/**
 * Structured logs on standard output, a line each. Secrets are redacted; addresses of clients
 * belong at level debug.
 * @throws OperatorError for `pretty` where pino-pretty is not installed
 */
export function createLogger(level: Settings["log-level"], format: Settings["log-format"]): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: REDACT.flatMap((name) => [name, `*.${name}`]), censor: "•••" },
  };
  if (format === "json") return pino(options, standardOutput());
  try {
    createRequire(import.meta.url).resolve("pino-pretty");
  } catch (error) {
    throw usageError("--log-format pretty needs the package pino-pretty, which is not installed.", {
      cause: error,
    });
  }
  return pino({ ...options, transport: { target: "pino-pretty" } });
}

/** Bytes of log that wait for whoever reads it; what comes then is dropped. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** Never blocks the server, also where nobody reads any more. */
function standardOutput(): pino.DestinationStream {
  const output = pino.destination({ dest: 1, sync: false, maxLength: MAX_WAITING_BYTES });
  // A closed pipe ends the log, not the server: there is nowhere left to tell it.
  output.on("error", () => undefined);
  return output;
}
