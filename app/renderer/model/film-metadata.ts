/**
 * Takes out of films what tells more than picture and sound: where, when and with which camera they
 * were taken. MP4 and QuickTime (ISO/IEC 14496-12), which is what cameras and phones write. What goes
 * is overwritten with zeros, so that no place in the file moves; a film is never read as a whole.
 */

import { samplePlaces, type Place } from "./film-samples.ts";

/** The film's directory is read into memory: hours of film have some MiB. */
const MAX_DIRECTORY_BYTES = 64 * 1024 * 1024;
/** Boxes of a file, fragments included: a day of film in pieces of ten seconds. */
const MAX_BOXES = 20_000;
/** What is overwritten goes through memory. */
const MAX_ERASED_BYTES = 64 * 1024 * 1024;
/** A box's length, its type, and its length once more where it is large. */
const HEAD_BYTES = 16;

export const CLEANED_FILMS: ReadonlySet<string> = new Set([
  "video/mp4",
  "video/quicktime",
  "video/x-m4v",
  "video/3gpp",
  "video/3gpp2",
]);

/** Needed to play it; anything else at these places is about it. */
const OF_FILE = new Set(["ftyp", "styp", "moov", "mdat", "moof", "mfra", "sidx", "wide"]);
const OF_MOVIE = new Set(["mvhd", "trak", "mvex", "iods"]);
const OF_TRACK = new Set(["tkhd", "edts", "tref", "mdia", "tapt", "load"]);
/** What people see, hear and read; other tracks are notes of the camera, with its places. */
const SHOWN = new Set(["vide", "soun", "auxv", "tmcd", "sbtl", "subt", "text", "clcp"]);

interface Box extends Place {
  readonly type: string;
  /** Of the content. */
  readonly content: number;
}

