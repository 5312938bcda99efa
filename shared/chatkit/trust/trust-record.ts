import * as v from "valibot";
import type { DeviceId, UserId } from "../../protocol/index.ts";
import {
  decodeBase64,
  emptyDeviceList,
  encodeBase64,
  type DeviceList,
} from "../../crypto/index.ts";
import type { Safety } from "../api.ts";
import { deviceIdOfKey, idBytes } from "./device-id.ts";
import type { LogTrail } from "./log-trail.ts";

/** A device that its account's verified list names. */
export interface ListedDevice {
  readonly deviceId: DeviceId;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** What is known for sure of an account's devices, and what the user thinks of it. */
export interface TrustRecord {
  readonly list: DeviceList;
  /** Of the log that `list` is read from. */
  readonly trail: LogTrail;
  /** The devices of `list`. */
  readonly devices: readonly ListedDevice[];
  /** The user compared the safety number, and the list has not changed since. */
  readonly verified: boolean;
  /** What changed since the user looked last. */
  readonly change: Safety["change"];
}

const Saved = v.object({
  length: v.number(),
  head: v.string(),
  devices: v.array(v.string()),
  passwordKey: v.exactOptional(v.string()),
  resets: v.number(),
  trail: v.string(),
  verified: v.boolean(),
  change: v.exactOptional(
    v.object({
      at: v.number(),
      wasVerified: v.boolean(),
      reset: v.boolean(),
      added: v.number(),
      removed: v.number(),
    }),
  ),
});

/** Of an account of which nothing is known yet. */
export function unknownAccount(userId: UserId): TrustRecord {
  const known = { list: emptyDeviceList(idBytes(userId)), trail: new Uint8Array() };
  return recordOf(known, { verified: false, change: undefined });
}

export function recordOf(
  { list, trail }: Pick<TrustRecord, "list" | "trail">,
  marks: Pick<TrustRecord, "verified" | "change">,
): TrustRecord {
  const devices = list.devices.map((publicKey) => ({
    deviceId: deviceIdOfKey(publicKey),
    publicKey,
  }));
  return { list, trail, devices, verified: marks.verified, change: marks.change };
}

export function encodeRecord({ list, trail, verified, change }: TrustRecord): string {
  const saved: v.InferOutput<typeof Saved> = {
    length: list.length,
    head: encodeBase64(list.head),
    devices: list.devices.map(encodeBase64),
    resets: list.resets,
    trail: encodeBase64(trail),
    verified,
    ...(list.passwordKey === undefined ? {} : { passwordKey: encodeBase64(list.passwordKey) }),
    ...(change === undefined ? {} : { change }),
  };
  return JSON.stringify(saved);
}

/** @throws Error for what `encodeRecord` did not write */
export function decodeRecord(userId: UserId, text: string): TrustRecord {
  const saved = v.parse(Saved, JSON.parse(text));
  const { length, head, devices, passwordKey, resets, trail, verified, change } = saved;
  const list: DeviceList = {
    userId: idBytes(userId),
    length,
    head: decodeBase64(head),
    devices: devices.map(decodeBase64),
    passwordKey: passwordKey === undefined ? undefined : decodeBase64(passwordKey),
    resets,
  };
  return recordOf({ list, trail: decodeBase64(trail) }, { verified, change });
}
