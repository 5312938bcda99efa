import { ProtocolError } from "./errors.ts";

/** Bytes by which a pong is known to answer its ping. */
export const PING_TOKEN_BYTES = 8;

/**
 * A frame of a link that is no envelope. The first byte tells: an envelope begins with its version,
 * which is below 0x80; an unknown byte from there on is a later version's, and ignored.
 *
 * | first byte | rest |
 * | --- | --- |
 * | 0x81 ping | 8 bytes, given back by the pong |
 * | 0x82 pong | the ping's 8 bytes |
 * | 0x83 sealed | what one device seals for the other (`crypto/pair-seal.ts`): an examination, or its report |
 */
export type LinkControl =
  | { readonly type: "ping" | "pong"; readonly token: Uint8Array }
  | { readonly type: "sealed"; readonly sealed: Uint8Array };

const FIRST_CONTROL = 0x80;
const codes = { ping: 0x81, pong: 0x82, sealed: 0x83 } as const;

/** Is it for the link itself, rather than an envelope? */
export function isLinkControl(frame: Uint8Array): boolean {
  return (frame[0] ?? 0) >= FIRST_CONTROL;
}

export function encodeLinkControl(control: LinkControl): Uint8Array {
  const rest = control.type === "sealed" ? control.sealed : control.token;
  const frame = new Uint8Array(1 + rest.length);
  frame[0] = codes[control.type];
  frame.set(rest, 1);
  return frame;
}

/**
 * @returns undefined for a type that this version does not know
 * @throws ProtocolError invalid-params for a ping or pong of another length
 */
export function decodeLinkControl(frame: Uint8Array): LinkControl | undefined {
  const rest = frame.subarray(1);
  switch (frame[0]) {
    case codes.ping:
    case codes.pong:
      if (rest.length !== PING_TOKEN_BYTES) {
        throw new ProtocolError("invalid-params", "a ping has 8 bytes");
      }
      return { type: frame[0] === codes.ping ? "ping" : "pong", token: rest };
    case codes.sealed:
      return { type: "sealed", sealed: rest };
    default:
      return undefined;
  }
}
