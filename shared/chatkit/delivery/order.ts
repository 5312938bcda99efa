import type { DeviceId, HybridTime } from "../../protocol/index.ts";

const MS_DIGITS = 12;
const COUNTER_DIGITS = 4;

/** A message's place in its conversation; compares as text like time, then device (SPEC O1). */
export function encodeOrder(at: HybridTime, from: DeviceId): string {
  const ms = at.ms.toString(16).padStart(MS_DIGITS, "0");
  return ms + at.counter.toString(16).padStart(COUNTER_DIGITS, "0") + from;
}

/** The time in an order. */
export function orderTime(order: string): HybridTime {
  return {
    ms: Number.parseInt(order.slice(0, MS_DIGITS), 16),
    counter: Number.parseInt(order.slice(MS_DIGITS, MS_DIGITS + COUNTER_DIGITS), 16),
  };
}
