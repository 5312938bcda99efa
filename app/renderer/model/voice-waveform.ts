import { decodeBase64, encodeBase64 } from "../../../shared/crypto/index.ts";

/** Bars of a bubble's waveform; a message can hold 128. */
export const WAVEFORM_PARTS = 64;

/** Quieter than this is silence: what a microphone tells of an empty room. */
const QUIET = 0.01;

/**
 * @param levels loudness, 0 to 1, at equal distances
 * @returns base64 of a byte for each of up to `WAVEFORM_PARTS` parts; the loudest is 255
 */
export function waveformOf(levels: readonly number[]): string {
  const parts = Math.max(1, Math.min(WAVEFORM_PARTS, levels.length));
  const loudest = Math.max(QUIET * 4, ...levels);
  const bytes = Uint8Array.from({ length: parts }, (_, index) => {
    const from = Math.floor((index * levels.length) / parts);
    const to = Math.max(from + 1, Math.floor(((index + 1) * levels.length) / parts));
    const peak = Math.max(0, ...levels.slice(from, to));
    return peak < QUIET ? 0 : Math.round((peak / loudest) * 255);
  });
  return encodeBase64(bytes);
}

/** Heights from 0 to 1 for as many bars; a flat line where the waveform is damaged. */
export function barsOf(waveform: string, bars: number): readonly number[] {
  const bytes = decoded(waveform);
  return Array.from({ length: bars }, (_, index) => {
    const from = Math.floor((index * bytes.length) / bars);
    const to = Math.max(from + 1, Math.floor(((index + 1) * bytes.length) / bars));
    return Math.max(0, ...bytes.subarray(from, to)) / 255;
  });
}

function decoded(waveform: string): Uint8Array {
  try {
    return decodeBase64(waveform);
  } catch {
    return new Uint8Array();
  }
}

/** Root mean square of one moment's samples, made so that speech fills most of the range 0 to 1. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.min(1, Math.sqrt(sum / Math.max(1, samples.length)) * 4);
}
