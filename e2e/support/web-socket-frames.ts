const HEAD_END = Buffer.from("\r\n\r\n");

/**
 * Reads what a WebSocket client says, in any pieces: gives on the HTTP head as it is and then every
 * frame's payload without its mask (RFC 6455 §5.2).
 */
export function unmaskedFrames(give: (bytes: Buffer) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let upgraded = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    if (!upgraded) {
      const end = rest.indexOf(HEAD_END);
      if (end < 0) return;
      const head = rest.subarray(0, end + HEAD_END.length);
      give(head);
      rest = rest.subarray(head.length);
      upgraded = /^upgrade: websocket\r?$/im.test(head.toString("latin1"));
      if (!upgraded) {
        give(rest);
        rest = Buffer.alloc(0);
        return;
      }
    }
    for (;;) {
      const frame = readFrame(rest);
      if (frame === undefined) return;
      give(frame.payload);
      rest = rest.subarray(frame.length);
    }
  };
}

/** Undefined where the frame is not whole yet. */
function readFrame(bytes: Buffer): { length: number; payload: Buffer } | undefined {
  if (bytes.length < 2) return undefined;
  const masked = (bytes.readUInt8(1) & 0x80) !== 0;
  const short = bytes.readUInt8(1) & 0x7f;
  const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
  const maskAt = 2 + lengthBytes;
  const payloadAt = maskAt + (masked ? 4 : 0);
  if (bytes.length < payloadAt) return undefined;
  const size =
    lengthBytes === 0
      ? short
      : lengthBytes === 2
        ? bytes.readUInt16BE(2)
        : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < payloadAt + size) return undefined;
  const payload = Buffer.from(bytes.subarray(payloadAt, payloadAt + size));
  if (masked) {
    for (const [index, byte] of payload.entries()) {
      payload[index] = byte ^ bytes.readUInt8(maskAt + (index % 4));
    }
  }
  return { length: payloadAt + size, payload };
}
