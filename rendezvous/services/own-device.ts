import type { OwnDeviceRow } from "../../shared/protocol/index.ts";
import type { StoredDevice } from "../store/store.ts";

/** A device as its owner sees it. */
export function ownDevice(device: StoredDevice): OwnDeviceRow {
  const { deviceId, name, publicKey, addedAt, lastSeen } = device;
  return { deviceId, name, publicKey, addedAt, lastSeen };
}
