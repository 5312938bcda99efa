/** The icon formats of Windows and macOS: both are a table before PNG images. */

export interface SizedPng {
  /** Edge in pixels. */
  readonly size: number;
  readonly png: Buffer;
}

const ICO_HEADER_BYTES = 6;
const ICO_ENTRY_BYTES = 16;

/** An ICO file of PNG images of 256 pixels at most (Windows Vista and later). */
export function toIco(images: readonly SizedPng[]): Buffer {
  const head = Buffer.alloc(ICO_HEADER_BYTES + ICO_ENTRY_BYTES * images.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(images.length, 4);
  let offset = head.length;
  for (const [index, { size, png }] of images.entries()) {
    if (size > 256) throw new RangeError(`An ICO image has 256 pixels at most, not ${size}`);
    const entry = ICO_HEADER_BYTES + ICO_ENTRY_BYTES * index;
    // 0 stands for 256.
    head.writeUInt8(size % 256, entry);
    head.writeUInt8(size % 256, entry + 1);
    head.writeUInt16LE(1, entry + 4);
    head.writeUInt16LE(32, entry + 6);
    head.writeUInt32LE(png.length, entry + 8);
    head.writeUInt32LE(offset, entry + 12);
    offset += png.length;
  }
  return Buffer.concat([head, ...images.map(({ png }) => png)]);
}

/**
 * Types of an ICNS file that hold PNG: pixels, and what they are for. The smallest two exist for
 * double density only; macOS scales those down.
 */
const ICNS_TYPES = [
  ["ic11", 32],
  ["ic12", 64],
  ["ic07", 128],
  ["ic13", 256],
  ["ic08", 256],
  ["ic14", 512],
  ["ic09", 512],
  ["ic10", 1024],
] as const;

export const ICNS_SIZES: readonly number[] = [...new Set(ICNS_TYPES.map(([, size]) => size))];

/** @param images one for each of {@link ICNS_SIZES} */
export function toIcns(images: readonly SizedPng[]): Buffer {
  const entries = ICNS_TYPES.map(([type, size]) => {
    const image = images.find((candidate) => candidate.size === size);
    if (image === undefined) throw new RangeError(`An image of ${size} pixels is missing`);
    return block(type, image.png);
  });
  return block("icns", Buffer.concat(entries));
}

function block(type: string, content: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(type, "latin1");
  head.writeUInt32BE(head.length + content.length, 4);
  return Buffer.concat([head, content]);
}
