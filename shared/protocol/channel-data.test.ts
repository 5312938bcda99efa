import { expect, test } from "vitest";
import { decodeChannelData, encodeChannelData } from "./channel-data.ts";

test("channel data carries its channel number in 16 bits and its payload untouched", () => {
  const payload = Uint8Array.of(1, 2, 3);
  for (const channel of [1, 255, 256, 0xffff]) {
    expect(decodeChannelData(encodeChannelData(channel, payload))).toEqual({ channel, payload });
  }
});

test("W6: a frame without a whole channel number is none", () => {
  expect(decodeChannelData(new Uint8Array(0))).toBeUndefined();
  expect(decodeChannelData(Uint8Array.of(1))).toBeUndefined();
});
