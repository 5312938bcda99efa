import { describe, expect, test } from "vitest";
import { orientationOf, orientationOnly } from "./image-exif.ts";
import { withoutMetadata } from "./image-metadata.ts";

const text = (value: string): number[] => [...new TextEncoder().encode(value)];
const be16 = (value: number): number[] => [value >> 8, value & 255];
const be32 = (value: number): number[] => [...be16(value >>> 16), ...be16(value & 0xffff)];
const le32 = (value: number): number[] => be32(value).toReversed();

/** Orientation 6 in little-endian, and a GPS latitude of letters that can be found again. */
const TIFF = [
  ...text("II"),
  42,
  0,
  ...le32(8),
  2,
  0,
  // Orientation, SHORT, one value.
  ...[0x12, 0x01, 3, 0, ...le32(1), 6, 0, 0, 0],
  // The GPS directory.
  ...[0x25, 0x88, 4, 0, ...le32(1), ...le32(38)],
  ...le32(0),
  ...text("GPSLATITUDE 57.7089 N"),
];
const XMP = text("http://ns.adobe.com/xap/1.0/\0<x exif:GPSLatitude='57,42N'/>");

function join(parts: readonly Uint8Array[] | undefined): Uint8Array {
  return Uint8Array.from((parts ?? []).flatMap((part) => [...part]));
}
const has = (bytes: Uint8Array, word: string): boolean =>
  Buffer.from(bytes).includes(Buffer.from(word));

function segment(marker: number, content: readonly number[]): number[] {
  return [0xff, marker, ...be16(content.length + 2), ...content];
}
const scan = [...segment(0xda, [1, 2, 3]), 0x11, 0xff, 0x00, 0x22, 0xff, 0xd3, 0x33];

test("JPEG: place, camera and comments go; picture, colours and the way up stay", () => {
  const icc = segment(0xe2, text("ICC_PROFILE\0colours"));
  const table = segment(0xdb, text("tables"));
  const photo = [
    ...[0xff, 0xd8],
    ...segment(0xe0, text("JFIF\0")),
    ...segment(0xe1, [...text("Exif\0\0"), ...TIFF]),
    ...segment(0xe1, XMP),
    ...segment(0xed, text("Photoshop 3.0\0 City: Gothenburg")),
    ...segment(0xfe, text("taken at GPSHOME")),
    ...icc,
    ...table,
    ...scan,
    ...table,
    ...scan,
    ...[0xff, 0xd9],
    // A second picture behind the first one, as phones add it.
    ...[0xff, 0xd8, ...segment(0xe1, [...text("Exif\0\0"), ...TIFF]), 0xff, 0xd9],
  ];
  const clean = join(withoutMetadata(Uint8Array.from(photo)));
  for (const word of ["GPS", "Gothenburg", "xap", "57"]) expect(has(clean, word)).toBe(false);
  expect([...clean]).toEqual([
    ...[0xff, 0xd8],
    ...segment(0xe0, text("JFIF\0")),
    ...segment(0xe1, [...text("Exif\0\0"), ...orientationOnly(6)]),
    ...icc,
    ...table,
    ...scan,
    ...table,
    ...scan,
    ...[0xff, 0xd9],
  ]);
});

test("PNG: texts and Exif go, the rest stays with its checksums", () => {
  const chunk = (type: string, content: readonly number[]): number[] => [
    ...be32(content.length),
    ...text(type),
    ...content,
    ...be32(0xcafe),
  ];
  const signature = [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10];
  const photo = [
    ...signature,
    ...chunk("IHDR", [1, 2, 3]),
    ...chunk("eXIf", TIFF),
    ...chunk("iTXt", XMP),
    ...chunk("IDAT", [9, 9, 9]),
    ...chunk("IEND", []),
    ...text("GPS behind the end"),
  ];
  const clean = join(withoutMetadata(Uint8Array.from(photo)));
  expect(has(clean, "GPS")).toBe(false);
  const tiff = [...orientationOnly(6)];
  const head = [...signature, ...chunk("IHDR", [1, 2, 3]), ...be32(tiff.length), ...text("eXIf")];
  expect([...clean.subarray(0, head.length + tiff.length)]).toEqual([...head, ...tiff]);
  const tail = [...chunk("IDAT", [9, 9, 9]), ...chunk("IEND", [])];
  expect([...clean.subarray(-tail.length)]).toEqual(tail);
});

