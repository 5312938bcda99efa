import { expect, test } from "vitest";
import { decodeBase64 } from "../../../shared/crypto/index.ts";
import { barsOf, loudness, WAVEFORM_PARTS, waveformOf } from "./voice-waveform.ts";

test("fifteen minutes and a moment both fit a message, the loudest part is the highest", () => {
  const long = Array.from({ length: 9000 }, (_, index) => (index === 4500 ? 0.5 : 0.1));
  const bytes = decodeBase64(waveformOf(long));
  expect(bytes.length).toBe(WAVEFORM_PARTS);
  expect(bytes[32]).toBe(255);
  expect(bytes[0]).toBe(51);
  expect(decodeBase64(waveformOf([0.2, 0.4]))).toEqual(Uint8Array.of(128, 255));
  expect(decodeBase64(waveformOf([]))).toEqual(Uint8Array.of(0));
});

test("silence is flat, however quiet the microphone", () => {
  expect(decodeBase64(waveformOf([0.001, 0.005, 0.002]))).toEqual(Uint8Array.of(0, 0, 0));
});

test("bars follow the waveform for any number of them; a damaged one is flat", () => {
  expect(barsOf(waveformOf([0.5, 0, 1]), 6).map((bar) => bar > 0)).toEqual([
    true,
    true,
    false,
    false,
    true,
    true,
  ]);
  expect(barsOf("%%%", 3)).toEqual([0, 0, 0]);
});

test("loudness is bounded and even", () => {
  expect(loudness(new Float32Array(8))).toBe(0);
  expect(loudness(Float32Array.of(1, -1))).toBe(1);
  expect(loudness(Float32Array.of(0.1, -0.1))).toBeCloseTo(0.4);
});
