import * as v from "valibot";
import { usageError } from "../config/operator-error.ts";
import { Duration } from "../config/values.ts";
import type { AuditRecord } from "../store/audit-store.ts";
import type { Store } from "../store/store.ts";
import {
  expectPositionals,
  hasOption,
  parseArguments,
  settingsOf,
  textOption,
  type Arguments,
  type Surroundings,
} from "./command.ts";
import { openStore } from "./data-folder.ts";

const OPTIONS = { since: { type: "string" }, json: { type: "boolean" } } as const;

const PAGE = 500;

/** `audit [--since TIME] [--json]`: the audit log, oldest first. */
export async function auditCommand(
  argv: readonly string[],
  surroundings: Surroundings,
): Promise<void> {
  const args = parseArguments(argv, OPTIONS);
  expectPositionals(args);
  const since = sinceOf(args, Date.now());
  await using store = await openStore(settingsOf(args, surroundings), "existing");
  const json = hasOption(args, "json");
  for await (const record of records(store, since)) {
    surroundings.stdout.write(`${json ? JSON.stringify(record) : lineOf(record)}\n`);
  }
}

async function* records(store: Store, since: number): AsyncGenerator<AuditRecord> {
  let after = 0;
  for (;;) {
    const page = await store.audit.list({ after, since, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = last.seq;
  }
}

/** `7d` ago, or a date such as `2026-11-01` or `2026-11-01T12:00`, in UTC. */
function sinceOf(args: Arguments, now: number): number {
  const text = textOption(args, "since");
  if (text === undefined) return 0;
  const span = v.safeParse(Duration, text);
  if (span.success) return now - span.output;
  const isDate = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?$/.test(text);
  const at = isDate ? Date.parse(text.length > 10 ? `${text}Z` : text) : Number.NaN;
  if (Number.isFinite(at)) return at;
  throw usageError(`--since: expected a time like 7d or a date like 2026-11-01, not "${text}"`);
}

/**
 * Without control characters (Unicode category Cc) and those that turn the writing round (Cf):
 * whatever of it came from outside does nothing to the terminal.
 * `2026-11-01 12:00:05  sign-in-failed  nobody  192.0.2.1  ada  (…)`
 */
function lineOf({ at, actor, address, action, subject, detail }: AuditRecord): string {
  const time = new Date(at).toISOString().slice(0, 19).replace("T", " ");
  const parts = [time, action.padEnd(20), actor, address, subject];
  if (detail !== undefined) parts.push(`(${detail})`);
  const line = parts.filter((part) => part !== undefined).join("  ");
  return line.replaceAll(/[\p{Cc}\p{Cf}]/gu, "?");
}