test("WebP: chunks go, flags and sizes agree with what is left", () => {
  const chunk = (type: string, content: readonly number[]): number[] => [
    ...text(type),
    ...le32(content.length),
    ...content,
    ...(content.length % 2 === 0 ? [] : [0]),
  ];
  const riff = (chunks: readonly number[]): number[] => [
    ...text("RIFF"),
    ...le32(4 + chunks.length),
    ...text("WEBP"),
    ...chunks,
  ];
  const photo = riff([
    ...chunk("VP8X", [0x1c, 0, 0, 0, 1, 0, 0, 1, 0, 0]),
    ...chunk("VP8 ", [5, 6, 7]),
    ...chunk("EXIF", TIFF),
    ...chunk("XMP ", XMP),
  ]);
  expect([...join(withoutMetadata(Uint8Array.from(photo)))]).toEqual(
    riff([
      ...chunk("VP8X", [0x18, 0, 0, 0, 1, 0, 0, 1, 0, 0]),
      ...chunk("VP8 ", [5, 6, 7]),
      ...chunk("EXIF", [...orientationOnly(6)]),
    ]),
  );
});

test("HEIC: the description's bytes become zeros, and nothing moves", () => {
  const box = (type: string, ...content: readonly (readonly number[])[]): number[] => {
    const flat = content.flat();
    return [...be32(8 + flat.length), ...text(type), ...flat];
  };
  const item = (id: number, type: string): number[] =>
    box("infe", [2, 0, 0, 0], be16(id), be16(0), text(type), [0]);
  const head = (exifAt: number): number[] => [
    ...box("ftyp", text("heic"), be32(0)),
    ...box(
      "meta",
      be32(0),
      box("iinf", be32(0), be16(2), item(1, "hvc1"), item(2, "Exif")),
      box(
        "iloc",
        be32(0),
        be16(0x4400),
        be16(2),
        [...be16(1), ...be16(0), ...be16(1), ...be32(exifAt - 4), ...be32(4)],
        [...be16(2), ...be16(0), ...be16(1), ...be32(exifAt), ...be32(TIFF.length)],
      ),
    ),
    ...be32(8 + 4 + TIFF.length),
    ...text("mdat"),
  ];
  const start = head(0).length + 4;
  const photo = [...head(start), 1, 2, 3, 4, ...TIFF];
  const clean = join(withoutMetadata(Uint8Array.from(photo)));
  expect([...clean]).toEqual([...head(start), 1, 2, 3, 4, ...TIFF.map(() => 0)]);
});

describe("what is not understood is not touched", () => {
  test.each([
    ["a GIF", text("GIF89a")],
    ["a cut JPEG", [0xff, 0xd8, ...segment(0xe1, XMP).slice(0, -3)]],
    ["a JPEG without an end", [0xff, 0xd8, ...scan]],
    ["a cut PNG", [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, ...be32(99), ...text("IDAT")]],
    ["a cut HEIC", [...be32(16), ...text("ftypheic"), ...be32(0), ...be32(99), ...text("meta")]],
    ["nothing", []],
  ])("%s", (_name, bytes) => {
    expect(withoutMetadata(Uint8Array.from(bytes))).toBeUndefined();
  });
});

test("orientation is read in both byte orders, and nonsense is none", () => {
  expect(orientationOf(Uint8Array.from(TIFF))).toBe(6);
  expect(orientationOf(orientationOnly(8))).toBe(8);
  expect(orientationOf(orientationOnly(9))).toBeUndefined();
  expect(orientationOf(new Uint8Array(40))).toBeUndefined();
  expect(orientationOf(Uint8Array.from(TIFF).subarray(0, 20))).toBeUndefined();
});