/** @returns the film without it; undefined where its format or its damage does not allow it */
export async function filmWithoutMetadata(file: Blob): Promise<Blob | undefined> {
  try {
    const boxes = await boxesOf(file);
    const movie = boxes?.find(({ type }) => type === "moov");
    if (boxes === undefined || movie === undefined) return undefined;
    if (movie.end - movie.start > MAX_DIRECTORY_BYTES) return undefined;
    const bytes = new Uint8Array(await file.slice(movie.start, movie.end).arrayBuffer());
    const samples = cleanMovie(bytes, movie.content - movie.start);
    // Fragments have places of their own, in which such tracks are not looked for.
    const inFragments = boxes.some(({ type }) => type === "moof");
    if (inFragments && samples.length > 0) return undefined;
    const others = boxes.filter(({ type }) => !OF_FILE.has(type));
    return patched(file, [
      { start: movie.start, end: movie.end, bytes },
      ...others.map(({ start, content, end }) => ({
        ...{ start, end },
        bytes: erasedBox(content - start, end - start),
      })),
      ...samples.map(({ start, end }) => ({ start, end, bytes: zeros(end - start) })),
    ]);
  } catch (error) {
    // Beyond its end: it is damaged, or none.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

async function boxesOf(file: Blob): Promise<readonly Box[] | undefined> {
  const found: Box[] = [];
  let at = 0;
  while (at < file.size) {
    if (found.length === MAX_BOXES) return undefined;
    const head = await file.slice(at, at + HEAD_BYTES).arrayBuffer();
    const box = boxAt(new DataView(head), 0, at, file.size);
    found.push(box);
    at = box.end;
  }
  return found;
}

/** @param start in the file, of what stands at `at` in the view. @throws RangeError */
function boxAt(view: DataView, at: number, start: number, limit: number): Box {
  const short = view.getUint32(at);
  const type = fourLetters(view, at + 4);
  const long = short === 1;
  const size = long ? Number(view.getBigUint64(at + 8)) : short === 0 ? limit - start : short;
  const content = start + (long ? 16 : 8);
  const end = start + size;
  if (end < content || end > limit) throw new RangeError("a box leaves its parent");
  return { type, start, content, end };
}

function inner(view: DataView, from: number, to: number): readonly Box[] {
  const found: Box[] = [];
  // QuickTime ends some lists with four zeros.
  for (let at = from; at + 8 <= to;) {
    const box = boxAt(view, at, at, to);
    found.push(box);
    at = box.end;
  }
  return found;
}

function fourLetters(view: DataView, at: number): string {
  return String.fromCharCode(...[0, 1, 2, 3].map((index) => view.getUint8(at + index)));
}

/** Cleans the directory in its place. @returns where the camera's notes lie in the file */
function cleanMovie(bytes: Uint8Array<ArrayBuffer>, content: number): readonly Place[] {
  const view = new DataView(bytes.buffer);
  const samples: Place[] = [];
  for (const box of inner(view, content, bytes.length)) {
    if (box.type === "cmov") throw new RangeError("a compressed directory");
    if (!OF_MOVIE.has(box.type)) erase(bytes, box);
    else if (box.type === "mvhd") eraseTimes(view, box);
    else if (box.type === "trak") samples.push(...cleanTrack(bytes, view, box));
  }
  return samples;
}

function cleanTrack(bytes: Uint8Array, view: DataView, track: Box): readonly Place[] {
  const boxes = inner(view, track.content, track.end);
  const media = boxes.find(({ type }) => type === "mdia");
  const parts = media === undefined ? [] : inner(view, media.content, media.end);
  const handler = parts.find(({ type }) => type === "hdlr");
  const kind = handler === undefined ? "" : fourLetters(view, handler.content + 8);
  if (!SHOWN.has(kind)) {
    const info = parts.find(({ type }) => type === "minf");
    const tables = info && inner(view, info.content, info.end).find(({ type }) => type === "stbl");
    const samples =
      tables === undefined ? [] : samplePlaces(view, inner(view, tables.content, tables.end));
    erase(bytes, track);
    return samples;
  }
  for (const box of boxes) {
    if (!OF_TRACK.has(box.type)) erase(bytes, box);
    else if (box.type === "tkhd") eraseTimes(view, box);
  }
  for (const box of parts) if (box.type === "mdhd") eraseTimes(view, box);
  return [];
}

const FREE = new TextEncoder().encode("free");

function erase(bytes: Uint8Array, { start, content, end }: Box): void {
  bytes.set(FREE, start + 4);
  bytes.fill(0, content, end);
}

/** A head of the same length, and nothing in it. */
function erasedBox(head: number, size: number): Uint8Array<ArrayBuffer> {
  const bytes = zeros(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, head === 16 ? 1 : size);
  bytes.set(FREE, 4);
  if (head === 16) view.setBigUint64(8, BigInt(size));
  return bytes;
}

/** ISO/IEC 14496-12 §8.2.2: made and changed at, of 4 or 8 bytes each. */
function eraseTimes(view: DataView, { content }: Box): void {
  const length = view.getUint8(content) === 1 ? 16 : 8;
  for (let at = 0; at < length; at += 4) view.setUint32(content + 4 + at, 0);
}

/** @throws RangeError for more than memory should hold */
function zeros(length: number): Uint8Array<ArrayBuffer> {
  if (length > MAX_ERASED_BYTES) throw new RangeError("more notes than film");
  return new Uint8Array(length);
}

interface Patch extends Place {
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** @throws RangeError where two lie over each other, or beyond the end */
function patched(file: Blob, patches: readonly Patch[]): Blob {
  const parts: BlobPart[] = [];
  let at = 0;
  let erased = 0;
  for (const { start, end, bytes } of patches.toSorted((a, b) => a.start - b.start)) {
    erased += bytes.length;
    if (start < at || end > file.size || erased > MAX_DIRECTORY_BYTES + MAX_ERASED_BYTES) {
      throw new RangeError("a place that is not in the file, or twice");
    }
    parts.push(file.slice(at, start), bytes);
    at = end;
  }
  parts.push(file.slice(at));
  return new Blob(parts, { type: file.type });
}
