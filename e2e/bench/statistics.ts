import * as v from "valibot";

/** The q-quantile (0 to 1) of some numbers, by the nearest rank. */
function quantile(values: readonly number[], q: number): number {
  const ascending = values.toSorted((a, b) => a - b);
  const value =
    ascending[Math.min(ascending.length - 1, Math.max(0, Math.ceil(q * ascending.length) - 1))];
  if (value === undefined) throw new RangeError("no values");
  return value;
}

/** What 19 of 20 stay below. */
export function p95(values: readonly number[]): number {
  return quantile(values, 0.95);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Times in ms. */
export const Latencies = v.object({ p50: v.number(), p99: v.number() });
export type Latencies = v.InferOutput<typeof Latencies>;

export function latencies(values: readonly number[]): Latencies {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99) };
}

/** Runs `step` `count` times, one after the other, and says how long each took. */
export async function timeEach(count: number, step: () => Promise<void>): Promise<Latencies> {
  const warmUp = Math.ceil(count / 10);
  const times: number[] = [];
  for (let round = 0; round < warmUp + count; round++) {
    const start = performance.now();
    await step();
    if (round >= warmUp) times.push(performance.now() - start);
  }
  return latencies(times);
}
