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
function ask(probes: NameProbes, userId: UserId, address: string, found: boolean): number {
  try {
    const probe = probes.begin(userId, address);
    if (found) probe.found();
    return 0;
  } catch (error) {
    if (error instanceof ProtocolError) return error.retryAfterMs ?? 0;
    throw error;
  }
}

test("names that nobody has cost the asker ever longer waits, wherever they are", () => {
  const clock = new FakeClock();
  const probes = probesOf(clock);
  const eve = person();
  const waits: number[] = [];
  for (let count = 0; count < 14; count++) {
    const waitMs = ask(probes, eve, `192.0.2.${count}`, false);
    waits.push(waitMs);
    clock.advance(waitMs);
    if (waitMs > 0) ask(probes, eve, `198.51.100.${count}`, false);
  }
  expect(waits.slice(0, 6)).toEqual([0, 0, 1000, 2000, 4000, 8000]);
  expect(waits.at(-1)).toBe(15 * 60 * 1000);
  // A name that somebody has must wait as well: the wait would tell, otherwise.
  expect(ask(probes, eve, OFFICE, true)).toBeGreaterThan(0);
  expect(ask(probes, person(), OFFICE, false)).toBe(0);
});

test("many accounts behind one address are slowed together, and never for long", () => {
  const clock = new FakeClock();
  const probes = probesOf(clock, { unknownNamesPerAddress: 5 });
  for (let count = 0; count < 5; count++) expect(ask(probes, person(), OFFICE, false)).toBe(0);
  for (let count = 0; count < 20; count++) {
    const waitMs = ask(probes, person(), OFFICE, false);
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThanOrEqual(30_000);
    clock.advance(waitMs);
    ask(probes, person(), OFFICE, false);
  }
  expect(ask(probes, person(), "192.0.2.1", true)).toBe(0);
});

test("asking from many connections at once is no way around", () => {
  const probes = probesOf(new FakeClock());
  const eve = person();
  // None was looked up yet.
  const begun = [1, 2, 3].filter(() => {
    try {
      probes.begin(eve, OFFICE);
      return true;
    } catch {
      return false;
    }
  });
  expect(begun).toHaveLength(2);
});

test("the first day of a large office meets no limit", () => {
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
    for (const userId of people) expect(ask(probes, userId, OFFICE, round !== 7)).toBe(0);
    clock.advance(72_000);
  }
});
