import * as v from "valibot";
import { FileId, MessageId } from "./ids.ts";

/**
 * Frames of a link that carry files (SPEC F); they stand beside those of `link-control.ts`. All
 * integers are big-endian.
 *
 * | first byte | rest |
 * | --- | --- |
 * | 0x84 word | a `FileWord`, JSON in UTF-8, that one device sealed for the other (`crypto/pair-seal.ts`) |
 * | 0x85 chunk | stream (4 bytes), index (4 bytes), the chunk as `crypto/chunked-seal.ts` seals it |
 */
const WORD = 0x84;
const CHUNK = 0x85;
export const FILE_CHUNK_HEADER_BYTES = 9;

/** A sealed word; the longest names two ids, a hash and four numbers. */
export const MAX_FILE_WORD_BYTES = 1024;

const Uint32 = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xffff_ffff));
/** A number of chunks: one more than the highest index at the most. */
const Chunks = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(2 ** 32));

/** Chosen by whoever asks, at random, for one asking: later frames of an older one mean nothing. */
const stream = Uint32;

/** What devices say to each other about files. */
export const FileWord = v.variant("type", [
  /** Send me the chunks from `from` on, as far as `upTo` for now. */
  v.object({
    type: v.literal("ask"),
    stream,
    message: MessageId,
    file: FileId,
    from: Chunks,
    upTo: Chunks,
  }),
  /** What came is on its way to the disk: go on as far as `upTo`. */
  v.object({ type: v.literal("more"), stream, upTo: Chunks }),
  /** Whoever asked wants no more of it. */
  v.object({ type: v.literal("stop"), stream }),
  /** All chunks were sent. `sha256`: base64, of the whole content. */
  v.object({
    type: v.literal("end"),
    stream,
    sha256: v.pipe(v.string(), v.base64(), v.length(44)),
  }),
  /** Nothing, or no more, comes of it. */
  v.object({
    type: v.literal("refuse"),
    stream,
    why: v.picklist([
      /** It is not here, or not for whoever asks. */
      "unknown",
      "paused",
      "withdrawn",
      /** Its source cannot be read any more, or is another than it was. */
      "gone",
      "changed",
      "busy",
    ]),
  }),
  /** Whoever says so has it whole. */
  v.object({ type: v.literal("have"), message: MessageId, file: FileId }),
  /** It can be asked for again. */
  v.object({ type: v.literal("ready"), message: MessageId }),
]);
export type FileWord = v.InferOutput<typeof FileWord>;

export type FileRefusal = Extract<FileWord, { type: "refuse" }>["why"];

export type FileFrame =
  | { readonly type: "word"; readonly sealed: Uint8Array }
  | {
      readonly type: "chunk";
      readonly stream: number;
      readonly index: number;
      readonly sealed: Uint8Array;
    };

export function isFileFrame(frame: Uint8Array): boolean {
  return frame[0] === WORD || frame[0] === CHUNK;
}

export function encodeFileWord(sealed: Uint8Array): Uint8Array {
  const frame = new Uint8Array(1 + sealed.length);
  frame[0] = WORD;
  frame.set(sealed, 1);
  return frame;
}

/** @param frame a chunk after `FILE_CHUNK_HEADER_BYTES` free bytes: they are filled here */
export function frameFileChunk(streamNumber: number, index: number, frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  view.setUint8(0, CHUNK);
  view.setUint32(1, streamNumber);
  view.setUint32(5, index);
  return frame;
}

/** Parts are views of the frame. @returns undefined for anything that is no such frame */
export function decodeFileFrame(frame: Uint8Array): FileFrame | undefined {
  if (frame[0] === WORD) {
    if (frame.length > MAX_FILE_WORD_BYTES) return undefined;
    return { type: "word", sealed: frame.subarray(1) };
  }
  if (frame[0] !== CHUNK || frame.length < FILE_CHUNK_HEADER_BYTES) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  return {
    type: "chunk",
    stream: view.getUint32(1),
    index: view.getUint32(5),
    sealed: frame.subarray(FILE_CHUNK_HEADER_BYTES),
  };
}
