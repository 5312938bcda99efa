/** Small parts of the scripted engine. */
import type { DeviceDelivery, MemberDelivery } from "../../../shared/chatkit/api.ts";
import type { Privacy, PrivacyApi } from "../../../shared/chatkit/chatkit.ts";
import { deviceId, userId } from "./fake-people.ts";

export class FakePrivacy implements PrivacyApi {
  current: Privacy = { readReceipts: true, typing: true };

  async change(change: Partial<Privacy>): Promise<void> {
    this.current = { ...this.current, ...change };
  }
}

/** A message that reached one device at once, waits for another, and is on one's own laptop. */
export function someTrail(sentAt: number): readonly DeviceDelivery[] {
  return [
    {
      userId: userId(1),
      deviceId: deviceId(1),
      name: "Ben’s workstation",
      own: false,
      state: "delivered",
      path: "direct",
      reason: "link-open",
      sentAt,
      deliveredAt: sentAt + 1_000,
    },
    {
      userId: userId(1),
      deviceId: deviceId(901),
      name: "Phone",
      own: false,
      state: "stored",
      path: "stored",
      reason: "offline",
      sentAt,
      storedAt: sentAt + 1_000,
    },
    {
      userId: userId(0),
      deviceId: deviceId(900),
      name: "ada-laptop",
      own: true,
      state: "waiting",
    },
  ];
}

/** In a group: three have read it, two have it, and one is away. */
export const someMemberTrail: readonly MemberDelivery[] = [
  { userId: userId(1), state: "read" },
  { userId: userId(2), state: "read" },
  { userId: userId(31), state: "read" },
  { userId: userId(3), state: "delivered" },
  { userId: userId(5), state: "delivered" },
  { userId: userId(4), state: "stored" },
];
