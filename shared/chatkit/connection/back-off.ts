import type { Random } from "../ports.ts";

/** A number from 0 up to, not including, 1. */
export function randomFraction(random: Random): number {
  let value = 0;
  for (const byte of random.bytes(4)) value = value * 256 + byte;
  return value / 2 ** 32;
}

/**
 * Exponential back-off with full jitter: anything between 0 and min(`max`, `min` × 2^`attempt`) ms,
 * so that the clients of a restarted server do not return in step.
 */
export function backOffMs(
  random: Random,
  attempt: number,
  bounds: { readonly min: number; readonly max: number },
): number {
  return randomFraction(random) * Math.min(bounds.max, bounds.min * 2 ** Math.min(attempt, 30));
}
