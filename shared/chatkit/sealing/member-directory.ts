import type { DeviceId, UserId } from "../../protocol/index.ts";

/** Whose device is that really? The verified device lists (SPEC I), as far as they were read. */
export interface MemberDirectory {
  /** The devices in that account's verified list; none while nothing is known of it. */
  devices(
    userId: UserId,
  ): readonly { readonly deviceId: DeviceId; readonly publicKey: Uint8Array }[];
  /** Reads that list on to its end; false where that did not succeed. Never rejects. */
  refresh(userId: UserId): Promise<boolean>;
}
