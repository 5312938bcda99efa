import * as v from "valibot";
import { decodeId, DeviceId, encodeId, ID_BYTES } from "../../protocol/index.ts";
import { deviceIdBytes } from "../../crypto/index.ts";

/** The id that a device's public key has (SPEC I1). @param publicKey 32 bytes */
export function deviceIdOfKey(publicKey: Uint8Array): DeviceId {
  return v.parse(DeviceId, encodeId(deviceIdBytes(publicKey)));
}

/** The 16 bytes of an id of any kind. */
export function idBytes(id: string): Uint8Array {
  const bytes = new Uint8Array(ID_BYTES);
  decodeId(id, bytes);
  return bytes;
}
