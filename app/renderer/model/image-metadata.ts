/**
 * Takes out of photos what tells more than the picture: where it was taken, with which camera, what
 * was written about it. The picture itself stays bit for bit, and the way up that it is shown.
 */
import { orientationOf, orientationOnly } from "./image-exif.ts";
import { heifDescriptions } from "./image-heif.ts";

/** Read into memory to be cleaned; a camera's largest pictures are a quarter of this. */
export const MAX_CLEANED_BYTES = 256 * 1024 * 1024;

/**
 * @returns the file without it; undefined where its format or its damage does not allow it
 */
export function withoutMetadata(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return cleanJpeg(bytes);
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])) return cleanPng(bytes);
  if (letters(bytes, 0, 4) === "RIFF" && letters(bytes, 8, 12) === "WEBP") return cleanWebp(bytes);
  if (letters(bytes, 4, 8) === "ftyp") return cleanHeif(bytes);
  return undefined;
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}

function letters(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** ITU T.81 Annex B. What stands behind the first picture (previews, films) has places of its own: it goes. */
function cleanJpeg(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const view = viewOf(bytes);
  const kept: Uint8Array[] = [bytes.subarray(0, 2)];
  let at = 2;
  while (at + 1 < bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1] ?? 0;
    if (marker === 0xff) {
      // Filling.
      at += 1;
      continue;
    }
    if (marker === 0xd9) {
      kept.push(bytes.subarray(at, at + 2));
      return kept;
    }
    if (at + 4 > bytes.length) return undefined;
    const end = at + 2 + view.getUint16(at + 2);
    if (end > bytes.length) return undefined;
    const segment = bytes.subarray(at, end);
    if (marker === 0xda) {
      const next = endOfScan(bytes, end);
      if (next === undefined) return undefined;
      kept.push(bytes.subarray(at, next));
      at = next;
      continue;
    }
    if (isPicture(marker, segment)) kept.push(segment);
    const orientation =
      marker === 0xe1 && letters(segment, 4, 10) === "Exif\0\0"
        ? orientationOf(segment.subarray(10))
        : undefined;
    if (orientation !== undefined && orientation !== 1) kept.push(exifSegment(orientation));
    at = end;
  }
  return undefined;
}

/** Whether a segment is needed to show the picture; the others are about it. */
function isPicture(marker: number, segment: Uint8Array): boolean {
  if (marker === 0xfe) return false;
  if (marker < 0xe0 || marker > 0xef) return true;
  if (marker === 0xe0) return letters(segment, 4, 8) === "JFIF";
  if (marker === 0xe2) return letters(segment, 4, 15) === "ICC_PROFILE";
  return marker === 0xee && letters(segment, 4, 9) === "Adobe";
}

function exifSegment(orientation: number): Uint8Array {
  const tiff = orientationOnly(orientation);
  const segment = new Uint8Array(10 + tiff.length);
  const view = viewOf(segment);
  view.setUint16(0, 0xffe1);
  view.setUint16(2, 8 + tiff.length);
  segment.set(new TextEncoder().encode("Exif\0\0"), 4);
  segment.set(tiff, 10);
  return segment;
}

/** Coded data holds 0xFF only before 0 and restart markers. */
function endOfScan(bytes: Uint8Array, from: number): number | undefined {
  let at = bytes.indexOf(0xff, from);
  while (at >= 0 && at + 1 < bytes.length) {
    const next = bytes[at + 1] ?? 0;
    if (next !== 0 && (next < 0xd0 || next > 0xd7)) return at;
    at = bytes.indexOf(0xff, at + 2);
  }
  return undefined;
}

/** PNG 3rd edition §11.3: what is about the picture, not of it. */
const PNG_DROPPED = new Set(["tEXt", "zTXt", "iTXt", "tIME"]);

function cleanPng(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const view = viewOf(bytes);
  const kept: Uint8Array[] = [bytes.subarray(0, 8)];
  let at = 8;
  while (at + 12 <= bytes.length) {
    const end = at + 12 + view.getUint32(at);
    if (end > bytes.length) return undefined;
    const type = letters(bytes, at + 4, at + 8);
    if (type === "eXIf") {
      const orientation = orientationOf(bytes.subarray(at + 8, end - 4));
      if (orientation !== undefined && orientation !== 1) kept.push(exifChunk(orientation));
    } else if (!PNG_DROPPED.has(type)) {
      kept.push(bytes.subarray(at, end));
    }
    if (type === "IEND") return kept;
    at = end;
  }
  return undefined;
}

function exifChunk(orientation: number): Uint8Array {
  const tiff = orientationOnly(orientation);
  const chunk = new Uint8Array(12 + tiff.length);
  const view = viewOf(chunk);
  view.setUint32(0, tiff.length);
  chunk.set(new TextEncoder().encode("eXIf"), 4);
  chunk.set(tiff, 8);
  view.setUint32(8 + tiff.length, crc32(chunk.subarray(4, 8 + tiff.length)));
  return chunk;
}

/** PNG 3rd edition Annex D. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb8_8320 : crc >>> 1;
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

/** RFC 9649 §2.7: flags in VP8X say which chunks there are. */
const WEBP_EXIF = 0x08;
const WEBP_XMP = 0x04;

function cleanWebp(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const view = viewOf(bytes);
  const end = 8 + view.getUint32(4, true);
  if (end > bytes.length) return undefined;
  const chunks: Uint8Array[] = [];
  let orientation: number | undefined;
  let at = 12;
  while (at + 8 <= end) {
    const type = letters(bytes, at, at + 4);
    const size = view.getUint32(at + 4, true);
    const next = at + 8 + size + (size % 2);
    if (at + 8 + size > end) return undefined;
    if (type === "EXIF") {
      const content = bytes.subarray(at + 8, at + 8 + size);
      orientation = orientationOf(
        letters(content, 0, 6) === "Exif\0\0" ? content.subarray(6) : content,
      );
    } else if (type !== "XMP ") {
      chunks.push(bytes.slice(at, Math.min(next, end)));
    }
    at = next;
  }
  const turned = orientation !== undefined && orientation !== 1;
  const [first] = chunks;
  if (first !== undefined && letters(first, 0, 4) === "VP8X") {
    const flags = (first[8] ?? 0) & ~(WEBP_EXIF | WEBP_XMP);
    first[8] = turned ? flags | WEBP_EXIF : flags;
    if (turned && orientation !== undefined) chunks.push(exifRiffChunk(orientation));
  }
  const head = bytes.slice(0, 12);
  viewOf(head).setUint32(4, 4 + chunks.reduce((sum, { length }) => sum + length, 0), true);
  return [head, ...chunks];
}

function exifRiffChunk(orientation: number): Uint8Array {
  const tiff = orientationOnly(orientation);
  const chunk = new Uint8Array(8 + tiff.length);
  chunk.set(new TextEncoder().encode("EXIF"));
  viewOf(chunk).setUint32(4, tiff.length, true);
  chunk.set(tiff, 8);
  return chunk;
}

function cleanHeif(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const places = heifDescriptions(bytes);
  if (places === undefined) return undefined;
  const clean = bytes.slice();
  for (const { start, end } of places) clean.fill(0, start, end);
  return [clean];
}
