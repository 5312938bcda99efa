/**
 * A binary WebSocket frame: a 16-bit channel number, big-endian, and the payload (modelled on
 * TURN's ChannelData, RFC 8656 §12.4; the frame itself tells the length). The server rewrites the
 * number in place and forwards; it never reads the payload.
 */
export const CHANNEL_HEADER_BYTES = 2;

export function encodeChannelData(channel: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(CHANNEL_HEADER_BYTES + payload.length);
  frame[0] = channel >>> 8;
  frame[1] = channel & 0xff;
  frame.set(payload, CHANNEL_HEADER_BYTES);
  return frame;
}

/** The channel and a view of the payload, or undefined where the frame is too short to have both. */
export function decodeChannelData(
  frame: Uint8Array,
): { channel: number; payload: Uint8Array } | undefined {
  const [high, low] = frame;
  if (high === undefined || low === undefined) return undefined;
  return { channel: (high << 8) | low, payload: frame.subarray(CHANNEL_HEADER_BYTES) };
}
