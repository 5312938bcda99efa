import type { LinkPeer } from "../link.ts";
import type { DeviceTrail } from "../store.ts";

/** Something that became known of a message's way to one device. */
export type Step = Omit<DeviceTrail, "userId" | "deviceId">;

/**
 * The trail with one step more: at most one entry for each recipient of the message, and none for
 * anybody else. What was delivered stays so.
 */
export function withStep(
  trail: readonly DeviceTrail[] | undefined,
  { userId, deviceId }: LinkPeer,
  step: Step,
): readonly DeviceTrail[] {
  const known = trail?.find((one) => one.deviceId === deviceId) ?? { userId, deviceId };
  if ("deliveredAt" in known && known.deliveredAt !== undefined) return trail ?? [];
  const others = trail?.filter((one) => one.deviceId !== deviceId) ?? [];
  return [...others, { ...known, ...step }];
}
