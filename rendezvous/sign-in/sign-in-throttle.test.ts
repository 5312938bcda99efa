import { expect, test } from "vitest";
import { ProtocolError } from "../../shared/protocol/index.ts";
import { FakeClock } from "../testing/fake-clock.ts";
import { networkOf, SignInThrottle, type SignInThrottleOptions } from "./sign-in-throttle.ts";

const HOUR_MS = 60 * 60 * 1000;

function throttleWith(options: Partial<SignInThrottleOptions> = {}): {
  clock: FakeClock;
  throttle: SignInThrottle;
} {
  const clock = new FakeClock();
  const many = { attempts: 1000, attemptsPerAddress: 1000, attemptsPerAccount: 1000 };
  return { clock, throttle: new SignInThrottle({ clock, ...many, ...options }) };
}

/** An attempt, as wrong as it begins. @returns 0 where it was let in, else the ms to wait */
function attempt(throttle: SignInThrottle, account: string, address: string): number {
  try {
    throttle.begin(account, address);
  } catch (error) {
    if (error instanceof ProtocolError) return error.retryAfterMs ?? 0;
    throw error;
  }
  return 0;
}

test("A5: delays double, end, and are forgotten", () => {
  const { clock, throttle } = throttleWith({ attempts: 2 });
  const delays: number[] = [];
  for (let count = 0; count < 14; count++) {
    const delay = attempt(throttle, "ada", "10.0.0.1");
    delays.push(delay);
    if (delay === 0) continue;
    clock.advance(delay);
    expect(attempt(throttle, "ada", "10.0.0.1")).toBe(0);
  }
  expect(delays.slice(0, 6)).toEqual([0, 0, 1000, 2000, 4000, 8000]);
  expect(delays.at(-1)).toBe(15 * 60 * 1000);
  expect(attempt(throttle, "ada", "10.0.0.2")).toBe(0);
  expect(attempt(throttle, "bob", "10.0.0.1")).toBe(0);
  clock.advance(HOUR_MS);
  expect(attempt(throttle, "ada", "10.0.0.1")).toBe(0);
});

test("A5: an attempt counts as wrong from its beginning, so many at the same time are no way around", () => {
  const { throttle } = throttleWith({ attempts: 5 });
  for (let begun = 0; begun < 5; begun++) expect(attempt(throttle, "ada", "10.0.0.1")).toBe(0);
  expect(attempt(throttle, "ada", "10.0.0.1")).toBe(1000);
});

test("A5: one address that tries all accounts waits, but never for long", () => {
  const { clock, throttle } = throttleWith({ attemptsPerAddress: 3 });
  for (let count = 0; count < 3; count++) attempt(throttle, `user${count}`, "2001:db8:1:2::1");
  // The same network, another host of it.
  expect(attempt(throttle, "ada", "2001:db8:1:2:ffff::9")).toBe(1000);
  expect(attempt(throttle, "ada", "2001:db8:1:3::1")).toBe(0);
  for (let count = 0; count < 20; count++) {
    clock.advance(30_000);
    expect(attempt(throttle, `other${count}`, "2001:db8:1:2::1")).toBe(0);
  }
});

test("A5: the right password clears the count of its account, and takes back no other", () => {
  const { throttle } = throttleWith({ attempts: 2, attemptsPerAddress: 3 });
  attempt(throttle, "ada", "10.0.0.1");
  throttle.begin("ada", "10.0.0.1").right();
  attempt(throttle, "ada", "10.0.0.1");
  expect(attempt(throttle, "ada", "10.0.0.1")).toBe(0);
  // Three wrong ones from there; the right one is not among them.
  expect(attempt(throttle, "bob", "10.0.0.1")).toBe(1000);
});

test("A6: guesses of many addresses at one account are bounded together", () => {
  const { clock, throttle } = throttleWith({ attemptsPerAccount: 10 });
  throttle.begin("ada", "198.51.100.7").right();
  throttle.signedIn("ada", "198.51.100.8");
  for (let host = 0; host < 10; host++) {
    expect(attempt(throttle, "ada", `10.0.0.${host}`)).toBe(0);
  }
  let guesses = 0;
  for (let second = 0; second < 3600; second++) {
    clock.advance(1000);
    if (attempt(throttle, "ada", `10.1.0.${second & 255}`) === 0) guesses++;
  }
  // The first three of a network go free.
  expect(guesses).toBe(3 + 119);
  // The owner, from where they signed in before, waits for nobody; nor does anybody else.
  expect(attempt(throttle, "ada", "198.51.100.7")).toBe(0);
  expect(attempt(throttle, "ada", "198.51.100.8")).toBe(0);
  expect(attempt(throttle, "bob", "10.0.0.1")).toBe(0);
  // Nor do they anywhere else: a few attempts of every network are nobody's to take away.
  expect(attempt(throttle, "ada", "203.0.113.1")).toBe(0);
  expect(attempt(throttle, "ada", "203.0.113.2")).toBe(0);
  expect(attempt(throttle, "ada", "203.0.113.3")).toBe(0);
  expect(attempt(throttle, "ada", "203.0.113.4")).toBeGreaterThan(0);
  for (const [n, subnet] of ["1", "2", "3"].entries()) {
    expect(attempt(throttle, "ada", `2001:db8:7:${subnet}::${n}`)).toBe(0);
  }
  expect(attempt(throttle, "ada", "2001:db8:7:4::1")).toBeGreaterThan(0);
  expect(attempt(throttle, "ada", "2001:db8:8::1")).toBe(0);
});

test("networks of addresses", () => {
  expect(networkOf("192.0.2.1")).toBe("192.0.2.1");
  expect(networkOf("2001:db8:1:2:3:4:5:6")).toBe("2001:db8:1:2");
  expect(networkOf("2001:db8::1")).toBe("2001:db8:0:0");
  expect(networkOf("::1")).toBe("0:0:0:0");
  expect(networkOf("fe80::")).toBe("fe80:0:0:0");
});
