import { expect, test } from "vitest";
import { TokenBucket } from "./token-bucket.ts";

const rate = { perSecond: 10, burst: 5 };

test("a burst at once, then as fast as it refills, and no more than a burst is saved up", () => {
  const bucket = new TokenBucket(rate, 0);
  for (let count = 0; count < 5; count++) expect(bucket.take(rate, 0)).toBe("granted");
  expect(bucket.take(rate, 0)).toBe("refused");
  expect(bucket.waitMs(rate)).toBe(200);
  expect(bucket.take(rate, 200)).toBe("granted");
  for (let count = 0; count < 5; count++) expect(bucket.take(rate, 10_000)).toBe("granted");
  expect(bucket.take(rate, 10_000)).toBe("refused");
});

test("who does not listen floods", () => {
  const bucket = new TokenBucket(rate, 0);
  const verdicts = Array.from({ length: 11 }, () => bucket.take(rate, 0));
  expect(verdicts.at(-2)).toBe("refused");
  expect(verdicts.at(-1)).toBe("flooding");
});
