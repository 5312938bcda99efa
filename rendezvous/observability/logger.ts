import { createRequire } from "node:module";
import pino, { type Logger } from "pino";
import type { Settings } from "../config/settings.ts";
import { usageError } from "../config/operator-error.ts";

/** What must never be read in a log, wherever an object that has it is logged. */
const REDACT = ["password", "credential", "token", "sessionToken", "tokenHash", "authorization"];

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
  if (format === "json") return pino(options, pino.destination({ dest: 1, sync: true }));
  try {
    createRequire(import.meta.url).resolve("pino-pretty");
  } catch (error) {
    throw usageError("--log-format pretty needs the package pino-pretty, which is not installed.", {
      cause: error,
    });
  }
  return pino({ ...options, transport: { target: "pino-pretty" } });
}
