import * as v from "valibot";
import type { DeviceContent, MessageContent } from "../../protocol/index.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** @returns undefined where the bytes are not UTF-8, not JSON or not of that shape */
export function parseContent<S extends typeof MessageContent | typeof DeviceContent>(
  schema: S,
  plaintext: Uint8Array,
): v.InferOutput<S> | undefined {
  try {
    return v.parse(schema, JSON.parse(decoder.decode(plaintext)));
  } catch {
    // Whatever it is that is wrong: the caller tells what it should have been.
    return undefined;
  }
}
