import { pino } from "pino";
import { expect, test } from "vitest";
import type { Clock } from "../clock.ts";
import { Background } from "../services/background.ts";
import { openSqliteStore } from "../store/sqlite-store.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import type { AuditEvent } from "./audit-log.ts";
import { AuditSampler } from "./sampler.ts";
import { AUDIT_MAX_AGE_MS, StoredAuditLog } from "./stored-audit-log.ts";

const failure = (address: string): AuditEvent => ({
  action: "sign-in-failed",
  actor: "nobody",
  address,
  subject: "ada",
});

test("H9 one address that guesses fills five lines a minute, and the rest is counted", () => {
  const sampler = new AuditSampler();
  const written = Array.from({ length: 40 }, () => sampler.admits(failure("192.0.2.1")));
  expect(written.filter(Boolean)).toHaveLength(5);
  expect(sampler.admits(failure("192.0.2.2"))).toBe(true);
  expect(sampler.nextWindow()).toEqual([
    { action: "sign-in-failed", actor: "server", detail: "35 more were left out" },
  ]);
  expect(sampler.nextWindow()).toEqual([]);
  expect(sampler.admits(failure("192.0.2.1"))).toBe(true);
});

test("H9 ten thousand addresses fill no more than sixty lines a minute", () => {
  const sampler = new AuditSampler();
  let written = 0;
  for (let n = 0; n < 10_000; n++) if (sampler.admits(failure(`2001:db8::${n}`))) written += 1;
  expect(written).toBe(60);
});

test("H9 what strangers cannot cause is always written", () => {
  const sampler = new AuditSampler();
  const event: AuditEvent = { action: "account-disabled", actor: "administrator" };
  expect(Array.from({ length: 500 }, () => sampler.admits(event))).not.toContain(false);
});

test("H8 it is written with its time, and what is too old is removed", async () => {
  await using store = await openSqliteStore(":memory:");
  const clock = new FakeClock();
  const background = new Background(pino({ level: "silent" }));
  const at = clock.now();
  {
    using log = new StoredAuditLog({ store: store.audit, clock, background });
    for (let n = 0; n < 7; n++) log.write(failure("192.0.2.1"));
    log.write({ action: "server-stopped", actor: "server" });
  }
  await background.settled();
  const entries = await store.audit.list({ after: 0, since: 0, limit: 100 });
  expect(entries).toHaveLength(7);
  expect(entries[0]).toEqual({ seq: 1, at, ...failure("192.0.2.1") });
  expect(entries.at(-1)).toMatchObject({ detail: "2 more were left out" });
  const later: Clock = {
    now: () => clock.now() + AUDIT_MAX_AGE_MS + 1,
    monotonic: () => clock.monotonic(),
    every: (ms, callback) => clock.every(ms, callback),
  };
  using log = new StoredAuditLog({ store: store.audit, clock: later, background });
  expect(await log.trim()).toBe(7);
});
