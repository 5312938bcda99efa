import { expect, test } from "vitest";
import * as v from "valibot";
import { ProtocolError, UserId } from "../../shared/protocol/index.ts";
import { randomId } from "../random-id.ts";
import { defaultRendezvousConfig } from "../rendezvous-config.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { NameProbes, type NameProbesOptions } from "./name-probes.ts";

const OFFICE = "203.0.113.5";

function probesOf(clock: FakeClock, options: Partial<NameProbesOptions> = {}): NameProbes {
  return new NameProbes({
    clock,
    unknownNames: 2,
    unknownNamesPerAddress: 1000,
    requestsPerAddress: { burst: 1000, perSecond: 1 },
    ...options,
  });
}

function person(): UserId {
  return v.parse(UserId, randomId());
}

/** The wait before a name may be asked for, 0 where it was; `found`: somebody has it. */
async function ask(
  probes: NameProbes,
  userId: UserId,
  address: string,
  found: boolean,
): Promise<number> {
  try {
    await probes.find(userId, address, async () => (found ? true : undefined));
    return 0;
  } catch (error) {
    if (error instanceof ProtocolError) return error.retryAfterMs ?? 0;
    throw error;
  }
}

test("names that nobody has cost the asker ever longer waits, wherever they are", async () => {
  const clock = new FakeClock();
  const probes = probesOf(clock);
  const eve = person();
  const waits: number[] = [];
  for (let count = 0; count < 14; count++) {
    const waitMs = await ask(probes, eve, `192.0.2.${count}`, false);
    waits.push(waitMs);
    clock.advance(waitMs);
    if (waitMs > 0) await ask(probes, eve, `198.51.100.${count}`, false);
  }
  expect(waits.slice(0, 6)).toEqual([0, 0, 1000, 2000, 4000, 8000]);
  expect(waits.at(-1)).toBe(15 * 60 * 1000);
  // A name that somebody has must wait as well: the wait would tell, otherwise.
  expect(await ask(probes, eve, OFFICE, true)).toBeGreaterThan(0);
  expect(await ask(probes, person(), OFFICE, false)).toBe(0);
});

test("many accounts behind one address are slowed together, and never for long", async () => {
  const clock = new FakeClock();
  const probes = probesOf(clock, { unknownNamesPerAddress: 5 });
  for (let count = 0; count < 5; count++)
    expect(await ask(probes, person(), OFFICE, false)).toBe(0);
  for (let count = 0; count < 20; count++) {
    const waitMs = await ask(probes, person(), OFFICE, false);
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThanOrEqual(30_000);
    clock.advance(waitMs);
    await ask(probes, person(), OFFICE, false);
  }
  expect(await ask(probes, person(), "192.0.2.1", true)).toBe(0);
});

test("asking for many at once is no way around, and harms nobody who asks for names that are", async () => {
  const probes = probesOf(new FakeClock());
  const eve = person();
  const many = [1, 2, 3, 4].map(() => ask(probes, eve, OFFICE, false));
  expect(await Promise.all(many)).toEqual([0, 0, 1000, 1000]);
  const ada = person();
  const known = Array.from({ length: 100 }, () => ask(probes, ada, OFFICE, true));
  expect(new Set(await Promise.all(known))).toEqual(new Set([0]));
});

test("the first day of a large office meets no limit", async () => {
  const clock = new FakeClock();
  const { unknownNames, unknownNamesPerAddress, rosterRequestsPerAddress } =
    defaultRendezvousConfig;
  const probes = probesOf(clock, {
    unknownNames,
    unknownNamesPerAddress,
    requestsPerAddress: rosterRequestsPerAddress,
  });
  const people = Array.from({ length: 500 }, person);
  // Each asks for fifty others within an hour and mistypes one name.
  for (let round = 0; round < 50; round++) {
    for (const userId of people) expect(await ask(probes, userId, OFFICE, round !== 7)).toBe(0);
    clock.advance(72_000);
  }
});
