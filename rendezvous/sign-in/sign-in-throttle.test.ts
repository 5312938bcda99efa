import { expect, test } from "vitest";
import { ProtocolError } from "../../shared/protocol/index.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { networkOf, SignInThrottle } from "./sign-in-throttle.ts";

function waitMs(throttle: SignInThrottle, account: string, address: string): number {
  try {
    throttle.begin(account, address);
  } catch (error) {
    if (error instanceof ProtocolError) return error.retryAfterMs ?? 0;
    throw error;
  }
  throttle.ended(account, address, "unknown");
  return 0;
}

function fail(throttle: SignInThrottle, account: string, address: string): void {
  throttle.begin(account, address);
  throttle.ended(account, address, "wrong");
}

test("delays double, end, and are forgotten", () => {
  const clock = new FakeClock();
  const throttle = new SignInThrottle({ clock, attempts: 2, attemptsPerAddress: 1000 });
  const delays: number[] = [];
  for (let count = 0; count < 14; count++) {
    const delay = waitMs(throttle, "ada", "10.0.0.1");
    delays.push(delay);
    clock.advance(delay);
    fail(throttle, "ada", "10.0.0.1");
  }
  expect(delays.slice(0, 6)).toEqual([0, 0, 1000, 2000, 4000, 8000]);
  expect(delays.at(-1)).toBe(15 * 60 * 1000);
  expect(waitMs(throttle, "ada", "10.0.0.2")).toBe(0);
  expect(waitMs(throttle, "bob", "10.0.0.1")).toBe(0);
  clock.advance(60 * 60 * 1000);
  expect(waitMs(throttle, "ada", "10.0.0.1")).toBe(0);
});

test("many guesses at the same time are no way around", () => {
  const throttle = new SignInThrottle({
    clock: new FakeClock(),
    attempts: 5,
    attemptsPerAddress: 1000,
  });
  let begun = 0;
  expect(() => {
    for (;;) {
      throttle.begin("ada", "10.0.0.1");
      begun++;
    }
  }).toThrow(ProtocolError);
  expect(begun).toBe(16);
  for (let count = 0; count < begun; count++) throttle.ended("ada", "10.0.0.1", "wrong");
  expect(waitMs(throttle, "ada", "10.0.0.1")).toBeGreaterThan(60_000);
});

test("one address that tries all accounts waits, but never for long", () => {
  const clock = new FakeClock();
  const throttle = new SignInThrottle({ clock, attempts: 5, attemptsPerAddress: 3 });
  for (let count = 0; count < 3; count++) fail(throttle, `user${count}`, "2001:db8:1:2::1");
  // The same network, another host of it.
  expect(waitMs(throttle, "ada", "2001:db8:1:2:ffff::9")).toBe(1000);
  expect(waitMs(throttle, "ada", "2001:db8:1:3::1")).toBe(0);
});

test("the right credential clears the count", () => {
  const throttle = new SignInThrottle({
    clock: new FakeClock(),
    attempts: 2,
    attemptsPerAddress: 1000,
  });
  fail(throttle, "ada", "10.0.0.1");
  throttle.begin("ada", "10.0.0.1");
  throttle.ended("ada", "10.0.0.1", "right");
  fail(throttle, "ada", "10.0.0.1");
  expect(waitMs(throttle, "ada", "10.0.0.1")).toBe(0);
});

test("networks of addresses", () => {
  expect(networkOf("192.0.2.1")).toBe("192.0.2.1");
  expect(networkOf("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2");
  expect(networkOf("2001:db8::1")).toBe("2001:db8:0:0");
  expect(networkOf("::1")).toBe("0:0:0:0");
  expect(networkOf("fe80::")).toBe("fe80:0:0:0");
});
