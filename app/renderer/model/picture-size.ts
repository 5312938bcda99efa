/** What a picture's first bytes say of its size: known before a browser fills the memory with it. */
import { decodeBase64 } from "../../../shared/crypto/index.ts";

interface PictureSize {
  readonly kind: "jpeg" | "png" | "webp" | "gif" | "bmp" | "avif";
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

/** So much of a file is looked at: descriptions and profiles may stand before the size. */
const PICTURE_HEAD_BYTES = 512 * 1024;

/** @param bytes of the beginning @returns undefined for what is no picture, or does not say */
export function pictureSize(bytes: Uint8Array): PictureSize | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (letters(bytes, 0, 4) === "\u0089PNG") return png(view);
    if (letters(bytes, 0, 3) === "\u00ff\u00d8\u00ff") return jpeg(view);
    if (letters(bytes, 0, 4) === "RIFF" && letters(bytes, 8, 12) === "WEBP") return webp(view);
    if (/^GIF8[79]a$/.test(letters(bytes, 0, 6))) return gif(view);
    if (letters(bytes, 0, 2) === "BM") return bmp(view);
    if (letters(bytes, 4, 8) === "ftyp") return avif(bytes, view);
  } catch (error) {
    // Cut off before it says.
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

/** PNG specification §11.2.2. */
function png(view: DataView): PictureSize {
  return { kind: "png", width: view.getUint32(16), height: view.getUint32(20) };
}

/** ITU T.81 §B.2.2: the frame header, behind segments that each say how long they are. */
function jpeg(view: DataView): PictureSize | undefined {
  for (let at = 2; ;) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1;
      continue;
    }
    // Not the tables (DHT, JPG, DAC) among the frame's markers.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      return { kind: "jpeg", height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    }
    if (marker === 0xda || marker === 0xd9) return undefined;
    at += 2 + view.getUint16(at + 2);
  }
}

/** RFC 9649 §2. */
function webp(view: DataView): PictureSize | undefined {
  const kind = "webp";
  switch (view.getUint32(12)) {
    // "VP8 "
    case 0x56503820: {
      const width = view.getUint16(26, true) & 0x3fff;
      return { kind, width, height: view.getUint16(28, true) & 0x3fff };
    }
    // "VP8L"
    case 0x5650384c: {
      const bits = view.getUint32(21, true);
      return { kind, width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    // "VP8X"
    case 0x56503858:
      return { kind, width: uint24(view, 24) + 1, height: uint24(view, 27) + 1 };
    default:
      return undefined;
  }
}

/** GIF89a §18. */
function gif(view: DataView): PictureSize {
  return { kind: "gif", width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

function bmp(view: DataView): PictureSize {
  const width = Math.abs(view.getInt32(18, true));
  return { kind: "bmp", width, height: Math.abs(view.getInt32(22, true)) };
}

/** ISO/IEC 23008-12 §6.5.3: the largest of all that it says, whichever is the picture. */
function avif(bytes: Uint8Array, view: DataView): PictureSize | undefined {
  let width = 0;
  let height = 0;
  for (let at = bytes.indexOf(0x69); at >= 0; at = bytes.indexOf(0x69, at + 1)) {
    if (letters(bytes, at, at + 4) !== "ispe" || at + 16 > bytes.length) continue;
    width = Math.max(width, view.getUint32(at + 8));
    height = Math.max(height, view.getUint32(at + 12));
  }
  return width === 0 || height === 0 ? undefined : { kind: "avif", width, height };
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
}

function letters(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

/**
 * Pixels that are drawn: four bytes of memory each. Photos (JPEG) are decoded in the size in which they
 * are shown; of others a screen of 8K is the largest that people have.
 */
const MAX_PHOTO_PIXELS = 250_000_000;
const MAX_OTHER_PIXELS = 40_000_000;

/** Where it is a picture by its type, it is one of a size that can be drawn. */
export async function isDrawable(blob: Blob): Promise<boolean> {
  if (!blob.type.startsWith("image/")) return true;
  const head = new Uint8Array(await blob.slice(0, PICTURE_HEAD_BYTES).arrayBuffer());
  const size = pictureSize(head);
  if (size === undefined) return false;
  const most = size.kind === "jpeg" ? MAX_PHOTO_PIXELS : MAX_OTHER_PIXELS;
  return size.width * size.height <= most;
}

/** Whether it is a picture that is drawn beside something, of 64 MB of memory at the most. */
export function isSmallPicture(base64: string): boolean {
  const bytes = bytesOf(base64);
  const size = bytes && pictureSize(bytes);
  return size !== undefined && size.width * size.height <= MAX_SMALL_PIXELS;
}

/** Larger than any page's picture of itself. */
const MAX_SMALL_PIXELS = 16_000_000;

/** Longest side of the picture in a message; those that are sent have 240. */
const MAX_PREVIEW_SIDE = 512;

/**
 * `data:` URL of the small picture in a message: some kilobytes may say that they are a gigabyte of
 * pixels, and it is drawn without anybody's asking.
 * @param thumbnail base64 @returns undefined for anything but a small JPEG or WebP
 */
export function previewUrl(thumbnail: string): string | undefined {
  const bytes = bytesOf(thumbnail);
  const size = bytes && pictureSize(bytes);
  if (size?.kind !== "jpeg" && size?.kind !== "webp") return undefined;
  if (Math.max(size.width, size.height) > MAX_PREVIEW_SIDE) return undefined;
  return `data:image/${size.kind};base64,${thumbnail}`;
}

/** Some texts look like base64 and are none: bits are left over at their end. */
function bytesOf(text: string): Uint8Array | undefined {
  try {
    return decodeBase64(text);
  } catch {
    return undefined;
  }
}
